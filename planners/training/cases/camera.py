"""Faults as a camera makes them: white balance and exposure in the sensor's own primaries, then a tone curve.

Sources of the curves, each on values scaled to 1: the logistic function; a power of the odds x / (1 - x), as log-
logistic models of response have it; John Hable, "Filmic tonemapping operators" (2010); Reinhard et al. (2002),
"Photographic tone reproduction for digital images", eq. 4. A flat curve is the inverse of a steep one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ....core.color.srgb import LUMINANCE, linear_to_srgb, srgb_to_linear
from ..spoilings import PIVOT
from .faults import Floats, PhotoFaults, planes

_SAMPLES: Final = 4096
_AT: Final = np.linspace(0, 1, _SAMPLES)
_WHITE: Final = 2.0  # linear light that filmic curves bring to white: half as much is spent on the shoulder
_LEAST: Final = 1e-4

Samples = NDArray[np.float64]


def by_camera(
    rgb: Floats, faults: PhotoFaults, variant: str, rng: np.random.Generator, about: Mapping[str, Any]
) -> Floats:
    """Encoded pixels (H, W, 3) with the faults.

    Args:
        variant: the tone curve, a name of CURVES.
        about: `crosstalk`, the least and most of a colour that its neighbours record; `by_luminance`, the share of
            photos whose curve keeps the ratios of the channels.
    """
    matrix = sensor(rng, *about["crosstalk"])
    by_luminance = rng.random() < about["by_luminance"]
    gains = matrix.new_tensor(faults.gains)
    light = srgb_to_linear(planes(rgb)) @ matrix.T
    # A sensor clips in its own primaries.
    light = (light * gains).clamp(0, 1) @ torch.linalg.inv(matrix).T
    weights = light.new_tensor(LUMINANCE)
    grey = (light * weights).sum(dim=-1, keepdim=True)
    light = grey + (light - grey) * 2**faults.saturation
    encoded = linear_to_srgb(light.clamp(0, 1))
    drawn = curve(variant, faults.contrast)
    return (faults.black + (1 - faults.black) * _along(encoded, drawn, by_luminance)).clip(0, 1)


def sensor(rng: np.random.Generator, low: float, high: float) -> Tensor:
    """A matrix (3, 3) from linear sRGB to the primaries of a sensor; white stays white."""
    matrix = np.eye(3)
    for row in range(3):
        for column in {0, 1, 2} - {row}:
            # Neighbours in the spectrum overlap, red and blue hardly do.
            near = 1.0 if abs(row - column) == 1 else 0.3
            matrix[row, column] = near * rng.uniform(low, high)
    return torch.from_numpy((matrix / matrix.sum(axis=1, keepdims=True)).astype(np.float32))


def curve(name: str, contrast: float) -> Samples:
    """A tone curve, rising from 0 to 1, at 4096 uniform encoded values; the larger the contrast (log2 of a slope),
    the steeper, and below 0 flatter than none.

    The two filmic curves also brighten, as cameras' do, and are flat where they darken.
    """
    steep = CURVES[name](abs(contrast))
    return steep if contrast >= 0 else np.interp(_AT, steep, _AT)


def _along(encoded: Tensor, drawn: Samples, by_luminance: bool) -> Floats:
    values: Floats = encoded.numpy()
    if not by_luminance:
        return _looked_up(values, drawn)
    grey = (values * np.array(LUMINANCE, dtype=np.float32)).sum(axis=-1, keepdims=True)
    ratio = _looked_up(grey, drawn) / np.maximum(grey, _LEAST)
    scaled: Floats = values * ratio
    return scaled


def _looked_up(values: Floats, drawn: Samples) -> Floats:
    """The curve at the sample next to each value, closer than 8 bit can tell."""
    nearest = (values * (_SAMPLES - 1) + 0.5).astype(np.int32)
    found: Floats = drawn.astype(np.float32)[nearest]
    return found


def _logistic(contrast: float) -> Samples:
    # A slope of 2**contrast about the pivot, near enough: the ends are stretched to 0 and 1.
    rate = 4 * np.sqrt(3 * (2**contrast - 1)) + _LEAST
    low, values, high = (1 / (1 + np.exp(-rate * (at - PIVOT))) for at in (0.0, _AT, 1.0))
    stretched: Samples = (values - low) / (high - low)
    return stretched


def _odds(contrast: float) -> Samples:
    at = _AT.clip(_LEAST, 1 - _LEAST)
    odds = (at / (1 - at) * (1 - PIVOT) / PIVOT) ** (2**contrast) * PIVOT / (1 - PIVOT)
    values: Samples = odds / (1 + odds)
    values[[0, -1]] = 0, 1
    return values


def _filmic(contrast: float) -> Samples:
    def shoulder(light: Samples) -> Samples:
        above = light * (0.15 * light + 0.05) + 0.004
        below = light * (0.15 * light + 0.5) + 0.06
        return above / below - 1 / 15

    return _mixed(shoulder(2 * _WHITE * _light()), contrast)


def _reinhard(contrast: float) -> Samples:
    light = _WHITE * _light()
    return _mixed(light * (1 + light / _WHITE**2) / (1 + light), contrast)


def _mixed(light: Samples, contrast: float) -> Samples:
    """The encoded curve, as far as the contrast goes: no contrast is the identity, 1 the whole curve."""
    whole = linear_to_srgb(torch.from_numpy(light / light[-1]).clamp(0, 1)).numpy()
    share = min(contrast, 1.0)
    mixed: Samples = (1 - share) * _AT + share * whole
    return mixed


@cache
def _light() -> Samples:
    light: Samples = srgb_to_linear(torch.from_numpy(_AT)).numpy()
    return light


CURVES: Final[Mapping[str, Callable[[float], Samples]]] = {
    "logistic": _logistic,
    "odds": _odds,
    "filmic": _filmic,
    "reinhard": _reinhard,
}
