"""From pairs of colours to sliders: coarse ones from several starts, then all,
then curves where something is left; at each step pruned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ...core.contract.op import Op
from ...core.errors import InvalidRequest
from ...core.threads import one_thread
from .pairs import ColorPairs
from .slider_chain import Array
from .sliders import CURVES, MONOCHROME, Sliders, Vector
from .solver import Problem, SolverState

COARSE: Final = ("white_balance", "exposure", "contrast", "tone_regions", "saturation", "cdl", "color_matrix")
FEW: Final = 300
SOME: Final = 500
# What a slider has to be worth in mean CIEDE2000 squared, and as a share of all that is left.
WORTH: Final = 0.004
WORTH_SHARE: Final = 0.012
SPARSITY: Final = 0.02
# Errors of so many medians are outliers.
TOLERANCE: Final = 2.5
# A descent ends where a round gains less than this share.
SETTLED: Final = 4e-3
# Sliders alone suffice below this mean error of the pairs, in CIEDE2000.
GOOD: Final = 0.45
# Curves stay where they leave less than this share of what sliders leave: else they stand for noise.
CURVES_SHARE: Final = 0.7
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


def search(
    pairs: ColorPairs,
    ops: list[Op],
    groups: frozenset[str] | None = None,
    *,
    start: Vector | None = None,
    patience: int = 1,
) -> Found:
    """The sliders of these ops that explain pairs best, with as few of them as do.

    Args:
        start: free numbers to begin at, over the same ops; then the coarse steps are left out.
        patience: so many times as many rounds, for pairs without noise, of which none is an outlier.

    Raises:
        InvalidRequest: none of the ops has a slider of these groups.
    """
    sliders = Sliders(ops, groups=groups)
    if not sliders.all:
        named = ", ".join(sorted(groups or ())) or "no group"
        raise InvalidRequest(
            f"no slider to explain the edit by: {', '.join(op.id for op in sliders.ops)} in {named}",
            cure="Name more groups, such as lighting, or leave them out.",
        )
    # The tensors are small: threads would wait for each other longer than they work.
    with one_thread():
        return _search(pairs, sliders, start, patience)


def _search(pairs: ColorPairs, sliders: Sliders, start: Vector | None, patience: int) -> Found:
    ids = {op.id for op in sliders.ops}
    black_and_white = MONOCHROME in ids and _is_grey(pairs)
    plain = ids - {*CURVES} - (set() if black_and_white else {MONOCHROME}) or ids
    tolerance = TOLERANCE if patience == 1 else 100.0
    some = Problem(sliders, pairs.some(SOME * patience), sparsity=SPARSITY / patience, tolerance=tolerance)
    whole = Problem(sliders, pairs, sparsity=SPARSITY, tolerance=tolerance)
    settled = SETTLED / patience**2

    def worth(cost: float) -> float:
        return (WORTH + WORTH_SHARE * cost) / patience

    if start is None:
        start = _coarse(sliders, pairs, ids, black_and_white)
    moving = sliders.of_ops(plain) | (start != 0)
    state = some.settle(some.minimise(start, moving, rounds=10 * patience, settled=settled), worth)
    if ids & set(CURVES) and state.cost > GOOD**2:
        moving = state.moving | sliders.of_ops(plain | set(CURVES))
        further = some.settle(some.minimise(state.x, moving, rounds=8 * patience, settled=settled), worth)
        state = further if further.cost < CURVES_SHARE * state.cost else state
    state = whole.settle(state, worth)
    every = np.ones(len(sliders), dtype=bool)
    _, curvature = some.linearise(state.x, some.scale(some.errors(state.x)), every)
    return Found(sliders, state.x, float(np.sqrt(max(state.cost, 0.0))), curvature, whole.rises(state))


def _coarse(sliders: Sliders, pairs: ColorPairs, ids: set[str], grey: bool) -> Vector:
    """The best of several descents by the few sliders that move everything."""
    few = Problem(sliders, pairs.some(FEW), sparsity=0.0, tolerance=TOLERANCE)
    moving = sliders.of_ops((ids & set(COARSE)) or ids)
    states: list[SolverState] = []
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


def _stops(pairs: ColorPairs) -> float:
    """How much lighter the after is, in stops of its middle."""
    before, after = (np.maximum(colours.mean(axis=1), 0.02) ** 2.2 for colours in (pairs.before, pairs.after))
    return float(np.clip(pairs.weight @ np.log2(after / before), -2.0, 2.0))


def _is_grey(pairs: ColorPairs) -> bool:
    """Whether colour follows from lightness in the after, and does not in the before."""
    left = _colourfulness(pairs.after, pairs.weight)
    return left < GREY and left < 0.3 * _colourfulness(pairs.before, pairs.weight)


def _colourfulness(colours: Array, weight: Array) -> float:
    light = colours.mean(axis=1)
    powers = np.stack([light**power for power in range(4)], axis=1) * np.sqrt(weight)[:, None]
    off = 0.0
    for channel in (0, 2):
        apart = (colours[:, channel] - colours[:, 1]) * np.sqrt(weight)
        off += float(np.square(apart - powers @ np.linalg.lstsq(powers, apart, rcond=None)[0]).sum())
    return float(np.sqrt(off))
