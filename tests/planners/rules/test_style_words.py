"""The words of style prompts: synonyms, degrees, negation, composition, and what is not known."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from veraretouch.core.contract.schema import Schema
from veraretouch.core.plugins.registry import registry
from veraretouch.planners.rules.lexicon import Lexicon, Term, tint_vector
from veraretouch.planners.rules.style import GROUPS, read_style

SYNONYMS = [
    ("warm", "warmth", "warmer", "warm-toned", "warm tones"),
    ("cool", "cold", "Cooler", "chilly"),
    ("dark", "darker", "underexposed", "dim"),
    ("vivid", "vibrant", "saturated", "more colour", "colorful"),
    ("black and white", "B&W", "monochrome", "greyscale", "grayscale", "black & white"),
    ("teal and orange", "orange and teal", "teal/orange", "Teal & Orange"),
    ("moody", "brooding"),
    ("cinematic", "movie look"),
    ("low contrast", "less contrasty", "reduced contrast", "lower contrast", "contrast down"),
    ("lift the shadows", "open up the shadows", "shadows up", "boost shadows"),
    ("bluer sky", "blue sky", "make the sky more blue", "a blue skies look"),
    ("golden hour", "sunset", "sun-kissed"),
]
FACED = [
    ("bright", "less bright"),
    ("contrast", "less contrast"),
    ("green", "less green"),
    ("blue", "less blue"),
    ("red", "no red"),
    ("pink", "less pink"),
    ("magenta", "less magenta"),
    ("yellow", "without yellow"),
    ("orange", "less orange"),
    ("teal", "less teal"),
    ("purple", "less purple"),
    ("vivid", "less vivid"),
    ("warm", "less warm"),
    ("cool", "not so cool"),
    ("faded", "less faded"),
    ("muted", "less muted"),
    ("desaturated", "less desaturated"),
    ("dramatic", "less dramatic"),
    ("soft", "less soft"),
    ("cinematic", "no cinematic"),
    ("vintage", "not vintage"),
    ("dreamy", "less dreamy"),
    ("more greens", "less greens"),
    ("teal shadows", "less teal shadows"),
    ("golden highlights", "-golden highlights"),
    ("bluer sky", "less blue sky"),
    ("lift shadows", "reduce shadows"),
    ("noir", "less noir"),
    ("moody", "not too moody"),
    ("film", "less film"),
]


@cache
def schema() -> Schema:
    return Schema.of([registry.ops.load(id) for id in registry.ops if id != "neural"])


def vector(prompt: str) -> np.ndarray:
    """A reading as departures from identity, tints as vectors in OkLab, whose hues alone say nothing."""
    edits = read_style(prompt).edits
    parts = []
    for op, name, slot in schema():
        value = np.asarray(edits.get(op, {}).get(name, slot.identity), dtype=float)
        if op == "color_grading" and name.endswith("_hue"):
            strength = edits.get(op, {}).get(name.replace("_hue", "_saturation"), 0.0)
            parts.append(np.array(tint_vector(float(value), strength)))
        elif op != "lut3d" and not (op == "color_grading" and name.endswith("_saturation")):
            parts.append((value - slot.identity).ravel())
    return np.concatenate(parts)


@pytest.mark.parametrize("names", SYNONYMS, ids=lambda names: names[0])
def test_synonyms_agree(names: tuple[str, ...]) -> None:
    first = vector(names[0])
    for name in names[1:]:
        other = vector(name)
        cosine = first @ other / np.linalg.norm(first) / np.linalg.norm(other)
        assert cosine > 0.99, name
        assert 0.7 < np.linalg.norm(other) / np.linalg.norm(first) < 1.4, name


@pytest.mark.parametrize(("prompt", "against"), FACED)
def test_less_of_it_goes_against_it(prompt: str, against: str) -> None:
    assert vector(prompt) @ vector(against) < 0


@pytest.mark.parametrize(
    "word", ["warm", "bright", "contrast", "vivid", "moody", "faded", "teal shadows", "pink", "less green", "bluer sky"]
)
def test_degrees_are_ordered(word: str) -> None:
    sizes = [np.linalg.norm(vector(f"{degree} {word}")) for degree in ("slightly", "a bit", "", "very", "extremely")]
    assert all(b > 1.01 * a for a, b in pairwise(sizes)), sizes


def test_a_degree_behind_a_word_counts_too() -> None:
    assert np.allclose(vector("brighter, a bit"), vector("a bit brighter"))
    assert np.allclose(vector("contrast: low"), vector("low contrast"))
    assert vector("saturation down") @ vector("saturation") < 0


@pytest.mark.parametrize(
    "prompt",
    [
        "bright, dark",
        "warm and cool",
        "contrasty but flat",
        "vivid, less vivid, less vivid",
        "green tint, less green tint",
    ],
)
def test_contradictions_cancel(prompt: str) -> None:
    words = prompt.replace(" and ", ", ").replace(" but ", ", ").split(", ")
    assert np.linalg.norm(vector(prompt)) < 0.25 * np.linalg.norm(vector(words[0]))


def test_words_add_up_and_repeating_one_does_not() -> None:
    both = vector("warm, vivid")
    assert np.allclose(both, vector("warm") + vector("vivid"))
    assert np.allclose(vector("warm " * 300), vector("warm"))


@pytest.mark.parametrize(
    ("prompt", "same"),
    [
        ("MOODY, Teal-and-Orange!!", "moody teal and orange"),
        ("high‑key", "high key"),  # a no-break hyphen
        ("“Warm” …please", "warm"),
        ("wa\u200brm\x00\x1b", "warm"),
        ("ｗａｒｍ", "warm"),
        ("grey-scale, more colour", "gray scale, more color"),
        ("don't make it dark", "not dark"),
        ("warm\nvivid", "warm, vivid"),
        ("less green and magenta", "less green, less magenta"),
        ("no red nor blue", "no red, no blue"),
        ("less green and warmer", "less green, warmer"),
        ("the sky bluer and the grass greener", "bluer sky, greener grass"),
        ("shadows teal, highlights orange", "teal shadows and orange highlights"),
        ("dark teal shadows", "darker shadows, teal shadows"),
        ("+contrast -saturation", "more contrast, less saturation"),
        ("very flurbish warm", "warm"),
        ("warm, keep the skin and make it brighter", "warm, brighter, keep skin"),
        ("warm, preserve contrast", "warm"),
        ("keep it bright", "bright"),
        ("pastel colours", "pastel"),
        ("colour down a bit", "a bit less colour"),
        ("greens down", "reduce greens"),
        ("deep teal shadows", "deeper teal shadows"),
        ("blue shadows, but not dark", "blue shadows, not dark"),
        ("boost the shadows slightly", "slightly lift shadows"),
    ],
)
def test_spelling_and_order_do_not_matter(prompt: str, same: str) -> None:
    assert np.allclose(vector(prompt), vector(same), atol=0.02)


@pytest.mark.parametrize(
    "prompt", ["flurbish gronk", "温かい写真", "теплее", "🔥🔥", "lorem ipsum dolor", "%%%", "12345", "brigt vintge"]
)
def test_nonsense_changes_nothing_and_says_so(prompt: str) -> None:
    reading = read_style(prompt)
    assert reading.edits == {}
    assert reading.unknown == tuple(prompt.split())
    assert all(word in reading.reasoning["request"]["problem"] for word in prompt.split())
    assert reading.reasoning["request"]["plan"] == "Nothing is changed."


def test_a_misspelt_word_is_not_acted_on_and_the_nearest_is_named() -> None:
    request = read_style("warm and vintge").reasoning["request"]["problem"]
    assert "'vintge' (Did you mean 'vintage'?)" in request
    assert np.allclose(vector("warm and vintge"), vector("warm"))


def test_what_colour_ops_cannot_do_is_said() -> None:
    reading = read_style("film with scratches and a light leak")
    assert reading.unknown == ()
    assert "scratches (texture" in reading.reasoning["request"]["problem"]
    assert np.allclose(vector("film with scratches"), vector("film"))


@pytest.mark.parametrize(
    ("prompt", "address", "sign"),
    [
        ("sharper", "sharpening.amount", 1),
        ("less sharp", "texture.amount", -1),
        ("crisp", "sharpening.amount", 1),
        ("more clarity", "clarity.amount", 1),
        ("less clarity", "clarity.amount", -1),
        ("more texture", "texture.amount", 1),
        ("smoother", "texture.amount", -1),
        ("less haze", "dehaze.amount", 1),
        ("too hazy", "dehaze.amount", 1),
        ("dehaze", "dehaze.amount", 1),
        ("grainy", "grain.amount", 1),
        ("film grain", "grain.amount", 1),
        ("no grain", "noise_reduction.luminance", 1),
        ("vignette", "vignette.amount", -1),
        ("remove the vignette", "vignette.amount", 1),
        ("less noise", "noise_reduction.color", 1),
        ("smooth noise", "noise_reduction.luminance", 1),
        ("HDR", "local_tone.shadows", 1),
    ],
)
def test_words_reach_detail_and_effects(prompt: str, address: str, sign: int) -> None:
    op, _, name = address.rpartition(".")
    amount = read_style(prompt).edits[op][name]
    assert isinstance(amount, float)
    assert amount * sign > 0


def test_a_look_takes_detail_and_effects_beside_it() -> None:
    assert np.allclose(vector("film with grain and a vignette"), vector("film") + vector("grain") + vector("vignette"))
    assert read_style("dreamy").edits["color_grading"] == read_style("misty").edits["color_grading"]


@pytest.mark.parametrize("prompt", ["sky", "shadows", "very", "look", "", "...", "keep skin natural"])
def test_what_asks_for_nothing_changes_nothing(prompt: str) -> None:
    assert read_style(prompt).edits == {}


def test_every_group_has_its_reasons_with_amounts() -> None:
    reasoning = read_style("slightly warm, teal shadows, brighter, bluer sky, keep skin natural").reasoning
    assert set(reasoning) == {"request", *GROUPS}
    assert reasoning["lighting"] == {"problem": "Asked for: brighter.", "plan": "Exposure +0.45 EV; shadows +0.15."}
    assert "slightly warm" in reasoning["global_color"]["problem"]
    assert "Temperature +0.06" in reasoning["global_color"]["plan"]
    assert "skin" in reasoning["specific_color"]["problem"]
    assert read_style("warm").reasoning["lighting"] == {
        "problem": "Nothing was asked for here.",
        "plan": "Left as it is.",
    }


@pytest.mark.parametrize(
    "prompt",
    [
        "word " * 4000,
        "xyzzy%d " * 2500,
        "very " * 4000,
        "a" * 20_000,
        "温" * 20_000,
        "very dark, " * 1800,
        "keep and " * 2200,
        "-" * 20_000,
        "e\u0301" * 10_000,
    ],
    ids=["word", "other words", "very", "a", "wen", "very dark", "keep and", "dashes", "accents"],
)
def test_a_long_prompt_is_read_quickly(prompt: str) -> None:
    prompt = " ".join(word.replace("%d", str(i)) for i, word in enumerate(prompt.split(" ")))[:20_000]
    read_style("warm")
    times = []
    for _ in range(3):
        start = time.perf_counter()
        reading = read_style(prompt)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.1
    assert all(len(thought["problem"]) < 10_000 for thought in reading.reasoning.values())


def test_reading_is_deterministic_and_needs_no_torch() -> None:
    code = (
        "import sys; from veraretouch.planners.rules.style import read_style; print(read_style('moody teal film, less"
        " green')); assert 'torch' not in sys.modules"
    )
    runs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(runs) == 1


def check_bounds(prompt: str) -> None:
    for op, values in read_style(prompt).edits.items():
        for name, value in values.items():
            schema().spec(op).slots[name].check(value, path=f"{prompt}: {op}.{name}")


def test_every_name_alone_stays_within_the_ops_bounds_and_does_something() -> None:
    lexicon = Lexicon.builtin()
    names = [" ".join(phrase) for phrase, meaning in lexicon.vocabulary.items() if isinstance(meaning, Term)]
    assert len(names) > 120
    for name in names:
        for degree in ("", "maximum", "less", "very very", "way too"):
            check_bounds(f"{degree} {name}")
        assert read_style(name).edits, name
    check_bounds(" ".join(f"maximum {name}," for name in names))


def test_every_edit_belongs_to_the_group_its_slot_declares() -> None:
    slots = {f"{op}.{name}": slot for op, name, slot in schema()}
    for address, words in Lexicon.builtin().slots.items():
        names = [f"{address.rpartition('.')[0]}.{name}" for name in words.tint] or [address]
        assert all(slots[name].group == words.group for name in names), address
