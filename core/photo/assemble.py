"""From what a decoder hands over to a `Photo`: upright, three channels, a profile that works."""

from __future__ import annotations

from typing import Any

import numpy as np

from .color import encoding
from .color.encoding import Pixels
from .color.icc import ADOBE_RGB
from .metadata import exif
from .metadata.xmp import orientation_in
from .photo import Photo

GAIN_MAP = "HDR gain map dropped: the photo is retouched and saved in standard range"


def assemble(
    pixels: Pixels,
    *,
    profile: bytes | None = None,
    exif_block: bytes | None = None,
    upright: bool = False,
    xmp: bytes | None = None,
    warnings: tuple[str, ...] = (),
    **known: Any,
) -> Photo:
    """Make a photo of (H, W) grey, (H, W, 2) grey and alpha, (H, W, 3) or (H, W, 4) pixels in their file's orientation.

    EXIF's orientation counts, XMP's where EXIF has none; neither where the decoder has turned the pixels `upright`
    itself. `known`: further fields of `Photo`.
    """
    orientation = orientation_in(xmp) if xmp else 1
    if exif_block is not None:
        exif_block = exif_block.removeprefix(b"Exif\0\0").removeprefix(b"Exif\0\0")
        tree = exif.parse(exif_block)
        if tree is None:
            exif_block = None
            warnings += ("EXIF block unreadable: dropped",)
        else:
            orientation = tree.orientation or orientation
            if profile is None and tree.is_adobe_rgb:
                profile = ADOBE_RGB
    if not upright:
        pixels = _turned(pixels, orientation)
    layers = 1 if pixels.ndim == 2 else pixels.shape[2]
    grey = layers < 3
    picture = pixels.reshape(*pixels.shape[:2], layers)
    alpha = np.ascontiguousarray(picture[..., -1]) if layers in (2, 4) else None
    body = picture[..., :1].repeat(3, axis=2) if grey else np.ascontiguousarray(picture[..., :3])
    if profile is not None and (problem := encoding.flaw(profile, grey=grey)):
        profile = None
        warnings += (f"colour profile {problem}: dropped, the photo is taken as sRGB",)
    return Photo(body, alpha=alpha, grey=grey, profile=profile, exif=exif_block, xmp=xmp, warnings=warnings, **known)


def _turned(pixels: Pixels, orientation: int) -> Pixels:
    """Turn stored pixels upright: EXIF's tag 0x0112, values 1..8."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels
