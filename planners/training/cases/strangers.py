"""Good photos spoilt by engines that are not ours, by the distribution of `strangers.json`, drawn by seed: a planner
that saw our own formulas alone would learn their fingerprints.

OpenColorIO grades; a camera errs in its own primaries and draws its own tone curve; Pillow enhances; ImageMagick does
where it is asked for; a phone sharpens, and saves a JPEG.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter
from torch import Tensor

from ....core import strict_json
from ....core.errors import InvalidRequest
from ...imagemagick import imagemagick, through_imagemagick
from ..data import eight_bit
from ..spoilings import PIVOT
from .camera import by_camera
from .faults import Floats, PhotoFaults, draw_faults, weighted
from .grading import by_opencolorio

# What every installation has; ImageMagick is a program of its own.
EVERYWHERE: Final = ("opencolorio", "camera", "pillow")

Engine = Callable[[Floats, PhotoFaults, str, np.random.Generator, float], Floats]


def distribution() -> Mapping[str, Any]:
    """The distribution, as it was committed."""
    return strict_json.packaged(__name__, "strangers.json")


def spoil_by_strangers(
    rgb: Tensor, seeds: Sequence[Sequence[int]], *, scale: float, engines: Sequence[str] = EVERYWHERE
) -> Tensor:
    """Spoilt pixels (B, 3, H, W), uint8, of (B, 3, H, W) uint8: a row depends on its pixels, its seed and the names
    of the engines alone.

    Args:
        seeds: of each row, whole numbers from 0.
        scale: how large the faults are, from 0, which leaves photos alone; `distribution()["scales"]` names two.
        engines: that draw lots, of `distribution()["engines"]`.

    Raises:
        InvalidRequest: an engine that is unknown or not installed.
    """
    _refuse(engines)
    if scale == 0:
        return rgb.clone()
    done = [
        _spoilt(photo.permute(1, 2, 0).numpy(), seed, scale, engines) for photo, seed in zip(rgb, seeds, strict=True)
    ]
    return torch.stack([torch.from_numpy(picture).permute(2, 0, 1) for picture in done]).contiguous()


def _spoilt(picture: NDArray[np.uint8], seed: Sequence[int], scale: float, engines: Sequence[str]) -> NDArray[np.uint8]:
    rng = np.random.default_rng([distribution()["seed"], *seed])
    faults = draw_faults(rng, distribution()["families"]).scaled(scale)
    known = distribution()["engines"]
    engine = weighted(rng, {name: known[name]["weight"] for name in engines})
    variant = weighted(rng, known[engine]["variants"])
    spoilt = eight_bit(_ENGINES[engine](_unit(picture), faults, variant, rng, scale))
    return _by_phone(spoilt, rng, scale) if rng.random() < distribution()["phone"]["share"] else spoilt


def _opencolorio(rgb: Floats, faults: PhotoFaults, variant: str, rng: np.random.Generator, scale: float) -> Floats:
    return by_opencolorio(
        rgb, faults, variant, rng, {name: scale * value for name, value in distribution()["tones"].items()}
    )


def _camera(rgb: Floats, faults: PhotoFaults, variant: str, rng: np.random.Generator, scale: float) -> Floats:
    return by_camera(rgb, faults, variant, rng, distribution()["camera"])


def _pillow(rgb: Floats, faults: PhotoFaults, variant: str, rng: np.random.Generator, scale: float) -> Floats:
    """Tables of each channel, then ImageEnhance, in a drawn order; 8 bit in between."""
    levels = np.arange(256) / 255
    tables = [
        (faults.black + (1 - faults.black) * levels ** (2 ** (-math.log2(gain) / 2))).clip(0, 1)
        for gain in faults.gains
    ]
    image = Image.fromarray(eight_bit(rgb)).point([round(255 * value) for table in tables for value in table])
    steps = [(ImageEnhance.Contrast, faults.contrast), (ImageEnhance.Color, faults.saturation)]
    for enhance, amount in steps if rng.random() < 0.5 else reversed(steps):
        image = enhance(image).enhance(2**amount)
    return _unit(np.asarray(image))


def _imagemagick(rgb: Floats, faults: PhotoFaults, variant: str, rng: np.random.Generator, scale: float) -> Floats:
    """Channels multiplied in linear light, contrast sigmoidal or straight, saturation of HSL, black by levels."""
    options = ["-colorspace", "RGB"]
    for channel, gain in zip("RGB", faults.gains, strict=True):
        options += ["-channel", channel, "-evaluate", "multiply", f"{gain:.5f}"]
    options += ["+channel", "-colorspace", "sRGB"]
    steep = 2 ** abs(faults.contrast)
    if variant == "sigmoidal":
        sign = "-" if faults.contrast > 0 else "+"
        options += [f"{sign}sigmoidal-contrast", f"{4 * math.sqrt(3 * (steep - 1)):.4f}x{100 * PIVOT:.0f}%"]
    else:
        contrast = 100 * (math.atan(2**faults.contrast) * 4 / math.pi - 1)
        options += ["-brightness-contrast", f"0x{contrast:.3f}"]
    options += ["-modulate", f"100,{100 * 2**faults.saturation:.2f}"]
    options += ["+level" if faults.black > 0 else "-level", f"{100 * abs(faults.black):.3f}%,100%"]
    return _unit(through_imagemagick(eight_bit(rgb), options))


def _unit(picture: NDArray[np.uint8]) -> Floats:
    return (picture / 255).astype(np.float32)


def _by_phone(picture: NDArray[np.uint8], rng: np.random.Generator, scale: float) -> NDArray[np.uint8]:
    about = distribution()["phone"]
    percent = round(min(scale, 1) * rng.uniform(*about["sharpening"]))
    sharp = ImageFilter.UnsharpMask(rng.uniform(*about["radius"]), percent, 2)
    return as_jpeg(Image.fromarray(picture).filter(sharp), about["quality"], rng)


def as_jpeg(picture: Image.Image, quality: Sequence[int], rng: np.random.Generator) -> NDArray[np.uint8]:
    """What is left of a picture after it was saved with half the colours, at a quality between two, drawn."""
    low, high = quality
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=int(rng.integers(low, high + 1)), subsampling="4:2:0")
    return np.array(Image.open(file, formats=["JPEG"]))


def _refuse(engines: Sequence[str]) -> None:
    unknown = [name for name in engines if name not in _ENGINES]
    if unknown or not engines:
        raise InvalidRequest(f"engines {list(engines)!r}: one or more of {', '.join(_ENGINES)} are needed")
    if "imagemagick" in engines and imagemagick() is None:
        raise InvalidRequest("ImageMagick is not installed", cure="Leave it out of `engines`, or install it.")


_ENGINES: Final[Mapping[str, Engine]] = {
    "opencolorio": _opencolorio,
    "camera": _camera,
    "pillow": _pillow,
    "imagemagick": _imagemagick,
}
