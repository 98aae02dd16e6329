"""What a photo has suffered, from nothing to strong faults: the distribution of `mixture.json`, drawn by seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ....core import strict_json
from .. import spoilings
from ..spoilings import draw, spoil
from . import own_ops, strangers, unfinished
from .faults import weighted

Seed = Sequence[int]


@dataclass(frozen=True)
class CaseBatch:
    """B cases, all pictures (B, 3, H, W), uint8.

    Attributes:
        before: what a planner sees; natural: the finished photo; faithful: the photo without its faults, but as
            unfinished as it was.
        kinds: of each, by the names of `mixture.json`.
    """

    before: Tensor
    natural: Tensor
    faithful: Tensor
    kinds: list[str]


def distribution() -> Mapping[str, Any]:
    """The distribution, as it was committed."""
    return strict_json.packaged(__name__, "mixture.json")


def draw_cases(rgb: Tensor, seeds: Sequence[Seed], *, finished: Sequence[bool]) -> CaseBatch:
    """One case of each photo (B, 3, H, W), uint8: it depends on the photo's pixels, its seed and its tier alone.

    Args:
        seeds: of each row, whole numbers from 0.
        finished: whether each photo was published as a finished picture.
    """
    about = distribution()
    chance = [np.random.default_rng([about["seed"], *seed]) for seed in seeds]
    kinds = [
        weighted(rng, about["finished" if done else "ordinary"]) for rng, done in zip(chance, finished, strict=True)
    ]
    before, faithful = rgb.clone(), rgb.clone()
    for kind in dict.fromkeys(kinds):
        rows = [row for row, found in enumerate(kinds) if found == kind]
        before[rows], faithful[rows] = _KINDS[kind](rgb[rows], [seeds[row] for row in rows])
    saved = [_saved(photo, rng) for photo, rng in zip(before, chance, strict=True)]
    return CaseBatch(torch.stack(saved), rgb, faithful, kinds)


def _untouched(rgb: Tensor, seeds: Sequence[Seed]) -> tuple[Tensor, Tensor]:
    return rgb, rgb


def _unfinished(rgb: Tensor, seeds: Sequence[Seed]) -> tuple[Tensor, Tensor]:
    dull = unfinished.unfinish(rgb, seeds)
    return dull, dull


def _mild(rgb: Tensor, seeds: Sequence[Seed]) -> tuple[Tensor, Tensor]:
    return spoil(rgb.float() / 255, distribution()["mild"] * _faults(seeds)), rgb


def _strong(rgb: Tensor, seeds: Sequence[Seed]) -> tuple[Tensor, Tensor]:
    return spoil(rgb.float() / 255, _faults(seeds)), rgb


def _own_ops(rgb: Tensor, seeds: Sequence[Seed]) -> tuple[Tensor, Tensor]:
    return own_ops.spoil_by_own_ops(rgb, seeds), rgb


def _strangers(scale: str) -> Callable[[Tensor, Sequence[Seed]], tuple[Tensor, Tensor]]:
    def spoilt(rgb: Tensor, seeds: Sequence[Seed]) -> tuple[Tensor, Tensor]:
        return strangers.spoil_by_strangers(rgb, seeds, scale=strangers.distribution()["scales"][scale]), rgb

    return spoilt


def _both(rgb: Tensor, seeds: Sequence[Seed]) -> tuple[Tensor, Tensor]:
    dull = unfinished.unfinish(rgb, seeds)
    return _KINDS["strangers_mild"](dull, seeds)[0], dull


def _faults(seeds: Sequence[Seed]) -> Tensor:
    # Not the numbers that chose the kind: what a fault is must not depend on why it was drawn.
    return draw([(spoilings.distribution()["seed"], *seed) for seed in seeds])


def _saved(photo: Tensor, rng: np.random.Generator) -> Tensor:
    about = distribution()["jpeg"]
    if rng.random() >= about["share"]:
        return photo
    picture = Image.fromarray(photo.permute(1, 2, 0).numpy())
    return torch.from_numpy(strangers.as_jpeg(picture, about["quality"], rng)).permute(2, 0, 1)


_KINDS: Final[Mapping[str, Callable[[Tensor, Sequence[Seed]], tuple[Tensor, Tensor]]]] = {
    "finished": _untouched,
    "unfinished": _unfinished,
    "mild": _mild,
    "strong": _strong,
    "strangers_mild": _strangers("mild"),
    "strangers_strong": _strangers("strong"),
    "own_ops": _own_ops,
    "both": _both,
}
