"""WebP, GIF and BMP through Pillow: eight bits, and of an animation the first frame."""

from __future__ import annotations

from typing import BinaryIO

from PIL import BmpImagePlugin, GifImagePlugin, Image, ImageFile, WebPImagePlugin

from ..decoded import Decoded
from ..header import Header
from ..metadata.annotations import Annotations, resolution_of
from ..outgoing import Outgoing
from .pillow_image import pixels_of

# Opened by class: `Image.open` would apply Pillow's own pixel limit, a global that is the caller's.
_PLUGINS: dict[str, type[ImageFile.ImageFile]] = {
    "WEBP": WebPImagePlugin.WebPImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
}


def header(file: BinaryIO, name: str) -> Header:
    """Read the size; no pixel is decoded."""
    image = _PLUGINS[name](file)
    return Header(*image.size, name, frames=getattr(image, "n_frames", 1))


def read(file: BinaryIO, name: str, *, salvage: bool = False) -> Decoded:
    """Read the first frame."""
    image = _PLUGINS[name](file)
    frames = Header(*image.size, name, frames=getattr(image, "n_frames", 1))
    opened = pixels_of(image)
    return opened._replace(
        format=name,
        exif=image.info.get("exif"),
        xmp=image.info.get("xmp"),
        warnings=frames.more_frames + opened.warnings,
        annotations=Annotations(resolution=resolution_of(image.info.get("dpi")) if name == "BMP" else None),
    )


def write(file: BinaryIO, photo: Outgoing) -> None:
    """Write lossy WebP of 8-bit pixels; its alpha is lossless."""
    Image.fromarray(photo.pixels).save(
        file,
        "WEBP",
        quality=photo.quality,
        icc_profile=photo.profile or b"",
        exif=photo.exif or b"",
        xmp=photo.xmp or b"",
    )
