"""JPEG XL through pyjpegxl (libjxl), an extra: 8 and 16 bits and floats, with profile and metadata.

Source of the way from quality to distance: libjxl, `JxlEncoderDistanceFromQuality`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np

from ...errors import MissingExtra
from ..color import encoding
from ..color.icc import SRGB, SRGB_CURVE, grey_profile
from ..decoded import GAIN_MAP, Decoded
from ..header import Header
from ..outgoing import Outgoing

# The signature box, and the box of the file's type (ISO/IEC 18181-2, clauses 9.1 and 9.2).
_START = b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0\0\0\x14ftypjxl \0\0\0\0jxl "
_CODED: Final = frozenset({b"JXL ", b"ftyp", b"jxll", b"jxlc", b"jxlp"})  # the boxes that libjxl is given
_PROFILE: Final = b"prof"  # pyjpegxl's own: the ICC profile as it was given
_METADATA: Final = frozenset({b"Exif", b"xml "})
_LARGEST: Final = 2**25  # bytes of a box of metadata after decompression
_LARGEST_RATIO: Final = 1000  # times its size before, and 64 KB: zlib reaches as much, Brotli a million
_SRGB_CODE = b"cicp\0\0\0\0\x01\x0d\0\x01"  # the tag of ICC.1:2022, 9.2.17, with H.273's codes of sRGB


def _library() -> Any:
    try:
        import pyjpegxl
    except ImportError as error:
        raise MissingExtra(
            "JPEG XL files need the package pyjpegxl, which is not installed", cure="pip install 'veraretouch[jxl]'"
        ) from error
    return pyjpegxl


class _Parts(NamedTuple):
    """What a file holds: the boxes of the picture as they are, and the content of others by their kind."""

    coded: bytes
    metadata: dict[bytes, bytes]
    warnings: tuple[str, ...] = ()


def _parts(data: bytes) -> _Parts:
    """Take a file apart: libjxl allocates whatever size a box announces, or a compressed one unpacks to."""
    if data.startswith(b"\xff\x0a"):  # a bare codestream
        return _Parts(data, {})
    coded, metadata, warnings = [], dict[bytes, bytes](), list[str]()
    for kind, start, content, end in _boxes(data):
        if kind in _CODED or (kind == _PROFILE and end <= len(data)):
            coded.append(data[start:end])
            continue
        body: bytes | None = data[content:end] if end <= len(data) else None
        if kind == b"brob" and end <= len(data):
            kind = data[content : content + 4]
            body = _unpacked(data[content + 4 : end]) if kind in _METADATA - metadata.keys() else b""
        if kind == b"jhgm":
            warnings.append(GAIN_MAP)
        elif body is None and kind in _METADATA | {b"brob"}:
            warnings.append("damaged metadata left out: a box ends beyond the file, or unpacks to nothing of its kind")
        elif body is not None and kind in _METADATA:
            metadata.setdefault(kind, body)
    return _Parts(b"".join(coded), metadata, tuple(dict.fromkeys(warnings)))


def _boxes(data: bytes) -> Iterator[tuple[bytes, int, int, int]]:
    """Each box: kind, where it begins, where its content does, and where it ends, which may lie beyond the file."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        content = at + 8
        if size == 1:  # the size of a large box stands behind its kind
            content = at + 16
            size = int.from_bytes(data[at + 8 : content], "big")
        end = at + size if size else len(data)  # none: as far as the file goes
        yield kind, at, content, max(end, content)
        at = max(end, content)


def _unpacked(packed: bytes) -> bytes | None:
    from imagecodecs import BrotliError, brotli_decode

    try:
        return bytes(brotli_decode(packed, out=min(_LARGEST, _LARGEST_RATIO * len(packed) + 2**16)))
    except BrotliError:
        return None


def header(file: BinaryIO) -> Header:
    """Read the size; no pixel is decoded."""
    found = _library().probe(_parts(file.read()).coded)
    return Header(found.width, found.height, "JXL", bits=found.bits_per_sample)


def read(file: BinaryIO, *, salvage: bool = False) -> Decoded:
    """Read the picture, upright."""
    parts = _parts(file.read())
    found, pixels = _library().decode_to_numpy(parts.coded)
    profile = None if found.icc is None or _is_srgb(found.icc, grey=pixels.shape[2] < 3) else found.icc
    exif = parts.metadata.get(b"Exif")
    return Decoded(
        pixels[..., 0] if pixels.shape[2] == 1 else pixels,
        format="JXL",
        upright=True,
        profile=profile,
        exif=exif[4:] if exif and exif[4:6] in (b"II", b"MM") else exif,  # the box begins with an offset
        xmp=parts.metadata.get(b"xml "),
        warnings=parts.warnings,
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
