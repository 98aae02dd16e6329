"""PNG: chunks by hand, pixels by Pillow (8 bit, palettes) or imagecodecs (16 bit, which Pillow would cut to 8).

Structure: W3C PNG (third edition): chunks 5, iCCP 11.3.2.3, cICP 11.3.2.6, tRNS 11.3.1.1, eXIf 11.3.3.2.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from PIL import PngImagePlugin

from ..color.encoding import Pixels
from ..color.icc import DISPLAY_P3
from ..decoded import Decoded
from ..header import Header
from ..outgoing import Outgoing
from .pillow_image import pixels_of

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP = b"XML:com.adobe.xmp"
_LEGACY_EXIF = b"Raw profile type exif"
_LARGEST_TEXT = 1 << 24  # bytes after decompression: a chunk that swells beyond is no profile and no XMP


def header(file: BinaryIO) -> Header:
    """Read the size; no pixel is decoded."""
    start = file.read(33)
    if len(start) < 33 or start[12:16] != b"IHDR":
        raise ValueError("its first chunk is not IHDR")
    width, height, bits = struct.unpack(">IIB", start[16:25])
    return Header(width, height, "PNG", bits=bits)


def read(file: BinaryIO, *, salvage: bool = False) -> Decoded:
    """Read the picture; of an animation its default image."""
    data = file.read()
    known: dict[bytes, bytes] = {}
    xmp = None
    for kind, body in _chunks(data):
        known.setdefault(kind, body)
        if kind in (b"tEXt", b"zTXt") and body.startswith(_LEGACY_EXIF + b"\0"):
            known.setdefault(b"eXIf", _legacy_exif(kind, body[len(_LEGACY_EXIF) + 1 :]))
        if kind == b"iTXt" and body.startswith(_XMP + b"\0"):
            xmp = _international_text(body)
    warnings: tuple[str, ...] = ()
    if b"acTL" in known:
        warnings += ("animated: only the default image is read",)
    profile = _profile(known)
    if len(known.get(b"cICP", b"")) == 4:  # takes precedence over iCCP
        primaries, transfer = known[b"cICP"][:2]
        if transfer in (16, 18):
            warnings += ("HDR transfer function (PQ or HLG) is not supported: the photo is taken as it looks in sRGB",)
        elif primaries == 12 and transfer in (1, 6, 13):
            profile = DISPLAY_P3
    if known[b"IHDR"][8] == 16:
        from imagecodecs import png_decode

        pixels = _with_key(png_decode(data), known.get(b"tRNS"))
    else:
        image = PngImagePlugin.PngImageFile(io.BytesIO(data))
        image.load()
        image.info.pop("icc_profile", None)
        pixels = pixels_of(image).pixels
    return Decoded(pixels, profile=profile, exif=known.get(b"eXIf") or None, warnings=warnings, xmp=xmp, format="PNG")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (type, body) of each chunk but the pixels'."""
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind != b"IDAT":
            yield kind, data[at + 8 : at + 8 + size]
        at += 12 + size


def _inflate(data: bytes) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(data, _LARGEST_TEXT)
    except zlib.error:
        return None


def _profile(known: dict[bytes, bytes]) -> bytes | None:
    name, _, rest = known.get(b"iCCP", b"").partition(b"\0")
    return (_inflate(rest[1:]) or b"?") if name and rest else None


def _international_text(body: bytes) -> bytes | None:
    compressed, _, rest = body[len(_XMP) + 1], body[len(_XMP) + 2], body[len(_XMP) + 3 :]
    text = rest.split(b"\0", 2)[-1]
    return _inflate(text) if compressed else text


def _legacy_exif(kind: bytes, text: bytes) -> bytes:
    """Decode EXIF as ImageMagick wrote it before PNG had eXIf: a line break, "exif", the length, hexadecimal digits."""
    plain = (_inflate(text[1:]) or b"") if kind == b"zTXt" else text
    try:
        return bytes.fromhex(b"".join(plain.split()[2:]).decode("ascii"))
    except ValueError:
        return b""


def _with_key(pixels: Pixels, key: bytes | None) -> Pixels:
    """Turn a colour key (one 16-bit colour that is transparent) into an alpha channel."""
    layers = 1 if pixels.ndim == 2 else pixels.shape[2]
    if key is None or layers not in (1, 3) or len(key) != 2 * layers:
        return pixels
    picture = pixels.reshape(*pixels.shape[:2], layers)
    hidden = (picture == np.frombuffer(key, ">u2")).all(axis=2)
    return np.dstack((picture, np.where(hidden, 0, 65535).astype(np.uint16)))


def write(file: BinaryIO, photo: Outgoing) -> None:
    """Write 8 or 16-bit grey or RGB, with or without alpha."""
    from imagecodecs import png_encode

    data = bytes(png_encode(photo.pixels, level=6))
    first = len(_SIGNATURE) + 25  # signature and IHDR: everything about colour must follow at once
    file.write(data[:first])
    if photo.profile:
        file.write(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(photo.profile)))
    else:
        file.write(_chunk(b"sRGB", b"\1"))
    if photo.exif:
        file.write(_chunk(b"eXIf", photo.exif))
    if photo.xmp:
        file.write(_chunk(b"iTXt", _XMP + b"\0\0\0\0\0" + photo.xmp))
    file.write(memoryview(data)[first:])


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
