"""Pack, push and load again; hostile names in model cards."""

import json
import re

import pytest
import torch
import yaml
from bundles import Weighted, bundle_files, lay
from markdown_it import MarkdownIt

from veraretouch import zoo
from veraretouch.core.errors import BrokenPlugin, InvalidDocument, TamperedBundle, UnreachableBundle
from veraretouch.core.render.loading import load_retoucher
from veraretouch.core.render.retoucher import Retoucher
from veraretouch.zoo.bundles.card import model_card
from veraretouch.zoo.bundles.manifest import Manifest
from veraretouch.zoo.fetch import fetch

LICENCE = {"spdx": "Apache-2.0", "commercial_use": True, "file": "LICENSE"}


@pytest.fixture
def packed(tmp_path, weighted):
    (tmp_path / "text").write_text("Apache License\n")
    retoucher = Retoucher(Weighted(torch.tensor([0.5, -0.1])))
    return zoo.pack(
        retoucher,
        tmp_path / "packed",
        name="my-look",
        licence=LICENCE,
        facts={"summary": "A look.", "metrics": {"psnr": 24.5}},
        files={"LICENSE": tmp_path / "text"},
    )


def test_what_was_packed_loads(packed):
    retoucher = zoo.load(str(packed))
    assert retoucher.planner.raw.tolist() == pytest.approx([0.5, -0.1])
    assert retoucher.planner.configuration == {"kind": "constant"}
    assert Manifest(packed / "bundle.json").latents == Weighted.schema


def test_what_was_pushed_loads_elsewhere(packed, loopback, member, hub):
    where = zoo.push(packed, "me/look", hub=member)
    assert where == f"me/look@{loopback.repositories['me/look'].branches['main']}"
    bundle = fetch(where, hub=hub)
    assert bundle.tensors("weights.safetensors")["raw"].tolist() == pytest.approx([0.5, -0.1])
    assert zoo.push(packed, "me/look", hub=member).startswith("me/look@")


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # the client's own
def test_large_files_go_up_as_lfs_objects(tmp_path, loopback, member, hub):
    folder = lay(tmp_path / "look", bundle_files(filler=200_000))
    where = zoo.push(folder, "me/look", private=True, hub=member)
    assert len(loopback.uploads) == 1
    assert loopback.repositories["me/look"].private
    assert fetch(where, hub=member).tensors("more.safetensors")["noise"].shape == (200_000,)


def test_pushing_without_a_token_or_what_is_no_bundle(packed, hub, member, loopback):
    with pytest.raises(UnreachableBundle):
        zoo.push(packed, "me/look", hub=hub)
    (packed / "weights.safetensors").write_bytes(b"changed")
    with pytest.raises(TamperedBundle):
        zoo.push(packed, "me/look", hub=member)
    assert not loopback.repositories


def test_packing_leaves_nothing_behind_where_a_rule_is_broken(tmp_path, weighted):
    retoucher = Retoucher(Weighted(torch.zeros(2)))
    with pytest.raises(InvalidDocument):
        zoo.pack(retoucher, tmp_path / "out", name="NO NAME", licence={"spdx": "MIT", "commercial_use": True})
    with pytest.raises(BrokenPlugin, match="'rules' has no save_bundle"):
        zoo.pack(zoo.load("rules"), tmp_path / "out", name="x", licence={"spdx": "MIT", "commercial_use": True})
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").write_text("")
    with pytest.raises(UnreachableBundle, match="is not an empty folder"):
        zoo.pack(retoucher, tmp_path / "full", name="x", licence={"spdx": "MIT", "commercial_use": True})
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("xdg")) == ["full"]


HOSTILE = "# [x](javascript:alert(1)) <script>alert(1)</script>\n---\nlicense: mit\n```\n$(rm -rf) \u202e | {{ x }}"


def test_hostile_words_are_text_in_a_model_card():
    document = json.loads(bundle_files()["bundle.json"])
    document |= {"version": HOSTILE[:60], "summary": HOSTILE, "citation": HOSTILE, "training_data": HOSTILE}
    document["licence"] = {"spdx": HOSTILE[:90], "commercial_use": True, "note": HOSTILE}
    document["metrics"] = {HOSTILE: 1.0}
    card = model_card(Manifest(document))
    _, front, body = card.split("---\n", 2)
    assert yaml.safe_load(front)["license"] == HOSTILE[:90].lower()
    assert not re.search(r"(?<!\\)[<`\[]", body.replace("```", ""))
    assert "\u202e" not in body
    assert body.count("```") == 2
    assert [line for line in body.splitlines() if line.startswith("# ")] == [body.splitlines()[1]]


HARM = [
    "[x](javascript:alert(1))",
    "![x](http://e.example/x.png)",
    "<script>alert(1)</script>",
    "<!-- x -->",
    "<http://e.example>",
    "\n\n---\nlicense: mit\n---\n",
    "\n```\ncode\n```\n",
    "\n\n# x",
    "x\n===",
    "> x",
    "- x",
    "1. x",
    "\n\n    x",
    "***",
    "| x | x |",
    "|---|---|",
    "[x]: http://e.example\n[x]",
    "**x** _x_ ~~x~~ `x`",
    "\\[x](x)",
    "\\",
    "&lt;b&gt; &#60;",
    "\u202ex\u2066",
    "\x1b[31m\0",
]


@pytest.mark.parametrize("words", HARM)
def test_a_hostile_word_gives_a_card_of_the_same_parts_as_a_harmless_one(words):
    """Judged by a reader of Markdown that is not ours."""

    def card(words):
        document = json.loads(bundle_files()["bundle.json"])
        document |= {"version": words[:60], "summary": words, "citation": words, "training_data": words}
        document["licence"] = {"spdx": words, "commercial_use": True, "note": words}
        document |= {"metrics": {words: 1.0}, "variants": {words: document["variants"]["torch"]}}
        return model_card(Manifest(document)).split("---\n", 2)

    def parts(body):
        markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
        return [(one.type, [inner.type for inner in one.children or ()]) for one in markdown.parse(body)]

    _, front, body = card(words)
    assert yaml.safe_load(front) == yaml.safe_load(card("harmless")[1]) | {"license": words.lower()}
    assert parts(body) == parts(card("harmless")[2])
    assert all(letter.isprintable() or letter == "\n" for letter in front + body)


def test_a_planner_on_the_command_line_may_be_a_bundle(packed):
    assert load_retoucher(str(packed)).origin["name"] == "my-look"
