"""Faults made by OpenColorIO's grades: ASC CDL, the primary grades for video, linear light and log, and the tone grade.

A linear picture is graded in linear light; all others are graded as they are encoded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import numpy as np

from ....core.color.srgb import linear_to_srgb, srgb_to_linear
from ..spoilings import PIVOT, normal
from .faults import Floats, PhotoFaults, planes

_GAMMA: Final = 2.2  # a gain of encoded values that looks like one of light
_OFFSET: Final = 1023 / 6.25  # the log grade counts brightness in steps of a film scanner's code values
_TONES: Final = ("shadows", "highlights", "midtones", "blacks", "whites")

Grade = Callable[[Floats, PhotoFaults], Floats]


def by_opencolorio(
    rgb: Floats, faults: PhotoFaults, variant: str, rng: np.random.Generator, tones: Mapping[str, float]
) -> Floats:
    """Encoded pixels (H, W, 3) with the faults.

    Args:
        variant: `cdl`, `primary_video`, `primary_linear`, `primary_log` or `tone`.
        tones: how far the tone grade's own controls move, `deviation` and `cut`.
    """
    if variant != "tone":
        return _GRADES[variant](rgb, faults)
    moved = {tone: normal(rng, tones) for tone in _TONES}
    return _tone(rgb, faults, moved)


def _cdl(rgb: Floats, faults: PhotoFaults) -> Floats:
    import PyOpenColorIO as ocio

    steep = 2**faults.contrast
    cdl = ocio.CDLTransform()
    cdl.setStyle(ocio.CDL_ASC)
    cdl.setSlope([steep * gain ** (1 / _GAMMA) for gain in faults.gains])
    cdl.setOffset([PIVOT * (1 - steep) + faults.black] * 3)
    cdl.setSat(2**faults.saturation)
    return _applied(rgb, cdl)


def _primary_video(rgb: Floats, faults: PhotoFaults) -> Floats:
    import PyOpenColorIO as ocio

    steep = 2**faults.contrast
    value = ocio.GradingPrimary(ocio.GRADING_VIDEO)
    value.gain = ocio.GradingRGBM(*(gain ** (1 / _GAMMA) for gain in faults.gains), steep)
    value.offset = ocio.GradingRGBM(0.0, 0.0, 0.0, PIVOT * (1 - steep))
    value.lift = ocio.GradingRGBM(0.0, 0.0, 0.0, faults.black)
    value.saturation = 2**faults.saturation
    return _applied(rgb, ocio.GradingPrimaryTransform(value, ocio.GRADING_VIDEO, False))


def _primary_linear(rgb: Floats, faults: PhotoFaults) -> Floats:
    import PyOpenColorIO as ocio

    value = ocio.GradingPrimary(ocio.GRADING_LIN)
    value.exposure = ocio.GradingRGBM(faults.red, 0.0, faults.blue, faults.ev)
    value.contrast = ocio.GradingRGBM(1.0, 1.0, 1.0, 2**faults.contrast)
    value.offset = ocio.GradingRGBM(0.0, 0.0, 0.0, faults.black * abs(faults.black))
    value.saturation = 2**faults.saturation
    light = srgb_to_linear(planes(rgb)).numpy()
    graded = _applied(light, ocio.GradingPrimaryTransform(value, ocio.GRADING_LIN, False))
    encoded: Floats = linear_to_srgb(planes(graded).clamp(0, 1)).numpy()
    return encoded


def _primary_log(rgb: Floats, faults: PhotoFaults) -> Floats:
    import PyOpenColorIO as ocio

    value = ocio.GradingPrimary(ocio.GRADING_LOG)
    # What a stop does to encoded mid-grey, added everywhere, as to a film scan.
    stop = PIVOT * (2 ** (1 / _GAMMA) - 1) * _OFFSET
    value.brightness = ocio.GradingRGBM(stop * faults.red, 0.0, stop * faults.blue, stop * faults.ev)
    value.contrast = ocio.GradingRGBM(1.0, 1.0, 1.0, 2**faults.contrast)
    value.pivot = 2 * PIVOT - 1
    value.saturation = 2**faults.saturation
    graded = _applied(rgb, ocio.GradingPrimaryTransform(value, ocio.GRADING_LOG, False))
    return _cdl(graded, PhotoFaults(black=faults.black))  # this grade has no lift of its own


def _tone(rgb: Floats, faults: PhotoFaults, moved: Mapping[str, float]) -> Floats:
    import PyOpenColorIO as ocio

    value = ocio.GradingTone(ocio.GRADING_VIDEO)
    for tone, amount in moved.items():
        control = getattr(value, tone)
        control.master = 1 + amount
        setattr(value, tone, control)
    value.scontrast = float(np.clip(2**faults.contrast, 0.1, 1.9))
    first = _cdl(rgb, PhotoFaults(ev=faults.ev, red=faults.red, blue=faults.blue, saturation=faults.saturation))
    return _applied(first.clip(0, 1), ocio.GradingToneTransform(value, ocio.GRADING_VIDEO, False))


@cache
def _configuration() -> Any:
    import PyOpenColorIO as ocio

    return ocio.Config.CreateRaw()


def _applied(values: Floats, transform: Any) -> Floats:
    """A new picture, unclamped."""
    done = np.array(values, dtype=np.float32, order="C")
    _configuration().getProcessor(transform).getDefaultCPUProcessor().applyRGB(done)
    return done


_GRADES: Final[Mapping[str, Grade]] = {
    "cdl": _cdl,
    "primary_video": _primary_video,
    "primary_linear": _primary_linear,
    "primary_log": _primary_log,
}
