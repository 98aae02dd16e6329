"""Training examples of `tiny` in memory: what its network is given, and a few of the pixels that it is judged by.

They come from a dataset of `aether` (shards of input and target pictures), from a collection of photos by source, or
from a folder of photos that somebody finished; the latter two get faults here, see `cases.mixture`. All measuring is
done once and kept in a file; an epoch then reads nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ...core.atomic_write import new_file
from ...core.errors import InvalidDocument
from ..scene.network import CLASSES
from ..tiny.measure import SIDE, features, square
from ..tiny.statistics import grid, thinned
from .cases.mixture import CaseBatch, distribution, draw_cases
from .cases.sources import RETOUCHED, SourcePhoto, photos_by_source, read_photos
from .data import examples_of, is_dataset, pixels_of, shards_of

LOSS: Final = 32
_ROWS: Final = 16
_CLOSEST: Final = 0.6  # of each of a photo's sides that a crop keeps at least
_HELD: Final = ("sky", "skin")

Item = TypeVar("Item")


@dataclass(frozen=True)
class Examples:
    """N examples, all tensors of N rows.

    Attributes:
        features: (N, FEATURES), what the network is given.
        before, natural, faithful: (N, 3, 32, 32) uint8, pixels of the photo and of what each edit should make of it.
        held: (N, 32, 32) uint8, 255 where sky or skin is.
        known: (N,) bool, whether `natural` is known: of a finished photo always, of another one where it was given
            faults, which are to go in any case.
        left: (N,) bool, whether the photo is to be left as it is.
        photo, fold: (N,) int64, which photo each was made of, and the fold of its source.
    """

    features: Tensor
    before: Tensor
    natural: Tensor
    faithful: Tensor
    held: Tensor
    known: Tensor
    left: Tensor
    photo: Tensor
    fold: Tensor

    def __len__(self) -> int:
        return len(self.photo)

    def rows(self, index: Tensor, device: Any = None) -> Examples:
        """Some rows, on a device."""
        return Examples(**{name: value[index].to(device) for name, value in self._tensors().items()})

    @classmethod
    def cat(cls, parts: Sequence[Examples]) -> Examples:
        """All rows of several."""
        return cls(**{field.name: torch.cat([getattr(part, field.name) for part in parts]) for field in fields(cls)})

    def save(self, path: Path) -> None:
        """Write safetensors, whole or not at all."""
        from safetensors.torch import save

        with new_file(path) as file:
            file.write(save({name: value.contiguous() for name, value in self._tensors().items()}))

    @classmethod
    def load(cls, path: Path) -> Examples:
        """The inverse of `save`."""
        from safetensors.torch import load_file

        return cls(**load_file(path))

    def _tensors(self) -> dict[str, Tensor]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class ExampleRecipe:
    """How photos become examples.

    Attributes:
        copies: examples of a photo; the first shows all of it, the others parts.
        per_source: photos of a source at most, drawn evenly.
        seed: of all draws.
    """

    copies: int = 4
    per_source: int = 70
    seed: int = 0


def read_data(
    folder: Path,
    recipe: ExampleRecipe,
    *,
    split: str = "train",
    cache: Path | None = None,
) -> Examples:
    """The examples of a dataset of `aether`, of a collection of photos by source, or of a folder of finished photos.

    Args:
        split: of a dataset.
        cache: a folder where they are kept, under a name that tells their source and recipe apart.

    Raises:
        InvalidDocument: a dataset or an index that is not in its format, or without examples.
        UnreadablePhoto: a folder without photos, or a photo that cannot be read.
    """
    if is_dataset(folder):
        shards = shards_of(folder, split)
        return _kept(cache, _key(shards, recipe), _of_shards(shards))
    photos = _chosen(folder, recipe)
    return _kept(cache, _key(photos, recipe), of_photos(photos, recipe))


def _kept(cache: Path | None, key: str, parts: Iterator[Examples]) -> Examples:
    """What is in the cache under that key; else the parts, which are measured now and kept there."""
    if cache is None:
        return Examples.cat(list(parts))
    kept = cache / f"examples-{key}.safetensors"
    if kept.is_file():
        return Examples.load(kept)
    made = Examples.cat(list(parts))
    made.save(kept)
    return made


def _chosen(folder: Path, recipe: ExampleRecipe) -> list[SourcePhoto]:
    """The photos to take, as many of a source as the recipe allows; those of a folder without index are finished."""
    found = photos_by_source(folder)
    if not (folder / "index.csv").is_file():
        return [SourcePhoto(photo.file, photo.source, RETOUCHED, photo.folder) for photo in found]
    by_source: dict[str, list[SourcePhoto]] = {}
    for photo in found:
        by_source.setdefault(photo.source, []).append(photo)
    return [
        photos[place * len(photos) // min(len(photos), recipe.per_source)]
        for photos in by_source.values()
        for place in range(min(len(photos), recipe.per_source))
    ]


def of_photos(photos: Sequence[SourcePhoto], recipe: ExampleRecipe, *, first: int = 0) -> Iterator[Examples]:
    """The examples of photos, which are numbered from `first`: those of a photo follow from its number."""
    for some in _batches(enumerate(read_photos(photos), first)):
        places = [place for place, _ in some]
        finished = [photo.tier == RETOUCHED for _, (photo, _) in some]
        done = torch.tensor(finished)
        whose = torch.tensor(places), torch.tensor([photo.fold for _, (photo, _) in some])
        for copy in range(recipe.copies):
            # A number more than the judged cases have: none of those is ever trained on.
            seeds = [(recipe.seed, 1 + place, copy, 1) for place in places]
            pictures = torch.stack([_part(rgb, seed) for (_, (_, rgb)), seed in zip(some, seeds, strict=True)])
            cases = draw_cases(pictures, seeds, finished=finished)
            yield _measured(cases, done, *whose)


def _part(rgb: Tensor, seed: tuple[int, ...]) -> Tensor:
    """A part of a photo (3, H, W), mirrored or not, as a square (3, SIDE, SIDE), uint8."""
    rng = np.random.default_rng(seed)
    height, width = rgb.shape[1:]
    shares = (1.0, 1.0) if seed[2] == 0 else rng.uniform(_CLOSEST, 1, 2)
    rows, columns = (max(1, round(side * share)) for side, share in zip((height, width), shares, strict=True))
    top, left = rng.integers(height - rows + 1), rng.integers(width - columns + 1)
    part = rgb[:, top : top + rows, left : left + columns].float().unsqueeze(0)
    made = square(part)[0].round().clamp(0, 255).to(torch.uint8)
    return made.flip(2) if rng.random() < 0.5 else made


def _measured(cases: CaseBatch, finished: Tensor, photo: Tensor, fold: Tensor) -> Examples:
    with torch.inference_mode():
        before = cases.before.float() / 255
        measured, shares = features(before)
        held = shares[:, [CLASSES.index(name) for name in _HELD]].sum(dim=1, keepdim=True)
    left = torch.tensor([kind == "finished" for kind in cases.kinds])
    return Examples(
        measured.clone(),
        _few(before),
        _few(cases.natural.float() / 255),
        _few(cases.faithful.float() / 255),
        _eight_bit(functional.avg_pool2d(held, held.shape[-1] // LOSS)[:, 0]),
        finished | ~left,
        left,
        photo,
        fold,
    )


def _of_shards(paths: Sequence[Path]) -> Iterator[Examples]:
    """The examples of auto of webdataset shards: those of words and exact values teach the network nothing."""
    names: dict[str, int] = {}
    auto = ((key, about, files) for key, about, files in examples_of(paths) if about["subset"] == "auto")
    empty = True
    for some in _batches(auto):
        pairs = [
            [square(pixels_of(files, part, key).float().unsqueeze(0)) for part in ("input", "target")]
            for key, _, files in some
        ]
        before, after = (torch.cat(part).round().clamp(0, 255).to(torch.uint8) for part in zip(*pairs, strict=True))
        photo = torch.tensor([names.setdefault(about["photo"], len(names)) for _, about, _ in some])
        cases = CaseBatch(before, after, after, ["pair"] * len(some))
        yield _measured(cases, torch.ones_like(photo, dtype=torch.bool), photo, torch.zeros_like(photo))
        empty = False
    if empty:
        raise InvalidDocument("no example of auto", path=str(paths[0].parent), cure="Build a larger dataset.")


def _batches(items: Iterator[Item]) -> Iterator[list[Item]]:
    while some := list(islice(items, _ROWS)):
        yield some


def _few(rgb: Tensor) -> Tensor:
    """Some of the pixels of squares, (B, 3, LOSS, LOSS) uint8."""
    return _eight_bit(thinned(grid(rgb), LOSS))


def _eight_bit(values: Tensor) -> Tensor:
    return (values * 255).round().clamp(0, 255).to(torch.uint8)


def _key(sources: Sequence[Path] | Sequence[SourcePhoto], recipe: ExampleRecipe) -> str:
    facts = [
        [str(source.resolve()), source.stat().st_size, source.stat().st_mtime_ns]
        if isinstance(source, Path)
        else [str(source.folder.resolve()), source.file, source.tier]
        for source in sources
    ]
    return hashlib.sha256(json.dumps([facts, vars(recipe), distribution(), SIDE]).encode()).hexdigest()[:16]
