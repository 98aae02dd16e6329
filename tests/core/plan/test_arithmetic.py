"""Means, differences and sums of plans: the laws they keep, over random plans, and what cannot be mixed."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import veraretouch as vr
from veraretouch.core.errors import InvalidPlan, InvalidRequest

OPS = ("exposure", "white_balance", "contrast", "vibrance", "hsl", "tone_curve", "color_grading", "cdl", "lut3d")
SLOTS = {
    (id, name): slot.resized(2) if isinstance(slot, vr.Lattice) else slot
    for id in OPS
    for name, slot in vr.registry.ops.load(id).slots.items()
}
GROUPS = vr.Plan().groups


def plan(**ops):
    """A plan of values: `plan(exposure={"ev": 1})`."""
    edits = {
        id: vr.Edit(1, {name: np.array(value, float) for name, value in slots.items()}) for id, slots in ops.items()
    }
    return vr.Plan(mode="param", edits=edits)


@st.composite
def plans(draw, reach=1.0):
    """A plan of some slots, `reach` of the way to their bounds."""
    chosen = draw(st.lists(st.sampled_from(sorted(SLOTS)), max_size=8, unique=True))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    ops = {}
    for id, name in chosen:
        slot = SLOTS[id, name]
        low, high = (slot.identity + reach * (bound - slot.identity) for bound in (slot.low, slot.high))
        ops.setdefault(id, {})[name] = rng.uniform(low, high)
    return plan(**ops)


def same(a, b, but=()):
    """Whether two plans mean the same: every slot has one value in both, to the precision of files;
    but for some slots.
    """
    for id, name in {address for address in SLOTS if ".".join(address) not in but}:
        slot = SLOTS[id, name]
        left, right = (value(one, id, name) for one in (a, b))
        apart = np.abs(left - right)
        apart = apart if slot.period is None else np.minimum(apart, slot.period - apart)
        if (apart > 1e-6 * (1 + np.abs(left))).any():
            return False
    return a.strength == pytest.approx(b.strength)


def value(one, id, name):
    edit = one.edits.get(id)
    return edit.params[name] if edit and name in edit.params else SLOTS[id, name].identity


@settings(deadline=None)
@given(plans())
def test_the_average_of_one_is_that_one(a):
    assert vr.Plan.average([a]) is a
    assert same(vr.Plan.average([a, a, a]), a)


@settings(deadline=None)
@given(plans(), plans())
def test_the_ends_of_a_blend_are_the_plans(a, b):
    assert a.blend(b, 0.0) == a
    assert a.blend(b, 1.0) == b


@settings(deadline=None)
@given(plans(), plans(), st.floats(0.01, 0.99))
def test_a_blend_lies_between_and_is_the_same_from_either_side(a, b, weight):
    made = a.blend(b, weight)
    assert same(made, b.blend(a, 1 - weight))
    for id, name in SLOTS:
        slot = SLOTS[id, name]
        if slot.period is None:
            ends = [value(one, id, name) for one in (a, b)]
            assert (np.minimum(*ends) - 1e-6 <= value(made, id, name)).all()
            assert (value(made, id, name) <= np.maximum(*ends) + 1e-6).all()


@settings(deadline=None)
@given(plans(reach=0.4), plans(reach=0.4))
def test_what_one_does_beyond_another_added_to_it_gives_the_one_within_bounds(a, b):
    beyond = b - a
    _, _, limited = beyond.reasoning["request"]["plan"].rstrip(".").partition("put on their bounds: ")
    assert same(a + beyond, b, but=limited.split(", "))


@settings(deadline=None)
@given(st.floats(-2.5, 2.5), st.floats(-2.5, 2.5), st.floats(-0.5, 0.5))
def test_what_has_room_is_never_put_on_bounds(before, after, bend):
    a, b = plan(exposure={"ev": before}), plan(exposure={"ev": after}, hsl={"hue": [bend] * 8})
    assert "bounds" not in (b - a).reasoning["request"]["plan"]
    assert same(a + (b - a), b)


@settings(deadline=None)
@given(plans())
def test_nothing_lies_between_a_plan_and_itself(a):
    assert (a - a).edits == {}
    assert same(a + vr.Plan(), a)
    assert same(a - vr.Plan(), a)


@settings(deadline=None)
@given(st.lists(plans(), min_size=2, max_size=4))
def test_an_average_can_be_saved_and_read(several):
    made = vr.Plan.average(several)
    assert same(vr.Plan.load(made.json()), made)


def test_a_blend_goes_half_way():
    a, b = plan(exposure={"ev": 1.0}), plan(exposure={"ev": -0.5}, vibrance={"amount": 0.4})
    made = a.blend(b, 0.5)
    assert float(made.edits["exposure"].params["ev"]) == pytest.approx(0.25)
    assert float(made.edits["vibrance"].params["amount"]) == pytest.approx(0.2)
    assert float(vr.Plan.average([a, b, b], [2, 1, 1]).edits["exposure"].params["ev"]) == pytest.approx(0.25)
    assert made.mode == "param"
    assert "0.5, 0.5" in made.reasoning["request"]["plan"]


def test_hues_go_the_shorter_way_round():
    a, b = (plan(color_grading={"shadow_hue": hue, "shadow_saturation": 0.4}) for hue in (350.0, 20.0))
    assert float(a.blend(b, 0.5).edits["color_grading"].params["shadow_hue"]) == pytest.approx(5.0)
    assert same(a + (b - a), b)


def test_a_hue_at_rest_has_no_say():
    teal = plan(color_grading={"shadow_hue": 200.0, "shadow_saturation": 0.4})
    made = vr.Plan().blend(teal, 0.25).edits["color_grading"].params
    assert float(made["shadow_hue"]) == pytest.approx(200.0)
    assert float(made["shadow_saturation"]) == pytest.approx(0.1)


def test_what_would_leave_its_bounds_is_put_on_them_and_told():
    a, b = plan(exposure={"ev": -4.0}), plan(exposure={"ev": 4.0})
    made = b - a
    assert float(made.edits["exposure"].params["ev"]) == 5.0
    assert "put on their bounds: exposure.ev" in made.reasoning["request"]["plan"]


def test_groups_that_are_off_count_as_at_rest():
    off = dataclasses.replace(plan(exposure={"ev": 2.0}), groups=("global_color",))
    assert float(off.blend(plan(exposure={"ev": 1.0}), 0.5).edits["exposure"].params["ev"]) == pytest.approx(0.5)


def test_a_mean_of_plans_is_of_no_planners_taste():
    vivid = dataclasses.replace(plan(exposure={"ev": 1.0}), taste="vivid")
    assert vivid.blend(plan(exposure={"ev": 2.0}), 0.5).taste is None


def test_strengths_are_blended_and_kept_by_sums():
    a, b = (dataclasses.replace(plan(exposure={"ev": ev}), strength=0.5) for ev in (1.0, 2.0))
    assert a.blend(dataclasses.replace(b, strength=1.0), 0.5).strength == pytest.approx(0.75)
    assert same(a + (b - a), b)


def test_blended_pictures_lie_between():
    grey = np.full((4, 4, 3), 0.3, np.float32)
    a, b = plan(exposure={"ev": -1.0}), plan(exposure={"ev": 1.0}, vibrance={"amount": 0.4})
    dark, half, light = (vr.Renderer().render(grey, one).mean() for one in (a, a.blend(b, 0.5), b))
    assert dark < half < light


def neural(level, **facts):
    slots = vr.registry.ops.load("neural").slots
    edit = vr.Edit(1, {name: np.full(slot.shape, level) for name, slot in slots.items()}, **facts)
    return vr.Plan(edits={"neural": edit})


def test_learned_latents_are_averaged_among_themselves_alone():
    made = neural(1.0).blend(neural(3.0), 0.25).edits["neural"].params
    assert all((value == 1.5).all() for value in made.values())
    assert neural(1.0).blend(vr.Plan(), 0.0) == neural(1.0)


def test_learned_latents_of_one_plan_alone_stay_in_sums_and_differences():
    one, other = neural(1.0), plan(exposure={"ev": 1.0})
    assert (one + other).edits["neural"] == one.edits["neural"]
    assert (other + one).edits["neural"] == one.edits["neural"]
    assert set((one - other).edits) == {"neural", "exposure"}
    assert same(other + (one - other), one)


OTHER = {"bundle": "b", "revision": "r", "sha256": "0" * 64}


def by(bundle):
    return vr.Plan(planner={"id": "p", "version": "1", "bundle": {"name": bundle, "version": "1"}})


REFUSED = {
    "learned latents and none": (
        lambda: neural(1.0).blend(vr.Plan(), 0.5),
        "is not in all of these plans, and has no rest",
    ),
    "a difference of learned latents": (lambda: neural(1.0) - neural(2.0), "has no rest from which a difference"),
    "a difference from learned latents": (lambda: vr.Plan() - neural(2.0), "has no rest from which a difference"),
    "a sum of learned latents": (lambda: neural(1.0) + neural(2.0), "no rest from which a sum"),
    "latents of other weights": (lambda: neural(1.0, asset=OTHER).blend(neural(2.0), 0.5), "different weights"),
    "another version of an op": (
        lambda: vr.Plan(edits={"exposure": vr.Edit(7, {"ev": np.array(1.0)})}).blend(vr.Plan(), 0.5),
        "op 'exposure' is version 7 in one and 1 here",
    ),
    "a slot that the op has not": (lambda: plan(exposure={"gamma": 1.0}).blend(vr.Plan(), 0.5), "no slot 'gamma'"),
    "tables of two sizes": (
        lambda: plan(lut3d={"lattice": vr.Lattice(2, group="g", doc="d").identity}).blend(
            plan(lut3d={"lattice": vr.Lattice(3, group="g", doc="d").identity}), 0.5
        ),
        "lut3d.lattice has 2 and 3 points",
    ),
    "a difference of strengths": (
        lambda: dataclasses.replace(vr.Plan(), strength=0.5) - vr.Plan(),
        "strengths 0.5 and 1 differ",
    ),
    "a weak plan on top": (
        lambda: vr.Plan() + dataclasses.replace(vr.Plan(), strength=0.5),
        "strength 0.5 cannot be added",
    ),
    "two licences": (lambda: by("a").blend(by("b"), 0.5), "the weights of two bundles"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_mixed_is_refused_in_one_line(case):
    mix, said = REFUSED[case]
    with pytest.raises(InvalidPlan, match=said) as caught:
        mix()
    assert "\n" not in str(caught.value)
    assert caught.value.cure


def test_the_licence_of_weights_is_kept():
    assert by("a").blend(vr.Plan(), 0.5).notes()["Bundle"] == "a 1"


@pytest.mark.parametrize("weights", [[], [1.0], [1.0, -1.0], [0.0, 0.0], [1.0, float("nan")], [1.0, float("inf")]])
def test_weights_that_do_not_fit_are_refused(weights):
    with pytest.raises(InvalidRequest, match="for 2 plans"):
        vr.Plan.average([vr.Plan(), vr.Plan()], weights)


def test_a_weight_outside_the_ends_is_refused():
    with pytest.raises(InvalidRequest):
        vr.Plan().blend(vr.Plan(), 1.5)


def test_no_plans_have_no_average():
    with pytest.raises(InvalidRequest, match="for 0 plans"):
        vr.Plan.average([])
