"""Photos of a series matched to one of them: each gets the exposure and white balance that bring its tones to the
reference's.

What is compared are quantiles of the three channels on a small copy, which follow a change of light whatever moves
within the picture. A robust Gauss-Newton fit (Huber's weights) of three values through the ops themselves; a slight
pull towards none, so that pictures of different things stay nearly as they are where their tones disagree.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ...contract.latents import Latents
from ...contract.planner import Thought
from ...contract.schema import Schema
from ...photo import Photo
from ...plan.edit import Edit
from ...plan.plan import Plan
from ...plugins.registry import registry
from ...render.monochrome import is_monochrome
from ...render.renderer import Renderer

Tones = tuple[tuple[float, ...], ...]
"""Encoded values of red, green and blue at each of `_SHARES`."""

VALUES: Final = (("exposure", "ev"), ("white_balance", "temperature"), ("white_balance", "tint"))
_SHARES: Final = (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
_SIDE: Final = 96  # pixels
_LOWEST: Final = 0.02  # below, a channel may be cut off
_HIGHEST: Final = 0.97  # and above
_HELD: Final = 0.88  # of the photo's own: above, it may be cut off in part, and the op exposure holds it back
_NEUTRAL: Final = 0.004  # of quantiles between the channels of a black-and-white photo
_NOISE: Final = 0.02  # of quantiles between photos of one scene
_SPREAD: Final = (1.5, 0.4, 0.3)  # of the three values between photos of a series: the pull towards 0
_FURTHEST: Final = (3.0, 1.0, 1.0)
_ROUNDS: Final = 12


def tones_of(photo: Photo) -> Tones:
    """A photo's tones."""
    return tuple(map(tuple, _quantiles(_small(photo))[0].tolist()))


def matched(plan: Plan, photo: Photo, reference: Tones) -> Plan:
    """A plan with the exposure and white balance on top that bring a photo's tones to a reference's,
    as far as its groups allow.

    Where one of the two is black and white, exposure alone is matched: a light's colour would tint the one, and is
    unknown of the other.

    Raises:
        InvalidPlan: as `Plan.__add__`.
    """
    wanted = torch.tensor(reference)
    free = 1 if is_monochrome(photo.pixels) or bool((wanted.amax(1) - wanted.amin(1) < _NEUTRAL).all()) else len(VALUES)
    values = [round(value, 4) for value in _fitted(_small(photo), wanted, free).tolist()]
    edits: dict[str, Edit] = {}
    for (id, name), value in zip(VALUES[:free], values[:free], strict=True):
        before = edits[id].params if id in edits else {}
        edits[id] = Edit(registry.ops.load(id).version, {**before, name: np.array(value)})
    both = plan + Plan(mode="param", edits=edits, groups=plan.groups)
    said = ", ".join(
        f"{id}.{name} {value:+.2f}" for (id, name), value in zip(VALUES[:free], values[:free], strict=True)
    )
    thought: Thought = {"problem": "The photos of the series differ in light.", "plan": f"Add {said}."}
    return replace(plan, edits=both.edits, reasoning={**plan.reasoning, "series": thought})


def _small(photo: Photo) -> Tensor:
    """A small copy (1, 3, H, W) in [0, 1]."""
    pixels = photo.resized(_SIDE).working().clip(0, 1)
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))).float().unsqueeze(0)


def _quantiles(photos: Tensor) -> Tensor:
    """(B, quantiles, 3) of photos (B, 3, H, W)."""
    return torch.quantile(photos.flatten(2), torch.tensor(_SHARES), dim=2).permute(1, 0, 2)


def _fitted(small: Tensor, wanted: Tensor, free: int) -> Tensor:
    """The values (3,) that bring a photo's quantiles to those that are wanted; all but the first `free` stay 0."""
    spread, furthest = torch.tensor(_SPREAD), torch.tensor(_FURTHEST)
    values, step = torch.zeros(3), 0.02
    own = _quantiles(small)[0]
    whole = ((own > _LOWEST) & (own < _HELD) & (wanted > _LOWEST) & (wanted < _HIGHEST)).float()
    for _ in range(_ROUNDS):
        tried = torch.cat([values[None], values + step * torch.eye(3)[:free]])
        seen = _quantiles(_rendered(small, tried))
        apart = ((seen[0] - wanted) / _NOISE).flatten()
        slopes = ((seen[1:] - seen[0]) / (_NOISE * step)).flatten(1).T
        weights = whole.flatten() / apart.abs().clamp(min=1)
        normal = slopes.T @ (weights[:, None] * slopes) + torch.diag(spread[:free] ** -2)
        change = torch.zeros(3)
        change[:free] = torch.linalg.solve(normal, -(slopes.T @ (weights * apart)) - (values / spread**2)[:free])
        values = (values + change.clamp(-1, 1)).clamp(-furthest, furthest)
        if float(change.abs().max()) < 1e-4:
            break
    return values


def _rendered(small: Tensor, values: Tensor) -> Tensor:
    """A photo (1, 3, H, W) under each row of values (B, 3)."""
    ops = [registry.ops.load(id) for id in dict.fromkeys(id for id, _ in VALUES)]
    slots: dict[str, dict[str, Tensor]] = {op.id: {} for op in ops}
    for (id, name), column in zip(VALUES, values.T, strict=True):
        slots[id][name] = column
    latents = Latents(Schema.of(ops), slots, batch=len(values))
    return Renderer(ops)(small.expand(len(values), -1, -1, -1), latents)
