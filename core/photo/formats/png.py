"""PNG: chunks by hand, pixels by Pillow (8 bit, palettes) or imagecodecs (16 bit, which Pillow would cut to 8).

Structure: W3C PNG (third edition): chunks 5, iCCP 11.3.2.3, gAMA 11.3.2.2, cHRM 11.3.2.1, cICP 11.3.2.6,
tRNS 11.3.1.1, eXIf 11.3.3.2.
"""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from dataclasses import replace
from typing import BinaryIO

import numpy as np
from PIL import PngImagePlugin

from ..color import cicp
from ..color.encoding import Pixels
from ..decoded import DamagedPixels, Decoded
from ..header import Header
from ..metadata.annotations import resolution_of
from ..outgoing import Outgoing
from .pillow_image import pixels_of
from .png_texts import raw_profile, text_chunks, texts_of

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP = b"XML:com.adobe.xmp"
_METRE = 0.0254  # of an inch
_LEGACY_EXIF = b"Raw profile type exif"
_PALETTE = 3
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a pixel, by colour type (table 11.1)
# Of each pass of an interlaced picture: its first column and row, and the steps to the next (8.2).
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_Chunks = list[tuple[bytes, bytes]]
_LARGEST_TEXT = 1 << 25  # bytes after decompression, all chunks of a file together


def header(file: BinaryIO) -> Header:
    """Read the size; no pixel is decoded."""
    start = file.read(33)
    if len(start) < 33 or start[12:16] != b"IHDR":
        raise ValueError("its first chunk is not IHDR")
    width, height, bits = struct.unpack(">IIB", start[16:25])
    return Header(width, height, "PNG", bits=bits)


def read(file: BinaryIO, *, salvage: bool = False) -> Decoded:
    """Read the picture; of an animation its default image.

    Raises DamagedPixels where a part of the picture is broken or missing, unless `salvage` leaves that black.
    """
    chunks, warnings, fault = _chunks(file.read(), salvage=salvage)
    inflate = _Inflater()
    known: dict[bytes, bytes] = {}
    xmp = legacy = None
    for kind, body in chunks:
        known.setdefault(kind, body)
        if legacy is None and kind in (b"tEXt", b"zTXt") and body.startswith(_LEGACY_EXIF + b"\0"):
            legacy = raw_profile(kind, body[len(_LEGACY_EXIF) + 1 :], inflate)
        if xmp is None and kind == b"iTXt" and body.startswith(_XMP + b"\0"):
            xmp = _international_text(body, inflate)
    if b"acTL" in known:
        warnings += ("animated: only the default image is read",)
    grey = known[b"IHDR"][9] in (0, 4)  # the colour types without colour
    described = _profile(known, inflate, grey=grey)
    pixels: Pixels | None = None
    if fault is None:
        try:
            pixels = _pixels(chunks, known)
        except MemoryError:
            raise
        except Exception as error:  # Pillow's and libpng's, of many classes
            fault = str(error)
            if not salvage:
                raise DamagedPixels(fault) from error
    if pixels is None:
        pixels = _pixels(_mended(chunks), known)
        warnings += (f"damaged: {fault}; what could be read of it is shown, the rest is black or wrong",)
    return Decoded(
        pixels,
        profile=described.profile,
        exif=known.get(b"eXIf") or legacy or None,
        warnings=warnings + described.warnings + inflate.warnings,
        xmp=xmp,
        format="PNG",
        annotations=replace(texts_of(chunks, inflate), resolution=_resolution(known.get(b"pHYs", b""))),
    )


def _pixels(chunks: _Chunks, known: dict[bytes, bytes]) -> Pixels:
    """Decode the picture.

    Decoders get only what makes it: they refuse a photo for a text that they find too long.
    """
    bare = _SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks if kind == b"tRNS" or kind[:1].isupper())
    bits, kind = known[b"IHDR"][8:10]
    if kind == _PALETTE and not known.get(b"PLTE"):  # Pillow would take every colour for black
        raise DamagedPixels("its palette is missing")
    if bits >= 8 and kind != _PALETTE and (bits == 16 or b"tRNS" not in known):
        from imagecodecs import png_decode

        try:
            pixels = png_decode(bare)
        except (UnicodeDecodeError, RuntimeError) as error:
            told = str(error)
            if isinstance(error, RuntimeError) and told.isascii() and told.isprintable() and told:
                raise
            # imagecodecs reads some of libpng's complaints too late, when something else stands in their place.
            raise DamagedPixels("its chunks are not those of a PNG") from error
        return _with_key(pixels, known.get(b"tRNS")) if bits == 16 else pixels
    if len(_inflated(chunks)) < sum(row * rows for row, rows in _passes(chunks[0][1])):  # Pillow would not complain
        raise DamagedPixels("it has fewer pixels than it announces")
    image = PngImagePlugin.PngImageFile(io.BytesIO(bare))
    image.load()
    return pixels_of(image).pixels


def _passes(header: bytes) -> list[tuple[int, int]]:
    """Of each pass of the picture, one unless it is interlaced: bytes a row, the filter's included, and rows."""
    width, height, bits, kind, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    return [
        (1 + (-(-(width - x) // across) * bits * _SAMPLES[kind] + 7) // 8, -(-(height - y) // down))
        for x, y, across, down in (_ADAM7 if interlaced else ((0, 0, 1, 1),))
        if width > x and height > y
    ]


def _inflated(chunks: _Chunks) -> bytes:
    """The picture's rows, as many as can be inflated and the header announces."""
    size = sum(row * rows for row, rows in _passes(chunks[0][1]))
    stream, plain = zlib.decompressobj(), bytearray()
    packed = b"".join(body for kind, body in chunks if kind == b"IDAT")
    step = max(16, len(packed) >> 14)  # a piece at a time: of the one with a fault nothing comes
    with suppress(zlib.error):
        for at in range(0, len(packed), step):
            if len(plain) == size:
                break
            plain += stream.decompress(packed[at : at + step], size - len(plain))
    return bytes(plain)


def _mended(chunks: _Chunks) -> _Chunks:
    """The chunks with one IDAT in place of all: what can be inflated up to the damage, then zeros.

    Raises DamagedPixels where nothing can be.
    """
    passes, plain = _passes(chunks[0][1]), _inflated(chunks)
    if not plain:
        raise DamagedPixels("nothing of its pixels is left")
    lines = np.zeros(sum(row * rows for row, rows in passes), np.uint8)
    lines[: len(plain)] = np.frombuffer(plain, np.uint8)
    at = 0
    for row, rows in passes:
        filters = lines[at : at + row * rows : row]
        filters[filters > 4] = 0  # of noise: there are five
        at += row * rows
    others = [(name, body) for name, body in chunks[1:] if name not in (b"IDAT", b"IEND")]
    return [chunks[0], *others, (b"IDAT", zlib.compress(lines.tobytes(), 1)), (b"IEND", b"")]


def _chunks(data: bytes, *, salvage: bool) -> tuple[_Chunks, tuple[str, ...], str | None]:
    """Each chunk's type and body, what has to be said, and what is wrong with the picture's.

    Raises DamagedPixels where no picture can be made of them; unless `salvage`, for any fault.
    """
    found: _Chunks = []
    fault: str | None = None
    broken: set[str] = set()
    at, kind = len(_SIGNATURE), b""
    while at + 12 <= len(data) and kind != b"IEND":
        size, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + size]
        checksum = data[at + 8 + size : at + 12 + size]
        if checksum == struct.pack(">I", zlib.crc32(body, zlib.crc32(kind))):
            found.append((kind, body))
        elif kind[:1].isupper():
            fault = fault or f"the chunk {kind.decode('latin-1')!r} is cut short or has a wrong checksum"
            if not salvage or kind != b"IDAT":
                break
            found.append((kind, body))
        else:
            broken.add(repr(kind.decode("latin-1")))
        at += 12 + size
    if not found or found[0][0] != b"IHDR" or len(found[0][1]) != 13:
        raise DamagedPixels(fault or "its first chunk is not IHDR")
    if fault is None and kind != b"IEND":
        fault = "it ends before its last chunk"
    if fault is not None and not salvage:
        raise DamagedPixels(fault)
    said = f"chunks with a wrong checksum are left out: {', '.join(sorted(broken)[:5])}"
    return found, (said,) if broken else (), fault


class _Inflater:
    """Decompresses texts and profiles, all of a file together within a limit."""

    def __init__(self) -> None:
        self.left = _LARGEST_TEXT
        self.warnings: tuple[str, ...] = ()

    def __call__(self, data: bytes) -> bytes | None:
        """Return the bytes; None for what is broken or swells beyond the limit."""
        stream = zlib.decompressobj()
        try:
            plain = stream.decompress(data, self.left) if self.left > 0 else b""
        except zlib.error:
            return None
        self.left -= len(plain)
        if stream.eof:
            return plain
        if self.left <= 0:
            self.warnings = (f"texts or profile of more than {_LARGEST_TEXT:,} bytes are left out",)
        return None


def _profile(known: dict[bytes, bytes], inflate: _Inflater, *, grey: bool) -> cicp.Described:
    """The colour space by the first of cICP, iCCP, sRGB, gAMA with cHRM that is there (PNG, third edition, 4.3)."""
    if len(known.get(b"cICP", b"")) == 4:
        primaries, transfer = known[b"cICP"][:2]
        return cicp.from_code_points(primaries, transfer, grey=grey)
    name, _, rest = known.get(b"iCCP", b"").partition(b"\0")
    if name and rest:
        return cicp.Described(inflate(rest[1:]) or b"?")
    if b"sRGB" in known:
        return cicp.Described()
    gamma = chromaticities = None
    if len(known.get(b"gAMA", b"")) == 4:
        gamma = 100_000 / max(1, int.from_bytes(known[b"gAMA"], "big"))
    if len(known.get(b"cHRM", b"")) == 32:
        values = struct.unpack(">8I", known[b"cHRM"])  # white first
        chromaticities = [value / 100_000 for value in (*values[2:], *values[:2])]
    return cicp.from_chromaticities(chromaticities, gamma, grey=grey)


def _resolution(body: bytes) -> tuple[float, float] | None:
    """Pixels an inch of the chunk pHYs, which counts by the metre; None where its unit is unknown."""
    if len(body) != 9 or body[8] != 1:
        return None
    return resolution_of(value * _METRE for value in struct.unpack(">II", body[:8]))


def _international_text(body: bytes, inflate: _Inflater) -> bytes | None:
    compressed, rest = body[len(_XMP) + 1 : len(_XMP) + 2], body[len(_XMP) + 3 :]
    text = rest.split(b"\0", 2)[-1]
    return inflate(text) if compressed == b"\1" else text


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
    if photo.annotations.resolution:
        across, down = (max(1, round(value / _METRE)) for value in photo.annotations.resolution)
        file.write(_chunk(b"pHYs", struct.pack(">IIB", across, down, 1)))
    for kind, body in text_chunks(photo.annotations):
        file.write(_chunk(kind, body))
    if photo.xmp:
        file.write(_chunk(b"iTXt", _XMP + b"\0\0\0\0\0" + photo.xmp))
    file.write(memoryview(data)[first:])


def _chunk(kind: bytes, body: bytes) -> bytes:
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))))
