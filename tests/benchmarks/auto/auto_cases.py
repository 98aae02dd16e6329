"""What the auto mode is judged on: finished photos of sources, and what spoils them or leaves them unfinished.

Photos are squares from their middle, 256 pixels a side, so that a row of a tensor is a photo. They are resampled as
photos are that are shared: picked pixels would be rougher than those of any photo.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from veraretouch.core.color.hue_bands import band_weights
from veraretouch.core.color.oklab import chroma, hue, oklab
from veraretouch.planners.imagemagick import imagemagick
from veraretouch.planners.training.cases import strangers
from veraretouch.planners.training.cases.sources import RETOUCHED, SourcePhoto, fold_of, photos_by_source, read_photos
from veraretouch.planners.training.cases.unfinished import unfinish
from veraretouch.planners.training.spoilings import distribution, draw, spoil

SIDE = 256
SEED = 20261127  # of what is judged: training draws with its own


@dataclass(frozen=True)
class Photos:
    """N photos: `rgb` (N, 3, S, S) uint8, with the source and the fold of each."""

    rgb: Tensor
    sources: list[str]
    folds: list[int]
    names: list[str]

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Cases:
    """N photos `before` and `after`, (N, 3, S, S) uint8; a planner sees the first and is compared with the other."""

    before: Tensor
    after: Tensor
    sources: list[str]
    folds: list[int]


def square(pixels: Tensor) -> Tensor:
    """The middle of a photo (3, H, W), uint8, as (3, 256, 256)."""
    height, width = pixels.shape[1:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    middle = pixels[:, top : top + side, left : left + side].permute(1, 2, 0).numpy()
    resized = Image.fromarray(middle).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(resized)).permute(2, 0, 1).contiguous()


def read(folders: Sequence[Path], *, first: int | None, tier: str = RETOUCHED) -> Photos:
    """The photos of a tier, or the `first` of them: one of each source, then a second of each, and so on, in an order
    that depends on their names alone.
    """
    found = [photo for folder in folders for photo in photos_by_source(folder) if photo.tier == tier]
    turns: dict[str, int] = {}
    keyed: list[tuple[int, str, SourcePhoto]] = []
    for photo in sorted(found, key=lambda photo: _digest(photo.file)):
        turns[photo.source] = turns.get(photo.source, 0) + 1
        keyed.append((turns[photo.source], photo.file, photo))
    chosen = [photo for *_, photo in sorted(keyed, key=lambda key: (key[0], _digest(key[1])))][:first]
    pixels = {photo.file: square(rgb) for photo, rgb in read_photos(chosen)}
    return Photos(
        torch.stack([pixels[photo.file] for photo in chosen]),
        [photo.source for photo in chosen],
        [photo.fold for photo in chosen],
        [photo.file for photo in chosen],
    )


def strong(photos: Photos) -> Tensor:
    """Faults of planners/training/spoilings.json."""
    seeds = [(distribution()["seed"], SEED, _digest(name), 0, 1) for name in photos.names]
    return spoil(photos.rgb.float() / 255, draw(seeds))


def mild(photos: Photos) -> Tensor:
    """Faults of aether's recipe (contrib/aether), by our own ops; unspoilt cases are left out of the draw."""
    from veraretouch_aether.examples.draw import generator
    from veraretouch_aether.examples.edits import as_edits, render
    from veraretouch_aether.examples.spoil import draw_spoiling

    recipe = json.loads(files("veraretouch_aether").joinpath("data", "recipe.json").read_text("utf-8"))
    auto = recipe["auto"] | {"unspoilt": 0.0}
    spoilt = []
    for rgb, name in zip(photos.rgb, photos.names, strict=True):
        values, _ = draw_spoiling(generator(SEED, name), auto, _band_shares(rgb))
        done = render(rgb.permute(1, 2, 0).numpy(), as_edits(values))
        spoilt.append(torch.from_numpy(np.array(done)).permute(2, 0, 1))
    return torch.stack(spoilt)


def by_strangers(photos: Photos, scale: str, engines: Sequence[str] = strangers.EVERYWHERE) -> Tensor:
    """Faults of planners/training/cases/strangers.json, at a scale that it names."""
    size = strangers.distribution()["scales"][scale]
    return strangers.spoil_by_strangers(photos.rgb, _seeds(photos), scale=size, engines=engines)


def unfinished(photos: Photos) -> Tensor:
    """What planners/training/cases/unfinished.json makes of finished photos."""
    return unfinish(photos.rgb, _seeds(photos))


KINDS: dict[str, Callable[[Photos], Tensor]] = {
    "strong": strong,
    "mild": mild,
    "strangers, strong": lambda photos: by_strangers(photos, "strong"),
    "strangers, mild": lambda photos: by_strangers(photos, "mild"),
    "unfinished": unfinished,
}
if imagemagick():
    # Named apart: figures without it can be compared from machine to machine.
    KINDS["ImageMagick, strong"] = lambda photos: by_strangers(photos, "strong", ("imagemagick",))


def cases_of(kind: str, photos: Photos) -> Cases:
    """Each photo once, spoilt in the way of KINDS."""
    return Cases(KINDS[kind](photos), photos.rgb, photos.sources, photos.folds)


def real_cases(folder: Path) -> Cases:
    """The pairs that `unfinished_set.py` wrote: index.csv with `before`, `after` and `source`."""
    with (folder / "index.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    before, after = (
        torch.stack([square(_pixels(folder / row[which])) for row in rows]) for which in ("before", "after")
    )
    sources = [row["source"] for row in rows]
    return Cases(before, after, sources, [fold_of(source) for source in sources])


def _pixels(path: Path) -> Tensor:
    with Image.open(path) as image:
        return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)


def _seeds(photos: Photos) -> list[tuple[int, ...]]:
    return [(SEED, _digest(name)) for name in photos.names]


def _digest(name: str) -> int:
    """48 bits that depend on a name alone."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "little")


def _band_shares(rgb: Tensor) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Each hue band's share (8,) of the chroma of a photo (3, H, W), near greys left out, as aether counts it."""
    lab = oklab(rgb[None].float() / 255)
    colourful = chroma(lab) * (chroma(lab) > 0.03)
    by_band = (band_weights(hue(lab)) * colourful).sum(dim=(0, 2, 3)).double()
    return (by_band / by_band.sum().clamp(min=1e-9)).numpy()
