"""The reasoning of auto mode in words: what was measured, what is done, what is left alone and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...core.contract.planner import Thought
from .measure import Measurements

# What each control does, for rising and falling values, and the group it belongs to.
DEEDS: Final = {
    "exposure.ev": ("lighting", "raise exposure by {:.2f} EV", "lower exposure by {:.2f} EV"),
    "contrast.amount": ("lighting", "add contrast ({:.2f})", "soften contrast ({:.2f})"),
    "tone_regions.shadows": ("lighting", "open the shadows ({:.2f})", "deepen the shadows ({:.2f})"),
    "tone_regions.highlights": ("lighting", "brighten the highlights ({:.2f})", "bring back the highlights ({:.2f})"),
    "tone_regions.whites": ("lighting", "lift the whites ({:.2f})", "lower the whites ({:.2f})"),
    "white_balance.temperature": ("global_color", "warm the picture ({:.2f})", "cool the picture ({:.2f})"),
    "white_balance.tint": ("global_color", "shift it towards magenta ({:.2f})", "shift it towards green ({:.2f})"),
    "saturation.amount": ("global_color", "strengthen colours ({:.2f})", "mute colours ({:.2f})"),
}
_COLOUR_HOLDS: Final = (
    "warm light",
    "one dominant colour",
    "night or low key",
    "an open sky",
    "snow",
    "a portrait",
)
_LIGHT_HOLDS: Final = ("night or low key", "snow or high key", "one dominant colour", "snow", "a portrait")


def explain(
    m: Measurements, actions: Mapping[str, float], moods: Mapping[str, str], muted: Mapping[str, float]
) -> dict[str, Thought]:
    """The thoughts on the three groups.

    Args:
        m: what was measured.
        actions: control -> value, as decided.
        moods: name -> why, of the moods that were recognised.
        muted: band -> saturation, of garish bands.
    """
    return {
        "lighting": {
            "problem": _light(m),
            "plan": _plan("lighting", actions, {n: why for n, why in moods.items() if n in _LIGHT_HOLDS}),
        },
        "global_color": {
            "problem": _colour(m),
            "plan": _plan("global_color", actions, {n: why for n, why in moods.items() if n in _COLOUR_HOLDS}),
        },
        "specific_color": {"problem": _bands(m, muted), "plan": _mute(muted)},
    }


def _plan(group: str, actions: Mapping[str, float], moods: Mapping[str, str]) -> str:
    done = [
        DEEDS[address][1 if value > 0 else 2].format(abs(value))
        for address, value in actions.items()
        if DEEDS[address][0] == group
    ]
    sentences = [_sentence(", ".join(done)) if done else "Leave it alone: the evidence for a change is too weak."]
    sentences += [_sentence(f"held back, since this looks like {name}: {why}") for name, why in moods.items()]
    return " ".join(sentences)


def _light(m: Measurements) -> str:
    tones = f"median lightness {m.tones[50]:.2f}, from {m.tones[5]:.2f} (5 %) to {m.tones[95]:.2f} (95 %)"
    if m.tones[50] < 0.42:
        found = "the tones lie low"
    elif m.tones[50] > 0.75:
        found = "the tones lie high"
    else:
        found = "brightness is ordinary"
    if m.spread < 0.42:
        found += " and the range is flat"
    elif m.spread > 0.78:
        found += " and the contrast is strong"
    clipped = [
        f"{share:.1%} of it is {what}"
        for share, what in ((m.clipped_high, "blown out"), (m.clipped_low, "pure black"))
        if share > 0.005
    ]
    said = _sentence("; ".join([f"{found}: {tones}", *clipped]))
    things = m.things.named() if m.things is not None else ""
    return f"It shows {things}. {said}" if things else said


def _colour(m: Measurements) -> str:
    red, blue = m.casts["near neutrals"]
    leans = []
    if abs(red - blue) > 0.25:
        leans.append("warm" if red > blue else "cool")
    if abs(red + blue) / 2 > 0.15:
        leans.append("magenta" if red + blue > 0 else "green")
    cast = f"near-neutral tones lean {' and '.join(leans)}" if leans else "near-neutral tones are neutral"
    strength = "muted" if m.chroma < 0.03 else "strong" if m.chroma > 0.085 else "ordinary"
    return _sentence(
        f"{cast} (red {red:+.2f}, blue {blue:+.2f} stops against green); colours are {strength} (mean chroma"
        f" {m.chroma:.3f})"
    )


def _bands(m: Measurements, muted: Mapping[str, float]) -> str:
    if muted:
        seen = ", ".join(f"{band} (mean chroma {m.bands[band].chroma:.2f})" for band in muted)
        return _sentence(f"garish beyond what ordinary photos show: {seen}")
    present = [band for band, found in m.bands.items() if found.share > 0.1]
    return _sentence(
        f"no single colour stands out; most colour lies in {', '.join(present)}"
        if present
        else "little colour in any band"
    )


def _mute(muted: Mapping[str, float]) -> str:
    if not muted:
        return "Leave single colours alone."
    return _sentence(", ".join(f"mute {band} ({value:+.2f})" for band, value in muted.items()))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
