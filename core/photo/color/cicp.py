"""Colour that a file describes by numbers instead of a profile: code points, or chromaticities and a gamma.

Code points: ITU-T H.273, tables 2 and 3. Chromaticities are adapted to ICC's D50 by the Bradford matrix (ICC.1,
annex E).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .icc import DISPLAY_P3, LINEAR_SRGB, SRGB_CURVE, grey_profile, rgb_profile

_D65, _DCI = (0.3127, 0.3290), (0.314, 0.351)
# Code -> x and y of red, green, blue and white.
_PRIMARIES = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65),
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), (0.310, 0.316)),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _DCI),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
}
_AS_SRGB = {1, 6, 13, 14, 15}  # video's curves are shown as sRGB's, as browsers do
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
_HDR = {16, 18}
_SRGB = (0.640, 0.330, 0.300, 0.600, 0.150, 0.060, 0.3127, 0.3290)
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_D50 = np.array([0.96420, 1.0, 0.82491])
_NEAR_SRGB = 0.05  # share that a gamma may be away from 1/2.2 and be meant as sRGB's curve, as in libpng


class Described(NamedTuple):
    """The profile that was described, None for sRGB, and what has to be said about it."""

    profile: bytes | None = None
    warnings: tuple[str, ...] = ()


def from_code_points(primaries: int, transfer: int, *, grey: bool = False) -> Described:
    """The profile of code points; those of HDR, and those that are reserved, are taken as sRGB with a warning."""
    if transfer in _HDR:
        return Described(
            None, ("HDR transfer function (PQ or HLG) is not supported: the photo is taken as it looks in sRGB",)
        )
    curve = SRGB_CURVE if transfer in _AS_SRGB or transfer == 2 else (_GAMMAS[transfer],) if transfer in _GAMMAS else ()
    if not curve or (primaries != 2 and primaries not in _PRIMARIES):
        return Described(
            None, (f"colour code points {primaries} and {transfer} are not known: the photo is taken as sRGB",)
        )
    if grey:
        return Described(None if curve == SRGB_CURVE else grey_profile("Grey", curve))
    if primaries in (1, 2):
        return Described(_of_srgbs_primaries(curve))
    if primaries == 12 and curve == SRGB_CURVE:
        return Described(DISPLAY_P3)
    return Described(_profile([value for xy in _PRIMARIES[primaries] for value in xy], curve))


def from_chromaticities(
    chromaticities: Sequence[float] | None, gamma: float | None, *, grey: bool = False
) -> Described:
    """The profile of x and y of red, green, blue and white, None for sRGB's, and of the exponent to linear light.

    `gamma` None is sRGB's curve, and so is one close to 2.2 with sRGB's primaries: so writers of sRGB approximate it.
    """
    if gamma is not None and not 0.1 <= gamma <= 10:
        return Described(None, (f"a gamma of {gamma:g} is no photo's: the photo is taken as sRGB",))
    own = chromaticities is not None and np.abs(np.subtract(chromaticities, _SRGB)).max() > 0.002
    like_srgb = gamma is None or (not own and abs(gamma / 2.2 - 1) <= _NEAR_SRGB)
    curve = SRGB_CURVE if like_srgb or gamma is None else (gamma,)
    if grey:
        return Described(None if curve == SRGB_CURVE else grey_profile("Grey", curve))
    if not own or chromaticities is None:
        return Described(_of_srgbs_primaries(curve))
    try:
        return Described(_profile(chromaticities, curve))
    except (np.linalg.LinAlgError, ValueError, OverflowError):
        return Described(None, ("the primaries that the file names span no colours: the photo is taken as sRGB",))


def _of_srgbs_primaries(curve: Sequence[float]) -> bytes | None:
    if curve == SRGB_CURVE:
        return None
    return LINEAR_SRGB if tuple(curve) == (1.0,) else _profile(_SRGB, curve)


def _profile(chromaticities: Sequence[float], curve: Sequence[float]) -> bytes:
    """An RGB profile. Raises LinAlgError or ValueError for chromaticities that span no colours."""
    x, y = np.array(chromaticities, np.float64).reshape(4, 2).T
    if (y <= 0).any() or (x < 0).any() or (x + y > 1.0001).any():
        raise ValueError("chromaticities beyond all colours")
    tristimulus = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    columns = tristimulus[:, :3] * np.linalg.solve(tristimulus[:, :3], tristimulus[:, 3])
    cones = (_BRADFORD @ _D50) / (_BRADFORD @ tristimulus[:, 3])
    adapted = np.linalg.solve(_BRADFORD, cones[:, None] * (_BRADFORD @ columns))
    if not np.isfinite(adapted).all() or np.abs(adapted).max() > 8 or abs(np.linalg.det(adapted)) < 1e-4:
        raise ValueError("chromaticities on a line")
    return rgb_profile("Described by the file", adapted.T.tolist(), curve)
