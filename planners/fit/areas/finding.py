"""Local adjustments, one after the other: proposed, brought to their best together with all sliders, kept if they
explain enough.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ....core.errors import InvalidRequest, nearest
from ....core.plugins.registry import registry
from ....core.threads import one_thread
from ..align import Aligned
from ..pairs import Mask
from ..search import COARSE, WORTH, WORTH_SHARE
from ..sliders import SLIDERS, Sliders, Vector, load_ops
from ..solver import Problem, SolverState
from .layered import LayeredChain, LayeredSliders, slopes_of
from .places import Places, places_of
from .proposals import BUILT_IN, Candidate, proposals

LOCAL_OPS: Final = ("white_balance", "exposure", "contrast", "tone_regions", "saturation")
# Sliders for the whole photo that move beside areas; curves stay as they are.
PLAIN: Final = SLIDERS
MOST: Final = 3
BENT: Final = 2
STRAIGHT: Final = 3
ROUGH_SIDE: Final = 44
FINE_SIDE: Final = 68
# Places count wholly up to this error while areas are looked for, in CIEDE2000: what is to be explained is no outlier.
OPEN: Final = 10.0
TOLERANCE: Final = 4.0
# Nothing is looked for where sliders for the whole photo leave less, root mean square in CIEDE2000.
GOOD: Final = 0.8
# An adjustment stays where it takes away this share of what is left, and so much of it.
SHARE: Final = 0.25
ENOUGH: Final = 0.25
# Ranges are maps of colours like sliders for the whole photo: they have to explain more.
RANGES: Final = frozenset({"luminance", "color"})
RANGE_SHARE: Final = 0.45


@dataclass(frozen=True)
class FoundAreas:
    """Adjustments that explain a pair together with sliders for the whole photo.

    Attributes:
        sliders, x: all free numbers.
        rises: family of sliders for the whole photo -> by how much the squared error rises without it.
        without, error: root mean square at the places, in CIEDE2000, by sliders for the whole photo alone, and by all.
    """

    sliders: LayeredSliders
    x: Vector
    without: float
    error: float
    rises: dict[str, float]

    @property
    def whole(self) -> Vector:
        """The free numbers of the sliders for the whole photo."""
        return self.x[: len(self.sliders.whole)]


def find_areas(
    aligned: Aligned, whole: Sliders, starts: Sequence[Vector], ids: Sequence[str], groups: Collection[str] | None
) -> FoundAreas | None:
    """At most three adjustments, and the sliders for the whole photo beside them; None where none is worth it.

    Args:
        starts: free numbers of the sliders for the whole photo to begin at; the first are those that explain the
            pair best without any area.
        ids: which areas may be used.
    """
    with one_thread():
        return _Search(aligned, whole, ids, groups).run(starts)


def area_ids(areas: Collection[str] | str | bool | None) -> tuple[str, ...]:
    """The ids of the areas that may be used: none, the built-in ones for `"auto"` or True, or those that are listed.

    Raises:
        InvalidRequest: one that is not installed, or another text.
    """
    if areas is None or areas is False:
        return ()
    if areas is True or areas == "auto":
        return BUILT_IN
    if isinstance(areas, str):
        raise InvalidRequest(f"areas is {areas!r}", cure='Give "auto" or a list of ids, such as ["linear", "ellipse"].')
    ids = tuple(dict.fromkeys(areas))
    for id in ids:
        if id not in registry.areas:
            raise InvalidRequest(
                f"no area {id!r} is installed",
                cure=f"{nearest(id, registry.areas)} veraretouch areas lists them.".lstrip(),
            )
    return ids


class _Search:
    def __init__(self, aligned: Aligned, whole: Sliders, ids: Sequence[str], groups: Collection[str] | None) -> None:
        self.rough, self.fine = (places_of(aligned.before, aligned.after, side) for side in (ROUGH_SIDE, FINE_SIDE))
        self.ids = ids
        self.empty = LayeredSliders(whole, Sliders(load_ops(LOCAL_OPS), groups=groups))

    def run(self, starts: Sequence[Vector]) -> FoundAreas | None:
        alone = self._alone(starts[0])
        without = error = float(np.sqrt(alone.cost))
        whole = self.empty.whole
        sliders, x, last = self.empty, alone.x, alone
        if error < GOOD or not len(self.empty.own):
            return None
        begin = [*starts, np.zeros_like(x)]
        while len(sliders.areas) < MOST and error >= GOOD:
            found = self._further(sliders, begin)
            if found is None:
                break
            wider, state = found
            now = float(np.sqrt(state.cost))
            share = RANGE_SHARE if wider.areas[-1].area.id in RANGES else SHARE
            if error - now < max(ENOUGH, share * error):
                break
            sliders, x, error, last = wider, state.x, now, state
            begin = [x]
        if not sliders.areas:
            return None
        rises = self._problem(sliders, self.fine).rises(last)
        return FoundAreas(sliders, x, without, error, {name: r for name, r in rises.items() if name in whole.families})

    def _alone(self, x: Vector) -> SolverState:
        """The best that sliders for the whole photo can do at these places."""
        rough = self._problem(self.empty, self.rough)
        state = rough.minimise(x, self._moving(self.empty, x, PLAIN), rounds=3, settled=0.02)
        fine = self._problem(self.empty, self.fine)
        return min((fine.minimise(one, one != 0, rounds=0) for one in (x, state.x)), key=lambda one: one.cost)

    def _further(self, sliders: LayeredSliders, starts: Sequence[Vector]) -> tuple[LayeredSliders, SolverState] | None:
        """The best adjustment more, with all sliders at their best; None where no area is proposed."""
        rough: list[tuple[LayeredSliders, SolverState]] = []
        for start in starts:
            # Where sliders alone were brought to their best, curves may stand for what an area does: few are tried.
            few = BENT if len(starts) > 1 and np.any(start != 0) else STRAIGHT
            for proposal in self._proposed(sliders, start)[:few]:
                wider = sliders.with_area(proposal.area)
                x = np.concatenate([start, proposal.area.free(proposal.values), np.zeros(len(sliders.own))])
                problem, moving = self._problem(wider, self.rough), self._moving(wider, x, COARSE, also=False)
                # A mask has no slope as long as nothing is done by it.
                sure = moving.copy()
                sure[wider.area_at(len(sliders.areas))] = False
                first = problem.minimise(x, sure, rounds=2, settled=0.02, held=x != 0)
                rough.append((wider, problem.minimise(first.x, moving, rounds=5, settled=0.02, held=x != 0)))
        if not rough:
            return None
        wider, state = min(rough, key=lambda one: one[1].cost)
        return wider, self._settled(wider, state.x)

    def _problem(self, sliders: LayeredSliders, places: Places) -> Problem:
        chain = LayeredChain(sliders, places)
        return Problem(sliders, places.pairs, sparsity=0.02, tolerance=TOLERANCE, chain=chain, least=OPEN)

    def _settled(self, sliders: LayeredSliders, x: Vector) -> SolverState:
        problem = self._problem(sliders, self.fine)
        state = problem.minimise(x, self._moving(sliders, x, PLAIN), rounds=5, settled=0.01)
        return problem.settle(state, lambda cost: WORTH + WORTH_SHARE * cost)

    def _moving(self, sliders: LayeredSliders, x: Vector, ops: Collection[str], also: bool = True) -> Mask:
        """All local numbers, and of the whole photo those of these ops and, if `also`, what moved already."""
        moving: Mask = x != 0 if also else np.zeros(len(x), dtype=bool)
        moving[: len(sliders.whole)] |= sliders.whole.of_ops(ops)
        moving[len(sliders.whole) :] = True
        return moving

    def _proposed(self, sliders: LayeredSliders, x: Vector) -> list[Candidate]:
        problem = self._problem(sliders, self.rough)
        chain = problem.chain
        assert isinstance(chain, LayeredChain)
        moving = self._moving(sliders, x, COARSE, also=False)
        left, whole = chain.differentiate(x, problem.colours, moving, problem.wanted.differences)
        own = slopes_of(chain, x, problem.colours, problem.wanted.differences)
        errors = left.norm(dim=1).numpy()
        weight = problem.weight / (1 + (errors / problem.scale(errors)) ** 2)
        return proposals(self.ids, self.rough, left.T.numpy(), whole.numpy(), own, weight, each=1)
