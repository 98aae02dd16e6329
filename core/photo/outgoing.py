"""What an encoder gets: pixels at a depth and with the channels its format holds, and metadata made true of them."""

from __future__ import annotations

from typing import NamedTuple

from .color.encoding import Pixels
from .metadata.annotations import Annotations


class Outgoing(NamedTuple):
    """`pixels`: (H, W[, 2]) grey[, alpha], (H, W, 3) or (H, W, 4); `quality`: 1..100; `exif`: TIFF bytes.

    `annotations`: what the format itself holds of them.
    """

    pixels: Pixels
    quality: int
    profile: bytes | None
    exif: bytes | None
    xmp: bytes | None
    annotations: Annotations = Annotations()
