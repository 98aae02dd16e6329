"""For tests of bundles: a check of what anybody could load, and a Hub on this machine that the real client talks to."""

from .bundle import BUNDLE_CHECKS, check_bundle
from .hub import Faults, LoopbackHub

__all__ = ["BUNDLE_CHECKS", "Faults", "LoopbackHub", "check_bundle"]
