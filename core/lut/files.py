"""Look-up tables as files: .cube (Iridas and Resolve) and HALD pictures out; whatever OpenColorIO reads, and HALD pictures, in.

Sources: Adobe, "Cube LUT Specification 1.0"; Willan, "Hald CLUT" (a picture of level L has L^3 pixels a side and L^2 points an axis).
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ..errors import InvalidDocument, InvalidRequest
from ..newfile import write_file
from ..photo import Photo, SaveOptions, open_photo
from ..photo.color import Floats, full_scale
from ..slots import identity_lattice
from .cube import Cube

LARGEST_LEVEL = 11
_PICTURES = (".png", ".tif", ".tiff")
_DEFAULT_SIZE = 33


def write_cube(cube: Cube, path: Path, *, title: str = "veraretouch", overwrite: bool = True) -> Path:
    """Write a .cube file over [0, 1], red fastest, which appears whole or not at all.

    Raises:
        InvalidRequest: a title that is not one line of plain text, a path that cannot be written.
    """
    if not title.isprintable() or '"' in title:
        raise InvalidRequest(f"title {title!r} does not fit into a .cube file", cure="Give one line without quotes.")
    rows = cube.values.transpose(2, 1, 0, 3).reshape(-1, 3)
    head = f'TITLE "{title}"\nLUT_3D_SIZE {cube.size}\nDOMAIN_MIN 0.0 0.0 0.0\nDOMAIN_MAX 1.0 1.0 1.0\n'
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
    colours = cube.values.transpose(2, 1, 0, 3).reshape(level**3, level**3, 3)
    pixels = np.rint(colours.clip(0, 1) * full_scale(np.uint16)).astype(np.uint16)
    return Photo(pixels).save(path, options=SaveOptions(overwrite=overwrite))


def read_lut(path: Path) -> Floats:
    """The lattice (n, n, n, 3), axes blue, green, red, of a look-up table's file, shaper and domain applied.

    Args:
        path: what OpenColorIO reads (.cube, .3dl, .csp, .spi3d, .clf, ...), or a HALD picture (.png, .tif).

    Raises:
        InvalidDocument: no such file, or no look-up table in it.
    """
    if path.suffix.lower() in _PICTURES:
        return _read_hald(path)
    import PyOpenColorIO as ocio

    if not path.is_file():
        raise InvalidDocument("is no file", path=str(path), cure="Check the path.")
    transform = ocio.FileTransform(str(path.absolute()), interpolation=ocio.INTERP_TETRAHEDRAL)
    try:
        processor = ocio.Config.CreateRaw().getProcessor(transform)
    except (ocio.Exception, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise InvalidDocument(f"holds no look-up table: {reason}", path=str(path), cure="Export it again.") from None
    parts = [part for part in processor.createGroupTransform() if isinstance(part, ocio.Lut3DTransform)]
    size = parts[0].getGridSize() if len(parts) == 1 else _DEFAULT_SIZE
    lattice = np.ascontiguousarray(identity_lattice(size), dtype=np.float32)
    # Without its fast approximation of powers, and without joining the shaper to the table.
    processor.getOptimizedCPUProcessor(ocio.OptimizationFlags.OPTIMIZATION_LOSSLESS).applyRGB(lattice)
    return lattice


def _read_hald(path: Path) -> Floats:
    photo = open_photo(path)
    level = round(photo.width ** (1 / 3))
    if photo.width != photo.height or level**3 != photo.width or not 2 <= level <= LARGEST_LEVEL:
        raise InvalidDocument(
            f"is a picture of {photo.width}x{photo.height}; a HALD picture's sides are a cube, 8 to {LARGEST_LEVEL**3}",
            path=str(path),
            cure="Use the picture as it was exported, not resized.",
        )
    return photo.working().reshape(level**2, level**2, level**2, 3)
