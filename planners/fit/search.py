"""From pairs of colours to sliders: coarse ones from several starts, then all, then curves where something is left; at each step pruned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ...core.op import Op
from ...core.tiles import one_thread
from .chain import Array
from .pairs import Pairs
from .sliders import CURVES, MONOCHROME, Sliders, Vector
from .solver import Problem, State

COARSE: Final = ("white_balance", "exposure", "contrast", "tone_regions", "saturation", "cdl", "color_matrix")
FEW: Final = 300
SOME: Final = 700
# What a slider has to be worth in mean CIEDE2000 squared, and as a share of all that is left.
WORTH: Final = 0.004
WORTH_SHARE: Final = 0.012
SPARSITY: Final = 0.02
# Sliders alone suffice below this mean error of the pairs, in CIEDE2000.
GOOD: Final = 0.45
# A coarse start that leaves more than this, in CIEDE2000, may have gone the wrong way.
POOR: Final = 2.0
# A picture is black and white where its colours hardly differ from what its lightness alone says, in encoded values.
GREY: Final = 0.012


@dataclass(frozen=True)
class Found:
    """Sliders that explain pairs.

    Attributes:
        x: the free numbers; unused ones are exactly 0.
        error: what is left, the robust root mean square of the pairs, in about CIEDE2000.
        curvature: over all free numbers at x, in CIEDE2000 squared: what tells well-determined sliders from others.
        rises: family -> by how much the squared error rises without it, the others making up for it.
    """

    sliders: Sliders
    x: Vector
    error: float
    curvature: Array = field(repr=False)
    rises: dict[str, float]


def search(pairs: Pairs, ops: list[Op], groups: frozenset[str] | None = None, *, start: Vector | None = None) -> Found:
    """The sliders of these ops that explain pairs best, with as few of them as do.

    Args:
        start: free numbers to begin at, over the same ops; then the coarse steps are left out.
    """
    # The tensors are small: threads would wait for each other longer than they work.
    with one_thread():
        return _search(pairs, Sliders(ops, groups=groups), start)


def _search(pairs: Pairs, sliders: Sliders, start: Vector | None) -> Found:
    ops = sliders.ops
    ids = {op.id for op in ops}
    grey = MONOCHROME in ids and _is_grey(pairs)
    plain = ids - set(CURVES) - (set() if grey else {MONOCHROME}) if ids - {*CURVES, MONOCHROME} else ids
    some = Problem(sliders, pairs.some(SOME), sparsity=SPARSITY)
    if start is None:
        start = _coarse(sliders, pairs, ids, grey)
    state = some.minimise(start, sliders.of_ops(plain) | (start != 0), rounds=10)
    state = some.settle(state, _worth)
    if ids & set(CURVES) and state.cost > GOOD**2:
        further = some.minimise(state.x, state.moving | sliders.of_ops(plain | set(CURVES)), rounds=8)
        further = some.settle(further, _worth)
        state = further if further.cost < state.cost else state
    whole = Problem(sliders, pairs, sparsity=SPARSITY)
    state = whole.settle(state, _worth)
    every = np.ones(len(sliders), dtype=bool)
    _, curvature = some.linearise(state.x, some.scale(some.errors(state.x)), every)
    return Found(sliders, state.x, float(np.sqrt(max(state.cost, 0.0))), curvature, whole.rises(state))


def _worth(cost: float) -> float:
    return WORTH + WORTH_SHARE * cost


def _coarse(sliders: Sliders, pairs: Pairs, ids: set[str], grey: bool) -> Vector:
    """The best of several descents by the few sliders that move everything."""
    few = Problem(sliders, pairs.some(FEW), sparsity=0.0)
    moving = sliders.of_ops((ids & set(COARSE)) or ids)
    states: list[State] = []
    # Far enough for the next steps; a second start only where the first ended badly.
    for brightness in (0.0, _stops(pairs)):
        x = np.zeros(len(sliders))
        for place, slider in enumerate(sliders.all):
            if slider.name == "exposure.ev":
                x[place] = brightness / slider.reach
            if grey and slider.name == f"{MONOCHROME}.monochrome":
                x[place] = 1.0
        if states and (states[0].cost < POOR**2 or abs(brightness) < 0.1):
            break
        states.append(few.minimise(x, moving | (x != 0), rounds=6, sparse=False, settled=0.05))
    return min(states, key=lambda state: state.cost).x


def _stops(pairs: Pairs) -> float:
    """How much lighter the after is, in stops of its middle."""
    before, after = (np.maximum(colours.mean(axis=1), 0.02) ** 2.2 for colours in (pairs.before, pairs.after))
    return float(np.clip(pairs.weight @ np.log2(after / before), -2.0, 2.0))


def _is_grey(pairs: Pairs) -> bool:
    """Whether colour follows from lightness in the after, and does not in the before."""
    return _colourfulness(pairs.after, pairs.weight) < GREY < _colourfulness(pairs.before, pairs.weight)


def _colourfulness(colours: Array, weight: Array) -> float:
    light = colours.mean(axis=1)
    powers = np.stack([light**power for power in range(4)], axis=1) * np.sqrt(weight)[:, None]
    off = 0.0
    for channel in (0, 2):
        apart = (colours[:, channel] - colours[:, 1]) * np.sqrt(weight)
        off += float(np.square(apart - powers @ np.linalg.lstsq(powers, apart, rcond=None)[0]).sum())
    return float(np.sqrt(off))
