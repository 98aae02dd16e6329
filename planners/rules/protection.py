"""Protection of things: a global edit, held back where a photo's own skin, sky, foliage or water would be moved.

The edit's strengths and the colour mixer's bands are solved on a sample of the photo's pixels, through the renderer:
what is protected shall stay, what is not shall look as it was asked for. A damped least squares problem (Levenberg
1944; Marquardt 1963) in L*, chroma and hue, each on CIEDE2000's scale, with slopes by finite differences.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from ...core.color.ciede2000 import chroma_scale, ciede2000, hue_scale, lightness_scale
from ...core.color.cielab import cielab
from ...core.color.hue_bands import band_weights
from ...core.color.oklab import hue, oklab
from ...core.color.planes import planes_of
from ...core.color.srgb import srgb_to_linear
from ...core.contract.latents import Latents
from ...core.contract.schema import Schema
from ...core.photo import Photo
from ...core.render.renderer import Renderer
from ..scene.network import CLASSES
from ..scene.scene import Scene, scene_of

# Regions of the lexicon that the scene has a class for.
SEEN: Final = {"skin": "skin", "sky": "sky", "water": "water", "foliage": "foliage"}
LEAST_SHARE: Final = 0.004
"""A class that fills less of a photo is not told from a mistake; its words then protect its usual hues."""

# What is protected may keep this share of the change that it has where words alone protect it by its usual hues, and
# this many CIEDE2000 at the least.
_KEPT: Final = 0.4
_UNSEEN: Final = 0.5
# How much protected pixels weigh against all others: the least weight of these is sought that holds them.
_WEIGHTS: Final = (0.25, 0.75, 2.0, 6.0, 18.0, 54.0, 160.0)
_SAMPLE: Final = 128  # pixels, of either kind
_STEPS: Final = 4
_NUDGE: Final = 0.02
# What leaving the asked values costs.
_PULL: Final = 0.7
_FARTHEST: Final = 0.6  # that a band is moved
_HALVINGS: Final = 5
_MIXER: Final = "hsl"
_TOUCHED: Final = 0.04  # share of what is protected from which on a band of the mixer is used


@dataclass(frozen=True)
class Held:
    """Latents of one row that hold what is protected, and the mean CIEDE2000 it moves by: by words alone, and held."""

    latents: Latents
    before: float
    after: float
    share: float = 1.0

    @property
    def how(self) -> str:
        """What was done, in words."""
        moved = f"moved by {self.after:.1f} CIEDE2000 instead of {self.before:.1f}"
        return f"held where seen, in {self.share:.0%} of the picture: {moved}"


def held_by_sight(
    photo: Photo,
    kept: Sequence[str],
    asked: Latents,
    by_words: Latents,
    base: Latents,
    *,
    scene: Scene | None = None,
    renderer: Renderer | None = None,
) -> Held | None:
    """Hold an edit back where the photo shows what is to be kept; None where it shows nothing of it.

    Args:
        kept: the ids of the lexicon's regions that are to be kept.
        asked, by_words, base: as for `held_back`.
        scene: what the photo shows, where that is known already.
    """
    classes = [SEEN[region] for region in kept if region in SEEN]
    if not classes:
        return None
    scene = scene_of(photo) if scene is None else scene
    seen = [name for name in classes if scene.share(name) >= LEAST_SHARE]
    if not seen:
        return None
    grid = scene.shares.shape[1:]
    sharp = photo.resized(2 * max(grid)).tensor().unsqueeze(0)
    rgb = functional.interpolate(sharp, size=grid, mode="bilinear", align_corners=False, antialias=True)
    # What is not seen stays protected by its hues; and a picture without colour has its own way to keep some.
    grey = asked.values.get("grey_mixer", {}).get("monochrome", torch.zeros(1))
    look = asked if len(seen) == len(kept) and not bool(grey.any()) else by_words
    held = held_back(
        look, by_words, base, rgb, union([scene.shares[CLASSES.index(name)] for name in seen]), renderer=renderer
    )
    return replace(held, share=sum(scene.share(name) for name in seen))


def held_back(
    asked: Latents, by_words: Latents, base: Latents, rgb: Tensor, share: Tensor, *, renderer: Renderer | None = None
) -> Held:
    """Hold a global edit back where it would move what is protected.

    Args:
        asked: one row, of a schema with the op `hsl`: the edit without protection, as all else shall look.
        by_words: one row of the same schema: the edit with the protection of usual hues, `style.read_style`.
        base: one row of the same schema: what the photo gets besides the wish, such as repairs. What is protected stays
            as this leaves it.
        rgb: (1, 3, H, W) encoded sRGB, a thumbnail of the photo.
        share: (H, W) in [0, 1], how far each pixel is protected.
    """
    problem = _Problem(asked, base, *_sampled(rgb, share), renderer or Renderer())
    start = problem.nearest_to(by_words)
    before = problem.moved(by_words.pack())
    limit = max(_KEPT * before, _UNSEEN)
    # The least weight that holds what is protected, by halves of the list; then between it and the one below.
    low, high, loose, tight = 0, len(_WEIGHTS) - 1, start, None
    theta = start
    while low <= high and before > limit:
        middle = (low + high) // 2
        theta = problem.solved(theta, _WEIGHTS[middle])
        if problem.moved(problem.packed(theta)) <= limit:
            tight, high = theta, middle - 1
        else:
            loose, low = theta, middle + 1
    theta = theta if tight is None else _first_below(problem, loose, tight, limit)
    after = problem.moved(problem.packed(theta))
    return Held(problem.latents(theta), before, after) if after < before else Held(by_words, before, before)


def _first_below(problem: _Problem, loose: Tensor, tight: Tensor, limit: float) -> Tensor:
    """The unknowns nearest to the loose ones, on the way to the tight ones, that hold what is protected."""
    held, free = 1.0, 0.0
    for _ in range(_HALVINGS):
        middle = (held + free) / 2
        if problem.moved(problem.packed(torch.lerp(loose, tight, middle))) <= limit:
            held = middle
        else:
            free = middle
    return torch.lerp(loose, tight, held)


class _Problem:
    """The unknowns, the pixels and what they shall become.

    The unknowns theta: one factor from 0 to 1 for each slot that the wish moves, the mixer's apart; and what is added
    to the mixer's three slots, in the bands that what is protected lies in.
    """

    def __init__(self, asked: Latents, base: Latents, pixels: Tensor, inside: int, renderer: Renderer) -> None:
        self.schema: Schema = asked.schema
        self.renderer = renderer
        self.pixels, self.inside = pixels, inside  # (1, 3, 1, N), of which the first are protected
        self.asked, self.base = asked.pack()[0], base.pack()[0]
        self.low, self.high = _bounds(self.schema)
        self.kept = self._rendered(self.base[None])[..., :inside]
        self.look = self._rendered(self.asked[None])[..., inside:]
        self.spread = self._spread()
        self.start = torch.cat([torch.ones(self.factors), torch.zeros(len(self.spread) - self.factors)])
        self.ends = self._ends()

    def _spread(self) -> Tensor:
        """(unknowns, D): which packed values each unknown moves; hues are not scaled, they are taken as asked for."""
        rows, added, at = [], [], 0
        moved = (self.asked - self.base).abs() > 1e-6
        colours = torch.cat([self.pixels[..., : self.inside], self.kept], dim=3)
        bands = band_weights(hue(oklab(colours))).mean(dim=(0, 2, 3)) > _TOUCHED
        for op, _, slot in self.schema:
            cells = torch.zeros(len(self.asked))
            cells[at : at + slot.size] = 1.0
            if op == _MIXER:
                added += list(torch.diag(cells)[at : at + slot.size][bands])
            elif slot.period is None and bool((moved & cells.bool()).any()):
                rows.append(cells)
            at += slot.size
        self.factors = len(rows)
        return torch.stack(rows + added)

    def _ends(self) -> tuple[Tensor, Tensor]:
        """The bounds of the unknowns: from 0 to 1, and what the mixer's bands have room for."""
        cells = self.spread[self.factors :].argmax(dim=1)
        low, high = ((bound[cells] - self.asked[cells]).clamp(-_FARTHEST, _FARTHEST) for bound in (self.low, self.high))
        return torch.cat([torch.zeros(self.factors), low]), torch.cat([torch.ones(self.factors), high])

    def nearest_to(self, latents: Latents) -> Tensor:
        """The unknowns whose latents are nearest to others."""
        away, whole = latents.pack()[0] - self.base, self.asked - self.base
        scaled, added = self.spread[: self.factors], self.spread[self.factors :]
        factors = (scaled @ (away * whole)) / (scaled @ whole.square()).clamp(min=1e-12)
        theta = torch.cat([factors, added @ (latents.pack()[0] - self.asked)])
        return theta.clamp(*self.ends)

    def packed(self, theta: Tensor) -> Tensor:
        """Packed values (B, D) of unknowns (B, U)."""
        theta = theta.reshape(-1, len(self.spread))
        scaled, added = self.spread[: self.factors], self.spread[self.factors :]
        factors = theta[:, : self.factors] @ scaled + (1 - scaled.sum(dim=0))
        packed = self.base + factors * (self.asked - self.base) + theta[:, self.factors :] @ added
        return packed.clamp(self.low, self.high)

    def latents(self, theta: Tensor) -> Latents:
        """One row of latents; ops at rest are absent."""
        packed = self.packed(theta)
        rest = Latents.identity(self.schema).pack()
        present, at = [], 0
        for spec in self.schema.specs.values():
            size = sum(slot.size for slot in spec.slots.values())
            present.append(bool((packed[0, at : at + size] - rest[0, at : at + size]).abs().max() > 1e-6))
            at += size
        return Latents.unpack(self.schema, packed, present=torch.tensor([present]))

    def _rendered(self, packed: Tensor) -> Tensor:
        rgb = self.pixels.expand(len(packed), -1, -1, -1)
        return self.renderer(rgb, Latents.unpack(self.schema, packed))

    def moved(self, packed: Tensor) -> float:
        """By how many CIEDE2000 what is protected is moved, on average, by packed values (1, D)."""
        done = self._rendered(packed)[..., : self.inside]
        return float(ciede2000(done[0, :, 0].T, self.kept[0, :, 0].T).mean())

    def _off(self, theta: Tensor, weight: float) -> Tensor:
        """What is left to do, (B, residuals), for unknowns (B, U)."""
        done = self._rendered(self.packed(theta))
        kept = _apart(done[..., : self.inside], self.kept) * math.sqrt(weight / self.inside)
        look = _apart(done[..., self.inside :], self.look) / math.sqrt(max(1, self.look.shape[3]))
        pull = (theta.reshape(-1, len(self.start)) - self.start) * _PULL
        return torch.cat([kept.flatten(1), look.flatten(1), pull], dim=1)

    def solved(self, theta: Tensor, weight: float) -> Tensor:
        """The unknowns after a few damped steps."""
        damping = 0.1
        low, high = self.ends
        off = self._off(theta, weight)[0]
        for _ in range(_STEPS):
            # Towards the middle, so that no bound is passed.
            nudges = torch.where(theta + _NUDGE > high, -_NUDGE, _NUDGE)
            slopes = (self._off(theta + torch.diag(nudges), weight) - off) / nudges[:, None]
            normal = slopes @ slopes.T
            step = torch.linalg.solve(normal + damping * torch.diag(normal.diagonal() + 1e-4), -slopes @ off)
            tried = (theta + step).clamp(low, high)
            now = self._off(tried, weight)[0]
            if float(now.square().sum()) < float(off.square().sum()):
                theta, off, damping = tried, now, damping / 4
            else:
                damping *= 8
        return theta


def _sampled(rgb: Tensor, share: Tensor) -> tuple[Tensor, int]:
    """Pixels (1, 3, 1, N), evenly spread over the picture: those that are protected, and others; how many are
    protected.
    """
    flat, kept = rgb.reshape(3, -1).clamp(0, 1), share.reshape(-1)
    inside, outside = _evenly((kept > 0.5).nonzero().flatten()), _evenly((kept < 0.1).nonzero().flatten())
    if not len(inside):
        inside = kept.topk(min(len(kept), 16)).indices
    return flat[:, torch.cat([inside, outside])].reshape(1, 3, 1, -1), len(inside)


def _apart(done: Tensor, wanted: Tensor) -> Tensor:
    """The differences (B, 3, N) in L*, chroma and hue of pixels (B, 3, 1, N) from others, on CIEDE2000's scale."""
    (light, a, b), (light0, a0, b0) = _lab(done), _lab(wanted)
    chroma = torch.sqrt(a0.square() + b0.square() + 1e-3)
    angle = torch.atan2(b0, a0 + 1e-6)
    towards = ((a - a0) * a0 + (b - b0) * b0) / chroma
    around = ((b - b0) * a0 - (a - a0) * b0) / chroma
    parts = (
        (light - light0) / lightness_scale(light0),
        towards / chroma_scale(chroma),
        around / hue_scale(chroma, angle),
    )
    return torch.stack(parts, dim=1)


def _lab(rgb: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    light, a, b = (plane.reshape(len(rgb), -1) for plane in cielab(planes_of(srgb_to_linear(rgb))))
    return light, a, b


def _evenly(places: Tensor) -> Tensor:
    """At most a sample of places, at equal steps."""
    if len(places) <= _SAMPLE:
        return places
    return places[torch.linspace(0, len(places) - 1, _SAMPLE).round().long()]


def _bounds(schema: Schema) -> tuple[Tensor, Tensor]:
    """The bounds (D,) of packed values; hues have none."""
    ends = []
    for _, _, slot in schema:
        for bound, none in ((slot.low, -torch.inf), (slot.high, torch.inf)):
            value = none if bound is None or slot.period is not None else bound
            ends.append(torch.tensor(value, dtype=torch.float32).expand(slot.shape).reshape(-1))
    return torch.cat(ends[::2]), torch.cat(ends[1::2])


def union(shares: Sequence[Tensor]) -> Tensor:
    """The share that any of several classes has of each pixel."""
    return torch.stack(list(shares)).sum(dim=0).clamp(0, 1)
