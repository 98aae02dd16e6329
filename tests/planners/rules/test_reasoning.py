"""The words of auto mode: thresholds, directions, amounts, and what is left alone."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from veraretouch import Photo, registry
from veraretouch.planners.rules.measure import Band, Measurements, measure
from veraretouch.planners.rules.reasoning import DEEDS, explain

NEUTRAL = {"near neutrals": (0.0, 0.0)}


@cache
def grey() -> Measurements:
    m = measure(Photo(np.random.default_rng(0).integers(90, 160, (64, 64, 3), dtype=np.uint8)))
    tones = {1: 0.2, 5: 0.25, 25: 0.4, 50: 0.6, 75: 0.7, 95: 0.85, 99: 0.9}
    return replace(m, tones=tones, clipped_high=0.0, clipped_low=0.0, chroma=0.05, casts=m.casts | NEUTRAL)


def thought(group: str, part: str, m: Measurements | None = None, actions=None, moods=None, muted=None) -> str:
    return explain(m or grey(), actions or {}, moods or {}, muted or {})[group][part]


@pytest.mark.parametrize(
    ("middle", "spread", "said"),
    [
        (0.415, 0.6, "The tones lie low:"),
        (0.42, 0.6, "Brightness is ordinary:"),
        (0.75, 0.6, "Brightness is ordinary:"),
        (0.76, 0.6, "The tones lie high:"),
        (0.6, 0.41, "Brightness is ordinary and the range is flat:"),
        (0.6, 0.425, "Brightness is ordinary:"),
        (0.6, 0.775, "Brightness is ordinary:"),
        (0.6, 0.79, "Brightness is ordinary and the contrast is strong:"),
    ],
)
def test_light_is_told_by_its_middle_and_its_spread(middle, spread, said):
    m = replace(grey(), tones=grey().tones | {5: 0.1, 50: middle, 95: 0.1 + spread})
    text = thought("lighting", "problem", m)
    assert text.startswith(said)
    assert text.endswith(f"median lightness {middle:.2f}, from 0.10 (5 %) to {0.1 + spread:.2f} (95 %).")


def test_clipping_is_told_above_half_a_percent():
    m = replace(grey(), clipped_high=0.02, clipped_low=0.006)
    assert thought("lighting", "problem", m).endswith("; 2.0% of it is blown out; 0.6% of it is pure black.")
    m = replace(grey(), clipped_high=0.005, clipped_low=0.004)
    assert "of it is" not in thought("lighting", "problem", m)


@pytest.mark.parametrize(
    ("red", "blue", "said"),
    [
        (0.0, 0.0, "Near-neutral tones are neutral"),
        (0.2, -0.2, "Near-neutral tones lean warm"),
        (-0.2, 0.2, "Near-neutral tones lean cool"),
        (0.12, -0.12, "Near-neutral tones are neutral"),
        (0.2, 0.2, "Near-neutral tones lean magenta"),
        (-0.2, -0.2, "Near-neutral tones lean green"),
        (0.14, 0.14, "Near-neutral tones are neutral"),
        (0.6, 0.1, "Near-neutral tones lean warm and magenta"),
    ],
)
def test_a_cast_is_named_by_its_directions(red, blue, said):
    m = replace(grey(), casts=grey().casts | {"near neutrals": (red, blue)})
    assert thought("global_color", "problem", m).startswith(
        f"{said} (red {red:+.2f}, blue {blue:+.2f} stops against green)"
    )


@pytest.mark.parametrize(
    ("chroma", "said"), [(0.029, "muted"), (0.03, "ordinary"), (0.085, "ordinary"), (0.086, "strong")]
)
def test_colours_are_muted_ordinary_or_strong(chroma, said):
    assert f"colours are {said} (mean chroma {chroma:.3f})" in thought(
        "global_color", "problem", replace(grey(), chroma=chroma)
    )


@pytest.mark.parametrize("address", DEEDS)
def test_each_control_is_told_in_its_own_group_by_direction_and_amount(address):
    group, up, down = DEEDS[address]
    op, slot = address.split(".")
    assert registry.ops.load(op).slots[slot].group == group
    other = "global_color" if group == "lighting" else "lighting"
    for value, form in ((0.314, up), (-0.314, down)):
        said = form.format(0.314)
        assert thought(group, "plan", actions={address: value}) == f"{said[0].upper()}{said[1:]}."
        assert thought(other, "plan", actions={address: value}).startswith("Leave it alone")


def test_several_deeds_are_one_sentence_and_none_is_said_too():
    both = thought("lighting", "plan", actions={"exposure.ev": 0.5, "contrast.amount": -0.2})
    assert both == "Raise exposure by 0.50 EV, soften contrast (0.20)."
    assert thought("lighting", "plan") == "Leave it alone: the evidence for a change is too weak."


@pytest.mark.parametrize(
    ("mood", "groups"),
    [
        ("warm light", {"global_color"}),
        ("snow or high key", {"lighting"}),
        ("night or low key", {"lighting", "global_color"}),
        ("one dominant colour", {"lighting", "global_color"}),
    ],
)
def test_a_mood_is_told_where_it_holds_something_back(mood, groups):
    for group in ("lighting", "global_color", "specific_color"):
        said = f"Held back, since this looks like {mood}: it is dark."
        assert (said in thought(group, "plan", moods={mood: "it is dark"})) == (group in groups)


def test_bands_are_told_where_they_are_garish_or_make_a_tenth_of_the_colour():
    bands = {band: Band(0.0, 0.0, 0.5) for band in grey().bands}
    m = replace(
        grey(), bands=bands | {"green": Band(0.5, 0.31, 0.5), "blue": Band(0.11, 0.1, 0.5), "red": Band(0.1, 0.1, 0.5)}
    )
    assert thought("specific_color", "problem", m) == "No single colour stands out; most colour lies in green, blue."
    assert thought("specific_color", "plan", m) == "Leave single colours alone."
    muted = {"green": -0.2}
    assert thought("specific_color", "problem", m, muted=muted).endswith("green (mean chroma 0.31).")
    assert thought("specific_color", "plan", m, muted=muted) == "Mute green (-0.20)."
    assert thought("specific_color", "problem", replace(m, bands=bands)) == "Little colour in any band."
