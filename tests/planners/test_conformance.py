"""Every planner in the catalogue keeps the contract: registering one is having it tested."""

from collections.abc import Sequence

import pytest
from small_vera import planner as small_vera

from veraretouch.core.plugins.registry import registry
from veraretouch.core.testing import PLANNER_CHECKS, check_planner
from veraretouch.core.threads import one_thread

WEIGHTED = {"reference", "vera"}  # made from bundles: tested with weights of the tests' own


OTHERS = sorted(set(registry.planners.ids()) - WEIGHTED - {"fit"})
# Each of them plans all photos several times; `rules` is quick enough for all.
LONG = {"batch_independence", "determinism", "groups", "inputs_untouched", "own_request"}
SHORT = [check for check in PLANNER_CHECKS if check not in LONG]


@pytest.mark.parametrize("id", [pytest.param(id, marks=[] if id == "rules" else pytest.mark.slow) for id in OTHERS])
def test_each_planner_keeps_the_contract(id: str) -> None:
    check_planner(id)


@pytest.mark.parametrize("id", [id for id in OTHERS if id != "rules"])
def test_each_planner_keeps_most_of_the_contract(id: str) -> None:
    check_planner(id, only=SHORT)


OF_FIT = ("declared", "schema", "reasoned", "renders")


# Each plan of it is a search: all checks take 80 seconds, hostile photos 45 of them.
@pytest.mark.parametrize(
    "checks",
    [OF_FIT, pytest.param([check for check in PLANNER_CHECKS if check not in OF_FIT], marks=pytest.mark.slow)],
    ids=["fast", "slow"],
)
def test_fit_keeps_the_contract(checks: Sequence[str]) -> None:
    check_planner("fit", only=checks)


HOSTILE = ("hostile_photos", "hostile_prompts")  # for vera half of all the time
FAST = [check for check in SHORT if check not in HOSTILE]


@pytest.mark.xdist_group("vera")
@pytest.mark.parametrize(
    "checks", [FAST, pytest.param([*LONG, *HOSTILE], marks=pytest.mark.slow)], ids=["fast", "slow"]
)
def test_vera_keeps_the_contract(monkeypatch: pytest.MonkeyPatch, checks: Sequence[str]) -> None:
    planner = small_vera()
    # The tower takes seconds a photo; what it is shown is tested elsewhere.
    monkeypatch.setattr(
        planner.model, "see", lambda pictures: pictures.mean(dim=(1, 2, 3))[:, None, None].expand(-1, 256, 64)
    )
    with one_thread():
        check_planner(planner, only=checks)
