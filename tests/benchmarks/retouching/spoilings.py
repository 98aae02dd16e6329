"""The spoilings of the undo test: the same faults made by veraretouch's own ops and by three strangers.

Pictures are uint8 arrays (H, W, 3) in sRGB, clamped and rounded to 8 bit after each fault, as a saved file is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import PyOpenColorIO as ocio
from skimage import color, exposure

import veraretouch as vr
from veraretouch.planners.imagemagick import through_imagemagick
from veraretouch.planners.training.data import eight_bit

Picture = np.ndarray[Any, np.dtype[np.uint8]]

PIVOT = 0.46  # encoded mid-grey, about which contrast turns
# log2 of the gains of the linear channels at strength 1: what white_balance does to grey, without its matrix.
CASTS = {
    "warm": (0.70, -0.10, -1.45),
    "cool": (-0.72, 0.02, 1.25),
    "magenta": (0.60, -0.27, 0.50),
    "green": (-0.70, 0.23, -0.55),
}
# What the two directions of a family do to its strength.
SIGNS = {"darker": -1, "brighter": 1, "flat": -1, "harsh": 1, "muted": -1, "vivid": 1}


def spoil_by_veraretouch(rgb: Picture, direction: str, strength: float, variant: int) -> Picture:
    """Our own ops, each with one slot."""
    op, slot, sign = {
        "darker": ("exposure", "ev", -1),
        "brighter": ("exposure", "ev", 1),
        "warm": ("white_balance", "temperature", 1),
        "cool": ("white_balance", "temperature", -1),
        "magenta": ("white_balance", "tint", 1),
        "green": ("white_balance", "tint", -1),
        "flat": ("contrast", "amount", -1),
        "harsh": ("contrast", "amount", 1),
        "muted": ("saturation", "amount", -1),
        "vivid": ("saturation", "amount", 1),
    }[direction]
    plan = {
        "schema": "veraretouch.plan/1",
        "mode": "param",
        "edits": {op: {"version": _versions()[op], "params": {slot: sign * strength}}},
    }
    return np.asarray(_renderer().render(rgb, vr.Plan.load(plan), engine="exact"))


@cache
def _renderer() -> vr.Renderer:
    return vr.Renderer()


@cache
def _versions() -> dict[str, int]:
    return {op: vr.registry.ops.load(op).version for op in ("exposure", "white_balance", "contrast", "saturation")}


def spoil_by_opencolorio(rgb: Picture, direction: str, strength: float, variant: int) -> Picture:
    """An ASC CDL, clamped, on encoded values: exposure and casts by slope, or exposure by power (variant 1)."""
    slope, offset, power, saturation = [1.0] * 3, [0.0] * 3, [1.0] * 3, 1.0
    if direction in CASTS:
        slope = [2 ** (gain * strength / 2.2) for gain in CASTS[direction]]
    elif direction in ("darker", "brighter"):
        ev = SIGNS[direction] * strength
        if variant:
            power = [2 ** (-ev / 2)] * 3
        else:
            slope = [2 ** (ev / 2.2)] * 3
    elif direction in ("flat", "harsh"):
        steep = 2 ** (SIGNS[direction] * strength)
        slope, offset = [steep] * 3, [PIVOT * (1 - steep)] * 3
    else:
        saturation = 1 + SIGNS[direction] * strength
    cdl = ocio.CDLTransform()
    cdl.setStyle(ocio.CDL_ASC)
    cdl.setSlope(slope)
    cdl.setOffset(offset)
    cdl.setPower(power)
    cdl.setSat(saturation)
    processor = ocio.Config.CreateRaw().getProcessor(cdl).getDefaultCPUProcessor()
    values = np.ascontiguousarray(rgb, dtype=np.float32) / 255
    processor.applyRGB(values)
    return eight_bit(values)


def spoil_by_imagemagick(rgb: Picture, direction: str, strength: float, variant: int) -> Picture:
    """ImageMagick: exposure and casts multiply linear light and clip; contrast is sigmoidal,
    or straight (variant 1).
    """
    linear, back = ["-colorspace", "RGB"], ["-colorspace", "sRGB"]
    if direction in CASTS:
        gains = [2 ** (gain * strength) for gain in CASTS[direction]]
        options = [*linear]
        for channel, gain in zip("RGB", gains, strict=True):
            options += ["-channel", channel, "-evaluate", "multiply", f"{gain:.5f}"]
        options += ["+channel", *back]
    elif direction in ("darker", "brighter"):
        options = [*linear, "-evaluate", "multiply", f"{2 ** (SIGNS[direction] * strength):.5f}", *back]
    elif direction in ("flat", "harsh"):
        steep = 2**strength
        if variant:
            contrast = 100 * (math.atan(steep if direction == "harsh" else 1 / steep) * 4 / math.pi - 1)
            options = ["-brightness-contrast", f"0x{contrast:.3f}"]
        else:
            sign = "-" if direction == "harsh" else "+"
            options = [f"{sign}sigmoidal-contrast", f"{4 * math.sqrt(3 * (steep - 1)):.4f}x{100 * PIVOT:.0f}%"]
    else:
        options = ["-modulate", f"100,{100 * (1 + SIGNS[direction] * strength):.2f}"]
    return through_imagemagick(rgb, options)


def spoil_by_skimage(rgb: Picture, direction: str, strength: float, variant: int) -> Picture:
    """scikit-image: gamma, sigmoid, squeezed range, scaled HSV saturation; casts multiply encoded channels."""
    values = rgb.astype(np.float64) / 255
    if direction in CASTS:
        values = values * [2 ** (gain * strength / 2.2) for gain in CASTS[direction]]
    elif direction in ("darker", "brighter"):
        values = exposure.adjust_gamma(values, gamma=2 ** (-SIGNS[direction] * strength / 2))
    elif direction == "harsh":
        values = exposure.adjust_sigmoid(values, cutoff=PIVOT, gain=4 * 2**strength)
    elif direction == "flat":
        low = PIVOT * (1 - 2**-strength)
        values = exposure.rescale_intensity(values, in_range=(0.0, 1.0), out_range=(low, low + 2**-strength))
    else:
        hsv = color.rgb2hsv(values)
        hsv[..., 1] = np.clip(hsv[..., 1] * (1 + SIGNS[direction] * strength), 0, 1)
        values = color.hsv2rgb(hsv)
    return eight_bit(values)


Engine = Callable[[Picture, str, float, int], Picture]
ENGINES: dict[str, Engine] = {
    "veraretouch": spoil_by_veraretouch,
    "opencolorio": spoil_by_opencolorio,
    "imagemagick": spoil_by_imagemagick,
    "scikit-image": spoil_by_skimage,
}
