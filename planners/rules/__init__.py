"""The rule planner: auto from measurements, style from a lexicon, param exactly."""

from .planner import Rules

__all__ = ["Rules"]
