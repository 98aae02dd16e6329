"""For tests of bundles: a Hub on this machine that the real client talks to."""

from .hub import Faults, LoopbackHub

__all__ = ["Faults", "LoopbackHub"]
