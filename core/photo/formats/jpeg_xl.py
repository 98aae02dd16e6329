"""JPEG XL through pyjpegxl (libjxl), an extra: 8 and 16 bits and floats, with profile and metadata.

Source of the way from quality to distance: libjxl, `JxlEncoderDistanceFromQuality`.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

import numpy as np

from ...errors import MissingExtra
from ..color import encoding
from ..color.icc import SRGB, SRGB_CURVE, grey_profile
from ..decoded import Decoded
from ..header import Header
from ..outgoing import Outgoing

# The signature box, and the box of the file's type (ISO/IEC 18181-2, clauses 9.1 and 9.2).
_START = b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0\0\0\x14ftypjxl \0\0\0\0jxl "
_SRGB_CODE = b"cicp\0\0\0\0\x01\x0d\0\x01"  # the tag of ICC.1:2022, 9.2.17, with H.273's codes of sRGB


def _library() -> Any:
    try:
        import pyjpegxl
    except ImportError as error:
        raise MissingExtra(
            "JPEG XL files need the package pyjpegxl, which is not installed", cure="pip install 'veraretouch[jxl]'"
        ) from error
    return pyjpegxl


def header(file: BinaryIO) -> Header:
    """Read the size; no pixel is decoded."""
    found = _library().probe(file.read())
    return Header(found.width, found.height, "JXL", bits=found.bits_per_sample)


def read(file: BinaryIO, *, salvage: bool = False) -> Decoded:
    """Read the picture, upright."""
    found, pixels = _library().decode_to_numpy(file.read())
    profile = None if found.icc is None or _is_srgb(found.icc, grey=pixels.shape[2] < 3) else found.icc
    exif = found.exif
    return Decoded(
        pixels[..., 0] if pixels.shape[2] == 1 else pixels,
        format="JXL",
        upright=True,
        profile=profile,
        exif=exif[4:] if exif and exif[4:6] in (b"II", b"MM") else exif,  # the box begins with an offset
        xmp=found.xmp,
    )


def _is_srgb(profile: bytes, *, grey: bool) -> bool:
    """Whether a profile, which libjxl makes for every file that has none, is sRGB's."""
    return _SRGB_CODE in profile or (encoding.flaw(profile, grey=grey) is None and encoding.is_srgb(profile))


def write(file: BinaryIO, photo: Outgoing) -> None:
    """Write 8 or 16 bits or floats; losslessly at quality 100."""
    library = _library()
    profile = photo.profile
    if profile is None and photo.pixels.dtype.kind == "f":  # libjxl would take floats for linear light
        profile = grey_profile("Grey", SRGB_CURVE) if photo.pixels.ndim == 2 or photo.pixels.shape[2] == 2 else SRGB
    coded = library.encode_from_numpy(
        np.ascontiguousarray(photo.pixels),
        lossless=photo.quality == 100,
        quality=0.1 + (100 - photo.quality) * 0.09,
        speed=library.EncoderSpeed.Cheetah,
        icc=profile,
    )
    boxes = _box(b"Exif", bytes(4) + photo.exif) if photo.exif else b""
    file.write(_with_boxes(coded, boxes + (_box(b"xml ", photo.xmp) if photo.xmp else b"")))


def _with_boxes(coded: bytes, boxes: bytes) -> bytes:
    """The file with boxes of metadata before its codestream, as they are: compressed ones many programs cannot read."""
    if not boxes:
        return coded
    if coded.startswith(b"\xff\x0a"):  # a bare codestream
        return _START + boxes + _box(b"jxlc", coded)
    end = len(_START)
    return coded[:end] + boxes + coded[end:]


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body
