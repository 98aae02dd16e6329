"""styles.json: what an app makes of it alone is what the desktop's lexicon makes of the same phrases."""

import json
import math
from itertools import combinations

import numpy as np
import pytest
import torch

from veraretouch import zoo
from veraretouch.planners.rules.lexicon import Lexicon, Term
from veraretouch.planners.tiny.latents import own_schema, wish_of_prompt
from veraretouch.planners.tiny.planner import Tiny
from veraretouch.zoo.coreml import open_package, styles
from veraretouch.zoo.coreml.judging import golden_inputs
from veraretouch.zoo.coreml.recipes import of_tiny
from veraretouch.zoo.fetch import fetch

pytestmark = pytest.mark.xdist_group("coreml")
SCHEMA = own_schema()


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """As an app reads it."""
    folder = tmp_path_factory.mktemp("styles")
    styles.write(folder, SCHEMA)
    return json.loads((folder / styles.FILE).read_text("utf-8"))


def within(amount, low, high, hard):
    """A sum within its reach, slowing down from half of it on."""
    end = high if amount > 0 else -low
    if hard or end == 0:
        return max(-end, min(end, amount))
    half, size = end / 2, abs(amount)
    return math.copysign(size if size <= half else half + half * math.tanh((size - half) / half), amount)


def turned(table, angle, one, two):
    at, values = ([row[place] for row in table["wheel"]] for place in (one, two))
    return float(np.interp(angle, at, values))


def vector(table, wishes):
    """What `contrib/ios/Sources/VeraBundle/Styles.swift` makes of phrase -> strength, by the table alone."""
    strengths = {}
    for phrase, strength in wishes.items():
        (style,) = [place for place, row in enumerate(table["styles"]) if phrase in row["phrases"]]
        strengths[style] = max(strengths.get(style, 0), strength)
    parts = []
    for style, strength in sorted(strengths.items()):
        values = np.zeros(table["size"])
        for place, value in table["styles"][style]["values"].items():
            values[int(place)] = value
        parts.append((values, strength))
    if len(parts) == 1 and parts[0][1] == 1:
        return parts[0][0]
    found = np.zeros(table["size"])
    for place, low, high in ((at + i, low, high) for at, count, low, high in table["plain"] for i in range(count)):
        moving = [(values[place], strength) for values, strength in parts if values[place]]
        total = sum(value * strength for value, strength in moving)
        alone = len(moving) == 1 and moving[0][1] == 1
        found[place] = total if alone else within(total, low, high, place in table["hard"])
    for hue, saturation, high in table["tints"]:
        moving = [(values[hue], values[saturation], strength) for values, strength in parts if values[saturation]]
        if len(moving) == 1 and moving[0][2] == 1:
            found[hue], found[saturation] = moving[0][:2]
            continue
        tint = sum(s * size * np.exp(1j * math.radians(turned(table, angle, 0, 1))) for angle, size, s in moving)
        if abs(tint) > 5e-4:
            angle = math.degrees(np.angle(tint)) % 360
            angle += 360 if angle < table["wheel"][0][1] else 0
            found[hue], found[saturation] = turned(table, angle, 1, 0) % 360, within(abs(tint), 0, high, False)
    for first, count in table["curves"]:
        own = slice(first, first + count)
        if found[own].any():
            line = np.linspace(0, 1, count)
            found[own] = np.maximum.accumulate((line + found[own]).clip(0, 1)) - line
    return found


def test_each_phrase_of_the_lexicon_has_the_very_vector_of_the_desktop(table):
    terms = [" ".join(phrase) for phrase, meaning in Lexicon.builtin().vocabulary.items() if isinstance(meaning, Term)]
    listed = {phrase for row in table["styles"] for phrase in row["phrases"]}
    assert len(listed) == sum(len(row["phrases"]) for row in table["styles"])
    for phrase in terms:
        wanted = wish_of_prompt(SCHEMA, phrase).numpy()
        assert (phrase in listed) == bool(wanted.any()), phrase
        if phrase in listed:
            np.testing.assert_array_equal(vector(table, {phrase: 1}).astype(np.float32), wanted, err_msg=phrase)


def test_how_numpy_prints_changes_no_byte(tmp_path, table):
    kept = np.get_printoptions()
    np.set_printoptions(legacy="1.13", precision=3)
    try:
        styles.write(tmp_path, SCHEMA)
    finally:
        np.set_printoptions(**kept)
    assert json.loads((tmp_path / styles.FILE).read_text("utf-8")) == table


def test_the_table_says_what_stands_where(table):
    sizes = [int(name.partition("[")[2].rstrip("]") or 1) for name in table["slots"]]
    assert sum(sizes) == table["size"] == SCHEMA.size
    at = table["slots"].index("white_balance.temperature")
    assert vector(table, {"warm": 1})[sum(sizes[:at])] > 0


def parted(table, found, wanted):
    """The largest difference of numbers, and of tints as vectors, since a hue of a weak tint says little."""
    found, wanted = np.array(found, dtype=float), np.array(wanted, dtype=float)
    for hue, saturation, _ in table["tints"]:
        for values in (found, wanted):
            turn = values[saturation] * np.exp(1j * np.radians(values[hue]))
            values[hue], values[saturation] = turn.real, turn.imag
    return float(np.abs(found - wanted).max())


@pytest.mark.slow
def test_several_phrases_add_up_as_the_lexicon_adds_them(table):
    """All pairs of styles. A style that alone is beyond half of a slot's reach was slowed down before it is added:
    there a sum differs.
    """
    apart = {}
    for one, two in combinations([row["phrases"][0] for row in table["styles"]], 2):
        wanted = wish_of_prompt(SCHEMA, f"{one}, {two}").numpy()
        apart[one, two] = parted(table, vector(table, {one: 1, two: 1}), wanted)
    assert max(apart.values()) < 0.025
    assert np.quantile(list(apart.values()), 0.99) < 2.5e-3
    assert np.median(list(apart.values())) < 1e-6


@pytest.mark.parametrize(("strength", "degree"), [(0.4, "slightly"), (1.5, "very")])
def test_a_strength_is_a_degree(table, strength, degree):
    apart = [
        parted(
            table,
            vector(table, {row["phrases"][0]: strength}),
            wish_of_prompt(SCHEMA, f"{degree} {row['phrases'][0]}").numpy(),
        )
        for row in table["styles"]
    ]
    assert max(apart) < 0.02
    assert np.median(apart) < 1e-4


@pytest.mark.slow
def test_a_bundle_has_the_table_and_a_style_through_its_package_is_the_planners(tmp_path):
    folder = zoo.export("tiny", variant="fp16", out=tmp_path / "bundle", only=["tiny_style"])
    bundle = fetch(str(folder))
    with bundle.open("coreml/coreml-fp16/styles.json") as file:
        table = json.load(file)
    planner, package = Tiny(), open_package(bundle, "tiny_style")
    recipe = of_tiny(planner, cubes=[])[1]
    image = golden_inputs(recipe)["image"].astype(np.float32)
    pixels = torch.from_numpy(image) / 255
    plain = package.predict({"image": image, "style": np.zeros((1, SCHEMA.size), np.float32)})["latents"]
    for phrases in (["moody"], ["teal and orange"], ["dreamy", "warm"]):
        style = vector(table, dict.fromkeys(phrases, 1)).astype(np.float32)[None]
        found = package.predict({"image": image, "style": style})["latents"]
        wish = wish_of_prompt(SCHEMA, ", ".join(phrases))[None]
        wanted = planner.repair(pixels, "natural", wish)[0].pack().numpy()
        assert (np.abs(found - wanted) / recipe.span(wanted)).max() < 1e-2
        assert np.abs(found - plain).max() > 0.05
