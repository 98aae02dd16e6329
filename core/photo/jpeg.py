"""JPEG through Pillow. Quality: tables of ITU-T T.81, annex K.1, scaled as the IJG's jcparam.c does."""

from __future__ import annotations

import warnings
from typing import BinaryIO

import numpy as np
from PIL import Image, JpegImagePlugin

from .assemble import GAIN_MAP, assemble
from .exif import parse, serialise
from .header import Header
from .outgoing import Outgoing, PhotoWarning
from .photo import Photo
from .pillow_image import pixels_of
from .xmp import has_gain_map

_LUMA = np.array(
    [
        *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56),
        *(14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
        *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
    ]
)
_SUBSAMPLING = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}
_ISO_GAIN_MAP = b"urn:iso:std:iso:ts:21496:-1"
_SEGMENT = 65_533  # bytes: the most that an APP segment holds


def header(file: BinaryIO) -> Header:
    """Read the size; no pixel is decoded."""
    image = JpegImagePlugin.JpegImageFile(file)
    return Header(*image.size, "JPEG")


def read(file: BinaryIO) -> Photo:
    """Read the picture; of a multi-picture file (MPO) the first one."""
    image = JpegImagePlugin.JpegImageFile(file)
    opened = pixels_of(image)
    packet = image.info.get("xmp")
    said = opened.warnings
    if (packet and has_gain_map(packet)) or any(data.startswith(_ISO_GAIN_MAP) for _, data in image.applist):
        said += (GAIN_MAP,)
    elif "mp" in image.info:
        said += ("multi-picture file: only the first picture is read (others may be gain, depth or preview maps)",)
    return assemble(
        opened.pixels,
        profile=opened.profile,
        exif_block=image.info.get("exif"),
        warnings=said,
        xmp=packet,
        format="JPEG",
        quality=_quality(image.quantization),
        subsampling=_SUBSAMPLING.get(JpegImagePlugin.get_sampling(image)),
    )


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
    Image.fromarray(photo.pixels).save(
        file,
        "JPEG",
        quality=photo.quality,
        subsampling=0,
        icc_profile=photo.profile,
        exif=exif,
        xmp=xmp,
    )


def _fitting(block: bytes) -> bytes:
    """Return the EXIF segment, less its thumbnail if it would overflow, or nothing if even that does not help."""
    if len(block) + 6 > _SEGMENT and (tree := parse(block)):
        tree.thumbnail = None
        block = serialise(tree)[0]
    if len(block) + 6 > _SEGMENT:
        warnings.warn("EXIF of more than 64 KB does not fit into JPEG: dropped", PhotoWarning, stacklevel=3)
        return b""
    return b"Exif\0\0" + block
