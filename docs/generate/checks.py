"""The page on conformance: each check by the sentence that it begins with."""

from __future__ import annotations

from typing import Any

from veraretouch.core.testing import AREA_CHECKS, CHECKS, PLANNER_CHECKS, REWARD_CHECKS
from veraretouch.planners.rules.testing.lexicon import LEXICON_CHECKS
from veraretouch.zoo.testing import BUNDLE_CHECKS

from .markdown import page as made
from .markdown import summary, table


def page_rows(checks: Any) -> list[tuple[str, str]]:
    """Name and promise of each check: a mapping of functions, or of names to sentences."""
    return [(f"`{name}`", check if isinstance(check, str) else summary(check)) for name, check in checks.items()]


def page_of(title: str, call: str, checks: Any) -> list[str]:
    """One kind of plugin."""
    return [f"## {title}", "", f"`{call}` runs these.", "", *table(("check", "what must hold"), page_rows(checks)), ""]


def page() -> str:
    """All kinds."""
    return made(
        "# Conformance checks",
        "What every plugin promises. A failure says what was expected, what came and the smallest input that shows it;",
        "`veraretouch check ID` runs the checks of an installed op, area, planner, reward or lexicon.",
        "",
        *page_of("Ops", "veraretouch.core.testing.check_op", CHECKS),
        *page_of("Areas", "veraretouch.core.testing.check_area", AREA_CHECKS),
        *page_of("Planners", "veraretouch.core.testing.check_planner", PLANNER_CHECKS),
        *page_of("Rewards", "veraretouch.core.testing.check_reward", REWARD_CHECKS),
        *page_of("Lexicons", "veraretouch.planners.rules.testing.lexicon.check_lexicon", LEXICON_CHECKS),
        *page_of("Bundles", "veraretouch.zoo.testing.check_bundle", BUNDLE_CHECKS),
    )
