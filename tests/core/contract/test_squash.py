"""Squash: from unbounded reals to bounded slots and back, with gradients that training can use."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from veraretouch import Bands, Curve, Embedding, Lattice, Matrix, Slot
from veraretouch.core.contract.squash import squash, unsquash

WORDS = {"group": "lighting", "doc": "Something."}

BOUNDED = {
    "symmetric": Slot(0.0, low=-5.0, high=5.0, **WORDS),
    "lopsided": Slot(0.1, low=-0.2, high=7.0, **WORDS),
    "at its low": Slot(0.0, low=0.0, high=1.0, **WORDS),
    "at its high": Slot(1.0, low=0.0, high=1.0, **WORDS),
    "half-bounded": Slot(1.0, low=0.0, high=None, **WORDS),
    "half-bounded above": Slot(1.0, low=None, high=3.0, **WORDS),
    "bands": Bands(8, **WORDS),
    "curve": Curve(5, **WORDS),
    "matrix": Matrix(3, 3, low=-2.0, high=2.0, **WORDS),
    "lattice": Lattice(3, low=0.0, high=1.0, **WORDS),
}
ANGLE = Slot(0.0, low=0.0, high=360.0, period=360.0, **WORDS)
FREE = {"unbounded": Slot(0.5, low=None, high=None, **WORDS), "embedding": Embedding(4, **WORDS)}

every_bounded = pytest.mark.parametrize("slot", BOUNDED.values(), ids=BOUNDED.keys())
every_slot = pytest.mark.parametrize("slot", [*BOUNDED.values(), ANGLE, *FREE.values()])


def _bounds(slot, dtype=torch.float32):
    low = torch.full(slot.shape, -torch.inf) if slot.low is None else torch.tensor(slot.low)
    high = torch.full(slot.shape, torch.inf) if slot.high is None else torch.tensor(slot.high)
    return low.to(dtype), high.to(dtype)


def _start(slot, dtype=torch.float32):
    return torch.tensor(slot.off if slot.identity is None else slot.identity, dtype=dtype)


def _descend(slot, goal, steps=200, rate=0.1, start=0.0):
    raw = torch.full((1, *slot.shape), start, requires_grad=True)
    optimizer = torch.optim.SGD([raw], lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        (squash(slot, raw) - goal).square().sum().backward()
        optimizer.step()
    return squash(slot, raw).detach()


@every_slot
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_raw_zero_is_exactly_the_identity(slot, dtype):
    torch.testing.assert_close(
        squash(slot, torch.zeros(2, *slot.shape, dtype=dtype)),
        _start(slot, dtype).expand(2, *slot.shape),
        rtol=0,
        atol=0,
    )


@every_slot
@given(raw=st.floats(-1e6, 1e6, width=32))
def test_squash_stays_within_bounds_and_has_finite_gradients(slot, raw):
    free = torch.full((2, *slot.shape), raw, requires_grad=True)
    value = squash(slot, free)
    low, high = _bounds(slot)
    assert ((value >= low) & (value <= high)).all()
    value.sum().backward()
    assert torch.isfinite(free.grad).all()


@every_bounded
@given(share=st.floats(0, 1))
def test_squash_of_unsquash_gives_the_value_back(slot, share):
    low, high = _bounds(slot)
    value = (torch.nan_to_num(low, neginf=-4.0) * (1 - share) + torch.nan_to_num(high, posinf=4.0) * share).unsqueeze(0)
    value = torch.minimum(torch.maximum(value, low), high)
    raw = unsquash(slot, value)
    assert torch.isfinite(raw).all()
    torch.testing.assert_close(squash(slot, raw), value, rtol=2e-6, atol=2e-5)


@every_bounded
@given(raw=st.floats(-2, 2))
def test_unsquash_of_squash_gives_the_raw_back_where_there_is_room(slot, raw):
    free = torch.full((1, *slot.shape), raw, dtype=torch.float64)
    low, high = _bounds(slot, torch.float64)
    room = torch.where(free > 0, high - _start(slot, torch.float64), _start(slot, torch.float64) - low)
    again = unsquash(slot, squash(slot, free))
    roomy = (room > 0.5) | (free == 0)
    torch.testing.assert_close(again[roomy], free[roomy], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("slot", FREE.values(), ids=FREE.keys())
def test_an_unbounded_slot_is_only_shifted(slot):
    raw = torch.linspace(-9, 9, 5).reshape(5, *[1] * len(slot.shape)).expand(5, *slot.shape)
    torch.testing.assert_close(squash(slot, raw), raw + _start(slot))
    torch.testing.assert_close(unsquash(slot, squash(slot, raw)), raw)


@pytest.mark.parametrize(
    "slot",
    [BOUNDED["symmetric"], BOUNDED["lopsided"], BOUNDED["bands"], ANGLE, *FREE.values(), BOUNDED["half-bounded"]],
)
@pytest.mark.parametrize("raw", [0.0, 1e-6, -1e-6])
def test_the_slope_at_the_identity_is_one_in_the_slots_own_unit(slot, raw):
    free = torch.full((1, *slot.shape), raw, dtype=torch.float64, requires_grad=True)
    squash(slot, free).sum().backward()
    torch.testing.assert_close(free.grad, torch.ones_like(free), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("slot", "inwards"), [(BOUNDED["at its low"], 1.0), (BOUNDED["at its high"], -1.0)])
def test_a_one_sided_slot_leaves_its_identity_by_descent_where_the_goal_lies_inwards(slot, inwards):
    goal = float(slot.identity) + 0.4 * inwards
    assert float(_descend(slot, goal)) == pytest.approx(goal, abs=1e-3)


@pytest.mark.parametrize(("slot", "inwards"), [(BOUNDED["at its low"], 1.0), (BOUNDED["at its high"], -1.0)])
def test_a_one_sided_slot_stays_at_its_identity_where_the_goal_lies_beyond(slot, inwards):
    assert float(_descend(slot, float(slot.identity) - 0.4 * inwards)) == float(slot.identity)


@pytest.mark.parametrize(("slot", "inwards"), [(BOUNDED["at its low"], 1.0), (BOUNDED["at its high"], -1.0)])
def test_a_one_sided_slot_comes_back_from_beyond_its_identity(slot, inwards):
    # A network may start anywhere: a raw value on the closed side must not be stuck.
    goal = float(slot.identity) + 0.4 * inwards
    assert float(_descend(slot, goal, start=-0.5 * inwards)) == pytest.approx(goal, abs=1e-3)


@pytest.mark.parametrize(("slot", "inwards"), [(BOUNDED["at its low"], 1.0), (BOUNDED["at its high"], -1.0)])
def test_beyond_a_one_sided_identity_only_gradients_inwards_pass(slot, inwards):
    for direction, expected in ((-inwards, -inwards), (inwards, 0.0)):
        raw = torch.tensor([-0.5 * inwards], requires_grad=True)
        squash(slot, raw).backward(torch.tensor([direction]))
        assert float(raw.grad) == expected


def test_a_curve_whose_ends_stand_at_the_bounds_learns_another_curve():
    goal = torch.tensor([[0.2, 0.3, 0.5, 0.7, 0.9]])
    torch.testing.assert_close(_descend(BOUNDED["curve"], goal, steps=600), goal, atol=2e-3, rtol=0)


def test_an_angle_wraps():
    raw = torch.tensor([0.0, 359.0, 360.0, 361.0, -1.0, -721.0], requires_grad=True)
    value = squash(ANGLE, raw)
    torch.testing.assert_close(value, torch.tensor([0.0, 359.0, 0.0, 1.0, 359.0, 359.0]))
    value.sum().backward()
    assert raw.grad.tolist() == [1.0] * 6


def test_an_angle_takes_the_short_way_across_its_seam():
    slot = Slot(0.0, low=-180.0, high=180.0, period=360.0, **WORDS)
    value = squash(slot, unsquash(slot, torch.tensor([179.0])) + 2.0)
    assert float(value) == pytest.approx(-179.0)


@given(value=st.floats(0, 359.75, width=32))
def test_an_angle_comes_back_through_unsquash(value):
    assert float(squash(ANGLE, unsquash(ANGLE, torch.tensor(value)))) == pytest.approx(value, abs=1e-4)


@every_bounded
def test_squash_is_monotone(slot):
    raw = torch.linspace(-20, 20, 201).reshape(-1, *[1] * len(slot.shape)).expand(201, *slot.shape)
    assert (squash(slot, raw).diff(dim=0) >= 0).all()


def test_gradients_agree_with_finite_differences_where_both_sides_are_open():
    raw = torch.tensor([-3.0, -0.7, 0.4, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: squash(BOUNDED["lopsided"], x), (raw,))
    value = torch.tensor([-0.1, 0.05, 0.3, 6.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: unsquash(BOUNDED["lopsided"], x), (value,))


def test_a_one_sided_slot_can_be_vmapped_and_differentiated_per_sample():
    raw = torch.tensor([0.3, -0.2, 0.0])
    slopes = torch.func.vmap(torch.func.grad(lambda x: squash(BOUNDED["at its low"], x)))(raw)
    assert torch.isfinite(slopes).all()
    assert float(slopes[1]) == 0.0
