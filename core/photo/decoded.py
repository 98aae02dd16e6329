"""What a format module hands over: pixels as the file stores them, and what the file says about them."""

from __future__ import annotations

from typing import NamedTuple

from .color.encoding import Pixels
from .metadata.annotations import Annotations

GAIN_MAP = "HDR gain map dropped: the photo is retouched and saved in standard range"


class DamagedPixels(Exception):
    """A decoder found fault with the pixels; with `salvage` it would take what is left of them."""


class Decoded(NamedTuple):
    """A decoded file, before `assemble` makes a `Photo` of it.

    `pixels`: (H, W) grey, (H, W, 2) grey and alpha, (H, W, 3) RGB or (H, W, 4) RGBA; uint8, uint16 or float32.
    `upright`: the decoder has turned the pixels itself. `profile`: ICC bytes, None for sRGB. `exif`: a TIFF structure,
    with or without the mark "Exif". `annotations`: IPTC, comment, texts, resolution. `quality` (1..100) and
    `subsampling` ("4:2:0"): a JPEG's. `warnings`: what the photographer has to know, a sentence each.
    """

    pixels: Pixels
    format: str | None = None
    upright: bool = False
    profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    quality: int | None = None
    subsampling: str | None = None
    warnings: tuple[str, ...] = ()
    annotations: Annotations = Annotations()
