"""What a planner of single photos is trained and judged on: photos by source, and what spoils them or leaves them
unfinished.
"""
