"""HEIC and HEIF through pillow-heif, an extra. Ten and twelve bits are widened to sixteen."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np

from ...errors import MissingExtra
from ..color.icc import DISPLAY_P3
from ..decoded import GAIN_MAP, Decoded
from ..header import Header
from ..outgoing import Outgoing


def _library() -> Any:
    try:
        import pillow_heif
    except ImportError as error:
        raise MissingExtra(
            "HEIC files need the package pillow-heif, which is not installed", cure="pip install 'veraretouch[heic]'"
        ) from error
    return pillow_heif


def header(file: BinaryIO) -> Header:
    """Read the size of the primary picture; no pixel is decoded."""
    container = _library().open_heif(file, convert_hdr_to_8bit=False)
    image = container[container.primary_index]
    return Header(image.size[0], image.size[1], "HEIF", bits=image.info.get("bit_depth", 8), frames=len(container))


def has_tone_map(file: BinaryIO) -> bool:
    """Say whether a file of ISO's boxes (HEIF, AVIF) has among its brands that of gain maps, `tmap` (ISO 21496-1)."""
    file.seek(0)
    head = file.read(256)
    return b"tmap" in head[8 : int.from_bytes(head[:4], "big")]


def read(file: BinaryIO, *, salvage: bool = False) -> Decoded:
    """Read the primary picture."""
    container = _library().open_heif(file, convert_hdr_to_8bit=False)
    image = container[container.primary_index]
    info = image.info
    warnings: tuple[str, ...] = ()
    if len(container) > 1:
        warnings += (f"{len(container)} pictures in the file: only the primary one is read",)
    if any("gain" in name.lower() for name in info.get("aux", ())) or has_tone_map(file):
        warnings += (GAIN_MAP,)
    profile = info.get("icc_profile") or None
    nclx = info.get("nclx_profile") or {}
    if nclx.get("transfer_characteristics") in (16, 18):
        warnings += ("HDR transfer function (PQ or HLG) is not supported: the photo is taken as it looks in sRGB",)
    elif profile is None and nclx.get("color_primaries") == 12:
        profile = DISPLAY_P3
    pixels = np.array(image)
    return Decoded(
        pixels.astype(np.uint16) if pixels.dtype.kind in "ui" and pixels.itemsize == 2 else pixels,
        profile=profile,
        exif=info.get("exif") or None,
        upright=True,  # the container's own rotation counts, and libheif has applied it
        warnings=warnings,
        xmp=info.get("xmp") or None,
        format="HEIF",
    )


def write(file: BinaryIO, photo: Outgoing) -> None:
    """Write 8 bits, or 16 as ten."""
    library = _library()
    channels = 1 if photo.pixels.ndim == 2 else photo.pixels.shape[2]
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels] + (";16" if photo.pixels.dtype == np.uint16 else "")
    size = photo.pixels.shape[1], photo.pixels.shape[0]
    made = library.from_bytes(mode, size, photo.pixels.tobytes())
    made.save(
        file,
        format="HEIF",
        quality=photo.quality,
        chroma=444,
        icc_profile=photo.profile,
        exif=photo.exif,
        xmp=photo.xmp,
    )
