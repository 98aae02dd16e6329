"""`check_area` passes sound areas and names the one promise that a broken area does not keep."""

from __future__ import annotations

import re

import pytest
import torch
from broken_areas import BROKEN, DividesByBlack
from sound_areas import Brighter, Dusk, Painted, Wheel
from torch import Tensor

from veraretouch import Area, Params, registry
from veraretouch.core.testing import AREA_CHECKS, ConformanceError, UnknownCheck, check_area


@pytest.mark.parametrize("area", [Dusk, Wheel, Brighter, Painted], ids=lambda area: area.id)
def test_a_sound_area_of_a_stranger_passes_and_leaves_the_registry_as_it_was(area: type[Area]) -> None:
    before = registry.areas.ids()
    check_area(area)
    assert registry.areas.ids() == before


def test_an_instance_and_an_installed_id_are_accepted() -> None:
    check_area(Dusk(), only=["range"])
    check_area("linear", only=["range"])


@pytest.mark.parametrize(("area", "check", "said"), BROKEN, ids=[case[0].__name__ for case in BROKEN])
def test_a_broken_area_fails_the_check_of_its_fault_and_no_other_with_advice(
    area: type[Area], check: str, said: str
) -> None:
    with pytest.raises(ConformanceError) as caught:
        check_area(area)
    assert caught.value.checks == (check,), str(caught.value)
    assert said in caught.value.failures[0].message
    for failure in caught.value.failures:
        assert re.fullmatch(r"expected .+; came .+, at .+\. [A-Z].+\.", failure.message)


def test_every_check_is_proven_by_a_broken_area() -> None:
    assert {check for _, check, _ in BROKEN} == set(AREA_CHECKS)


def test_an_area_that_raises_is_reported_by_every_check_that_calls_it() -> None:
    class Raises(Dusk):
        """Raise an error."""

        id = "acme.raises"

        def mask(self, rgb: Tensor, p: Params) -> Tensor:
            raise ZeroDivisionError("one by zero")

    with pytest.raises(ConformanceError, match="ZeroDivisionError: one by zero") as caught:
        check_area(Raises)
    assert set(AREA_CHECKS) - set(caught.value.checks) == {"declared", "period", "migration"}


def test_single_checks_can_be_asked_for_and_a_wrong_name_is_one_error() -> None:
    check_area(DividesByBlack, only=["declared", "place"])
    with pytest.raises(ConformanceError):
        check_area(DividesByBlack, only=["finite"])
    with pytest.raises(UnknownCheck, match=r"no check 'finit'\. Did you mean 'finite'"):
        check_area(DividesByBlack, only=["finit"])


def test_checking_leaves_the_global_random_state_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    check_area(Dusk, only=["determinism", "effects"])
    assert torch.equal(torch.rand(3), expected)
