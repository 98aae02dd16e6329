"""Strict JSON: what json.loads lets pass is refused, each rule that a document breaks is said with path and cure."""

from __future__ import annotations

import os
import time

import pytest

from veraretouch.core import strict_json
from veraretouch.core.errors import InvalidDocument
from veraretouch.core.strict_json import DEEPEST, is_unicode, judge, load, packaged, parse, read_bytes, shorten, step

PLAN = {
    "schema": "veraretouch.plan/1",
    "mode": "auto",
    "planner": {"id": "rules", "version": "1"},
    "groups": ["lighting"],
    "edits": {},
    "reasoning": {},
}


@pytest.mark.parametrize("text", ['{"a": [1, 2.5, null, true, "x"]}', b'\xef\xbb\xbf{"a": [1, 2.5, null, true, "x"]}'])
def test_plain_json_is_read_with_or_without_a_byte_order_mark(text):
    assert parse(text) == {"a": [1, 2.5, None, True, "x"]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1, "a": 2}', "a"),
        ("[NaN]", "NaN"),
        ("[-Infinity]", "Infinity"),
        ("[1e999]", "doc[0]"),
        pytest.param("[1" + "0" * 301 + "]", "is too large", id="302 digits"),
        pytest.param("[1" + "0" * 5000 + "]", "a number that cannot be read", id="5,001 digits"),
        ('{"a": ', "not JSON"),
        ("[1, 2\n, }", "at line 2, column 3"),
        ('["\\ud800"]', "doc[0]: '\\ud800' holds half a character"),
        ('{"\\ud800": 1}', "is not Unicode text"),
        (b'["\xff"]', "not UTF-8 text (invalid start byte at byte 2)"),
        pytest.param("[" * (DEEPEST + 2) + "]" * (DEEPEST + 2), f"deeper than {DEEPEST}", id="too deep by two"),
        pytest.param("[" * 100_000, "deeper than", id="100,000 brackets"),
        ('{"k e": {"a\\nb": [0, NaN]}}', "NaN"),
    ],
)
def test_what_is_no_strict_json_is_one_error(text, said):
    with pytest.raises(InvalidDocument) as caught:
        parse(text, name="doc")
    assert said in str(caught.value)
    assert str(caught.value).startswith("doc")
    assert len(str(caught.value)) < 300


def test_forty_levels_are_read():
    document = parse("[" * DEEPEST + "]" * DEEPEST)
    depth = 0
    while document:
        document, depth = document[0], depth + 1
    assert depth == DEEPEST - 1
    assert DEEPEST == 40


def test_more_than_64_mebibytes_are_refused_before_they_are_parsed(monkeypatch):
    assert strict_json.LARGEST == 64 * 2**20
    monkeypatch.setattr(strict_json, "LARGEST", 10)
    assert parse("[1, 2, 34]") == [1, 2, 34]
    with pytest.raises(InvalidDocument, match="11 bytes are more than 10"):
        parse("[1, 2, 345]")


def test_a_document_comes_as_path_text_bytes_or_object(tmp_path):
    import json

    path = tmp_path / "plan.json"
    path.write_text(json.dumps(PLAN))
    for source in (
        path,
        str(path),
        json.dumps(PLAN),
        "\ufeff\n " + json.dumps(PLAN),
        json.dumps(PLAN).encode(),
        dict(PLAN),
    ):
        assert load(source, "plan", name="plan") == PLAN
    with pytest.raises(InvalidDocument, match="5 is neither a path, nor JSON text, nor an object"):
        load(5, "plan", name="plan")
    with pytest.raises(InvalidDocument, match="cannot be read: No such file"):
        load(tmp_path / "absent.json", "plan", name="plan")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "veraretouch.plan/99"}, "plan.schema: 'veraretouch.plan/99' is not 'veraretouch.plan/"),
        ({"mode": "atuo"}, "plan.mode: 'atuo' is not one of "),
        ({"mode": "atuo"}, "Did you mean 'auto'?"),
        ({"promt": "x"}, "plan: has an unknown key 'promt'. Did you mean 'prompt'? Known: "),
        ({"seed": "7"}, "plan.seed: '7' is not of type "),
        ({"strength": 1.5}, "plan.strength: 1.5 is above the maximum 1. Give 1 or less."),
        ({"strength": -1}, "plan.strength: -1 is below the minimum 0. Give 0 or more."),
        ({"groups": ["lighting", "lighting"]}, "plan.groups: "),
        ({"planner": {"id": "rules"}}, "plan.planner: lacks 'version'. Add what is missing."),
    ],
)
def test_a_broken_rule_is_said_with_its_path_and_cure(change, said):
    with pytest.raises(InvalidDocument) as caught:
        judge(PLAN | change, "plan", name="plan")
    assert said in str(caught.value)


def test_no_more_than_is_allowed_is_read_and_one_byte_beyond(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"x" * 100)
    assert len(read_bytes(path, 10)) == 11
    assert len(read_bytes(path, 1000)) == 100
    with pytest.raises(InvalidDocument, match=r"mine: cannot be read: Is a directory. Choose a file\."):
        read_bytes(tmp_path, 10, called="mine", cure="Choose a file.")
    with pytest.raises(InvalidDocument, match="cannot be read"):
        read_bytes(tmp_path / "a\0b", 10)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="a device of Unix")
def test_a_device_that_never_ends_is_read_so_far_alone():
    from pathlib import Path

    assert read_bytes(Path("/dev/zero"), 1000) == bytes(1001)


def test_lists_of_a_million_numbers_pass_quickly():
    text = "[" + ",".join(["0.5"] * 1_000_000) + "]"
    start = time.process_time()
    assert len(parse(text)) == 1_000_000
    assert time.process_time() - start < 5


def test_a_step_is_written_as_one_would_type_it():
    assert [step(part) for part in ("edits", 3, "a-b c", "a]b", "")] == [".edits", "[3]", ".a-b c", "['a]b']", "['']"]


def test_long_values_are_cut_and_huge_integers_named():
    assert shorten("x" * 1000) == "'" + "x" * 56 + "..."
    assert len(shorten(list(range(1000)))) == 60
    assert shorten(10**5000) == "an int of too many digits to print"
    assert shorten(3.5) == "3.5"


def test_lone_surrogates_are_no_unicode():
    assert is_unicode("é山👨")
    assert not is_unicode("a\udc80")


def test_a_file_that_comes_with_a_package_is_read_beside_its_module_and_once(tmp_path, monkeypatch):
    package = tmp_path / "shop" / "goods"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "facts.json").write_text('{"a": 1}')
    monkeypatch.syspath_prepend(tmp_path)
    assert packaged("shop.goods.reading", "facts.json") == {"a": 1}
    assert packaged("shop.goods.reading", "facts.json") is packaged("shop.goods.reading", "facts.json")
    (package / "twice.json").write_text('{"a": 1, "a": 2}')
    with pytest.raises(InvalidDocument, match=r"twice\.json: key 'a' stands twice"):
        packaged("shop.goods.reading", "twice.json")
