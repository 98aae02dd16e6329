"""Realistic spoilings of a good photo, drawn family by family from the recipe.

White points: Planckian by Kim et al. (2002); daylight by CIE 15:2018, eq. 4.1 to 4.4; others as published, in
illuminants.json. A cast is the Bradford adaptation (ICC.1, annex E) from D65 to a white part of the way to the
illuminant.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from veraretouch.core.color.hue_bands import BANDS
from veraretouch.ops.white_balance import adapt, planckian_xy, to_uv, to_xyz

from .draw import Generator, choice, number

Array = NDArray[np.float64]
Values = dict[str, dict[str, Any]]


def draw_spoiling(rng: Generator, auto: Mapping[str, Any], shares: Array) -> tuple[Values, list[dict[str, Any]]]:
    """The values that spoil a photo, and the faults in a form that words are made of.

    Args:
        auto: the recipe's section.
        shares: (8,) each hue band's share of the photo's chroma, which says where a single colour can go wrong.

    Returns:
        Op -> slot -> value, empty for an unspoilt photo; one fault a family, with what it did.
    """
    if rng.random() < auto["unspoilt"]:
        return {}, []
    while True:
        values: Values = {}
        faults: list[dict[str, Any]] = []
        for family, about in auto["families"].items():
            if rng.random() >= about["absent"]:
                fault = _FAMILIES[family](rng, about, shares)
                if fault is not None:
                    faults.append({"family": family} | fault[1])
                    values |= fault[0]
        if values:
            return values, faults


def invert(values: Values) -> Values | None:
    """The edits that take a spoiling back, exactly but for clipping, where there are such:
    a single exposure or cast.
    """
    if not values:
        return {}
    if set(values) == {"exposure"}:
        return {"exposure": {"ev": -values["exposure"]["ev"]}}
    if set(values) == {"color_matrix"}:
        inverse = np.linalg.inv(np.array(values["color_matrix"]["matrix"]))
        if np.abs(inverse).max() < 4:
            return {"color_matrix": {"matrix": inverse.round(6).tolist()}}
    return None


def _slots(rng: Generator, slots: Mapping[str, Any]) -> Values:
    values: Values = {}
    for address, distribution in slots.items():
        op, _, slot = address.rpartition(".")
        values.setdefault(op, {})[slot] = number(rng, distribution)
    return values


def _exposure(rng: Generator, about: Mapping[str, Any], shares: Array) -> tuple[Values, dict[str, Any]]:
    values = _slots(rng, about["slots"])
    return values, {"ev": values["exposure"]["ev"]}


def _tone(rng: Generator, about: Mapping[str, Any], shares: Array) -> tuple[Values, dict[str, Any]]:
    kind = choice(rng, about["kinds"])
    values = _slots(rng, about[kind])
    return values, {name: value for slots in values.values() for name, value in slots.items()}


def _color(rng: Generator, about: Mapping[str, Any], shares: Array) -> tuple[Values, dict[str, Any]]:
    kind = choice(rng, about["kinds"])
    values = _slots(rng, about[kind])
    return values, {"amount": values[kind]["amount"]}


def _single_color(rng: Generator, about: Mapping[str, Any], shares: Array) -> tuple[Values, dict[str, Any]] | None:
    seen = np.where(shares >= about["least_share"], shares, 0.0)
    if not seen.any():
        return None  # a grey photo has no colour to go wrong
    band = int(rng.choice(len(BANDS), p=seen / seen.sum()))
    slots, fault = {}, {"band": list(BANDS)[band]}
    for slot in ("saturation", "hue", "luminance"):
        fault[slot] = number(rng, about[f"hsl.{slot}"])
        slots[slot] = [fault[slot] if i == band else 0.0 for i in range(len(BANDS))]
    return {"hsl": slots}, fault


def _cast(rng: Generator, about: Mapping[str, Any], shares: Array) -> tuple[Values, dict[str, Any]]:
    kind = choice(rng, about["kinds"])
    left = number(rng, about["left"])
    name, wanted = _illuminant(rng, kind, about[kind])
    reference = _uv(np.array(illuminants()["D65"]))
    white = reference + left * (wanted - reference)
    matrix = adaptation(reference, white)
    (mired, duv), (mired_65, duv_65) = _along_and_off(white), _along_and_off(reference)
    fault = {"illuminant": name, "left": left, "mired": mired - mired_65, "duv": round(duv - duv_65, 4)}
    return {"color_matrix": {"matrix": matrix.round(6).tolist()}}, fault


def _illuminant(rng: Generator, kind: str, about: Any) -> tuple[str, Array]:
    """A light's name and its CIE 1960 uv."""
    if kind == "planckian":
        mired = number(rng, about["mired"])
        return f"a {1e6 / mired:.0f} K lamp", _planckian(mired)
    if kind == "daylight":
        kelvin = number(rng, about["kelvin"])
        return f"daylight of {kelvin:.0f} K", _uv(daylight_xy(kelvin))
    if kind == "tinted_led":
        mired, duv = number(rng, about["mired"]), number(rng, about["duv"])
        along = _planckian(mired + 1) - _planckian(mired - 1)
        # Above the locus (larger v) lies green, which CIE calls positive Duv.
        normal = np.array([-along[1], along[0]]) / np.hypot(*along)
        return f"a tinted LED of {1e6 / mired:.0f} K", _planckian(mired) + duv * normal
    name = about[int(rng.integers(len(about)))]
    return f"CIE illuminant {name}", _uv(np.array(illuminants()[name]))


@cache
def illuminants() -> dict[str, list[float]]:
    """CIE 1931 xy by name."""
    text = files("veraretouch_aether").joinpath("data", "illuminants.json").read_text("utf-8")
    xy: dict[str, list[float]] = json.loads(text)["xy"]
    return xy


def daylight_xy(kelvin: float) -> Array:
    """CIE 1931 xy of daylight from 4,000 to 25,000 K.

    >>> daylight_xy(6504).round(3).tolist()
    [0.313, 0.329]
    """
    t = 1e3 / kelvin
    if kelvin <= 7000:
        x = 0.244063 + 0.09911 * t + 2.9678 * t**2 - 4.6070 * t**3
    else:
        x = 0.237040 + 0.24748 * t + 1.9018 * t**2 - 2.0064 * t**3
    return np.array([x, -3.0 * x**2 + 2.87 * x - 0.275])


def adaptation(before: Array, after: Array) -> Array:
    """The matrix (3, 3) on linear sRGB that takes the white `before` to `after` (CIE 1960 uv);
    the luminance of white is kept.
    """
    one, two = (to_xyz(torch.from_numpy(uv).unsqueeze(0)) for uv in (before, after))
    matrix: Array = adapt(one, two)[0].numpy()
    return matrix


def _along_and_off(uv: Array) -> tuple[int, float]:
    """The mired of the nearest Planckian white, and how far above the locus (greener) a white lies."""
    mireds, locus = _locus()
    offsets = uv - locus
    nearest = int(np.argmin((offsets**2).sum(axis=1)))
    off = float(np.hypot(*offsets[nearest]))
    return int(mireds[nearest]), off if offsets[nearest][1] > 0 else -off


@cache
def _locus() -> tuple[NDArray[np.int64], Array]:
    mireds = np.arange(20, 560)
    return mireds, np.array([_planckian(float(mired)) for mired in mireds])


def _planckian(mired: float) -> Array:
    return _uv(planckian_xy(torch.tensor([mired], dtype=torch.float64))[0].numpy())


def _uv(xy: Array) -> Array:
    uv: Array = to_uv(torch.from_numpy(xy)).numpy()
    return uv


_FAMILIES = {
    "exposure": _exposure,
    "cast": _cast,
    "tone": _tone,
    "color": _color,
    "single_color": _single_color,
}
