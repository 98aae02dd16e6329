"""Auto mode: what the measurements call for, held back where the scene has a mood of its own.

Three steps: the calibrated controls (`evidence`), the moods that hold them back (night, snow, warm light, one dominant
colour), and single colours that are garish. Then the reasoning: what was measured, what is done, what is left alone and
why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from ...core.color.hue_bands import BANDS
from ...core.contract.planner import Thought
from .evidence import controls
from .measure import Measurements
from .reasoning import explain

# Actions smaller than this share of a slot's unit would not be seen.
_LEAST: Final = 0.02

# Mean OkLab chroma above which a band is garish: a quarter above the 97th percentile of ordinary photos, per band.
GARISH: Final = dict(zip(BANDS, (0.212, 0.156, 0.156, 0.175, 0.162, 0.188, 0.175, 0.237), strict=True))
# A band that fills less is not seen; one that fills more is the subject, and meant.
_LEAST_SHARE: Final = 0.04
_SUBJECT_SHARE: Final = 0.35
_MOST_MUTED: Final = 0.25
_OWN_COLOUR: Final = 0.5

Edits = dict[str, dict[str, Any]]


def _shows(m: Measurements, name: str) -> float:
    """How much of the photo is of a class; 0 where the scene is not known."""
    return 0.0 if m.things is None else m.things.shares[name]


@dataclass(frozen=True)
class Mood:
    """A kind of scene whose look is meant: how to tell it, and how far each control is held back."""

    name: str
    why: str
    shows: Callable[[Measurements], bool]
    holds: dict[str, float]  # control -> share of the action that is kept
    only: dict[str, int] = field(default_factory=dict)  # control -> sign of what is held; both where absent


MOODS: Final = (
    Mood(
        "night or low key",
        "the dark is part of the scene",
        lambda m: m.tones[50] < 0.36 and m.tones[25] < 0.30 and m.tones[99] > 0.70,
        {"exposure.ev": 0.25, "tone_regions.shadows": 0.5, "white_balance.temperature": 0.5, "white_balance.tint": 0.5},
        {"exposure.ev": 1, "tone_regions.shadows": 1},
    ),
    Mood(
        "snow or high key",
        "a bright scene is meant to be bright",
        lambda m: m.tones[50] > 0.80 and m.tones[25] > 0.65 and m.clipped_high < 0.2,
        {"exposure.ev": 0.35, "contrast.amount": 0.5},
        {"exposure.ev": -1},
    ),
    Mood(
        "warm light",
        "the warmth of a low sun, a candle or a stage is meant",
        lambda m: (
            m.warm_share > 0.9
            and m.casts["brightest"][0] > 0.35
            and m.casts["brightest"][1] < -0.55
            and m.tones[25] < 0.42
            and m.chroma_strong > 0.07
        ),
        {"white_balance.temperature": 0.25, "white_balance.tint": 0.5, "saturation.amount": 0.5},
        {"saturation.amount": -1},
    ),
    Mood(
        "an open sky",
        "its blue is the sky's own and no cast",
        lambda m: _shows(m, "sky") > 0.25 and m.things is not None and m.things.of_things["blue"] > 0.5,
        {"white_balance.temperature": 0.35, "white_balance.tint": 0.6, "saturation.amount": 0.6},
        {"white_balance.temperature": 1, "saturation.amount": -1},
    ),
    Mood(
        "snow",
        "snow is meant to be bright, and blue in the shade",
        lambda m: _shows(m, "snow") > 0.25,
        {"exposure.ev": 0.35, "white_balance.temperature": 0.6},
        {"exposure.ev": -1, "white_balance.temperature": 1},
    ),
    Mood(
        "a portrait",
        "skin shows each shift of colour",
        lambda m: _shows(m, "skin") > 0.04,
        {"white_balance.tint": 0.7, "saturation.amount": 0.6, "contrast.amount": 0.7},
        {"saturation.amount": 1, "contrast.amount": 1},
    ),
    Mood(
        "one dominant colour",
        "one colour fills the picture, so its mean says little about the light",
        lambda m: max(b.share for b in m.bands.values()) > 0.4 and m.neutral_share < 0.12 and m.chroma_strong > 0.095,
        {"white_balance.temperature": 0.6, "white_balance.tint": 0.6, "saturation.amount": 0.6, "contrast.amount": 0.6},
    ),
)


@dataclass(frozen=True)
class Decision:
    """What is done (control -> value), the moods that were recognised, the bands that are muted (band -> value)."""

    actions: dict[str, float]
    moods: tuple[Mood, ...]
    muted: dict[str, float]


def decide(m: Measurements) -> tuple[Edits, dict[str, Thought]]:
    """The edits that a photo's measurements call for, and the reasoning."""
    decision = weigh(m)
    edits: Edits = {}
    for address, value in decision.actions.items():
        op, _, slot = address.rpartition(".")
        edits.setdefault(op, {})[slot] = value
    if decision.muted:
        edits["hsl"] = {"saturation": [decision.muted.get(band, 0.0) for band in BANDS]}
    return edits, explain(m, decision.actions, {mood.name: mood.why for mood in decision.moods}, decision.muted)


def weigh(m: Measurements) -> Decision:
    """Controls by evidence, held back by moods; then garish bands."""
    moods = tuple(mood for mood in MOODS if mood.shows(m))
    actions = {}
    for address, strength in controls(m).items():
        for mood in moods:
            sign = mood.only.get(address, 0)
            if address in mood.holds and (sign == 0 or sign * strength > 0):
                strength *= mood.holds[address]
        if abs(strength) >= _LEAST:
            actions[address] = round(strength, 3)
    muted = {}
    # What global saturation already mutes is not muted twice.
    relief = min(0.0, actions.get("saturation.amount", 0.0))
    for band, seen in m.bands.items():
        excess = seen.chroma * (1 + relief) / GARISH[band] - 1
        if m.things is not None and m.things.of_things[band] > _OWN_COLOUR:
            continue  # the colour of a sky, of leaves or of water is their own
        if _LEAST_SHARE < seen.share < _SUBJECT_SHARE and excess > 0:
            muted[band] = -round(min(_MOST_MUTED, excess * min(1.0, seen.share / 0.1)), 3)
    return Decision(actions, moods, {band: value for band, value in muted.items() if value <= -_LEAST})
