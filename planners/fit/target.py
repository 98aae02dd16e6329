"""One picture's look without its before: the photo's colour statistics brought to the target's,
skin and neutrals protected.

Lightness follows the target's distribution (histogram matching, Gonzalez and Woods), colours the linear map of Monge
and Kantorovich between both distributions of OkLab's a and b (Pitie and Kokaram 2007), each only part of the way. What
that makes of the photo's colours is then explained by sliders, so that it stays an edit and no transfer of noise.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch

from ...core.color.oklab import OkLab, chroma, hue, lab_of, light_at, moved, oklab, roots_of
from ...core.color.planes import join, planes_of
from ...core.color.srgb import linear_to_srgb, srgb_to_linear
from ...core.photo import Photo
from .align import Aligned
from .pairs import Picture
from .slider_chain import Array

SIDE: Final = 384
# How far the photo goes towards the target: lightness, colour, and colours of skin.
LIGHT: Final = 0.7
COLOUR: Final = 0.7
SKIN: Final = 0.25
SKIN_HUE: Final = 55.0
SKIN_WIDTH: Final = 25.0
NEUTRAL: Final = 0.02
PLACES: Final = (0.5, 2, 5, 10, 25, 50, 75, 90, 95, 98, 99.5)


def towards(photo: Photo, target: Photo) -> Aligned:
    """The photo, and what it looks like with the target's statistics; small, as pictures to be explained."""
    before = np.clip(photo.resized(SIDE).working(), 0, 1).astype(np.float32)
    wanted = np.clip(target.resized(SIDE).working(), 0, 1).astype(np.float32)
    one, two = _lab(before), _lab(wanted)
    lightness = _matched(one[..., 0], two[..., 0])
    colour = _moved(one, two)
    after = one.copy()
    after[..., 0] += LIGHT * (lightness - one[..., 0])
    after[..., 1:] += (COLOUR * _freedom(one))[..., None] * (colour - one[..., 1:])
    return Aligned(before, _rgb(before, after))


def _matched(values: Array, like: Array) -> Array:
    """Values moved so that their percentiles become those of `like`, by at most a quarter of the range."""
    own, wanted = np.percentile(values, PLACES), np.percentile(like, PLACES)
    knots = np.concatenate([[0.0], own + np.linspace(0, 1e-6, len(own)), [1.0]])
    moved = np.concatenate([[0.0], own + np.clip(wanted - own, -0.25, 0.25), [1.0]])
    return np.interp(values, np.maximum.accumulate(knots), np.maximum.accumulate(moved))


def _moved(one: Array, two: Array) -> Array:
    """a and b of the first, mapped linearly so that mean and covariance become the second's;
    growth is held to twice.
    """
    own, wanted = one[..., 1:].reshape(-1, 2), two[..., 1:].reshape(-1, 2)
    floor = 1e-5 * np.eye(2)
    root = _root(np.cov(own.T, bias=True) + floor)
    inverse = np.linalg.inv(root)
    change = inverse @ _root(root @ (np.cov(wanted.T, bias=True) + floor) @ root) @ inverse
    values, vectors = np.linalg.eigh(change)
    change = (vectors * np.clip(values, 0.4, 1.6)) @ vectors.T
    moved: Array = (own - own.mean(axis=0)) @ change.T + wanted.mean(axis=0)
    return moved.reshape(one[..., 1:].shape)


def _root(matrix: Array) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    root: Array = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root


def _freedom(lab: Array) -> Array:
    """How far each pixel may go with the colours: skin a quarter, neutrals half, black and white not at all."""
    planes = OkLab(*(torch.from_numpy(np.ascontiguousarray(lab[..., i]))[None, None] for i in range(3)))
    c, degrees = chroma(planes)[0, 0].numpy(), hue(planes)[0, 0].numpy()
    skin = (
        np.exp(-(((degrees - SKIN_HUE) / SKIN_WIDTH) ** 2)) * np.clip(c / 0.03, 0, 1) * np.clip((0.2 - c) / 0.05, 0, 1)
    )
    neutral = np.exp(-((c / NEUTRAL) ** 2))
    ends = np.clip(4 * lab[..., 0] * (1 - lab[..., 0]), 0, 1)
    free: Array = (1 - (1 - SKIN) * skin) * (1 - 0.5 * neutral) * ends
    return free


def _lab(rgb: Picture) -> Array:
    planes = oklab(torch.from_numpy(rgb).double().permute(2, 0, 1).unsqueeze(0))
    return np.stack([plane[0, 0].numpy() for plane in planes], axis=-1)


def _rgb(before: Picture, lab: Array) -> Picture:
    """The colours whose OkLab is `lab`, reached from those of `before`."""
    roots = roots_of(planes_of(srgb_to_linear(torch.from_numpy(before).double().permute(2, 0, 1).unsqueeze(0))))
    wanted = OkLab(*(torch.from_numpy(np.ascontiguousarray(lab[..., i]))[None, None] for i in range(3)))
    rgb = linear_to_srgb(join(light_at(moved(roots, lab_of(roots), wanted)))).clamp(0, 1)
    return np.ascontiguousarray(rgb[0].permute(1, 2, 0).numpy(), dtype=np.float32)
