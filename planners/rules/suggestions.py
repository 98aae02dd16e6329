"""Local suggestions of the auto mode: a sky that outshines the land gets its own exposure, a face in shadow is lifted.

Both are judged on a small picture after the global edits, and only of photos that are not finished. The limits are
ours, set so that they leave good photos alone. A sky that the global edits darken already is let be, and so is one
that lies at one level: it was blown before, and would only turn grey. A face counts as in shadow only where even its
brightest parts are dark beside its surroundings, so that dark skin in good light is left as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ...core.color.cielab import cielab
from ...core.color.planes import planes_of
from ...core.color.srgb import luminance, srgb_to_linear
from ...core.contract.latents import Latents
from ...core.contract.planner import Thought
from ...core.plan.addresses import edits_of
from ...core.plan.local import AreaPart, LocalAdjustment
from ...core.plugins.registry import registry
from ...core.render.renderer import Renderer
from ..scene.network import CLASSES
from ..scene.scene import Scene

_LARGE_SKY: Final = 0.06  # shares of the photo
_FACE: Final = 0.006
_SURE: Final = 0.5  # what a pixel has of a class at the least
_BLOWN: Final = 0.97  # encoded; what is clipped has nothing that an exposure could bring back
_MOST_BLOWN: Final = 0.2
_LEVEL: Final = (
    0.02  # encoded; within this of a sky's own top lies what was blown before the photo was darkened or cast
)
_MOST_LEVEL: Final = 0.3
# L*: from where a sky is bright, by how much it outshines the land, how dark a face's mean and brightest tenth are, and
# by how much its surroundings outshine it.
_BRIGHT: Final = 84.0
_OUTSHINES: Final = 38.0
_SILHOUETTE: Final = 25.0  # a land that is darker is meant to be
_DARK: Final = 32.0
_DARK_LIGHTS: Final = 44.0
_BACKLIT: Final = 24.0
_LEAST_STEP, _MOST_STEP = 0.15, 0.5  # EV
_SLOPE: Final = 25.0  # L* beyond a limit that ask for one EV


@dataclass(frozen=True)
class _Tones:
    """Lightness L* within a class and beside it: means, and the brightest tenth within. What is clipped there, what
    lies at the top of its own range, and the EV by which the global edits have lifted it.
    """

    share: float = 0.0
    inside: float = 0.0
    lights: float = 0.0
    outside: float = 0.0
    clipped: float = 0.0
    level: float = 0.0
    lifted: float = 0.0


def suggestions(
    rgb: Tensor, scene: Scene, latents: Latents, *, renderer: Renderer | None = None
) -> tuple[tuple[LocalAdjustment, ...], dict[str, Thought]]:
    """The local adjustments that a photo asks for after its global edits, and a thought on each; mostly none.

    Args:
        rgb: (1, 3, H, W) encoded sRGB, a thumbnail of the photo.
        latents: one row, the global edits.
    """
    size = scene.shares.shape[1:]
    small = functional.interpolate(rgb.clamp(0, 1), size=size, mode="bilinear", align_corners=False, antialias=True)
    with torch.no_grad():
        done = (renderer or Renderer())(small, latents)
    made: list[LocalAdjustment] = []
    thoughts: dict[str, Thought] = {}
    sky, face = (_tones(done, small, scene.shares[CLASSES.index(name)]) for name in ("sky", "skin"))
    if _can("sky") and _outshines(sky):
        ev = -_step(sky.inside - _BRIGHT)
        said = f"The sky, L* {sky.inside:.0f}, outshines the land, L* {sky.outside:.0f}."
        _suggest("bright sky", "sky", ev, said, made, thoughts)
    if _can("skin") and _in_shadow(face):
        ev = _step(_DARK + 6 - face.inside)
        said = f"Faces lie in shadow: L* {face.inside:.0f} beside L* {face.outside:.0f}."
        _suggest("face in shadow", "skin", ev, said, made, thoughts)
    return tuple(made), thoughts


def _can(area: str) -> bool:
    return area in registry.areas


def _outshines(sky: _Tones) -> bool:
    return (
        sky.share >= _LARGE_SKY
        and sky.clipped <= _MOST_BLOWN
        and sky.level <= _MOST_LEVEL
        and sky.lifted >= 0
        and sky.inside >= _BRIGHT
        and sky.inside - sky.outside >= _OUTSHINES
        and sky.outside >= _SILHOUETTE
    )


def _in_shadow(face: _Tones) -> bool:
    return (
        face.share >= _FACE
        and face.inside <= _DARK
        and face.lights <= _DARK_LIGHTS
        and face.outside - face.inside >= _BACKLIT
    )


def _step(beyond: float) -> float:
    return min(_MOST_STEP, max(_LEAST_STEP, beyond / _SLOPE))


def _tones(done: Tensor, before: Tensor, share: Tensor) -> _Tones:
    inside, outside = (share > _SURE).reshape(-1), (share < 0.1).reshape(-1)
    if not bool(inside.any()) or not bool(outside.any()):
        return _Tones()
    linear = [planes_of(srgb_to_linear(picture)) for picture in (before, done)]
    first, last = (luminance(planes).reshape(-1)[inside].mean().clamp(min=1e-6) for planes in linear)
    light = cielab(linear[1])[0].reshape(-1)
    least = before.amin(dim=1).reshape(-1)[inside]
    level = (least > least.quantile(0.98) - _LEVEL).float().mean()
    blown = (least > _BLOWN).float().mean()
    means = (light[inside].mean(), light[inside].quantile(0.9), light[outside].mean())
    return _Tones(*map(float, (share.mean(), *means, blown, level, (last / first).log2())))


def _suggest(
    name: str, area: str, ev: float, said: str, made: list[LocalAdjustment], thoughts: dict[str, Thought]
) -> None:
    step = round(ev, 2)
    made.append(LocalAdjustment(name, (AreaPart(area),), edits_of({"exposure": {"ev": np.asarray(step)}})))
    verb = "Darken" if ev < 0 else "Lift"
    thoughts[f"in {name}"] = Thought(problem=said, plan=f"{verb} it by {abs(step):.2f} EV.")
