"""Camera raw through rawpy (LibRaw), an extra: camera white balance, no auto-brightening, 16 bit, sRGB."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np

from ...errors import MissingExtra
from ..color.encoding import Pixels
from ..decoded import DamagedPixels, Decoded
from ..header import Header
from ..metadata.raw_blocks import exif_of_raw, xmp_of_raw
from ..metadata.xmp import without_settings
from .mapped import mapped
from .raw_extent import announced_size

MAGIC = rb"FUJIFILMCCD-RAW|II(RO|RS|U\0|\x1a\0\0\0HEAPCCDR)|MMOR|\0MRM|FOVb|....ftypcrx "

_MOST_PADDING = 2**28  # bytes that are made up for missing ones


def _library() -> Any:
    try:
        import rawpy
    except ImportError as error:
        raise MissingExtra(
            "camera raw files need the package rawpy, which is not installed", cure="pip install 'veraretouch[raw]'"
        ) from error
    return rawpy


def header(file: BinaryIO) -> Header:
    """Read the size; the sensor's data are not unpacked."""
    with _library().RawPy() as raw, _reported():
        raw.open_buffer(file)
        sizes = raw.sizes
    return Header(sizes.iwidth, sizes.iheight, "RAW", bits=16)


def read(file: BinaryIO, *, salvage: bool = False) -> Decoded:
    """Develop the sensor's data.

    Raises DamagedPixels where a part of them is missing, unless `salvage` develops the rest.
    """
    rawpy = _library()
    with mapped(file) as data:
        block, there, announced = exif_of_raw(data), len(data), announced_size(data)
        packet = xmp_of_raw(data)
    faults = [f"{announced - there:,} of {announced:,} bytes are missing"] if announced > there else []
    if faults and not salvage:
        raise DamagedPixels(faults[0])
    if faults and announced - there <= _MOST_PADDING:
        file = io.BytesIO(file.read() + bytes(announced - there))
    with rawpy.RawPy() as raw, _reported():
        raw.open_buffer(file)
        raw.unpack()
        if (empty := _empty_rows(raw.raw_image_visible)) and not faults:
            faults = [f"the last {empty:,} rows hold nothing"]
        if faults and not salvage:
            raise DamagedPixels(faults[0])
        pixels = raw.postprocess(
            use_camera_wb=True,
            no_auto_bright=True,
            output_bps=16,
            gamma=(2.4, 12.92),
            output_color=rawpy.ColorSpace.sRGB,
        )
    warnings = tuple(f"damaged: {fault}; what could be read of it is shown" for fault in faults)
    packet = packet and (without_settings(packet) or packet)
    return Decoded(pixels, exif=block, xmp=packet, upright=True, format="RAW", warnings=warnings)


def _empty_rows(mosaic: Pixels | None) -> int:
    """How many rows at the end of a sensor's picture hold nothing but zeros: a share that no sensor's noise leaves so.

    0 for fewer than a fiftieth of all rows, and for a picture that is black from its top on.
    """
    if mosaic is None or not len(mosaic):
        return 0
    lit = np.flatnonzero(mosaic.reshape(len(mosaic), -1).any(axis=1))
    empty = len(mosaic) - 1 - int(lit[-1]) if len(lit) else 0
    return empty if empty * 50 >= len(mosaic) else 0


@contextmanager
def _reported() -> Iterator[None]:
    """LibRaw's errors say why in bytes."""
    try:
        yield
    except _library().LibRawError as error:
        reason = error.args[0] if error.args else ""
        said = reason.decode("ascii", "replace") if isinstance(reason, bytes) else str(reason)
        raise DamagedPixels(f"LibRaw: {said or type(error).__name__}") from error
