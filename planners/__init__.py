"""Planners, one folder each, with their training, their evaluation and their commands."""
