"""`check_planner` passes a sound planner and names the one promise that a broken planner does not keep."""

from __future__ import annotations

import pytest
from broken_planners import BROKEN, Brighten, Silent
from tasteful_planners import BROKEN_TASTES, Tasteful

from veraretouch.core.errors import InvalidRequest, UnknownPlugin
from veraretouch.core.testing import PLANNER_CHECKS, ConformanceError, check_planner

ALL = [*BROKEN, *BROKEN_TASTES]


def failures(planner: object) -> ConformanceError:
    with pytest.raises(ConformanceError) as caught:
        check_planner(planner)
    return caught.value


def test_a_sound_planner_passes_as_class_and_instance_and_an_unknown_id_is_one_error() -> None:
    check_planner(Brighten)
    check_planner(Brighten())
    check_planner(Tasteful)
    with pytest.raises(UnknownPlugin):
        check_planner("acme.brighten")


@pytest.mark.parametrize(("broken", "check", "said"), ALL, ids=[case[0].__name__ for case in ALL])
def test_a_broken_planner_fails_the_check_of_its_fault_and_no_other(broken, check, said) -> None:
    error = failures(broken)
    assert error.checks == (check,), str(error)
    assert said in error.failures[0].message


def test_a_planner_may_refuse_a_reference_that_it_has_no_use_for() -> None:
    class Choosy(Brighten):
        """Take pairs of photos with some room alone, and say so."""

        def stops(self, photo, request):
            if request.mode == "reference" and (len(request.reference) == 1 or request.reference[0].width < 4):
                raise InvalidRequest("Give a photo before and one after, of at least 4 pixels a side.")
            return super().stops(photo, request)

    check_planner(Choosy)


def test_every_check_is_proven_by_a_broken_planner() -> None:
    assert {check for _, check, _ in ALL} == set(PLANNER_CHECKS)


def test_what_is_no_planner_is_told_so() -> None:
    assert "declared" in failures(object()).checks


def test_single_checks_can_be_asked_for() -> None:
    check_planner(Silent, only=["determinism", "valid"])
    with pytest.raises(ConformanceError):
        check_planner(Silent, only=["reasoned"])
