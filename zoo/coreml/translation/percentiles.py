"""Percentiles out of histograms.

torch counts bins, adds the counts up and searches for places; Core ML sorts and looks there.

The first bin up to which a share p of N values lies is the bin of the value of rank ceil(p N).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from ...extras import builder


@dataclass(frozen=True)
class Histogram:
    """Counts of whole numbers, as `torch.bincount` makes them of one line of them, or what was made of such counts.

    Attributes:
        bins: the numbers, a MIL variable (N,); `shape`: of the counts; a line's rows follow each other.
        summed: whether they are running sums; `scale`: what they were multiplied by.
    """

    bins: Any
    shape: tuple[int, ...]
    summed: bool = False
    scale: float = 1.0

    def search(self, places: Tensor) -> Any:
        """The first bin of each row whose scaled running sum is not below each place (..., m).

        A variable of that shape.
        """
        mb = builder()
        width = self.shape[-1]
        rows = int(np.prod(self.shape[:-1]))
        count = self.bins.shape[0] // rows
        table = mb.cast(x=mb.reshape(x=self.bins, shape=[rows, count]), dtype="fp32")
        ordered = mb.topk(x=table, k=count, axis=1, ascending=True, return_indices=False)
        wanted = places.double().reshape(rows, -1).numpy()
        ranks = np.ceil(wanted / self.scale).clip(1, count).astype(np.int32) - 1
        found = mb.gather_along_axis(
            x=ordered[0] if isinstance(ordered, tuple | list) else ordered, indices=ranks, axis=1
        )
        within = mb.sub(x=found, y=np.float32(width) * np.arange(rows, dtype=np.float32)[:, None])
        return mb.cast(x=mb.reshape(x=within, shape=list(places.shape)), dtype="int32")
