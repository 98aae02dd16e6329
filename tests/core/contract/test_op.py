"""The contract of an op class, judged when the class is made."""

import pytest
from fade import fade

from veraretouch import Op, Slot
from veraretouch.core.errors import InvalidOp

CONTRACT = {
    "an id with a capital": ({"id": "Fade"}, "id 'Fade' is not of the form 'op' or 'vendor.op'. Use a-z, 0-9 and _"),
    "an id with a dash": ({"id": "acme.fade-out"}, ".* is not of the form"),
    "an id of three parts": ({"id": "acme.film.fade"}, ".* is not of the form"),
    "an id that begins with a digit": ({"id": "2fade"}, ".* is not of the form"),
    "an empty id": ({"id": ""}, "id '' is not of the form"),
    "an id with a line's end": ({"id": "fade\n"}, ".* is not of the form"),
    "an id that is a number": ({"id": 5}, "id 5 is not of the form"),
    "no version": ({"version": None}, "version is None. Give a whole number from 1"),
    "version 0": ({"version": 0}, "version is 0. Give a whole number from 1"),
    "a version that is true": ({"version": True}, "version is True. Give a whole number from 1"),
    "a version in words": ({"version": "1.0"}, "version is '1.0'. Give a whole number"),
    "a broken version": ({"version": 1.5}, "version is 1.5. Give a whole number"),
    "no stage": ({"stage": None}, "stage is None. Give a Stage or a whole number between stages"),
    "a stage that is true": ({"stage": True}, "stage is True. Give a Stage"),
    "a stage in words": ({"stage": "TONE"}, "stage is 'TONE'. Give a Stage"),
    "no pointwise": ({"pointwise": None}, "pointwise is None. Give True or False; there is no default"),
    "pointwise in a number": ({"pointwise": 1}, "pointwise is 1. Give True or False"),
    "no docstring": ({"__doc__": None}, "no docstring. Say in one line what the op does"),
    "an empty docstring": ({"__doc__": " \n"}, "no docstring"),
    "no slots": ({"amount": None}, "no slots. .* declare at least one Slot"),
    "no apply": ({"apply": None}, r"no apply\(\). Define apply\(self, rgb, p\)"),
    "not pointwise without halo": (
        {"pointwise": False},
        r"not pointwise but no halo\(\). Say how far it reaches; None for",
    ),
    **{
        f"a slot named {name}": (
            {name: Slot(group="lighting", doc="Doc.")},
            f"slot '{name}' shadows an attribute of Op. Rename",
        )
        for name in ("apply", "id", "version", "stage", "pointwise", "slots", "halo", "migrate", "groups", "frame")
    },
}


@pytest.mark.parametrize(("change", "message"), CONTRACT.values(), ids=CONTRACT.keys())
def test_an_op_class_that_breaks_the_contract_cannot_be_made(change, message):
    with pytest.raises(InvalidOp, match=f"^Fade: {message}"):
        fade(**change)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "fade"},
        {"id": "acme.fade_2"},
        {"stage": 450},
        {"version": 12},
        {"pointwise": False, "halo": lambda self, p, size: 3},
        {"pointwise": False, "halo": lambda self, p, size: None},
    ],
)
def test_an_op_class_that_keeps_the_contract_is_made(change):
    assert list(fade(**change).slots) == ["amount"]


def test_a_subclass_inherits_slots_and_may_add_its_own():
    child = type(
        "Child",
        (fade(),),
        {"__doc__": "Fade more.", "id": "test.child", "more": Slot(group="effects", doc="How much more.")},
    )
    assert list(child.slots) == ["amount", "more"]
    assert child.groups() == ("lighting", "effects")


def test_a_subclass_of_two_inherits_the_slots_of_both():
    class Mixin(Op):
        tint = Slot(group="effects", doc="Which way.")

    class Both(fade(), Mixin):
        """Fade with a tint."""

        id = "test.both"

    assert list(Both.slots) == ["tint", "amount"]
