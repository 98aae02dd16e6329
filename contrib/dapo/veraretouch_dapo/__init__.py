"""Post-training by reinforcement: answers are drawn, rendered and rewarded, and the planner moves towards the better
ones. DAPO: Yu et al. (2025), arXiv 2503.14476, on TRL's `GRPOTrainer`; for retouching: Xie et al. (2026), arXiv
2604.27375, which publishes neither group size, weights of rewards nor scorer: those here are ours.
"""
