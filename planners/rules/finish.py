"""Finishing: an unfinished photo gets the tones and colour that photographers give theirs; a finished one stays.

From the tones of a photo (`finish.json`; fitted by tests/benchmarks/retouching/calibrate_finish.py on finished
photographs and on unfinished versions of them, split by source) follow three things: how likely it is unfinished, by
logistic regression; where its percentiles of lightness would lie in a finished picture, and how strong its colour would
be there, by ridge regression (Hoerl and Kennard 1970). The photo is moved there by a tone curve and vibrance, as far as
it is likely unfinished.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...core.color.srgb import linear_to_srgb
from ...core.contract.planner import Thought
from ...core.contract.request import Taste
from ...core.strict_json import packaged
from ...ops.tone_curve import KNOTS
from .measure import TONES, Measurements

Edits = dict[str, dict[str, Any]]

_FARTHEST: Final = 3.0
# The curve neither flattens tones to one nor tears them apart, and stays at rest where it would hardly be seen.
_LEAST_SLOPE: Final = 0.35
_STEEPEST: Final = 2.6
_LEAST: Final = 0.01
_MOST_VIBRANCE: Final = 0.45
_ENOUGH: Final = 0.05  # of the way to a finished picture, below which nothing is done
_LEAST_SPREAD: Final = 0.08  # of lightness: a surface of one tone has nothing to finish


@dataclass(frozen=True)
class Finish:
    """What finishes a photo.

    Attributes:
        unfinished: how likely the photo is unfinished, 0 to 1.
        tones: percentile of OkLab lightness -> how far it is moved.
        chroma: log2 of the factor that colour lacks, after the tones.
        beyond: what the taste adds to every photo: `vibrance`, and `spread`, the share by which tones are taken further
            from the middle one.
    """

    unfinished: float
    tones: Mapping[int, float]
    chroma: float
    beyond: Mapping[str, float]

    def edits(self, m: Measurements) -> Edits:
        """The tone curve and vibrance that do it."""
        edits: Edits = {}
        middle = m.tones[50] + self.tones[50]
        after = [m.tones[p] + self.tones[p] for p in TONES]
        after = [middle + (1 + self.beyond["spread"]) * (tone - middle) for tone in after]
        curve = curve_through([m.tones[p] for p in TONES], after)
        if np.abs(curve - np.linspace(0, 1, KNOTS)).max() >= _LEAST:
            edits["tone_curve"] = {"luma": [round(float(value), 4) for value in curve]}
        vibrance = min(_MOST_VIBRANCE, 2 * (2.0**self.chroma - 1) + self.beyond["vibrance"])
        if vibrance >= _LEAST:
            edits["vibrance"] = {"amount": round(vibrance, 3)}
        return edits


def finish_of(m: Measurements, taste: Taste) -> Finish:
    """What would finish a photo, as far as the taste goes."""
    model = packaged(__name__, "finish.json")
    found = evidence(m)
    usual = {
        name: max(-_FARTHEST, min(_FARTHEST, (found[name] - centre) / scale))
        for name, (centre, scale) in model["usual"].items()
    }
    unfinished = 1 / (1 + math.exp(-_weighed(model["unfinished"], usual)))
    start, full = model["gate"]
    reach = model["reach"][taste] * max(0.0, min(1.0, (unfinished - start) / (full - start)))
    if reach < _ENOUGH or m.tones[99] - m.tones[1] < _LEAST_SPREAD:
        reach = 0.0
    tones = {p: reach * _weighed(model["tones"][str(p)], usual) for p in TONES}
    # Colour is strengthened where it is dull, and never muted: faded colour may be meant.
    return Finish(unfinished, tones, reach * max(0.0, _weighed(model["chroma"], usual)), model["beyond"][taste])


def evidence(m: Measurements) -> dict[str, float]:
    """The named numbers that finishing weighs."""
    spread = m.tones[95] - m.tones[5]
    found = {f"tone{p}": m.tones[p] for p in TONES}
    found |= {f"tone{p}sq": m.tones[p] ** 2 for p in (1, 50, 99)}
    found |= {"spread": spread, "spreadsq": spread**2, "sqchroma": math.sqrt(m.chroma)}
    return found | {"sqstrong": math.sqrt(m.chroma_strong), "chroma x spread": m.chroma * spread}


def curve_through(before: list[float], after: list[float]) -> NDArray[np.float64]:
    """The tone curve (KNOTS,) of encoded values that takes OkLab lightnesses of greys, rising, to others, with bounded
    slopes.
    """
    x, y = (_encoded(np.clip(np.array(values), 0, 1)) for values in (before, after))
    x = np.maximum.accumulate(x + 1e-4 * np.arange(len(x)))
    knots = np.linspace(0, 1, KNOTS)
    curve = np.interp(knots, [0.0, *x, max(1.0, x[-1] + 1e-4)], [0.0, *y, 1.0])
    if y[0] < x[0]:  # black goes as far down as the darkest tone, and leaves no flat foot
        below = knots < x[0]
        curve[below] = np.clip(y[0] - (x[0] - knots[below]), 0, 1)
    steps = np.clip(np.diff(curve, prepend=curve[0]), _LEAST_SLOPE / KNOTS, _STEEPEST / KNOTS)
    steps[0] = 0
    # From the middle outwards, so that bounded slopes move the ends and not the middle.
    middle = min(int(np.searchsorted(knots, x[len(x) // 2])), KNOTS - 1)
    rising = np.cumsum(steps)
    bounded: NDArray[np.float64] = np.clip(rising + curve[middle] - rising[middle], 0, 1)
    return bounded


def _encoded(lightness: NDArray[np.float64]) -> NDArray[np.float64]:
    import torch

    encoded: NDArray[np.float64] = linear_to_srgb(torch.from_numpy(lightness**3)).numpy()
    return encoded


def explained(finish: Finish, edits: Edits, thoughts: Mapping[str, Thought]) -> dict[str, Thought]:
    """The thoughts of repairs with what finishing adds to them."""
    found = {group: Thought(**thought) for group, thought in thoughts.items()}
    likely = (
        f"It looks {'unfinished' if finish.unfinished >= 0.5 else 'finished'} ({finish.unfinished:.0%} unfinished)."
    )
    light = found.setdefault("lighting", Thought(problem="", plan=""))
    light["problem"] = f"{light.get('problem', '')} {likely}".strip()
    if "tone_curve" in edits:
        black, middle, white = (finish.tones[p] for p in (1, 50, 99))
        moved = f"black {black:+.2f}, middle {middle:+.2f}, white {white:+.2f} in lightness"
        light["plan"] = f"{light.get('plan', '')} Finish its tones by a curve: {moved}.".strip()
    if "vibrance" in edits:
        colour = found.setdefault("global_color", Thought(problem="", plan=""))
        said = f"Finish its colour: vibrance {edits['vibrance']['amount']:+.2f}."
        colour["plan"] = f"{colour.get('plan', '')} {said}".strip()
    return found


def _weighed(rule: Mapping[str, Any], usual: Mapping[str, float]) -> float:
    total: float = rule["bias"] + sum(weight * usual[name] for name, weight in rule["weights"].items())
    return total
