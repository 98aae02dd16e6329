"""Damped Gauss-Newton with robust weights and a sparse prior, and the pruning of what the data do not ask for.

Levenberg (1944), Marquardt (1963). Robust: Cauchy's function, whose weights leave retouched places behind
(Holland and Welsch 1977). Sparse: an L1 norm by reweighted least squares (Candes, Wakin and Boyd 2008). Pruning: the
least rise of the error when a number is set to 0 and the others make up for it, x^2 / (2 H^-1), as in "Optimal Brain
Surgeon" (Hassibi and Stork 1993).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from .pairs import ColorPairs
from .perceived import Wanted
from .slider_chain import Array, SliderChain
from .sliders import Slider, Sliders, Vector

# The prior's width about 0, in shares of a slider's reach.
NEAR: Final = 0.02
_TRUST: Final = 0.5


@dataclass
class SolverState:
    """Where the search stands: free numbers, the mean error (CIEDE2000 squared, robust),
    and its curvature over the moving ones.
    """

    x: Vector
    cost: float
    normal: Array = field(repr=False)
    moving: NDArray[np.bool_] = field(repr=False)


class FreeNumbers(Protocol):
    """What a problem knows of its free numbers: see `Sliders`."""

    @property
    def all(self) -> Sequence[Slider]: ...
    @property
    def families(self) -> Mapping[str, list[int]]: ...
    @property
    def low(self) -> Vector: ...
    @property
    def high(self) -> Vector: ...
    def __len__(self) -> int: ...
    def project(self, x: Vector) -> Vector: ...


class DifferentiableChain(Protocol):
    """What a problem knows of how its free numbers change colours: see `SliderChain`."""

    def render(self, x: Vector, colours: torch.Tensor) -> torch.Tensor: ...
    def differentiate(
        self,
        x: Vector,
        colours: torch.Tensor,
        moving: NDArray[np.bool_],
        function: Callable[[torch.Tensor], torch.Tensor],
    ) -> tuple[torch.Tensor, torch.Tensor]: ...


class Problem:
    """Pairs to be explained by sliders.

    Args:
        sparsity: what a slider has to be worth, in CIEDE2000 squared for its whole reach.
        tolerance: errors of so many medians count less and less.
        bend: what a curve's second differences cost.
        chain: how the numbers change colours; by default a chain of ops, whose sliders they are.
        least: errors below this, in CIEDE2000, count wholly.
    """

    def __init__(
        self,
        sliders: FreeNumbers,
        pairs: ColorPairs,
        *,
        sparsity: float,
        tolerance: float,
        bend: float = 20.0,
        chain: DifferentiableChain | None = None,
        least: float = 1.0,
    ) -> None:
        self.tolerance, self.least = tolerance, least
        self.sliders, self.pairs = sliders, pairs
        if chain is None:
            assert isinstance(sliders, Sliders)
            chain = SliderChain(sliders)
        self.chain = chain
        self.colours = _as_pixels(pairs.before)
        self.wanted = Wanted(_as_pixels(pairs.after))
        self.weight = pairs.weight
        self.stiff = _stiffness(sliders, bend)
        self.sparsity = np.zeros(len(sliders))
        for places in sliders.families.values():
            if not sliders.all[places[0]].curve:
                self.sparsity[places] = sparsity

    def errors(self, x: Vector) -> Array:
        """How far each pair is from explained, about in CIEDE2000."""
        found: Array = self.wanted.differences(self.chain.render(x, self.colours)).norm(dim=1).double().numpy()
        return found

    def scale(self, errors: Array) -> float:
        """The error beyond which pairs count less and less."""
        order = np.argsort(errors)
        middle = errors[order[np.searchsorted(np.cumsum(self.weight[order]), 0.5).clip(max=len(order) - 1)]]
        return max(self.least, self.tolerance * float(middle))

    def cost(self, x: Vector, errors: Array, scale: float, strict: Vector) -> float:
        """The robust mean of the squared errors, and what the priors add."""
        size = np.abs(x)
        sparse = 2 * strict * (size - NEAR * np.log1p(size / NEAR))
        return self.robust(errors, scale) + float(sparse.sum() + x @ self.stiff @ x)

    def robust(self, errors: Array, scale: float) -> float:
        """The robust mean of the squared errors."""
        return float(self.weight @ (scale**2 * np.log1p((errors / scale) ** 2)))

    def linearise(self, x: Vector, scale: float, moving: NDArray[np.bool_]) -> tuple[Array, Array]:
        """Half the gradient and half the curvature of the robust mean, over the moving numbers."""
        found, slopes = self.chain.differentiate(x, self.colours, moving, self.wanted.differences)
        difference, by_slider = found.T.flatten().numpy(), slopes.flatten(1).numpy()
        errors = found.norm(dim=1).numpy()
        weighted = by_slider * np.tile(self.weight / (1 + (errors / scale) ** 2), 3).astype(np.float32)
        return (weighted @ difference).astype(np.float64), (weighted @ by_slider.T).astype(np.float64)

    def minimise(
        self,
        x: Vector,
        moving: NDArray[np.bool_],
        *,
        rounds: int,
        sparse: bool = True,
        settled: float = 4e-3,
        held: NDArray[np.bool_] | None = None,
    ) -> SolverState:
        """Descend from x over the moving numbers, at most so many rounds,
        until a round gains less than the share `settled`; the others are at rest, unless `held` where they are.
        """
        x = self.sliders.project(np.where(moving if held is None else moving | held, x, 0.0))
        errors = self.errors(x)
        scale = self.scale(errors)
        damping, cost, rows = 1e-2, float("inf"), np.flatnonzero(moving)
        normal = np.eye(len(rows))
        for _ in range(rounds if len(rows) else 0):
            strict = self.sparsity / (1 + 8 * np.abs(x)) if sparse else np.zeros(len(x))
            gradient, normal = self.linearise(x, scale, moving)
            prior = np.diag(strict[rows] / (np.abs(x[rows]) + NEAR)) + self.stiff[np.ix_(rows, rows)]
            gradient = gradient + prior @ x[rows]
            before = self.cost(x, errors, scale, strict)
            found, damping = self._step(x, rows, gradient, normal + prior, damping, before, scale, strict)
            if found is None:
                break
            x, errors, cost = found
            if before - cost < settled * (before + 1e-3):
                break
            scale = min(scale, self.scale(errors))
        return SolverState(x, self.robust(errors, scale), normal, moving)

    def _step(
        self,
        x: Vector,
        rows: NDArray[np.intp],
        gradient: Array,
        curvature: Array,
        damping: float,
        before: float,
        scale: float,
        strict: Vector,
    ) -> tuple[tuple[Vector, Array, float] | None, float]:
        """A step that descends, and the damping for the next; None where there is none."""
        # A number at its bound that would go further stays out of this step.
        at_bound = ((x[rows] >= self.sliders.high[rows] - 1e-9) & (gradient < 0)) | (
            (x[rows] <= self.sliders.low[rows] + 1e-9) & (gradient > 0)
        )
        free = np.flatnonzero(~at_bound)
        for _ in range(7):
            damped = curvature[np.ix_(free, free)].copy()
            damped[np.diag_indices_from(damped)] += damping * (np.diag(damped) + 1e-3)
            step = np.zeros(len(rows))
            step[free] = -np.linalg.solve(damped, gradient[free])
            step /= max(1.0, float(np.abs(step).max()) / _TRUST)
            trial = x.copy()
            trial[rows] += step
            trial = self.sliders.project(trial)
            errors = self.errors(trial)
            cost = self.cost(trial, errors, scale, strict)
            if cost < before:
                return (trial, errors, cost), max(damping / 5, 1e-7)
            damping = max(damping, 1e-4) * 6
        return None, damping

    def settle(self, state: SolverState, worth: Callable[[float], float]) -> SolverState:
        """Without the prior's pull, what is hardly moved and what is not worth it at 0,
        and the others where they are best.

        Args:
            worth: what a family of sliders has to lower an error by, given that error.
        """
        moving = state.moving & (np.abs(state.x) > NEAR / 4)
        state = self.minimise(state.x, moving, rounds=2, sparse=False)
        for _ in range(2):
            kept = self._pruned(state, worth(state.cost))
            if bool((kept == state.moving).all()):
                break
            state = self.minimise(state.x, kept, rounds=2, sparse=False)
        return state

    def _pruned(self, state: SolverState, worth: float) -> NDArray[np.bool_]:
        """Which numbers stay when families that are not worth so much leave one by one,
        by the curvature at the state.
        """
        moving, x = state.moving.copy(), state.x.copy()
        lost = 0.0
        while moving.any():
            curvature, places = self._curvature(state, moving), np.flatnonzero(moving)
            inverse = np.linalg.inv(curvature).astype(np.float64)
            at = {int(place): i for i, place in enumerate(places)}
            rise, family = min((self._rise(inverse, x, at, own), family) for family, own in self._families(moving))
            if rise + lost * 0.25 > worth:
                break
            lost += rise
            own = [at[place] for place in self.sliders.families[family] if place in at]
            x[places] -= inverse[:, own] @ np.linalg.solve(inverse[np.ix_(own, own)], x[places[own]])
            moving[places[own]] = False
            x[~moving] = 0.0
        return moving

    def rises(self, state: SolverState) -> dict[str, float]:
        """Family -> how much the error would rise without it, the other moving numbers making up for it."""
        if not state.moving.any():
            return {}
        inverse = np.linalg.inv(self._curvature(state, state.moving)).astype(np.float64)
        at = {int(place): i for i, place in enumerate(np.flatnonzero(state.moving))}
        return {family: self._rise(inverse, state.x, at, own) for family, own in self._families(state.moving)}

    def _rise(self, inverse: Array, x: Vector, at: dict[int, int], own: list[int]) -> float:
        rows = [at[place] for place in own]
        return float(x[own] @ np.linalg.solve(inverse[np.ix_(rows, rows)], x[own]))

    def _families(self, moving: NDArray[np.bool_]) -> list[tuple[str, list[int]]]:
        """The families of which something moves, and the places that do."""
        owned = ((name, [p for p in places if moving[p]]) for name, places in self.sliders.families.items())
        return [(name, own) for name, own in owned if own]

    def _curvature(self, state: SolverState, moving: NDArray[np.bool_]) -> Array:
        """The curvature at a state over some of its moving numbers, with what makes it invertible."""
        rows, places = np.flatnonzero(moving[state.moving]), np.flatnonzero(moving)
        return state.normal[np.ix_(rows, rows)] + self.stiff[np.ix_(places, places)] + 1e-6 * np.eye(len(rows))


def _as_pixels(colours: Array) -> torch.Tensor:
    return torch.from_numpy(colours.astype(np.float32))[:, :, None, None]


def _stiffness(sliders: FreeNumbers, bend: float) -> Array:
    """The matrix of what bending curves costs: second differences of their departures from the line."""
    stiff = np.zeros((len(sliders), len(sliders)))
    for places in sliders.families.values():
        if sliders.all[places[0]].curve and len(places) > 2:
            seconds = np.diff(np.eye(len(places)), n=2, axis=0)
            stiff[np.ix_(places, places)] += bend * seconds.T @ seconds + 1e-4 * bend * np.eye(len(places))
    return stiff
