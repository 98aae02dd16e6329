"""WebP, GIF and BMP through Pillow: eight bits, and of an animation the first frame."""

from __future__ import annotations

import struct
from typing import BinaryIO

from PIL import BmpImagePlugin, GifImagePlugin, Image, ImageFile, WebPImagePlugin

from ..decoded import Decoded
from ..header import Header
from ..metadata.annotations import Annotations, comment_text, resolution_of
from ..outgoing import Outgoing
from .pillow_image import pixels_of

_XMP = b"\x21\xff\x0bXMP DataXMP"
_XMP_END = b"\x01\xff\xfe\xfd\xfc"
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
    chunks = _chunks(file) if name == "WEBP" else {}
    return opened._replace(
        format=name,
        exif=image.info.get("exif") or chunks.get(b"EXIF"),
        xmp=_packet(file) if name == "GIF" else image.info.get("xmp") or chunks.get(b"XMP "),
        warnings=frames.more_frames + opened.warnings,
        annotations=Annotations(
            comment=comment_text(image.info.get("comment", b"")) if name == "GIF" else "",
            resolution=resolution_of(image.info.get("dpi")) if name == "BMP" else None,
        ),
    )


def _chunks(file: BinaryIO) -> dict[bytes, bytes]:
    """A WebP's chunks: libwebp passes over metadata that lie at another place than they should."""
    file.seek(0)
    data, at, found = file.read(), 12, dict[bytes, bytes]()
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        found.setdefault(kind, data[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    return found


def _packet(file: BinaryIO) -> bytes | None:
    """The XMP of a GIF: an application extension that is no blocks, ended by a trailer (XMP, part 3, 1.1.2)."""
    file.seek(0)
    data = file.read()
    start = data.find(_XMP)
    end = data.find(_XMP_END, start)
    return data[start + len(_XMP) : end] if 0 <= start < end else None


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
