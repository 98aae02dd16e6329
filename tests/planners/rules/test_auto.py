"""Auto mode: faults are met in the right direction, moods are kept, garish colours muted,
and the words say what is done.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files

import numpy as np
import pytest

from veraretouch.core.color.hue_bands import BANDS
from veraretouch.core.photo import as_photo
from veraretouch.core.plugins.registry import registry
from veraretouch.planners.rules.auto import MOODS, decide, weigh
from veraretouch.planners.rules.evidence import controls, features
from veraretouch.planners.rules.measure import measure
from veraretouch.planners.rules.reasoning import DEEDS


def strengths(rgb) -> dict[str, float]:
    return controls(measure(as_photo(rgb)))


def moods(rgb) -> set[str]:
    return {mood.name for mood in weigh(measure(as_photo(rgb))).moods}


def actions(rgb) -> dict[str, float]:
    return weigh(measure(as_photo(rgb))).actions


@pytest.mark.parametrize(
    ("control", "fault", "least"),
    [
        ("exposure.ev", {"exposure.ev": 1.2}, 0.95),
        ("white_balance.temperature", {"white_balance.temperature": 0.45}, 0.95),
        ("white_balance.tint", {"white_balance.tint": 0.45}, 0.95),
        ("saturation.amount", {"saturation.amount": 0.5}, 0.9),
        ("contrast.amount", {"contrast.amount": 0.5}, 0.8),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_and_its_opposite_are_told_apart(pictures, edited, control, fault, least) -> None:
    """The control stands higher where its own value was taken away than where it was added, on nearly every photo."""
    opposite = {address: -value for address, value in fault.items()}
    right = [
        strengths(edited(rgb, opposite))[control] > strengths(edited(rgb, fault))[control] for rgb in pictures.values()
    ]
    assert np.mean(right) >= least, [name for name, ok in zip(pictures, right, strict=True) if not ok]


def test_controls_keep_their_limits_on_any_picture() -> None:
    rng = np.random.default_rng(0)
    limits = {address: rule["limit"] for address, rule in calibration()["controls"].items()}
    for rgb in (rng.integers(0, 256, (40, 40, 3)), np.zeros((8, 8, 3)), np.full((8, 8, 3), 255), _flat(255, 0, 255)):
        for address, value in strengths(rgb.astype(np.uint8)).items():
            assert abs(value) <= limits[address], address


def test_the_calibration_speaks_of_what_is_measured_and_of_installed_slots() -> None:
    known = features(measure(as_photo(np.zeros((4, 4, 3), np.uint8))))
    assert set(calibration()["usual"]) <= set(known)
    for address, rule in calibration()["controls"].items():
        op, slot = address.split(".")
        assert registry.ops.load(op).slots[slot].high >= rule["limit"]
        assert {*rule["weights"], *rule["confidence"]} <= set(calibration()["usual"])
        assert address in DEEDS


@pytest.mark.parametrize(
    ("mood", "photos"),
    [
        ("night or low key", ["skimage-rocket"]),
        ("warm light", ["buddiesofbudgie-beacon-street-sunset"]),
    ],
)
def test_moods_are_recognised(pictures, mood, photos) -> None:
    for name in photos:
        assert mood in moods(pictures[name]), name


def test_a_snow_scene_is_recognised_and_not_darkened_much() -> None:
    rng = np.random.default_rng(0)
    snow = (np.clip(rng.normal(232, 8, (64, 64, 1)), 0, 250) + np.array([-3, 0, 4])).astype(np.uint8)
    assert "snow or high key" in moods(snow)
    assert actions(snow).get("exposure.ev", 0) > -0.3


def test_a_sunset_stays_warm(pictures) -> None:
    assert actions(pictures["buddiesofbudgie-beacon-street-sunset"]).get("white_balance.temperature", 0) > -0.1


def test_a_night_scene_stays_dark(pictures) -> None:
    assert actions(pictures["skimage-rocket"]).get("exposure.ev", 0) < 0.2


def test_moods_hold_only_controls_that_exist() -> None:
    for mood in MOODS:
        assert set(mood.holds) <= set(DEEDS)
        assert set(mood.only) <= set(mood.holds)


def test_a_garish_patch_is_muted_by_its_own_band_and_named(pictures) -> None:
    rgb = pictures["kodak-05"].copy()
    rgb[: rgb.shape[0] // 6] = (0, 60, 255)
    edits, reasoning = decide(measure(as_photo(rgb)))
    saturation = dict(zip(BANDS, edits["hsl"]["saturation"], strict=True))
    assert saturation["blue"] <= -0.1
    assert all(value == 0 for band, value in saturation.items() if band != "blue")
    assert "blue" in reasoning["specific_color"]["problem"]
    assert "mute blue" in reasoning["specific_color"]["plan"].lower()


def test_ordinary_photos_have_no_garish_band(pictures) -> None:
    muted = [name for name, rgb in pictures.items() if weigh(measure(as_photo(rgb))).muted]
    assert len(muted) <= len(pictures) // 5, muted


def test_the_words_name_every_action_and_its_size(pictures) -> None:
    for name, rgb in pictures.items():
        decision = weigh(measure(as_photo(rgb)))
        _, reasoning = decide(measure(as_photo(rgb)))
        assert list(reasoning) == ["lighting", "global_color", "specific_color"], name
        said = {group: thought["plan"] for group, thought in reasoning.items()}
        for address, value in decision.actions.items():
            group, up, down = DEEDS[address]
            assert (up if value > 0 else down).format(abs(value)) in _lowered(said[group]), (name, address)
        numbers = sum(len(re.findall(r"\d\.\d\d", text)) for group, text in said.items() if group != "specific_color")
        assert numbers == len(decision.actions), name
        for thought in reasoning.values():
            for text in thought.values():
                assert (text[0].isupper(), text[-1]) == (True, "."), text
        for mood in decision.moods:
            assert any(mood.name in text for text in said.values()), (name, mood.name)


def test_the_measured_clipping_and_cast_are_told() -> None:
    rgb = np.full((64, 64, 3), (150, 128, 96), np.uint8)
    rgb[:13] = 255
    _, reasoning = decide(measure(as_photo(rgb)))
    assert "20.3% of it is blown out" in reasoning["lighting"]["problem"]
    assert "lean warm" in reasoning["global_color"]["problem"]


def test_the_same_photo_gets_the_same_plan(pictures) -> None:
    rgb = pictures["kodak-02"]
    assert decide(measure(as_photo(rgb))) == decide(measure(as_photo(rgb.copy())))


def calibration() -> dict:
    return json.loads(files("veraretouch.planners.rules").joinpath("calibration.json").read_text("utf-8"))


def _flat(*rgb: int) -> np.ndarray:
    return np.tile(np.array(rgb), (8, 8, 1))


def _lowered(text: str) -> str:
    """The plan with the first letter of its first sentence small, as the deeds are written."""
    return text[:1].lower() + text[1:]
