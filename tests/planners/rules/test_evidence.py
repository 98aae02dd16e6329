"""From measurements to controls: what speaks for what, the dead zone, confidence and limits."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from veraretouch import Photo
from veraretouch.core import strict_json
from veraretouch.planners.rules import evidence
from veraretouch.planners.rules.evidence import controls, features
from veraretouch.planners.rules.measure import Measurements, measure
from veraretouch.planners.scene.scene import Scene

PHOTO = Path(__file__).parents[2] / "data" / "photos" / "kodak-03.jpg"


@cache
def measured() -> Measurements:
    return measure(Photo(np.asarray(Image.open(PHOTO).convert("RGB"))))


def calibrated(monkeypatch, **rule: object) -> None:
    """One control by a rule of its own: it weighs the share of warm hues about 0.5 in steps of 0.1."""
    made = {
        "bias": 0.0,
        "weights": {"warm": 1.0},
        "trust": 0.0,
        "confidence": {},
        "dead_zone": 0.0,
        "scale": 1.0,
        "limit": 2.0,
    }
    facts = {"usual": {"warm": [0.5, 0.1]}, "controls": {"a.b": made | rule}}
    monkeypatch.setattr(evidence, "packaged", lambda *file: facts)


def strength(warm: float) -> float:
    return controls(replace(measured(), warm_share=warm))["a.b"]


def test_features_are_the_measurements_by_name():
    m = measured()
    found = features(m)
    assert found["tone50"] == m.tones[50]
    assert found["tone5sq"] == pytest.approx(m.tones[5] ** 2)
    assert found["hi"] == pytest.approx(math.sqrt(m.clipped_high))
    assert found["lo"] == pytest.approx(math.sqrt(m.clipped_low))
    assert found["sqchroma"] == pytest.approx(math.sqrt(m.chroma))
    assert found["sqstrong"] == pytest.approx(math.sqrt(m.chroma_strong))
    assert (found["brightness"], found["spread"], found["warm"]) == (m.brightness, m.spread, m.warm_share)
    assert found["dominant"] == max(band.share for band in m.bands.values())
    assert found["share blue"] == m.bands["blue"].share


def test_casts_are_held_to_three_stops_and_their_disagreement_is_told():
    names = list(measured().casts)
    casts = {name: (5.0, -4.0) if name == names[0] else (1.0, 0.5) for name in names}
    found = features(replace(measured(), casts=casts))
    assert (found[f"{names[0]} r"], found[f"{names[0]} b"]) == (3.0, -3.0)
    reds = [3.0] + [1.0] * (len(names) - 1)
    assert found["disagree r"] == pytest.approx(float(np.std(reds)))


@pytest.mark.parametrize("warm", [0.3, 0.45, 0.52, 0.62, 0.9])
def test_evidence_is_weighed_by_half_a_confidence_and_bent_by_tanh(monkeypatch, warm):
    calibrated(monkeypatch)
    scaled = max(-3.0, min(3.0, (warm - 0.5) / 0.1))
    assert strength(warm) == pytest.approx(2 * math.tanh(scaled / 2 / 2), abs=1e-9)


def test_weak_evidence_falls_into_the_dead_zone_and_strong_evidence_out_of_it(monkeypatch):
    calibrated(monkeypatch)
    free = {warm: strength(warm) for warm in (0.51, 0.8)}
    calibrated(monkeypatch, dead_zone=1.0)
    held = {warm: strength(warm) for warm in (0.51, 0.8)}
    assert held[0.51] == pytest.approx(2 * math.tanh(0.1 * 0.1 / 1.1 / 2 / 2), rel=1e-6)
    assert held[0.51] < 0.11 * free[0.51]
    assert held[0.8] > 0.7 * free[0.8]


def test_trust_and_what_confidence_weighs_decide_how_much_of_it_is_done(monkeypatch):
    calibrated(monkeypatch, trust=-20.0)
    assert abs(strength(0.8)) < 1e-6
    calibrated(monkeypatch, trust=20.0)
    assert strength(0.6) == pytest.approx(2 * math.tanh(1 / 2), abs=1e-6)
    calibrated(monkeypatch, confidence={"warm": 1.0})
    assert strength(0.6) == pytest.approx(2 * math.tanh(1 / (1 + math.exp(-1)) / 2), abs=1e-9)


def test_bias_scale_and_limit_are_the_rules_own(monkeypatch):
    calibrated(monkeypatch, bias=0.4, scale=3.0, limit=0.5)
    assert strength(0.5) == pytest.approx(0.5 * math.tanh(0.2 * 3 / 0.5), abs=1e-9)
    assert abs(strength(0.9)) < 0.5


def test_the_committed_calibration_keeps_to_its_schema():
    name = "calibration.json"
    path = files("veraretouch.planners.rules").joinpath(name)
    assert strict_json.load(path.read_text("utf-8"), "calibration", name=name)


def test_what_a_photo_shows_weighs_only_where_the_calibration_speaks_of_it(monkeypatch):
    m = measured()
    with_scene = measure(Photo(np.asarray(Image.open(PHOTO).convert("RGB"))), Scene(torch.full((9, 4, 4), 1 / 9)))
    assert m.things is None
    assert controls(with_scene) == controls(m)
    rule = {"limit": 2.0, "scale": 1.0, "dead_zone": 0.1, "bias": 0.0, "trust": 0.0, "confidence": {}}
    rules = {"exposure.ev": rule | {"weights": {"shows sky": 1.0}}}
    facts = {"usual": {"shows sky": [0.0, 1.0]}, "controls": rules}
    monkeypatch.setattr(evidence, "packaged", lambda module, name: facts)
    assert controls(m)["exposure.ev"] == 0
    assert controls(with_scene)["exposure.ev"] > 0.1


def test_the_committed_calibration_moves_a_dark_photo_up():
    dark = measure(Photo(np.asarray(Image.open(PHOTO).convert("RGB")) // 4))
    assert controls(dark)["exposure.ev"] > controls(measured())["exposure.ev"] + 0.3
