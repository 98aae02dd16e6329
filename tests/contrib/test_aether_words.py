"""The grammar of reasoning: how many forms it has, and that what is said agrees with what was done."""

import re

import numpy as np
import pytest
from veraretouch_aether.examples import words
from veraretouch_aether.examples.draw import generator
from veraretouch_aether.examples.grammar import forms, say, texts
from veraretouch_aether.examples.look import look_at

from veraretouch.planners.eval.claims import directions
from veraretouch.planners.rules.style import read_style

# What a plan against a kind of fault may claim; kinds that are not named claim nothing.
CLAIMS = {
    "exposure": ("lightness", -1),
    "contrast": ("contrast", -1),
    "warmth": ("warmth", -1),
    "color": ("chroma", -1),
    "band saturation": ("chroma", -1),
}
SIGNS = [sign for sign, said in texts().items() if isinstance(said, dict) and "problem" in said]
FACTS = {"amount": 0.72, "light": "FL7", "band": "green", "bands": "green and red"}
GREY = look_at(np.full((32, 48, 3), 70, np.uint8))


def _draws(alternatives, count=80):
    rng = generator("words", *alternatives)
    return [say(rng, alternatives, FACTS) for _ in range(count)]


def test_a_fault_is_told_in_thousands_of_ways():
    told = {part: sum(forms(texts()[sign][part]) for sign in SIGNS) for part in ("problem", "plan")}
    assert told["problem"] > 5000
    assert told["plan"] > 500
    lights = forms(texts()["exposure down"]["problem"]) * forms(texts()["seen"]["lighting"])
    assert lights > 10_000  # one fault alone, with what is seen before it


def test_forms_counts_what_can_be_said():
    alternatives = texts()["warmth up"]["plan"]
    assert forms(alternatives) == len(set(_draws(alternatives, 3000)))


@pytest.mark.parametrize("sign", SIGNS)
def test_plans_claim_what_undoes_the_fault_and_nothing_else(sign):
    kind, _, way = sign.rpartition(" ")
    measure, against = CLAIMS.get(kind, ("", 0))
    wanted = {(measure, against if way == "up" else -against)} if measure else set()
    for plan in _draws(texts()[sign]["plan"]):
        assert {(what, which) for what, which, _ in directions(plan)} <= wanted, plan


@pytest.mark.parametrize("kind", sorted({sign.rpartition(" ")[0] for sign in SIGNS} - {"band hue"}))
def test_too_much_and_too_little_never_sound_alike(kind):
    for part in ("problem", "plan"):
        much, little = (set(_draws(texts()[f"{kind} {way}"][part])) for way in ("up", "down"))
        assert not much & little


def test_every_rule_is_used_and_every_fact_is_filled_in():
    named = set(re.findall(r"<([a-z ]+)>", str(texts())))
    assert named == set(texts()["rules"])
    facts = FACTS | dict.fromkeys(("level", "range", "chroma", "lean", "seen", "found", "done", "values"), "x")
    for part in (*SIGNS, "nothing", "seen", "join", "given"):
        for alternatives in texts()[part].values():
            for _ in range(20):
                assert not set("<>{}") & set(say(generator(part), alternatives, facts))


def test_frames_of_prompts_add_nothing_to_what_is_asked_for():
    for frame in texts()["frames"]:
        reading = read_style(frame.format(wanted="very warm"))
        assert not reading.unknown
        assert reading.edits == read_style("very warm").edits


def test_amounts_are_those_of_the_fault():
    for seed in range(30):
        said = words.of_spoiling(generator(seed), [{"family": "exposure", "ev": -1.34}], GREY)["lighting"]
        assert "1.3" in said["plan"]
        assert "1.3" in said["problem"]


def test_what_is_seen_is_what_the_pixels_are():
    leaves = np.full((32, 48, 3), (40, 190, 50), np.uint8)
    assert look_at(leaves).words() | {"range": "", "chroma": ""} == {
        "level": "bright",
        "range": "",
        "chroma": "",
        "lean": "very warm",
        "bands": "green",
    }
    assert GREY.words() == {"level": "dark", "range": "flat", "chroma": "muted", "lean": "neutral", "bands": ""}
    said = [words.of_spoiling(generator(seed), [], GREY)["specific_color"]["problem"] for seed in range(20)]
    assert any("colour" in one or "greys" in one for one in said)


def test_of_many_values_the_furthest_are_named():
    values = {"hsl": {"saturation": [0.1, 0.0, 0.5, -0.4, 0.3, 0.05, 0.02, -0.6]}}
    where = {"hsl.saturation": "specific_color"}
    plan = words.of_values(generator(1), values, where, ("specific_color",))["specific_color"]["plan"]
    assert "hsl.saturation of yellow +0.5" in plan
    assert "hsl.saturation of magenta -0.6" in plan
    assert plan.endswith(" and 3 smaller.")
    assert "red" not in plan
