"""What an assistant is shown: small pictures, numbers about a picture, and how far two lie apart."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.color.cielab import cielab
from veraretouch.core.color.planes import planes_of
from veraretouch.core.color.srgb import srgb_to_linear
from veraretouch.planners.eval.regions import Masks, differences, regions_of

from .edits import Edit

SIDE: Final = 512
"""Pixels of the long side at which pictures are measured."""

_QUALITY: Final = 85
_BINS: Final = 16
_PERCENTILES: Final = (1, 5, 25, 50, 75, 95, 99)
_DARKEST, _BRIGHTEST = 1, 254  # codes of 8 bit that count as clipped

Pixels = NDArray[np.uint8]


def opened(photo: Path) -> vr.Photo:
    """A photo of a file; the last two are kept."""
    about = photo.stat()
    return _opened(photo, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=2)
def _opened(photo: Path, _changed: int, _size: int) -> vr.Photo:
    return vr.open_photo(photo)


@lru_cache(maxsize=1)
def renderer() -> vr.Renderer:
    """The one renderer of the server."""
    return vr.Renderer()


def rendered(edit: Edit, side: int) -> Pixels:
    """An edit's picture (H, W, 3) in sRGB, 8 bit, with a long side of at most `side` pixels."""
    done = renderer().render(opened(edit.photo).resized(side), edit.plan, color_space="srgb")
    return done.resized(side).pixels if done.pixels.dtype == np.uint8 else _eight_bit(done)


def _eight_bit(photo: vr.Photo) -> Pixels:
    return np.asarray((photo.working().clip(0, 1) * 255).round(), np.uint8)


def jpeg(picture: Pixels) -> bytes:
    """A picture as a JPEG file."""
    file = BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def beside(one: Pixels, two: Pixels) -> Pixels:
    """Two pictures in one, the first on the left; cut to the height of the lower one."""
    height = min(len(one), len(two))
    gap = np.full((height, max(2, one.shape[1] // 100), 3), 255, np.uint8)
    return np.hstack((one[:height], gap, two[:height]))


def statistics(picture: Pixels) -> dict[str, Any]:
    """Numbers about a picture (H, W, 3): lightness, clipping, cast and chroma, histograms, and what is seen in it.

    Returns:
        `lightness`: L* at percentiles, 0 to 100. `clipped`: shares of pixels with a channel at an end. `cast`: the
        mean a* and b* of the least colourful half, 0 where greys are grey. `chroma`: mean C*. `histograms`: 16 bins a
        channel, shares of the pixels. `scene`: each thing that is seen, with its share of the picture and its own
        lightness, chroma and hue in degrees (CIE LCh).
    """
    lab = _lab(picture)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    calm = lab[chroma <= np.median(chroma)]
    return {
        "width": picture.shape[1],
        "height": picture.shape[0],
        "lightness": _lightness(lab),
        "clipped": {
            "shadows": _share((picture <= _DARKEST).any(axis=2)),
            "highlights": _share((picture >= _BRIGHTEST).any(axis=2)),
        },
        "cast": {"a": _round(calm[:, 1].mean()), "b": _round(calm[:, 2].mean())},
        "chroma": _round(chroma.mean()),
        "histograms": {
            name: [_share(picture[..., place] // (256 // _BINS) == each) for each in range(_BINS)]
            for place, name in enumerate(("red", "green", "blue"))
        },
        "scene": _things(lab, regions_of(picture)),
    }


def distance(before: Pixels, after: Pixels) -> dict[str, Any]:
    """How far two pictures of one size lie apart: mean CIEDE2000 of all pixels, its 95th percentile, and the mean
    within each thing that is seen in the first.
    """
    apart = ciede2000(*(torch.from_numpy(each / np.float32(255)) for each in (before, after))).numpy()
    masks = regions_of(before)
    return {
        "mean": _round(apart.mean()),
        "percentile_95": _round(np.percentile(apart, 95)),
        "by_area": {name: _round(value) for name, value in differences(after, before, masks).items()},
    }


def _lab(picture: Pixels) -> NDArray[np.float32]:
    """CIE L*, a*, b* (H, W, 3) of a picture in sRGB."""
    rgb = torch.from_numpy(picture.astype(np.float32).transpose(2, 0, 1)[None] / 255)
    planes = cielab(planes_of(srgb_to_linear(rgb)))
    return torch.cat(list(planes), dim=1)[0].permute(1, 2, 0).numpy()


def _things(lab: NDArray[np.float32], masks: Masks) -> Mapping[str, Any]:
    found = {}
    for name, mask in masks.items():
        lightness, a, b = lab[mask].mean(axis=0)
        found[name] = {
            "share": _share(mask),
            "lightness": _round(lightness),
            "chroma": _round(np.hypot(a, b)),
            "hue": _round(np.degrees(np.arctan2(b, a)) % 360),
        }
    return found


def _lightness(lab: NDArray[np.float32]) -> dict[str, float]:
    values = np.percentile(lab[..., 0], _PERCENTILES)
    return {"mean": _round(lab[..., 0].mean())} | {
        f"p{p}": _round(v) for p, v in zip(_PERCENTILES, values, strict=True)
    }


def _share(mask: NDArray[np.bool_]) -> float:
    return round(float(mask.mean()), 4)


def _round(value: Any) -> float:
    return round(float(value), 2)
