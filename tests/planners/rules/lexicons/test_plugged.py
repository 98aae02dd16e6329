"""Words of plug-ins reach a stranger's op and area, leave others' words alone, and are blocked as all plug-ins."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import veraretouch as vr
from veraretouch.core.testing.isolation import isolated_registry
from veraretouch.planners.rules.lexicon import Lexicon
from veraretouch.planners.rules.lexicons.plugged import installed
from veraretouch.planners.rules.style import is_understood, read_style

WORDS: dict[str, Any] = {
    "schema": "veraretouch.lexicon/1",
    "slots": {"acme.fade.amount": {"group": "lighting", "name": "fade", "low": 0, "high": 0.9}},
    "regions": [{"id": "ceiling", "names": ["ceiling"], "doc": "The top.", "area": "acme.top"}],
    "terms": [{"names": ["ghostly"], "doc": "As a ghost.", "edits": {"acme.fade.amount": 0.4}}],
}
CODE = f"""
import veraretouch as vr
from veraretouch import Op, Slot

class Fade(Op):
    "Fade a photo."
    id, version, stage, pointwise = "acme.fade", 1, 400, True
    amount = Slot(0.0, low=0.0, high=1.0, group="lighting", doc="How far.")

    def apply(self, rgb, p):
        return rgb * (1 - p.amount)

class Top(vr.Area):
    "Cover the top."
    id, version = "acme.top", 1
    reach = Slot(0.5, low=0.0, high=1.0, group="area", doc="How far down.")

    def mask(self, rgb, p):
        from veraretouch.core.contract.area import positions
        _, y = positions(p.frame, rgb)
        return ((p.reach - y) * 8 + 0.5).clamp(0, 1).expand(len(rgb), 1, *rgb.shape[2:])

WORDS = {WORDS!r}
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A stranger's package, as pip leaves it."""
    from distributions import Site

    site = Site(tmp_path)
    groups = {"ops": "acme.fade = acme_ghost:Fade", "areas": "acme.top = acme_ghost:Top"}
    site.install("acme-ghost", "1.0", {"acme.words": "acme_ghost:WORDS"}, group="veraretouch.lexicons")
    points = next(tmp_path.glob("*.dist-info")) / "entry_points.txt"
    points.write_text(points.read_text() + "".join(f"[veraretouch.{g}]\n{line}\n" for g, line in groups.items()))
    (tmp_path / "acme_ghost.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    with isolated_registry() as registry:
        yield registry


@pytest.mark.parametrize("planner", ["tiny", "rules"])
def test_style_reaches_a_strangers_op_and_area(site, planner):
    photo = np.full((32, 48, 3), 0.6, np.float32)
    plain = vr.retouch(photo, style="ghostly", planner=planner, taste="faithful")
    assert plain.plan.edits["acme.fade"].source == "acme-ghost 1.0"
    assert plain.image.mean() == pytest.approx(0.36, abs=0.01)
    above = vr.retouch(photo, style="very ghostly ceiling", planner=planner, taste="faithful")
    assert [part.id for entry in above.plan.local for part in entry.area] == ["acme.top"]
    assert above.image[:8].mean() < 0.3
    assert np.allclose(above.image[24:], 0.6, atol=0.01)


def test_a_blocked_lexicon_is_not_read_and_nothing_of_it_imported(site, monkeypatch):
    monkeypatch.setenv("VERARETOUCH_BLOCK", "acme.words")
    site.lexicons.refresh()
    assert not is_understood("ghostly")
    assert str(site.lexicons.entries()["acme.words"].state) == "blocked"


def test_words_that_are_there_keep_their_meaning_and_are_named_once():
    words = {
        **WORDS,
        "terms": [*WORDS["terms"], {"names": ["warm", "glow"], "doc": "No.", "edits": {"exposure.ev": 0.5}}],
    }
    with isolated_registry() as registry:
        registry.lexicons.add(words, id="acme.words")
        with pytest.warns(RuntimeWarning, match="'warm' mean something already"):
            assert read_style("warm").edits == {"white_balance": {"temperature": 0.28}}
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert read_style("glow").edits == {"exposure": {"ev": 0.5}}  # known before as beyond reach
            assert installed() is installed()
    assert read_style("glow").edits == {}
    assert "glow" not in {term.name for term in Lexicon.builtin().vocabulary.values() if hasattr(term, "edits")}


def test_articles_and_spellings_of_a_plug_in_leave_the_words_of_others_alone():
    extended, taken = Lexicon.builtin().extended(
        {"articles": ["high", "le"], "spellings": {"warm": "cool", "chaud": "warm"}}, "acme"
    )
    assert sorted(taken) == ["high", "warm"]
    assert read_style("high key, le chaud", extended).edits == read_style("high key, warm").edits


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            {"terms": [{"names": ["ghostly"], "doc": "No.", "edits": {"acme.fde.amount": 1}}]},
            "no slot 'acme.fde.amount'",
        ),
        ({"protection": {"holds": {"a.b": 1}}}, "protection.holds: no slot 'a.b'"),
    ],
)
def test_a_lexicon_that_breaks_a_rule_is_left_out_with_its_reason(words, message):
    with isolated_registry() as registry:
        registry.lexicons.add({"schema": "veraretouch.lexicon/1", **words}, id="acme.words")
        registry.lexicons.add(WORDS, id="other.words")
        with pytest.warns(RuntimeWarning, match=message.replace(".", r"\.")):
            assert read_style("ghostly").edits == {"acme.fade": {"amount": 0.4}}
        assert str(registry.lexicons.entries()["acme.words"].state) == "broken"


def test_what_is_no_lexicon_is_refused_where_it_is_registered(tmp_path):
    with isolated_registry() as registry:
        with pytest.raises(vr.errors.VeraRetouchError, match="is no lexicon"):
            registry.lexicons.add(3, id="acme.words")
        with pytest.raises(vr.errors.VeraRetouchError, match="terms"):
            registry.lexicons.add({"schema": "veraretouch.lexicon/1", "terms": 3}, id="acme.words")
        with pytest.raises(vr.errors.VeraRetouchError, match="cannot be read"):
            registry.lexicons.add(str(tmp_path / "none.json"), id="acme.words")
