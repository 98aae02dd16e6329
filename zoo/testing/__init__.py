"""For tests of bundles: a check of what anybody could load, and a Hub on this machine that the real client talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from .bundle import BUNDLE_CHECKS, bundle_outcomes, check_bundle
    from .hub import LoopbackHub
    from .hub_state import Faults

# pytest imports this package in every session, for the fixtures.
__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "bundle": ["BUNDLE_CHECKS", "bundle_outcomes", "check_bundle"],
        "hub": ["LoopbackHub"],
        "hub_state": ["Faults"],
    },
)

__all__ = ["BUNDLE_CHECKS", "Faults", "LoopbackHub", "bundle_outcomes", "check_bundle"]
