"""Every planner on the shelf keeps the contract: registering one is having it tested."""

import pytest

from veraretouch.core.registry import registry
from veraretouch.core.testing import check_planner


@pytest.mark.parametrize("id", registry.planners.ids())
def test_each_planner_keeps_the_contract(id: str) -> None:
    check_planner(id)
