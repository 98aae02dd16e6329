"""Pairs of pictures, before and after, of which it is known what each group of edits alone would have made.

They come from good photos, edited here at random; from a dataset of `aether`, whose examples say what was done; or from
a folder of an expert's pairs, `before` and `after`, of which nothing is known but the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import torch
from torch import Tensor

from ...core.contract.latents import Latents
from ...core.contract.schema import Schema
from ...core.contract.slots import GROUPS
from ...core.errors import InvalidDocument, UnreadablePhoto
from ...core.photo.resize import resize
from ...core.plan.plan import Plan
from ...core.plugins.registry import registry
from ...core.render.renderer import Renderer
from .data import examples_of, is_dataset, photos_of, pixels_of, read_pixels, shards_of

# What good photos are edited by, and how far: standard deviations in the slots' own units, and how often each op. Pairs
# then lie about as far apart (17 to 19 dB) as those of spoilings.json.
OPS: Final = ("white_balance", "exposure", "contrast", "tone_regions", "vibrance", "saturation", "hsl")
_DEVIATIONS: Final = {"exposure": 1.5}
_DEVIATION: Final = 0.7
_OP_ON: Final = 0.8
_PLAN: Final = {"schema": "veraretouch.plan/1", "mode": "param"}

Masks = Sequence[frozenset[str]]


@dataclass(frozen=True)
class Batch:
    """Some pairs, all (B, 3, H, W) in [0, 1].

    Attributes:
        before, after: pictures; `rgb`, `wanted`: a thinned `before`, and what the groups of the mask alone make of it.
        masks: the groups that are on, of each.
    """

    before: Tensor
    after: Tensor
    rgb: Tensor
    wanted: Tensor
    masks: Masks


class PicturePairs(Protocol):
    """Pairs that the renderer and the encoder are trained on."""

    def __len__(self) -> int:
        """How many."""
        ...

    def batch(self, rows: Tensor, masks: Masks, device: Any = None) -> Batch:
        """Some of them, on a device; masks that cannot be had become others."""
        ...


@dataclass(frozen=True)
class EditedPairs:
    """Photos (P, 3, S, S) uint8 and edits (N, D), packed in a schema; each edit is of `photo` (N,).

    Where `forward` (N,), the photo comes first, and the edit makes what comes after; else the edit spoils the photo,
    and the pair leads back. Pixels of the loss are every `step`th of a row and of a column.
    """

    photos: Tensor
    schema: Schema
    edits: Tensor
    photo: Tensor
    forward: Tensor
    step: int = 2
    renderer: Renderer = field(default_factory=Renderer, repr=False)

    def __len__(self) -> int:
        return len(self.edits)

    def thinned(self) -> EditedPairs:
        """The same pairs of the loss's pixels alone."""
        return replace(self, photos=_thinned(self.photos, self.step), step=1)

    def edit_parameters(self, rows: Tensor) -> Tensor:
        """The standardised parameters of edits (B, D) and their direction (1 forward, -1 back), as (B, D + 1);
        back, their signs are reversed.
        """
        deviation, mean = self._usual
        way = torch.where(self.forward[rows], 1.0, -1.0).unsqueeze(1)
        return torch.cat([way * (self.edits[rows] - mean) / (deviation + 1e-6), way], dim=1)

    @cached_property
    def _usual(self) -> tuple[Tensor, Tensor]:
        """Standard deviations and means of the edits, (D,) each."""
        return torch.std_mean(self.edits, dim=0)

    def batch(self, rows: Tensor, masks: Masks, device: Any = None) -> Batch:
        """Render what the edits make, and what the groups that are on make alone:
        what leads back leaves the others' faults.
        """
        photos = self.photos[self.photo[rows]].to(device).float() / 255
        edits = Latents.unpack(self.schema, self.edits[rows].to(device))
        forward = self.forward[rows].to(device)[:, None, None, None]
        left = [
            on if ahead else frozenset(GROUPS) - on
            for on, ahead in zip(masks, self.forward[rows].tolist(), strict=True)
        ]
        with torch.no_grad():
            edited = self.renderer(photos, edits)
            thin, thin_edited = (_thinned(picture, self.step) for picture in (photos, edited))
            wanted = self.renderer(thin, edits.masked(left))
        before, after = torch.where(forward, photos, edited), torch.where(forward, edited, photos)
        return Batch(before, after, torch.where(forward, thin, thin_edited), wanted, masks)


@dataclass(frozen=True)
class GivenPairs:
    """Pairs (N, 3, S, S) uint8 as they are; only all groups together are known."""

    before: Tensor
    after: Tensor
    step: int = 2

    def __len__(self) -> int:
        return len(self.before)

    def batch(self, rows: Tensor, masks: Masks, device: Any = None) -> Batch:
        """The pairs, all groups on."""
        before, after = (part[rows].to(device).float() / 255 for part in (self.before, self.after))
        whole = [frozenset(GROUPS)] * len(rows)
        return Batch(before, after, _thinned(before, self.step), _thinned(after, self.step), whole)


def read_pairs(folder: Path, *, image_size: int, copies: int, seed: int, split: str = "train") -> PicturePairs:
    """The pairs of a dataset of `aether`, of a folder with `before` and `after`, or of good photos, edited here.

    Args:
        image_size: of the pictures, in pixels; copies: pairs a photo, for good photos.

    Raises:
        InvalidDocument: a dataset that is not in the format, or that is empty. UnreadablePhoto: no photos,
            or a photo without its pair.
    """
    if is_dataset(folder):
        return _of_dataset(shards_of(folder, split), image_size)
    if (folder / "before").is_dir() and (folder / "after").is_dir():
        return _of_folders(folder, image_size)
    return of_photos(_squares(photos_of(folder), image_size), copies=copies, seed=seed)


def of_photos(pictures: Tensor, *, copies: int, seed: int) -> EditedPairs:
    """Good photos (P, 3, S, S) uint8, each edited `copies` times, every other time so that the pair leads back."""
    schema = Schema.of([registry.ops.load(op) for op in OPS])
    places = [(photo, copy) for photo in range(len(pictures)) for copy in range(copies)]
    raw = np.stack([_drawn(schema, (seed, *place)) for place in places])
    edits = Latents.squash(schema, torch.from_numpy(raw)).pack()
    photo, copy = torch.tensor(places).unbind(1)
    return EditedPairs(pictures, schema, edits, photo, copy % 2 == 0)


def _drawn(schema: Schema, seed: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Raw values (D,) of one edit."""
    rng = np.random.default_rng(seed)
    on = {op: float(rng.random() < _OP_ON) for op in schema.specs}
    parts = [rng.normal(0, _DEVIATIONS.get(op, _DEVIATION), slot.size) * on[op] for op, _, slot in schema]
    return np.concatenate(parts).astype(np.float32)


def _of_dataset(shards: Sequence[Path], image_size: int) -> PicturePairs:
    """Examples whose edits are known, or, where no example's are, the pictures alone."""
    names: dict[str, int] = {}
    photos: list[Tensor] = []
    plans: list[tuple[Plan, int, bool]] = []
    given: list[tuple[Tensor, Tensor]] = []
    for key, about, files in examples_of(shards):
        known = about["edits"] if about["spoiling"] is None else about["spoiling"]
        if known is None:
            before, after = (_square(pixels_of(files, part, key), image_size) for part in ("input", "target"))
            given.append((before, after))
            continue
        forward = about["spoiling"] is None
        if about["photo"] not in names:
            names[about["photo"]] = len(photos)
            photos.append(_square(pixels_of(files, "input" if forward else "target", key), image_size))
        plans.append((Plan.load({**_PLAN, "edits": known}), names[about["photo"]], forward))
    if not plans:
        if not given:
            raise InvalidDocument("holds no examples", path=str(shards[0].parent), cure="Build a larger dataset.")
        befores, afters = zip(*given, strict=True)
        return GivenPairs(torch.stack(befores), torch.stack(afters))
    schema = Schema.of([registry.ops.load(op) for op in sorted({op for plan, _, _ in plans for op in plan.edits})])
    edits = torch.cat([_packed(plan, schema) for plan, _, _ in plans])
    photo, forwards = torch.tensor([p for _, p, _ in plans]), torch.tensor([f for _, _, f in plans])
    return EditedPairs(torch.stack(photos), schema, edits, photo, forwards)


def _packed(plan: Plan, schema: Schema) -> Tensor:
    values = {
        op: {name: torch.tensor(value, dtype=torch.float32).unsqueeze(0) for name, value in edit.params.items()}
        for op, edit in plan.edits.items()
    }
    return Latents(schema, values, batch=1).pack()


def _of_folders(folder: Path, image_size: int) -> GivenPairs:
    befores, afters = ({path.stem: path for path in photos_of(folder / part)} for part in ("before", "after"))
    if alone := sorted(befores.keys() ^ afters.keys()):
        raise UnreadablePhoto(
            f"{folder}: {alone[0]} has no pair", cure="Files in before/ and after/ have the same names."
        )
    names = sorted(befores)
    before, after = (_squares([part[name] for name in names], image_size) for part in (befores, afters))
    return GivenPairs(before, after)


def _squares(paths: Sequence[Path], image_size: int) -> Tensor:
    return torch.stack([_square(read_pixels(path.read_bytes(), str(path)), image_size) for path in paths])


def _square(rgb: Tensor, image_size: int) -> Tensor:
    """A photo (3, H, W) uint8 as the encoder is shown it, (3, image_size, image_size): the whole of it,
    whatever its proportions.
    """
    pixels, _ = resize(rgb.permute(1, 2, 0).numpy(), None, (image_size, image_size))
    return torch.from_numpy(pixels).permute(2, 0, 1)


def _thinned(rgb: Tensor, step: int) -> Tensor:
    return rgb[..., step // 2 :: step, step // 2 :: step]
