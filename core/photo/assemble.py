"""From what a decoder hands over to a `Photo`: upright, three channels, a profile that works."""

from __future__ import annotations

import numpy as np

from .color import encoding
from .color.encoding import Pixels
from .color.icc import ADOBE_RGB
from .decoded import Decoded
from .metadata import exif
from .metadata.xmp import is_readable, orientation_in
from .photo import Photo


def assemble(decoded: Decoded) -> Photo:
    """Make a photo of what a decoder hands over.

    EXIF's orientation counts, XMP's where EXIF has none; neither where the decoder has turned the pixels itself.
    """
    pixels, profile, block, warnings = decoded.pixels, decoded.profile, decoded.exif, decoded.warnings
    orientation = orientation_in(decoded.xmp) if decoded.xmp else 1
    if block is not None:
        block = block.removeprefix(b"Exif\0\0").removeprefix(b"Exif\0\0")
        tree = exif.parse(block)
        if tree is None:
            block = None
            warnings += ("EXIF block unreadable: dropped",)
        else:
            orientation = tree.orientation or orientation
            if profile is None and tree.is_adobe_rgb:
                profile = ADOBE_RGB
    packet = decoded.xmp
    if packet and not is_readable(packet):
        packet = None
        warnings += ("XMP unreadable: dropped",)
    if not decoded.upright:
        pixels = _turned(pixels, orientation)
    layers = 1 if pixels.ndim == 2 else pixels.shape[2]
    picture = pixels.reshape(*pixels.shape[:2], layers)
    alpha = np.ascontiguousarray(picture[..., -1]) if layers in (2, 4) else None
    body = picture[..., :1].repeat(3, axis=2) if layers < 3 else np.ascontiguousarray(picture[..., :3])
    grey = layers < 3 or encoding.is_neutral(body)
    if profile is not None and (problem := encoding.flaw(profile, grey=layers < 3)):
        profile = None
        warnings += (f"colour profile {problem}: dropped, the photo is taken as sRGB",)
    return Photo(
        body,
        alpha=alpha,
        grey=grey,
        profile=profile,
        exif=block,
        xmp=packet,
        format=decoded.format,
        quality=decoded.quality,
        subsampling=decoded.subsampling,
        warnings=warnings,
        one_channel=layers < 3,
        annotations=decoded.annotations,
    )


def _turned(pixels: Pixels, orientation: int) -> Pixels:
    """Turn stored pixels upright: EXIF's tag 0x0112, values 1..8."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels
