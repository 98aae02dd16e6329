"""Means over photos and how sure they are: the percentile bootstrap (Efron and Tibshirani 1993, chapter 13),
photos being drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

DRAWS: Final = 2000


@dataclass(frozen=True)
class Figure:
    """A mean over `photos`, with the ends of its 95 % interval; None of them where there is but one photo."""

    mean: float
    low: float | None
    high: float | None
    photos: int

    def document(self) -> dict[str, Any]:
        """As report.json holds it."""
        return asdict(self)


def figure(values: Mapping[str, Sequence[float]], *, draws: int = DRAWS) -> Figure:
    """The mean over photos, of which there is at least one, of the means of each photo's values;
    always the same for the same values.

    Args:
        draws: how many times as many photos are drawn, at least 1.
    """
    means = np.array([np.mean(found) for found in values.values()])
    low, high = interval(means, draws=draws) if len(means) > 1 else (None, None)
    return Figure(float(means.mean()), low, high, len(means))


def interval(means: NDArray[np.float64], *, draws: int = DRAWS) -> tuple[float, float]:
    """The 95 % interval of the mean of N independent values (N,), by `draws` draws, at least 1."""
    rng = np.random.default_rng(0)
    drawn = means[rng.integers(len(means), size=(draws, len(means)))].mean(axis=1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(low), float(high)
