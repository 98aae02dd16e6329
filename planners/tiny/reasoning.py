"""The reasoning of `tiny`: what its edit does to this photo, measured on the rendered pixels, and by which values.

A network gives no reasons. So the words say what can be checked: how lightness, contrast, casts and chroma change in
the rendered picture, hence what is taken to be wrong with it, and the values that do it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple

import torch
from torch import Tensor

from ...core.color.oklab import OkLab, chroma, oklab
from ...core.contract.latents import Latents
from ...core.contract.planner import Thought
from ...core.render.renderer import Renderer
from ..rules.reasoning import DEEDS
from ..scene.scene import Scene
from ..scene.words import seen_in_words

MORE_DEEDS: Final = DEEDS | {
    "tone_regions.blacks": ("lighting", "lift the blacks ({:.2f})", "deepen the blacks ({:.2f})"),
    "parametric_curve.shadows": ("lighting", "lift the darkest tones ({:.2f})", "lower the darkest tones ({:.2f})"),
    "parametric_curve.darks": ("lighting", "lift the darker middle ({:.2f})", "lower the darker middle ({:.2f})"),
    "parametric_curve.lights": ("lighting", "lift the lighter middle ({:.2f})", "lower the lighter middle ({:.2f})"),
    "parametric_curve.highlights": (
        "lighting",
        "lift the lightest tones ({:.2f})",
        "lower the lightest tones ({:.2f})",
    ),
    "vibrance.amount": ("global_color", "strengthen muted colours ({:.2f})", "mute pale colours ({:.2f})"),
}
_LEAST: Final = 0.02  # values below are not worth a word
SEEN: Final = 1.0
"""Edits that move a photo less, in mean CIEDE2000, are hardly seen."""

Looks = Literal["finished", "unfinished", "faulty"]
_TAKEN_FOR: Final[Mapping[Looks, str]] = {
    "finished": "Taken for a finished photo.",
    "unfinished": "Taken for a photo as the camera gave it, not finished yet.",
    "faulty": "Taken for a photo with faults.",
}


class Appraisal(NamedTuple):
    """What a photo was taken for, and what it shows."""

    looks: Looks
    scene: Scene


class Change(NamedTuple):
    """One thing that a picture can be: the group that changes it, how it is measured, what is seen, and its words.

    `low` and `high` say what the photo was, when the measure rises and when it falls;
    `rises` and `falls` what happens to it.
    """

    group: str
    measure: Callable[[OkLab], Tensor]
    seen: float
    low: str
    high: str
    rises: str
    falls: str


CHANGES: Final = (
    Change("lighting", lambda lab: lab.L.mean(), 0.008, "too dark", "too bright", "brighter", "darker"),
    Change("lighting", lambda lab: lab.L.std(correction=0), 0.008, "flat", "harsh", "more contrasty", "softer"),
    Change("global_color", lambda lab: lab.b.mean(), 0.004, "too cool", "too warm", "warmer", "cooler"),
    Change("global_color", lambda lab: lab.a.mean(), 0.004, "too green", "too magenta", "more magenta", "greener"),
    Change("global_color", lambda lab: chroma(lab).mean(), 0.004, "dull", "garish", "more colourful", "more muted"),
)


def changes(before: Tensor, latents: Latents, renderer: Renderer) -> dict[Change, tuple[float, float]]:
    """What the edit of each group does to pixels (1, 3, H, W), by itself: each change that is seen,
    from what to what.
    """
    found = {}
    now = oklab(before)
    for group in dict.fromkeys(change.group for change in CHANGES):
        mine = latents.masked([{group}])
        if not any(bool(rows.any()) for rows in mine.present.values()):
            continue
        with torch.no_grad():
            after = oklab(renderer(before, mine))
        for change in CHANGES:
            values = float(change.measure(now)), float(change.measure(after))
            if change.group == group and abs(values[1] - values[0]) >= change.seen:
                found[change] = values
    return found


def explain(before: Tensor, latents: Latents, renderer: Renderer, appraisal: Appraisal) -> dict[str, Thought]:
    """The thoughts on each group, of one row of latents and the pixels (1, 3, H, W) that were looked at."""
    seen = changes(before, latents, renderer)
    done = deeds(latents)
    thoughts: dict[str, Thought] = {}
    for group in ("lighting", "global_color"):
        mine = {change: values for change, values in seen.items() if change.group == group}
        problems = [change.low if after > now else change.high for change, (now, after) in mine.items()]
        gains = [
            f"{change.rises if after > now else change.falls} ({now:.2f} to {after:.2f})"
            for change, (now, after) in mine.items()
        ]
        if gains:
            problem, plan = (
                f"It looks {_and(problems)}.",
                f"Make it {_and(gains)}: {', '.join(done.get(group, ['small steps']))}.",
            )
        elif done.get(group):
            problem, plan = "Only details ask for work.", f"Little is to be seen of it: {', '.join(done[group])}."
        else:
            problem, plan = "Nothing that calls for a change was seen.", "Leave it alone."
        thoughts[group] = {"problem": problem, "plan": plan}
    seen_there = [_TAKEN_FOR[appraisal.looks], seen_in_words(appraisal.scene)]
    thoughts["lighting"]["problem"] = " ".join([*seen_there, thoughts["lighting"]["problem"]])
    thoughts["specific_color"] = {"problem": "Single colours were not judged.", "plan": "Leave single colours alone."}
    return thoughts


def deeds(latents: Latents) -> Mapping[str, list[str]]:
    """Group -> what is done there, in words with values; of one row."""
    found: dict[str, list[str]] = {}
    for address, (group, rises, falls) in MORE_DEEDS.items():
        op, _, slot = address.rpartition(".")
        if op not in latents.values or not bool(latents.present[op][0]):
            continue
        value = float(latents.values[op][slot][0])
        if abs(value) >= _LEAST:
            found.setdefault(group, []).append((rises if value > 0 else falls).format(abs(value)))
    return found


def _and(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
