"""From measurements to the strength of each control, by calibrated weights.

Each control weighs the measurements that speak for or against it (`calibration.json`, fitted by
tests/benchmarks/retouching/calibrate_rules.py on ordinary photos spoilt on purpose and undone through the renderer). A
soft dead zone keeps weak evidence from acting, a confidence scales it, and tanh holds it below the control's limit. The
numbers are data; what they mean stands here.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from ...core.strict_json import packaged
from .measure import TONES, Measurements
from .things import Things

# The measurements that weights and confidence may speak of, in stops, shares or OkLab units.
_FARTHEST: Final = 3.0


def features(m: Measurements) -> dict[str, float]:
    """The named numbers that the calibration weighs."""
    found = {f"tone{p}": m.tones[p] for p in TONES}
    found |= {f"tone{p}sq": m.tones[p] ** 2 for p in (5, 50, 99)}
    found |= {f"ceiling{p}": value for p, value in m.ceilings.items()}
    found |= {f"floor{p}": value for p, value in m.floors.items()}
    found |= {
        "brightness": m.brightness,
        "piled": math.sqrt(m.piled),
        "hi": math.sqrt(m.clipped_high),
        "lo": math.sqrt(m.clipped_low),
        "spread": m.spread,
        "chroma": m.chroma,
        "strong": m.chroma_strong,
        "sqchroma": math.sqrt(m.chroma),
        "sqstrong": math.sqrt(m.chroma_strong),
        "neutral": m.neutral_share,
        "warm": m.warm_share,
    }
    casts = np.clip(np.array(list(m.casts.values())), -_FARTHEST, _FARTHEST)
    for name, (red, blue) in zip(m.casts, casts, strict=True):
        found[f"{name} r"], found[f"{name} b"] = float(red), float(blue)
    found["disagree r"], found["disagree b"] = (float(v) for v in casts.std(axis=0))
    found |= {f"share {band}": seen.share for band, seen in m.bands.items()}
    found["dominant"] = max(seen.share for seen in m.bands.values())
    return found | (_of_things(m.things) if m.things is not None else {})


def _of_things(things: Things) -> dict[str, float]:
    """The numbers of what the photo shows; a region that it does not show has none."""
    found = {f"shows {name}": math.sqrt(share) for name, share in things.shares.items() if name != "other"}
    for name, region in things.regions.items():
        red, blue = (max(-_FARTHEST, min(_FARTHEST, value)) for value in region.cast)
        found |= {
            f"{name} r": red,
            f"{name} b": blue,
            f"{name} light": region.lightness,
            f"{name} chroma": region.chroma,
        }
    found["of things"] = sum(things.of_things.values()) / len(things.of_things)
    return found


def controls(m: Measurements) -> dict[str, float]:
    """The strength of each control ("exposure.ev" ...), in its slot's unit; 0 where nothing speaks for it."""
    calibration = packaged(__name__, "calibration.json")  # a test judges it by its schema
    found = features(m)
    # What the photo does not show speaks for nothing, as what is usual.
    usual = {
        name: max(-_FARTHEST, min(_FARTHEST, (found.get(name, centre) - centre) / scale))
        for name, (centre, scale) in calibration["usual"].items()
    }
    return {address: _strength(rule, usual) for address, rule in calibration["controls"].items()}


def _strength(rule: dict[str, Any], usual: dict[str, float]) -> float:
    evidence = rule["bias"] + sum(weight * usual[name] for name, weight in rule["weights"].items())
    doubt = rule["trust"] + sum(weight * usual[name] for name, weight in rule["confidence"].items())
    confidence = 1 / (1 + math.exp(-doubt))
    weighed = evidence * abs(evidence) / (abs(evidence) + rule["dead_zone"]) * confidence
    limit: float = rule["limit"]
    return limit * math.tanh(weighed * rule["scale"] / limit)
