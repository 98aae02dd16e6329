"""ICC profiles of our own: bridges to the working space, and profiles to write into files.

Structure: ICC.1:2010 (profile version 4.3): header 7.2, tag table 7.3, parametricCurveType 10.16, XYZType 10.31. The
columns are the primaries adapted to D50 by Bradford: sRGB's and Adobe RGB's as in ICC's and Adobe's own profiles,
Display P3's (SMPTE RP 431-2 primaries, D65 white) as in Apple's. LittleCMS could make them, but would write the time
into them, and the same photo would no longer give the same file.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

_SRGB_COLUMNS = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
_P3_COLUMNS = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
_ADOBE_COLUMNS = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
_D50 = (0.96420, 1.0, 0.82491)
# Y = (a X + b) ** g from d on, c X below: IEC 61966-2-1.
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def _fixed(values: Sequence[float]) -> bytes:
    """Pack numbers as s15Fixed16."""
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _text(text: str) -> bytes:
    """Pack a multiLocalizedUnicodeType of one English record."""
    words = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(words), 28) + words


def _curve(parameters: Sequence[float]) -> bytes:
    """Pack a parametricCurveType: one parameter is a plain gamma, five are IEC 61966-2-1's form."""
    kind = {1: 0, 5: 3}[len(parameters)]
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + _fixed(parameters)


def rgb_profile(name: str, columns: Sequence[Sequence[float]], curve: Sequence[float]) -> bytes:
    """Build a display profile of three primaries, XYZ under D50 each, and one curve: a gamma,
    or sRGB's five numbers.
    """
    primaries = {
        tag: b"XYZ \0\0\0\0" + _fixed(column) for tag, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)
    }
    return _profile(name, b"RGB ", primaries, (b"rTRC", b"gTRC", b"bTRC"), curve)


def grey_profile(name: str, curve: Sequence[float]) -> bytes:
    """Build a display profile of one grey channel and its curve."""
    return _profile(name, b"GRAY", {}, (b"kTRC",), curve)


def _profile(
    name: str, space: bytes, primaries: dict[bytes, bytes], curves: Sequence[bytes], curve: Sequence[float]
) -> bytes:
    tags = {
        b"desc": _text(name),
        b"cprt": _text("No copyright, use freely"),
        b"wtpt": b"XYZ \0\0\0\0" + _fixed(_D50),
        **primaries,
        curves[0]: _curve(curve),
    }
    start = 128 + 4 + 12 * (len(tags) - 1 + len(curves))
    table, body = b"", b""
    for tag, data in tags.items():
        places = curves if tag == curves[0] else (tag,)
        for place in places:  # the channels share one curve
            table += struct.pack(">4sII", place, start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    header = struct.pack(
        ">I4sI4s4s4s6H4s4sII4sQI12s4s16s28s",
        *(start + len(body), b"\0\0\0\0", 0x04300000, b"mntr", space, b"XYZ "),
        *(2026, 1, 1, 0, 0, 0),  # a fixed date: the same profile in every file, byte for byte
        *(b"acsp", b"\0\0\0\0", 0, 0, b"\0\0\0\0", 0, 1),
        *(_fixed(_D50), b"\0\0\0\0", b"\0" * 16, b"\0" * 28),
    )
    return header + struct.pack(">I", len(tags) - 1 + len(curves)) + table + body


LINEAR_SRGB = rgb_profile("Linear sRGB", _SRGB_COLUMNS, (1.0,))
SRGB = rgb_profile("sRGB", _SRGB_COLUMNS, SRGB_CURVE)
ADOBE_RGB = rgb_profile("Adobe RGB (1998) compatible", _ADOBE_COLUMNS, (563 / 256,))
DISPLAY_P3 = rgb_profile("Display P3", _P3_COLUMNS, SRGB_CURVE)
