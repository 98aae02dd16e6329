"""Pixels from plans: the renderer with its engines, and the retoucher that joins it to a planner."""
