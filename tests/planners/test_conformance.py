"""Every planner in the catalogue keeps the contract: registering one is having it tested."""

import pytest
from small_vera import planner as small_vera

from veraretouch.core.plugins.registry import registry
from veraretouch.core.testing import PLANNER_CHECKS, check_planner
from veraretouch.core.threads import one_thread

WEIGHTED = {"reference", "vera"}  # made from bundles: tested with weights of the tests' own


@pytest.mark.parametrize("id", sorted(set(registry.planners.ids()) - WEIGHTED - {"fit"}))
def test_each_planner_keeps_the_contract(id: str) -> None:
    check_planner(id)


def test_fit_keeps_the_contract() -> None:
    # Each plan of it is a search: hostile photos are 45 of its 80 seconds, and run in `make bench`.
    check_planner("fit", only=[check for check in PLANNER_CHECKS if check != "hostile_photos"])


@pytest.mark.slow
def test_fit_plans_for_hostile_photos() -> None:
    check_planner("fit", only=["hostile_photos"])


HOSTILE = ("hostile_photos", "hostile_prompts")  # for vera half of all the time
FAST = [check for check in PLANNER_CHECKS if check not in HOSTILE]


@pytest.mark.xdist_group("vera")
@pytest.mark.parametrize("checks", [FAST, pytest.param(HOSTILE, marks=pytest.mark.slow)], ids=["fast", "hostile"])
def test_vera_keeps_the_contract(monkeypatch: pytest.MonkeyPatch, checks: list[str]) -> None:
    planner = small_vera()
    # The tower takes seconds a photo; what it is shown is tested elsewhere.
    monkeypatch.setattr(
        planner.model, "see", lambda pictures: pictures.mean(dim=(1, 2, 3))[:, None, None].expand(-1, 256, 64)
    )
    with one_thread():
        check_planner(planner, only=checks)
