"""Sidecars follow the edits of photos that are edited, and leave everything else as it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import veraretouch as vr
from veraretouch.core.errors import InvalidRequest

pytest.importorskip("veraretouch_studio", reason="pip install ./contrib/serve ./contrib/studio")

from studios import PLAN, serve
from veraretouch_studio.edits import Edits
from veraretouch_studio.sidecars import Sidecars

from veraretouch.ops.presets import read_preset

DARKTABLE = """<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:darktable="http://darktable.sf.net/"
 xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" xmp:Rating="4" darktable:xmp_version="5"
 crs:ProcessVersion="11.0" crs:Contrast2012="+20" crs:Exposure2012="-1.00"/>
</rdf:RDF></x:xmpmeta>
"""


def plan(**values: float) -> dict:
    """A plan of exposure.ev and contrast.amount."""
    slots = {"ev": "exposure", "amount": "contrast"}
    edits = {slots[name]: {"version": 1, "params": {name: value}} for name, value in values.items()}
    return PLAN | {"edits": edits}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


@pytest.fixture
def edits() -> Edits:
    return Edits(Sidecars(["plan", "xmp"]))


def test_only_a_photo_that_is_edited_has_sidecars_and_they_say_what_the_edit_does(edits, photos):
    photo, folder = photos[0], photos[0].parent
    before = names(folder)
    edits.put(photo, 0, plan(ev=0.5), "Exposure")
    assert names(folder) == sorted([*before, "beach.jpg.plan.json", "beach.jpg.xmp"])
    saved = vr.Plan.load(folder / "beach.jpg.plan.json")
    assert saved.document() == vr.Plan.load(plan(ev=0.5)).document()
    assert float(read_preset(folder / "beach.jpg.xmp").plan().edits["exposure"].params["ev"]) == 0.5
    edits.put(photo, 1, plan(amount=0.2), "Contrast")
    assert set(vr.Plan.load(folder / "beach.jpg.plan.json").edits) == {"contrast"}
    assert "Exposure2012" not in (folder / "beach.jpg.xmp").read_text()
    edits.undo(photo, 2)
    assert float(read_preset(folder / "beach.jpg.xmp").plan().edits["exposure"].params["ev"]) == 0.5
    edits.undo(photo, 3)
    assert names(folder) == before


def test_a_plan_whose_values_were_all_taken_back_has_none(edits, photos):
    folder = photos[0].parent
    before = names(folder)
    edits.put(photos[0], 0, plan(ev=0.5), "Exposure")
    history = edits.put(photos[0], 1, plan(), "Exposure")
    assert not history.edited
    assert names(folder) == before


def test_without_the_option_nothing_is_written(photos):
    before = names(photos[0].parent)
    Edits().put(photos[0], 0, plan(ev=0.5), "Exposure")
    assert names(photos[0].parent) == before


def test_what_another_program_wrote_survives_every_edit_and_comes_back_after_the_last_undo(edits, photos):
    xmp = photos[0].with_name("beach.jpg.xmp")
    xmp.write_text(DARKTABLE)
    edits.put(photos[0], 0, plan(ev=0.5), "Exposure")
    text = xmp.read_text()
    for kept in ('xmp:Rating="4"', 'darktable:xmp_version="5"', 'crs:Contrast2012="+20"', 'crs:Exposure2012="+0.50"'):
        assert kept in text
    # In another session: what stood there first is known still.
    again = Edits(Sidecars(["xmp"]))
    again.put(photos[0], 1, plan(amount=0.1), "Contrast")
    text = xmp.read_text()
    assert 'crs:Exposure2012="-1.00"' in text
    assert 'crs:Contrast2012="+20"' not in text
    again.undo(photos[0], 2, 2)
    assert xmp.read_text() == DARKTABLE


def test_what_another_program_changes_meanwhile_is_kept_from_then_on(edits, photos):
    xmp = photos[0].with_name("beach.jpg.xmp")
    edits.put(photos[0], 0, plan(ev=0.5), "Exposure")
    rated = xmp.read_text().replace("<rdf:Description ", '<rdf:Description xmlns:n="http://n/" n:stars="5" ', 1)
    xmp.write_text(rated)
    edits.put(photos[0], 1, plan(ev=0.7), "Exposure")
    assert 'n:stars="5"' in xmp.read_text()
    assert 'Exposure2012="+0.70"' in xmp.read_text()
    edits.undo(photos[0], 2, 2)
    assert xmp.read_text() == rated


def test_the_original_is_known_after_a_long_journal_is_shortened(edits, photos, monkeypatch):
    xmp = photos[0].with_name("beach.jpg.xmp")
    xmp.write_text(DARKTABLE)
    edits.put(photos[0], 0, plan(ev=0.5), "Exposure")
    monkeypatch.setattr("veraretouch_studio.edits._COMPACT", 10)
    again = Edits(Sidecars(["xmp"]))
    again.undo(photos[0], 1)
    assert xmp.read_text() == DARKTABLE


def test_a_raw_files_xmp_is_the_one_that_other_programs_read(edits, tmp_path):
    photo = tmp_path / "IMG_1.CR3"
    photo.touch()
    (tmp_path / "IMG_1.xmp").write_text(DARKTABLE)
    edits.put(photo, 0, plan(ev=0.5), "Exposure")
    assert names(tmp_path) == ["IMG_1.CR3", "IMG_1.CR3.plan.json", "IMG_1.xmp"]
    assert 'crs:Exposure2012="+0.50"' in (tmp_path / "IMG_1.xmp").read_text()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("beach.jpg.plan.json", "{}", "not the studio's"),
        ("beach.jpg.plan.json", vr.Plan.load(plan(ev=0.1)).json(), "not the studio's"),
        ("beach.jpg.xmp", "no XML", "beach.jpg.xmp"),
    ],
    ids=["no plan", "another plan", "no xmp"],
)
def test_a_file_that_is_not_the_studios_is_left_alone_and_that_is_said(photos, name, content, said):
    edits = Edits(Sidecars(["plan" if name.endswith("json") else "xmp"]))
    path = photos[0].with_name(name)
    path.write_text(content)
    history = edits.put(photos[0], 0, plan(ev=0.5), "Exposure")
    assert said in history.said[0]
    assert str(photos[0].parent) not in history.said[0]
    edits.undo(photos[0], 1)
    assert path.read_text() == content


def test_nothing_is_written_through_a_link(edits, photos, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    for name in ("beach.jpg.plan.json", "beach.jpg.xmp"):
        photos[0].with_name(name).symlink_to(victim)
    history = edits.put(photos[0], 0, plan(ev=0.5), "Exposure")
    assert len(history.said) == 2
    assert victim.read_text() == "mine"


def test_what_xmp_cannot_say_is_told_with_the_edit(photos):
    client, end = serve(photos, sidecars=["xmp"])
    try:
        id = client.sign_in().first()
        strong = plan(ev=0.5) | {"strength": 0.5}
        told = client("PUT", f"/api/photos/{id}/edits", {"plan": strong, "name": "Strength"}, If_Match="0").json()
        assert told["said"] == ["beach.jpg.xmp cannot say: strength 0.5."]
    finally:
        end()


def test_photos_that_were_edited_before_get_theirs_when_the_studio_starts(photos):
    Edits().put(photos[0], 0, plan(ev=0.5), "Exposure")
    Edits(Sidecars(["plan"])).write_sidecars(photos)
    assert photos[0].with_name("beach.jpg.plan.json").exists()
    assert not photos[1].with_name("portrait.jpg.plan.json").exists()


def test_a_kind_that_is_not_known_is_refused_with_those_that_are():
    with pytest.raises(InvalidRequest, match="plan or xmp"):
        Sidecars(["json"])


def test_a_photos_copy_beside_a_raw_of_the_same_name_has_sidecars_of_its_own(edits, photos):
    raw = Path(shutil.copy(photos[0], photos[0].with_name("beach.cr3")))
    edits.put(photos[0], 0, plan(ev=0.5), "Exposure")
    edits.put(raw, 0, plan(ev=-0.5), "Exposure")
    written = [name for name in names(photos[0].parent) if name.endswith((".json", ".xmp"))]
    assert written == ["beach.cr3.plan.json", "beach.jpg.plan.json", "beach.jpg.xmp", "beach.xmp"]
