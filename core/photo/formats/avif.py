"""AVIF: what the file says by Pillow, pixels of 8, 10 and 12 bits by imagecodecs (both through libavif).

Structure: AV1 in ISOBMFF, 2.3 (the box av1C); ISO/IEC 23008-12, 6.5.5 (the box colr).
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from PIL import AvifImagePlugin, Image

from ..color import cicp
from ..decoded import GAIN_MAP, Decoded
from ..header import Header
from ..metadata.exif import turned
from ..outgoing import Outgoing
from .avif_boxes import with_metadata
from .heif import has_tone_map

_DEEPEST = 12  # bits
_SPEED = 6  # libavif's own choice, of 0 (slow) to 10
_HEAD = 1 << 20  # bytes within which the boxes before the pixels lie


def header(file: BinaryIO) -> Header:
    """Read the size; no pixel is decoded."""
    bits = _bits(file.read(_HEAD))
    file.seek(0)
    image = AvifImagePlugin.AvifImageFile(file)
    return Header(*image.size, "AVIF", bits=bits, frames=getattr(image, "n_frames", 1))


def read(file: BinaryIO, *, salvage: bool = False) -> Decoded:
    """Read the picture; of a sequence the first one. Ten and twelve bits are widened to sixteen."""
    from imagecodecs import avif_decode

    data = file.read()
    file.seek(0)
    image = AvifImagePlugin.AvifImageFile(file)
    found = Header(*image.size, "AVIF", frames=getattr(image, "n_frames", 1))
    # As they stand: `image.info` has EXIF that Pillow has written anew, without other letters than ASCII's.
    block, orientation = image._decoder.get_info()[4:6]
    pixels = avif_decode(data, index=0)
    if pixels.dtype != np.uint8:
        top = (1 << _bits(data[:_HEAD])) - 1
        pixels = ((pixels.astype(np.uint32) * 65535 + top // 2) // top).astype(np.uint16)
    profile = image.info.get("icc_profile") or None
    described = _described(data[:_HEAD]) if profile is None else cicp.Described(profile)
    return Decoded(
        pixels,
        format="AVIF",
        profile=described.profile,
        exif=turned(block, orientation),  # the container's rotation and mirroring count
        xmp=image.info.get("xmp"),
        warnings=found.more_frames + described.warnings + ((GAIN_MAP,) if has_tone_map(file) else ()),
    )


def _bits(head: bytes) -> int:
    """The bits a channel, by the codec's own box."""
    flags = head[at + 6] if 0 <= (at := head.find(b"av1C")) <= len(head) - 7 else 0
    return (12 if flags & 0x20 else 10) if flags & 0x40 else 8


def _described(head: bytes) -> cicp.Described:
    """The colour space that code points name where there is no profile."""
    at = head.find(b"colrnclx")
    if at < 0 or at + 12 > len(head):
        return cicp.Described()
    primaries, transfer = (int.from_bytes(head[place : place + 2], "big") for place in (at + 8, at + 10))
    return cicp.from_code_points(primaries, transfer)


def _deep(photo: Outgoing) -> bytes:
    from imagecodecs import avif_encode

    top = (1 << _DEEPEST) - 1
    stored = ((photo.pixels.astype(np.uint32) * top + 32767) // 65535).astype(np.uint16)
    layers = 1 if stored.ndim == 2 else stored.shape[2]
    if layers < 3:  # libavif's plain interface knows no grey
        stored = np.dstack(
            [*[stored.reshape(*stored.shape[:2], layers)[..., :1]] * 3, *[stored[..., 1:]] * (layers - 1)]
        )
    data = avif_encode(
        np.ascontiguousarray(stored),
        level=photo.quality,
        bitspersample=_DEEPEST,
        pixelformat="yuv444",
        primaries=2 if photo.profile else 1,
        transfer=2 if photo.profile else 13,
        matrix=6,
        speed=_SPEED,
    )
    return with_metadata(bytes(data), profile=photo.profile, exif=photo.exif, xmp=photo.xmp)


def write(file: BinaryIO, photo: Outgoing) -> None:
    """Write 8 bits, or 16 as twelve, at 4:4:4."""
    if photo.pixels.dtype != np.uint8:
        file.write(_deep(photo))
        return
    Image.fromarray(photo.pixels).save(
        file,
        "AVIF",
        quality=photo.quality,
        subsampling="4:4:4",
        icc_profile=photo.profile or b"",
        exif=turned(photo.exif, 0) or b"",  # with an orientation Pillow would write the block anew, and lose of it
        xmp=photo.xmp or b"",
    )
