"""The smallest input with which an op raises: one row, then half of the photo as long as a half will do,
then one slot after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

Values = dict[str, Tensor]


class Input(NamedTuple):
    """What an op was called with: photos (B, 3, H, W) and slot values (B, *shape)."""

    rgb: Tensor
    values: Values


def shrink(given: Input, raises: Callable[[Input], bool], start: Values) -> Input:
    """The smallest part of an input that still raises; the input itself where no part does.

    Args:
        raises: tries an input.
        start: each slot's value (*shape) to start from.
    """
    rows = (
        Input(given.rgb[row : row + 1], {name: value[row : row + 1] for name, value in given.values.items()})
        for row in range(len(given.rgb))
    )
    found = next((row for row in rows if raises(row)), None)
    if found is None:
        return given
    while (half := next((part for part in _halves(found) if raises(part)), None)) is not None:
        found = half
    for name, rest in start.items():
        idle = found._replace(values={**found.values, name: rest.to(found.values[name])[None]})
        if raises(idle):
            found = idle
    return found


def _halves(given: Input) -> list[Input]:
    """The two halves of a photo along its longer side; none of a single pixel."""
    height, width = given.rgb.shape[2:]
    if height == width == 1:
        return []
    halves = given.rgb.chunk(2, dim=2 if height >= width else 3)
    return [given._replace(rgb=half) for half in halves]
