"""What authors of plugins test with: `check_op`, `check_area`, `check_planner` and `check_reward` judge a plugin as
the registry's users will meet it.

>>> from veraretouch.core.testing import check_op, check_planner
>>> check_op("contrast")  # says nothing where all is well; ConformanceError lists everything that is not
>>> check_planner("rules")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from .area import AREA_CHECKS, area_outcomes, check_area
    from .op import CHECKS, check_op, op_outcomes
    from .planner import PLANNER_CHECKS, check_planner, planner_outcomes
    from .reward import REWARD_CHECKS, check_reward, reward_outcomes
    from .samples import SAMPLES, sample
    from .verdict import CheckOutcome, ConformanceError, Failure, UnknownCheck

# A test session that collects this package must not pay for torch before a test needs it.
__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "area": ["AREA_CHECKS", "area_outcomes", "check_area"],
        "op": ["CHECKS", "check_op", "op_outcomes"],
        "planner": ["PLANNER_CHECKS", "check_planner", "planner_outcomes"],
        "reward": ["REWARD_CHECKS", "check_reward", "reward_outcomes"],
        "samples": ["SAMPLES", "sample"],
        "verdict": ["ConformanceError", "Failure", "CheckOutcome", "UnknownCheck"],
    },
)

__all__ = [
    "AREA_CHECKS",
    "CHECKS",
    "PLANNER_CHECKS",
    "REWARD_CHECKS",
    "SAMPLES",
    "CheckOutcome",
    "ConformanceError",
    "Failure",
    "UnknownCheck",
    "area_outcomes",
    "check_area",
    "check_op",
    "check_planner",
    "check_reward",
    "op_outcomes",
    "planner_outcomes",
    "reward_outcomes",
    "sample",
]
