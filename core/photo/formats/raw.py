"""Camera raw through rawpy (LibRaw), an extra: camera white balance, no auto-brightening, 16 bit, sRGB."""

from __future__ import annotations

from typing import Any, BinaryIO

from ...errors import MissingExtra
from ..decoded import Decoded
from ..header import Header
from ..metadata import exif
from .mapped import mapped

MAGIC = rb"FUJIFILMCCD-RAW|II(RO|RS|U\0|\x1a\0\0\0HEAPCCDR)|MMOR|\0MRM|FOVb|....ftypcrx "
SUFFIXES = frozenset(
    {
        *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".k25", ".kdc", ".mef"),
        *(".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw"),
        ".x3f",
    }
)


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
    with _library().RawPy() as raw:
        raw.open_buffer(file)
        sizes = raw.sizes
    return Header(sizes.iwidth, sizes.iheight, "RAW", bits=16)


def read(file: BinaryIO, *, salvage: bool = False) -> Decoded:
    """Develop the sensor's data."""
    rawpy = _library()
    with rawpy.RawPy() as raw:
        raw.open_buffer(file)
        raw.unpack()
        pixels = raw.postprocess(
            use_camera_wb=True,
            no_auto_bright=True,
            output_bps=16,
            gamma=(2.4, 12.92),
            output_color=rawpy.ColorSpace.sRGB,
        )
    with mapped(file) as data:
        block = exif.from_tiff(data)
    return Decoded(pixels, exif=block, upright=True, format="RAW")
