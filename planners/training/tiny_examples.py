"""Training examples in memory: what the network sees, and a few of the pixels that it is judged by.

They come from a dataset of `aether` (shards of input and target pictures), or from a folder of good photos, spoilt
here. All measuring is done once and kept in a file; an epoch then reads nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from ...core.atomic_write import new_file
from ...core.contract.schema import Schema
from ...core.errors import InvalidDocument
from ...core.render.renderer import Renderer
from ..tiny.latents import assemble, wish_of_prompt
from ..tiny.statistics import grid, picture_of, statistics, thinned
from .data import examples_of, is_dataset, photos_of, pixels_of, read_pixels, shards_of
from .prompts import PROMPTS
from .spoilings import distribution, draw, spoil

LOSS: Final = 32
_ROWS: Final = 64


@dataclass(frozen=True)
class Examples:
    """N examples, all tensors of N rows.

    Attributes:
        statistics: (N, SIZE); picture: (N, 3, 64, 64) uint8, what the CNN sees; wishes: (N, D), of style prompts.
        before, after: (N, 3, 32, 32) uint8, pixels of the input and of the target.
        photo: (N,) int64, which photo each was made of.
    """

    statistics: Tensor
    picture: Tensor
    wishes: Tensor
    before: Tensor
    after: Tensor
    photo: Tensor

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
    """How a folder of photos becomes examples.

    Attributes:
        copies: examples a photo; `clean`: the share of them that is not spoilt; `styled`: the share with a prompt.
        seed: of all draws.
    """

    copies: int = 24
    clean: float = 0.3
    styled: float = 0.15
    seed: int = 0


def read_data(
    folder: Path, schema: Schema, recipe: ExampleRecipe, *, split: str = "train", cache: Path | None = None
) -> Examples:
    """The examples of a dataset of `aether` or of a folder of photos.

    Args:
        cache: a folder where they are kept, under a name that tells their source, schema and recipe apart.

    Raises:
        InvalidDocument: a dataset that is not in the format, or without examples of the split.
        UnreadablePhoto: a folder without photos.
    """
    dataset = is_dataset(folder)
    sources = shards_of(folder, split) if dataset else photos_of(folder)
    kept = None if cache is None else cache / f"examples-{_key(sources, schema, recipe)}.safetensors"
    if kept is not None and kept.is_file():
        return Examples.load(kept)
    made = of_shards(sources, schema) if dataset else of_photos(grids_of(sources), schema, recipe)
    if kept is not None:
        made.save(kept)
    return made


def grids_of(paths: Sequence[Path]) -> Tensor:
    """The pixels (N, 3, GRID, GRID), uint8, that are read of photos."""
    return torch.stack([grid(read_pixels(path.read_bytes(), str(path))) for path in paths])


def of_photos(grids: Tensor, schema: Schema, recipe: ExampleRecipe, *, photo: Tensor | None = None) -> Examples:
    """Good photos (N, 3, GRID, GRID), uint8, each spoilt `recipe.copies` times by the committed distribution."""
    ids = torch.arange(len(grids)) if photo is None else photo
    wishes = torch.stack([wish_of_prompt(schema, prompt) for prompt in PROMPTS])
    base = distribution()["seed"]
    renderer = Renderer()
    made = []
    for start in range(0, len(grids), _ROWS):
        rgb = grids[start : start + _ROWS].float() / 255
        for copy in range(recipe.copies):
            # A number further than the judged cases, which have three: none of those is ever trained on.
            seeds = [(base, recipe.seed, 1 + int(id), copy) for id in ids[start : start + _ROWS]]
            chance = np.stack([np.random.default_rng((*seed, 1)).random(3) for seed in seeds])
            spoilt = spoil(rgb, draw(seeds))
            clean = torch.from_numpy(chance[:, 0] < recipe.clean)
            before = torch.where(clean[:, None, None, None], grids[start : start + _ROWS], spoilt)
            wish = wishes[torch.from_numpy((chance[:, 2] * len(PROMPTS)).astype(np.int64))]
            wish = wish * torch.from_numpy(chance[:, 1] < recipe.styled)[:, None]
            made.append(_measured(before, rgb, wish, ids[start : start + _ROWS], schema, renderer))
    return Examples.cat(made)


def _measured(
    before: Tensor, good: Tensor, wishes: Tensor, photo: Tensor, schema: Schema, renderer: Renderer
) -> Examples:
    """One batch of examples whose targets are good photos, styled where there is a wish."""
    after = thinned(good, LOSS)
    styled = (wishes != 0).any(dim=1).nonzero().flatten()
    if len(styled):
        with torch.no_grad():
            latents = assemble(schema, (), torch.zeros(len(styled), 0), wishes[styled])
            after = after.index_copy(0, styled, renderer(after[styled], latents))
    return _example(before, (after * 255).round().to(torch.uint8), wishes, photo)


def _example(before: Tensor, after: Tensor, wishes: Tensor, photo: Tensor) -> Examples:
    rgb = before.float() / 255
    return Examples(
        statistics(rgb),
        (picture_of(rgb) * 255).round().to(torch.uint8),
        wishes,
        thinned(before, LOSS),
        after.contiguous(),
        photo,
    )


def of_shards(paths: Sequence[Path], schema: Schema) -> Examples:
    """The examples of auto and style of webdataset shards;
    those of exact values teach a planner that is exact nothing.
    """
    names: dict[str, int] = {}
    made, waiting = [], []
    for key, about, files in examples_of(paths):
        if about["subset"] == "param":
            continue
        before, after = (grid(pixels_of(files, part, key)) for part in ("input", "target"))
        prompt = about["request"].get("prompt")
        wish = wish_of_prompt(schema, prompt) if prompt else torch.zeros(schema.size)
        waiting.append((before, after, wish, names.setdefault(about["photo"], len(names))))
        if len(waiting) == _ROWS:
            made.append(_of_pairs(waiting))
            waiting = []
    if waiting:
        made.append(_of_pairs(waiting))
    if not made:
        raise InvalidDocument("no example of auto or style", path=str(paths[0].parent), cure="Build a larger dataset.")
    return Examples.cat(made)


def _of_pairs(pairs: list[tuple[Tensor, Tensor, Tensor, int]]) -> Examples:
    befores, afters, wishes, photos = zip(*pairs, strict=True)
    after = thinned(torch.stack(afters), LOSS)
    return _example(torch.stack(befores), after, torch.stack(wishes), torch.tensor(photos))


def _key(sources: Sequence[Path], schema: Schema, recipe: ExampleRecipe) -> str:
    facts = [[str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns] for path in sources]
    about = [facts, schema.fingerprint, vars(recipe), distribution(), PROMPTS]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:16]
