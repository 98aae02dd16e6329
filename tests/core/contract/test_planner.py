"""The optional members of planners: the tastes that one declares, and the refusal of others."""

import pytest
from broken_planners import Brighten
from tasteful_planners import Tasteful

from veraretouch import Request
from veraretouch.core.contract.planner import check_taste, tastes_of
from veraretouch.core.errors import InvalidRequest


def test_the_tastes_of_a_class_and_of_an_instance_are_those_that_it_declares():
    assert tastes_of(Tasteful) == tastes_of(Tasteful()) == {"natural", "vivid"}
    assert tastes_of(Brighten()) == frozenset()


@pytest.mark.parametrize("taste", ["natural", "vivid", None])
def test_a_declared_taste_and_none_are_taken(taste):
    check_taste(Tasteful(), Request.of(taste=taste))
    check_taste(Brighten(), Request.of())


@pytest.mark.parametrize(
    ("planner", "cure"),
    [
        (Tasteful(), "It has natural, vivid."),
        (Brighten(), "It plans in one way: leave the taste out, or choose another planner."),
    ],
)
def test_another_taste_is_refused_with_the_cure(planner, cure):
    with pytest.raises(InvalidRequest) as caught:
        check_taste(planner, Request.of(style="warm", taste="faithful"))
    assert str(caught.value) == f"planner 'acme.brighten' has no taste 'faithful'. {cure}"
