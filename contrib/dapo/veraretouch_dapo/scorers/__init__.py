"""Scorers of pictures: ours, and others' by name."""
