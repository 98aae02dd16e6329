"""Look-up tables as files: .cube and HALD pictures out; .cube, HALD pictures and whatever OpenColorIO reads in.

The .cube files that are written are of both dialects, Iridas and Resolve: they name neither domain nor range, which
then are [0, 1]. Sources: Adobe, "Cube LUT Specification 1.0"; Willan, "Hald CLUT" (a picture of level L has L^3 pixels
a side and L^2 points an axis).
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..atomic_write import write_file
from ..contract.slot_kinds import identity_lattice
from ..errors import InvalidDocument, InvalidRequest
from ..photo import EXTENSIONS, Photo, SaveOptions, is_raw, open_photo
from ..photo.color.encoding import Floats, full_scale
from ..strict_json import read_bytes
from .cube import Cube
from .cube_files import read_cube
from .tables import POINTS, LookUpTable, is_straight, ramp

LARGEST_LEVEL = 16
_LARGEST_LATTICE = 129  # points an axis that are kept, as of a .cube file
_PICTURES = (".png", ".tif", ".tiff")  # that are written: without loss
_BAKED = 65
_LARGEST = 96 * 2**20  # bytes
_DECLARES: Final = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


def write_cube(cube: Cube, path: Path, *, title: str = "veraretouch", overwrite: bool = True) -> Path:
    """Write a .cube file over [0, 1], red fastest, which appears whole or not at all.

    Raises:
        InvalidRequest: a title that is not one line of plain text, a path that cannot be written.
    """
    if not title.isprintable() or '"' in title:
        raise InvalidRequest(f"title {title!r} does not fit into a .cube file", cure="Give one line without quotes.")
    rows = cube.values.reshape(-1, 3)
    head = f'TITLE "{title}"\nLUT_3D_SIZE {cube.size}\n'
    body = "".join(f"{red:.7g} {green:.7g} {blue:.7g}\n" for red, green, blue in rows.tolist())
    write_file(path, (head + body).encode(), overwrite=overwrite)
    return path


def write_hald(cube: Cube, path: Path, *, overwrite: bool = True) -> Path:
    """Write a HALD picture, 16 bit, red fastest; the cube's points an axis have to be a square number.

    Raises:
        InvalidRequest: another number of points. UnwritablePhoto: as `Photo.save`.
    """
    level = math.isqrt(cube.size)
    if level**2 != cube.size or path.suffix.lower() not in _PICTURES:
        raise InvalidRequest(
            f"a HALD picture of {cube.size} points an axis at {str(path)!r}",
            cure="Take a square number of points, such as 64, and a name that ends in .png or .tif.",
        )
    colours = cube.values.reshape(level**3, level**3, 3)
    pixels = np.rint(colours.clip(0, 1) * full_scale(np.uint16)).astype(np.uint16)
    return Photo(pixels).save(path, options=SaveOptions(overwrite=overwrite))


def read_table(path: Path) -> LookUpTable:
    """The look-up table of a file.

    Args:
        path: .cube in both dialects, a HALD picture (.png, .tif, .jpg ...), or what else OpenColorIO reads (.3dl, .csp,
            .spi1d, .spi3d, .clf, ...).

    Raises:
        InvalidDocument: no such file, no look-up table in it, or one whose values are beyond -16 to 16.
    """
    if not path.is_file():
        raise InvalidDocument("is no file", path=str(path), cure="Check the path.")
    kind = path.suffix.lower()
    if kind in EXTENSIONS.readable and not is_raw(path):
        return LookUpTable(lattice=_read_hald(path))
    return (read_cube(path) if kind == ".cube" else _read_by_ocio(path)).within_bounds(str(path))


def _read_hald(path: Path) -> Floats:
    photo = open_photo(path)
    level = round(photo.width ** (1 / 3))
    if photo.width != photo.height or level**3 != photo.width or not 2 <= level <= LARGEST_LEVEL:
        raise InvalidDocument(
            f"is a picture of {photo.width}x{photo.height}; a HALD picture's sides are a cube, 8 to {LARGEST_LEVEL**3}",
            path=str(path),
            cure="Use the picture as it was exported, not resized.",
        )
    lattice = photo.working().reshape(level**2, level**2, level**2, 3)
    return lattice if len(lattice) <= _LARGEST_LATTICE else _thinned(lattice)


def _thinned(lattice: Floats) -> Floats:
    """A lattice of 129 points an axis, by straight lines between the points of a finer one, an axis at a time."""
    places = np.linspace(0, len(lattice) - 1, _LARGEST_LATTICE)
    before = np.minimum(places.astype(int), len(lattice) - 2)
    for axis in range(3):
        share = (places - before).astype(np.float32).reshape([-1 if a == axis else 1 for a in range(4)])
        near, far = np.take(lattice, before, axis), np.take(lattice, before + 1, axis)
        lattice = near + share * (far - near)
    return lattice


def _read_by_ocio(path: Path) -> LookUpTable:
    """The table of a file in another form: curves and a lattice where it is made of these,
    otherwise a lattice of what it does.
    """
    import PyOpenColorIO as ocio

    data = read_bytes(path, _LARGEST)
    if len(data) > _LARGEST or _DECLARES.search(data):
        reason = f"has more than {_LARGEST:,} bytes" if len(data) > _LARGEST else "has a document type"
        raise InvalidDocument(reason, path=str(path), cure="Export it again, as .cube.")
    transform = ocio.FileTransform(str(path.absolute()), interpolation=ocio.INTERP_BEST)
    config = ocio.Config.CreateRaw()
    ocio.ClearAllCaches()  # it would give what a file held when it was first read
    try:
        whole = config.getProcessor(transform)
    except (ocio.Exception, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise InvalidDocument(f"holds no look-up table: {reason}", path=str(path), cure="Export it again.") from None
    steps = list(whole.createGroupTransform())
    last = steps[-1] if steps and isinstance(steps[-1], ocio.Lut3DTransform) else None
    before = config.getProcessor(ocio.GroupTransform(steps[:-1] if last is not None else steps))
    curves = _curves_of(before)
    if curves is None:
        lattice = _applied(whole, np.ascontiguousarray(identity_lattice(_BAKED), dtype=np.float32))
        return LookUpTable(lattice=lattice)
    if last is None:
        return LookUpTable(curves)
    size = last.getGridSize()
    # OpenColorIO's axes are red, green, blue.
    lattice = np.asarray(last.getData(), dtype=np.float32).reshape(size, size, size, 3).transpose(2, 1, 0, 3)
    curves = curves.clip(0, 1)
    return LookUpTable(None if is_straight(curves) else curves, lattice)


def _curves_of(processor: Any) -> Floats | None:
    """What a processor makes of each channel, (4081, 3); None where a channel depends on another."""
    grey = _applied(processor, np.repeat(ramp()[:, None], 3, axis=1))
    shuffled = np.random.default_rng(0).permuted(np.repeat(np.arange(POINTS)[:, None], 3, axis=1), axis=0)
    mixed = _applied(processor, ramp()[shuffled])
    apart = np.abs(mixed - np.take_along_axis(grey, shuffled, axis=0)).max()
    return grey if apart < 1e-5 else None


def _applied(processor: Any, colours: Floats) -> Floats:
    """What a processor makes of colours (..., 3), without its fast approximation of powers."""
    import PyOpenColorIO as ocio

    processor.getOptimizedCPUProcessor(ocio.OptimizationFlags.OPTIMIZATION_LOSSLESS).applyRGB(colours)
    return colours
