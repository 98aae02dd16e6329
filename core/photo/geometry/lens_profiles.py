"""Profiles of lenses, from lensfun's database by the package lensfunpy; the photo's EXIF says which one.

The package is MIT, the library LGPL-3.0, the database CC BY-SA 3.0; all three come with the extra `lens`.
"""

from __future__ import annotations

import struct
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...errors import MissingExtra
from ..color.encoding import Floats, Pixels
from ..metadata.exif import Exif, ExifTag, parse
from ..picture import Picture
from .lens import AUTO, LensCorrection, LensMap, brightened

_FAR: Final = 1000.0  # metres: where EXIF tells no distance
_WIDE_OPEN: Final = 8.0  # where it tells no aperture
_GAINS: Final = 384  # pixels along the long side for which vignetting is found
_SLACK: Final = 0.03  # of a focal length, by which EXIF may lie beyond what a profile holds
_MAKE, _MODEL, _LENS_MAKE, _LENS_MODEL = 0x010F, 0x0110, 0xA433, 0xA434
_FOCAL, _APERTURE, _DISTANCE = 0x920A, 0x829D, 0x9206


class LensWarning(UserWarning):
    """A lens, or one of its faults, is not corrected, because the database does not know it."""


@dataclass(frozen=True)
class Shot:
    """What EXIF says of how a photo was taken: names, millimetres, f-number and metres; what it lacks is empty or 0."""

    make: str = ""
    model: str = ""
    lens_make: str = ""
    lens: str = ""
    focal: float = 0.0
    aperture: float = 0.0
    distance: float = 0.0

    def __str__(self) -> str:
        camera = " ".join(filter(None, (self.make, self.model))) or "no camera"
        lens = self.lens or "no lens"
        return f"{camera} with {lens}" + (f" at {self.focal:g} mm" if self.focal else "")


def shot_of(exif: bytes | None) -> Shot:
    """What a photo's EXIF block says."""
    tree = parse(exif) if exif else None
    if tree is None:
        return Shot()
    return Shot(
        make=_text(tree.image.get(_MAKE)),
        model=_text(tree.image.get(_MODEL)),
        lens_make=_text(tree.exif.get(_LENS_MAKE)),
        lens=_text(tree.exif.get(_LENS_MODEL)),
        **{
            name: _number(tree, tree.exif.get(tag))
            for name, tag in (("focal", _FOCAL), ("aperture", _APERTURE), ("distance", _DISTANCE))
        },
    )


def undone(photo: Picture, correction: LensCorrection) -> tuple[Pixels, LensMap | None]:
    """A photo's pixels without the vignetting of its lens, and where positions of the photo put right lie in it; None
    where they stay.

    Raises:
        MissingExtra: lensfunpy is not installed.
    """
    shot, size = shot_of(photo.exif), (photo.width, photo.height)
    profile = profile_of(shot, correction.profile)
    if profile is None:
        named = "" if correction.profile == AUTO else f", asked for as {correction.profile!r}"
        say_unknown(f"lensfun's database has no profile for {shot}{named}")
        return photo.pixels, None
    pixels, missing = photo.pixels, []
    if correction.vignetting:
        gains = profile.gains(size)
        if gains is None:
            missing.append("vignetting")
        else:
            pixels = brightened(pixels, photo.profile, gains, correction.vignetting / 100)
    missing += ["distortion"] if correction.distortion and not profile.distortion else []
    if correction.chromatic_aberration and not profile.chromatic_aberration:
        missing.append("chromatic aberration")
    if missing:
        say_unknown(f"lensfun's database does not hold the {' and '.join(missing)} of {profile.name}", what="it")
    moves = (correction.distortion and profile.distortion) or (
        correction.chromatic_aberration and profile.chromatic_aberration
    )
    return pixels, LensMap(lambda points: profile.positions(points, size), size, correction) if moves else None


def say_unknown(why: str, *, what: str = "the lens") -> None:
    """Warn that a lens is left as it is."""
    warnings.warn(f"{why}: {what} is not corrected", LensWarning, stacklevel=2)


class LensProfile:
    """What lensfun knows of a lens on a camera, for one shot.

    Attributes:
        name: the lens, as the database has it.
        distortion, chromatic_aberration, vignetting: whether the profile holds it.
    """

    def __init__(self, camera: Any, lens: Any, shot: Shot) -> None:
        self.name = f"{lens.maker} {lens.model}" if not lens.model.startswith(lens.maker) else lens.model
        self._lens, self._crop = lens, camera.crop_factor
        self._settings = (shot.focal, shot.aperture or _WIDE_OPEN, shot.distance or _FAR)
        self.distortion = bool(lens.calib_distortion)
        self.chromatic_aberration = bool(lens.calib_tca)
        self.vignetting = bool(lens.calib_vignetting)

    def positions(self, points: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
        """Where points (N, 2) of a photo put right lie in the one as it is, for each of its colours, (3, N, 2); pixels
        from the top left corner of a photo of `size` (width, height).
        """
        modifier = self._modifier(size)
        found = np.repeat(points[None], 3, axis=0)
        if not (self.distortion or self.chromatic_aberration):
            return found
        if self.chromatic_aberration:
            look, colours = modifier.apply_subpixel_geometry_distortion, 3
        else:
            look, colours = modifier.apply_geometry_distortion, 1
        for place, (x, y) in enumerate(points - 0.5):  # lensfun counts from the first pixel's middle
            found[:, place] = look(x, y, 1, 1).reshape(colours, 2) + 0.5
        return found

    def gains(self, size: tuple[int, int]) -> Floats | None:
        """By what linear light is multiplied, (h, w), for a whole photo of `size`; None where it is not known."""
        scale = _GAINS / max(size)
        width, height = (max(2, round(scale * side)) for side in size)
        light = np.ones((height, width, 3), np.float32)
        if not self.vignetting or not self._modifier((width, height)).apply_color_modification(light):
            return None
        return light[..., 0].copy()

    def _modifier(self, size: tuple[int, int]) -> Any:
        from lensfunpy import Modifier

        modifier = Modifier(self._lens, self._crop, *size)
        focal, aperture, distance = self._settings
        modifier.initialize(focal, aperture, distance, scale=1.0, targeom=self._lens.type, pixel_format=np.float32)
        return modifier


def profile_of(shot: Shot, name: str = AUTO) -> LensProfile | None:
    """The profile for a shot; None where the database knows its camera or its lens not, or not at its focal length.

    Args:
        name: `auto` for the lens that EXIF names, or of a camera whose lens cannot be changed; else a lens's name.

    Raises:
        MissingExtra: lensfunpy is not installed.
    """
    database = _database()
    cameras = database.find_cameras(shot.make, shot.model) if shot.model else []
    if not cameras or not shot.focal:
        return None
    wanted = shot.lens if name == AUTO else name
    fixed = cameras[0].mount[:1].islower()  # so the database marks mounts that hold one lens
    if not wanted and not fixed:
        return None
    maker = shot.lens_make if name == AUTO and shot.lens_make else None
    found = database.find_lenses(cameras[0], maker, wanted or None)
    if not found and (maker or fixed):
        found = database.find_lenses(cameras[0], None, None if fixed and name == AUTO else wanted)
    for lens in found:
        low, high = lens.min_focal or shot.focal, lens.max_focal or lens.min_focal or shot.focal
        if low * (1 - _SLACK) <= shot.focal <= high * (1 + _SLACK):
            return LensProfile(cameras[0], lens, shot)
    return None


@cache
def _database() -> Any:
    try:
        from lensfunpy import Database
    except ImportError as error:
        raise MissingExtra(
            "correcting a lens by its profile needs the package lensfunpy, which is not installed",
            cure="pip install 'veraretouch[lens]'",
        ) from error
    return Database()


def _text(entry: ExifTag | None) -> str:
    return "" if entry is None else entry.data.split(b"\0")[0].decode("utf-8", "replace").strip()


def _number(tree: Exif, entry: ExifTag | None) -> float:
    """A rational, 0 where there is none or it is none."""
    if entry is None or entry.type != 5 or len(entry.data) < 8:
        return 0.0
    above, below = struct.unpack(tree.order + "II", entry.data[:8])
    return above / below if below and above < 0xFFFFFFFF else 0.0
