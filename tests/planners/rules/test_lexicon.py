"""Lexicon files: the built-in one keeps its schema; users' files extend and override; malformed ones are refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from veraretouch.core import strict_json
from veraretouch.core.errors import InvalidDocument
from veraretouch.planners.rules.lexicon import Lexicon
from veraretouch.planners.rules.style import read_style


def file_of(folder: Path, name: str = "mine.json", **sections: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps({"schema": "veraretouch.lexicon/1"} | sections))
    return path


def test_the_built_in_lexicon_keeps_its_schema() -> None:
    path = Path(sys.modules[Lexicon.__module__].__file__ or "").with_name("lexicon.json")
    strict_json.load(path, "lexicon", name="lexicon")
    assert all(region.tints or region.bands or region.edits for region in Lexicon.builtin().regions.values())


def test_a_users_file_adds_words_regions_degrees_and_slots(tmp_path: Path) -> None:
    path = file_of(
        tmp_path,
        slots={"acme.faded_blacks.amount": {"group": "effects", "name": "faded blacks", "low": 0, "high": 1}},
        terms=[
            {"names": ["Gronk", "gronk-like"], "doc": "Ours.", "edits": {"exposure.ev": 0.3, "hsl.hue[orange]": -0.2}},
            {"names": ["ungronk"], "doc": "Its reverse.", "opposite": "gronk"},
            {"names": ["milky"], "doc": "A plugin's.", "edits": {"acme.faded_blacks.amount": 0.4}},
            {
                "names": ["toasted"],
                "doc": "A curve.",
                "edits": {"tone_curve.luma": [0.1, 0, -0.1]},
                "in": {"brick": {"hsl.saturation[red]": 0.3}},
            },
        ],
        regions=[
            {"id": "brick", "names": ["bricks", "brick walls"], "doc": "Walls.", "bands": {"red": 1, "orange": 0.4}}
        ],
        degrees={"hella": 1.6},
    )
    mine = Lexicon.load(path)
    assert read_style("gronk like", mine).edits == {
        "exposure": {"ev": 0.3},
        "hsl": {"hue": [0, -0.2, 0, 0, 0, 0, 0, 0]},
    }
    assert read_style("hella ungronk", mine).edits["exposure"] == {"ev": -0.48}
    assert read_style("milky", mine).edits == {"acme.faded_blacks": {"amount": 0.4}}
    assert "Faded blacks +0.40" in read_style("milky", mine).reasoning["effects"]["plan"]
    assert read_style("toasted brick walls", mine).edits == {"hsl": {"saturation": [0.3, 0, 0, 0, 0, 0, 0, 0]}}
    curve = read_style("toasted", mine).edits["tone_curve"]["luma"]
    assert isinstance(curve, list)
    assert (curve[0], curve[8], curve[16]) == pytest.approx((0.1, 0.5, 0.9), abs=0.002)
    assert read_style("vivid brick walls, keep the bricks", mine).protected == ("bricks",)
    assert read_style("gronk").unknown == ("gronk",)
    assert read_style("warm moody", mine) == read_style("warm moody")


def test_the_later_file_wins(tmp_path: Path) -> None:
    first = file_of(
        tmp_path, "1.json", terms=[{"names": ["warm"], "doc": "Less.", "edits": {"white_balance.temperature": 0.1}}]
    )
    second = file_of(
        tmp_path,
        "2.json",
        terms=[{"names": ["warm"], "doc": "More.", "edits": {"white_balance.temperature": 0.2}}],
        ignored=["moody"],
    )
    assert read_style("warm", Lexicon.load(first)).edits == {"white_balance": {"temperature": 0.1}}
    both = Lexicon.load(first, second)
    assert read_style("warm", both).edits == {"white_balance": {"temperature": 0.2}}
    assert read_style("moody", both).edits == {}
    assert read_style("warm", Lexicon.load(second, first)).edits == {"white_balance": {"temperature": 0.1}}
    assert read_style("warmer", both).edits == {"white_balance": {"temperature": 0.28}}


def term(**fields: Any) -> str:
    return json.dumps({"schema": "veraretouch.lexicon/1", "terms": [{"names": ["gronk"], "doc": "Ours."} | fields]})


MALFORMED = {
    "not JSON": ("{", "not JSON"),
    "another version": (
        '{"schema": "veraretouch.lexicon/2"}',
        "schema: 'veraretouch.lexicon/2' is not 'veraretouch.lexicon/1'",
    ),
    "an unknown section": (
        '{"schema": "veraretouch.lexicon/1", "term": []}',
        "unknown key 'term'. Did you mean 'terms'?",
    ),
    "an unknown key of a term": (term(edits={}, edit={}), "terms[0]: has an unknown key 'edit'"),
    "no names": (term(names=[], edits={"exposure.ev": 1}), "terms[0].names"),
    "no doc": (
        '{"schema": "veraretouch.lexicon/1", "terms": [{"names": ["gronk"], "edits": {}}]}',
        "terms[0]: lacks 'doc'",
    ),
    "neither edits nor opposite": (term(), "terms[0]: has neither edits nor opposite"),
    "an unknown slot": (
        term(edits={"exposre.ev": 1}),
        "terms[0].edits.exposre.ev: no slot 'exposre.ev'. Did you mean 'exposure.ev'?",
    ),
    "an unknown band": (term(edits={"hsl.hue[teal]": 1}), "terms[0].edits.hsl.hue[teal]: no band 'teal'"),
    "a band left out": (term(edits={"hsl.hue": 1}), "Write hsl.hue[band]"),
    "a band too many": (term(edits={"exposure.ev[red]": 1}), "exposure.ev has no bands"),
    "a list for a number": (term(edits={"exposure.ev": [1, 2]}), "terms[0].edits.exposure.ev: [1, 2] is not a number"),
    "a number for a tint": (term(edits={"color_grading.shadow": 0.3}), "0.3 is not [hue, strength]"),
    "a number for a curve": (term(edits={"tone_curve.luma": 0.3}), "0.3 is not a list"),
    "a text for a number": (term(edits={"exposure.ev": "1"}), "terms[0].edits.exposure.ev"),
    "infinity": (term(edits={"exposure.ev": 1}).replace("1}}", "1e999}}"), "is not finite"),
    "an unknown opposite": (term(opposite="brigth"), "terms[0].opposite: 'brigth' is no term"),
    "an unknown region": (term(edits={"exposure.ev": 1}, **{"in": {"skies": {}}}), "no region 'skies'."),
    "a name twice": (
        term(names=["gronk", "Gronk!"], edits={"exposure.ev": 1}),
        "terms[0].names[1]: 'Gronk!' stands there and in",
    ),
    "a name without a word": (term(names=["!?"], edits={"exposure.ev": 1}), "'!?' holds no word"),
    "a degree below zero": ('{"schema": "veraretouch.lexicon/1", "degrees": {"hella": -1}}', "degrees.hella"),
    "a slot without room": (
        '{"schema": "veraretouch.lexicon/1", "slots": {"a.b": {"group": "x", "name": "y", "low": 1, "high": 2}}}',
        "leave no room about 0",
    ),
    "a key twice": ('{"schema": "veraretouch.lexicon/1", "degrees": {"hella": 1, "hella": 2}}', "stands twice"),
    "an unknown slot to hold": (
        '{"schema": "veraretouch.lexicon/1", "protection": {"holds": {"a.b": 1}}}',
        "protection.holds: no slot 'a.b'",
    ),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_lexicon_gives_one_clear_error(kind: str, tmp_path: Path) -> None:
    text, message = MALFORMED[kind]
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(InvalidDocument) as refused:
        Lexicon.load(path)
    assert str(refused.value).startswith(str(path))
    assert message in str(refused.value)


def test_a_missing_lexicon_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match="cannot be read"):
        Lexicon.load(tmp_path / "mine.json")
