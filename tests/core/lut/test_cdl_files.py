"""Colour decision lists: OpenColorIO reads what is written, and what it writes, or any other hand, is read."""

from __future__ import annotations

import time
from dataclasses import FrozenInstanceError
from pathlib import Path

import PyOpenColorIO as ocio
import pytest

from veraretouch.core.errors import InvalidDocument, InvalidRequest
from veraretouch.core.lut.cdl_files import LARGEST, SUFFIXES, ColorDecision, read_decision, write_decision

WARM = ColorDecision((1.2, 1.0, 0.85), (0.01, -0.02, 0.03), (0.9, 1.1, 1.25), 1.3, "warm")
ONE = """<ColorCorrection id="{id}"><SOPNode>
<Slope>{slope}</Slope><Offset>0 0 0</Offset><Power>1 1 1</Power></SOPNode>
<SatNode><Saturation>0.5</Saturation></SatNode></ColorCorrection>"""
BOTH = ONE.format(id="a", slope="1 1 1") + ONE.format(id="b", slope="2 1 1")
TWO = f"<ColorCorrectionCollection>{BOTH}</ColorCorrectionCollection>"


def written(folder: Path, text: str, name: str = "a.ccc") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".CC"])
def test_opencolorio_and_we_read_what_was_written(tmp_path, suffix):
    path = write_decision(WARM, tmp_path / f"look{suffix}")
    assert read_decision(path) == WARM
    (theirs,) = ocio.CDLTransform.CreateGroupFromFile(str(path))
    assert tuple(theirs.getSlope()) == WARM.slope
    assert tuple(theirs.getOffset()) == WARM.offset
    assert tuple(theirs.getPower()) == WARM.power
    assert theirs.getSat() == WARM.saturation


def test_without_an_id_the_files_name_stands_in(tmp_path):
    path = write_decision(ColorDecision((1, 1, 1), (0, 0, 0), (1, 1, 1), 1.0), tmp_path / "shot 7.cc")
    assert read_decision(path).id == "shot 7"


def test_the_values_go_to_the_op_by_address():
    assert WARM.params == {
        "cdl.slope": [1.2, 1.0, 0.85],
        "cdl.offset": [0.01, -0.02, 0.03],
        "cdl.power": [0.9, 1.1, 1.25],
        "cdl.saturation": 1.3,
    }


def test_of_several_the_one_of_an_id_is_read_and_the_others_are_named(tmp_path):
    path = written(tmp_path, TWO)
    assert read_decision(path, id="b").slope == (2, 1, 1)
    assert read_decision(path, id="a").saturation == 0.5
    with pytest.raises(InvalidRequest, match=r"holds 2 corrections. Choose one by id: a, b\."):
        read_decision(path)
    with pytest.raises(InvalidRequest, match=r"holds no correction 'bb'\. Did you mean 'b'\? It has: a, b\."):
        read_decision(path, id="bb")


def test_a_file_that_was_changed_is_read_anew(tmp_path):
    path = written(tmp_path, ONE.format(id="a", slope="1 1 1"), "a.cc")
    assert read_decision(path).slope == (1, 1, 1)
    path.write_text(ONE.format(id="a", slope="3 1 1"))
    assert read_decision(path).slope == (3, 1, 1)


@pytest.mark.parametrize("number", ["1e999", "0x10", "1_0", "nan", "1,5", "１"])
def test_what_opencolorio_would_take_for_another_number_is_refused(tmp_path, number):
    with pytest.raises(InvalidDocument, match=f"'{number}' is not a number"):
        read_decision(written(tmp_path, ONE.format(id="a", slope=f"{number} 1 1"), "a.cc"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + ONE.format(id="a", slope="1 1 1"), "has a document type"),
        ("nothing of the kind", "holds no colour correction"),
        ("<ColorCorrection><SOPNode></ColorCorrection>", "holds no colour correction"),
    ],
    ids=["a document type", "a text", "cut off"],
)
def test_what_is_no_decision_list_is_refused_in_one_line(tmp_path, text, said):
    with pytest.raises(InvalidDocument, match=said) as caught:
        read_decision(written(tmp_path, text, "a.cc"))
    assert "\n" not in str(caught.value)


def test_a_comment_is_no_document_type(tmp_path):
    assert read_decision(written(tmp_path, "<!-- ours -->" + ONE.format(id="a", slope="1 1 1"), "a.cc")).id == "a"


def test_the_largest_file_is_read_and_a_byte_more_is_not(tmp_path):
    text = ONE.format(id="a", slope="1 1 1")
    path = written(tmp_path, text + " " * (LARGEST - len(text)), "a.cc")
    assert path.stat().st_size == LARGEST == 4 * 2**20
    assert read_decision(path).id == "a"
    with path.open("a") as file:
        file.write(" ")
    with pytest.raises(InvalidDocument, match="has more than 4,194,304 bytes"):
        read_decision(path)


def test_an_unknown_suffix_and_an_existing_file_are_refused(tmp_path):
    with pytest.raises(InvalidRequest, match=r"'look.xml' is no name of a CDL file. End it in .cc, .ccc, .cdl\."):
        write_decision(WARM, tmp_path / "look.xml")
    path = write_decision(WARM, tmp_path / "look.cc")
    before = path.read_bytes()
    with pytest.raises(InvalidRequest, match="exists already"):
        write_decision(ColorDecision((2, 2, 2), (0, 0, 0), (1, 1, 1), 1.0), path)
    assert path.read_bytes() == before
    write_decision(ColorDecision((2, 2, 2), (0, 0, 0), (1, 1, 1), 1.0), path, overwrite=True)
    assert read_decision(path).slope == (2, 2, 2)


def test_a_tag_that_never_ends_costs_no_more_than_its_length(tmp_path):
    path = tmp_path / "a.cc"
    path.write_bytes(b"<Slope " * 20_000)  # 140 KB; 12 s where each tag was looked at to the file's end
    start = time.process_time()
    with pytest.raises(InvalidDocument, match="holds no colour correction"):
        read_decision(path)
    assert time.process_time() - start < 2


def test_a_long_word_is_cut_at_forty_characters_and_a_decision_stays_as_it_is(tmp_path):
    with pytest.raises(InvalidDocument, match=f"'{'x' * 40}' is not a number"):
        read_decision(written(tmp_path, ONE.format(id="a", slope=f"{'x' * 99} 1 1"), "a.cc"))
    with pytest.raises(FrozenInstanceError):
        WARM.saturation = 2.0
