"""JPEG: pixels through simplejpeg (libjpeg-turbo without detours), what the file says through Pillow. Quality: tables of ITU-T T.81, annex K.1, scaled as the IJG's jcparam.c does."""

from __future__ import annotations

import warnings
from typing import BinaryIO

import numpy as np
import simplejpeg
from PIL import JpegImagePlugin

from ..decoded import GAIN_MAP, Decoded
from ..header import Header
from ..metadata.exif import parse, serialise
from ..metadata.xmp import has_gain_map
from ..outgoing import Outgoing, PhotoWarning
from .pillow_image import pixels_of

_LUMA = np.array(
    [
        *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56),
        *(14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
        *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
    ]
)
_LEAST_QUALITY = 92
_SUBSAMPLING = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}
_ISO_GAIN_MAP = b"urn:iso:std:iso:ts:21496:-1"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_ICC = b"ICC_PROFILE\0"
_SEGMENT = 65_533  # bytes: the most that an APP segment holds


def header(file: BinaryIO) -> Header:
    """Read the size; no pixel is decoded."""
    image = JpegImagePlugin.JpegImageFile(file)
    return Header(*image.size, "JPEG")


def read(file: BinaryIO) -> Decoded:
    """Read the picture; of a multi-picture file (MPO) the first one."""
    image = JpegImagePlugin.JpegImageFile(file)
    opened = _decoded(file, image)
    packet = image.info.get("xmp")
    said = opened.warnings
    if (packet and has_gain_map(packet)) or any(data.startswith(_ISO_GAIN_MAP) for _, data in image.applist):
        said += (GAIN_MAP,)
    elif "mp" in image.info:
        said += ("multi-picture file: only the first picture is read (others may be gain, depth or preview maps)",)
    return opened._replace(
        format="JPEG",
        exif=image.info.get("exif"),
        xmp=packet,
        quality=_quality(image.quantization),
        subsampling=_SUBSAMPLING.get(JpegImagePlugin.get_sampling(image)),
        warnings=said,
    )


def _decoded(file: BinaryIO, image: JpegImagePlugin.JpegImageFile) -> Decoded:
    """The pixels: grey and RGB by simplejpeg; other modes, and what it finds fault with, by Pillow, which forgives more."""
    if image.mode in ("L", "RGB"):
        place = file.tell()
        file.seek(0)
        try:
            pixels = simplejpeg.decode_jpeg(file.read(), "RGB" if image.mode == "RGB" else "GRAY")
        except ValueError:
            file.seek(place)
        else:
            profile = image.info.get("icc_profile") or None
            return Decoded(pixels if image.mode == "RGB" else pixels[..., 0], profile=profile)
    return pixels_of(image)


def quality_to_write(asked: int | None, source: int | None) -> int:
    """Return the quality, 1..100, of a lossy file: what is asked for, else the source's, at least 92."""
    return asked or max(_LEAST_QUALITY, source or 0)


def _quality(tables: dict[int, list[int]]) -> int | None:
    """Estimate the quality, 1..100, whose luma table is nearest to the file's."""
    if len(tables.get(0, ())) != 64:
        return None
    table = np.array(tables[0])
    qualities = np.arange(1, 101)[:, None]
    scale = np.where(qualities < 50, 5000 // qualities, 200 - 2 * qualities)
    scaled = np.clip((_LUMA * scale + 50) // 100, 1, 255)
    return int(np.abs(scaled - table).sum(axis=1).argmin()) + 1


def write(file: BinaryIO, photo: Outgoing) -> None:
    """Write 8-bit grey or RGB at 4:4:4."""
    exif = _fitting(photo.exif) if photo.exif else b""
    xmp = photo.xmp
    if xmp and len(xmp) > _SEGMENT - 29:  # the segment's name takes 29
        warnings.warn("XMP of more than 64 KB does not fit into JPEG: dropped", PhotoWarning, stacklevel=2)
        xmp = None
    grey = photo.pixels.ndim == 2
    pixels = photo.pixels[..., None] if grey else photo.pixels
    coded = simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels),
        quality=photo.quality,
        colorspace="GRAY" if grey else "RGB",
        colorsubsampling="Gray" if grey else "444",
    )
    segments = [_segment(0xE1, exif)] if exif else []
    if xmp:
        segments.append(_segment(0xE1, _XMP + xmp))
    segments += _profile_segments(photo.profile or b"")
    # After the first two segments' worth of bytes: the start of the image, and JFIF's APP0, which has to come first.
    head = 4 + int.from_bytes(coded[4:6], "big") if coded[2:4] == b"\xff\xe0" else 2
    file.write(b"".join((coded[:head], *segments, coded[head:])))


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def _profile_segments(profile: bytes) -> list[bytes]:
    """An ICC profile in numbered APP2 segments (ICC.1, annex B.4)."""
    size = _SEGMENT - len(_ICC) - 2
    parts = [profile[start : start + size] for start in range(0, len(profile), size)]
    return [_segment(0xE2, _ICC + bytes((i, len(parts))) + part) for i, part in enumerate(parts, 1)]


def _fitting(block: bytes) -> bytes:
    """Return the EXIF segment, less its thumbnail if it would overflow, or nothing if even that does not help."""
    if len(block) + 6 > _SEGMENT and (tree := parse(block)):
        tree.thumbnail = None
        block = serialise(tree)[0]
    if len(block) + 6 > _SEGMENT:
        warnings.warn("EXIF of more than 64 KB does not fit into JPEG: dropped", PhotoWarning, stacklevel=3)
        return b""
    return b"Exif\0\0" + block
