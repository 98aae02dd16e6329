"""A plan merged into a sidecar: sliders that the plan does not set stay, and nothing is lost or replaced unasked."""

import numpy as np
import pytest

import veraretouch as vr
from veraretouch.core.errors import InvalidDocument, InvalidRequest
from veraretouch.ops.presets import read_preset, write_preset
from veraretouch.ops.presets.sidecar import SidecarMerge, is_sidecar, merge_sidecar, sidecar_of

THERE = {"Exposure2012": "-1.00", "Highlights2012": "-40", "Shadows2012": "0", "HueAdjustmentBlue": "+12"}


def plan_of(params):
    return vr.retouch(np.full((1, 1, 3), 0.4, np.float32), params=params).plan


@pytest.fixture
def sidecar(tmp_path):
    path = tmp_path / "IMG.xmp"
    attributes = " ".join(f'crs:{name}="{value}"' for name, value in THERE.items())
    path.write_text(
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"'
        ' xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" crs:ProcessVersion="11.0"'
        f" {attributes}><crs:ToneCurvePV2012><rdf:Seq><rdf:li>0, 10</rdf:li><rdf:li>255,"
        " 255</rdf:li></rdf:Seq></crs:ToneCurvePV2012></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    return path


def settings(path):
    from veraretouch.ops.presets import xmp

    return xmp.settings_of(xmp.parse(path.read_bytes(), "s"), "s")


def test_sliders_that_the_plan_does_not_set_stay_as_they_were(sidecar):
    merge = merge_sidecar(plan_of({"vibrance.amount": 0.2, "tone_regions.shadows": 0.3}), sidecar, overwrite=True)
    assert merge == SidecarMerge(changes=("Shadows2012 0 -> +30", "Vibrance +20"), kept=5)
    assert settings(sidecar) == {
        "ProcessVersion": "11.0",
        **THERE,
        "Shadows2012": "+30",
        "Vibrance": "+20",
        "Version": "15.0",
        "HasSettings": "True",
        "ToneCurvePV2012": ["0, 10", "255, 255"],
    }
    assert 'xmp:Rating="4"' in sidecar.read_text()


def test_bands_at_rest_change_nothing_of_their_neighbours(sidecar):
    merge_sidecar(plan_of({"hsl.hue": [0.1, 0, 0, 0, 0, 0, 0, 0]}), sidecar)
    assert (settings(sidecar)["HueAdjustmentRed"], settings(sidecar)["HueAdjustmentBlue"]) == ("+10", "+12")


def test_a_value_that_is_there_changes_only_when_that_is_asked_for(sidecar, tmp_path):
    before = sidecar.read_bytes()
    with pytest.raises(InvalidRequest, match=r"Exposure2012 -1.00 -> \+0.50.*--overwrite"):
        merge_sidecar(plan_of({"exposure.ev": 0.5, "vibrance.amount": 0.2}), sidecar)
    assert sidecar.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["IMG.xmp"]
    merge = merge_sidecar(plan_of({"exposure.ev": 0.5}), sidecar, overwrite=True)
    assert merge.changes == ("Exposure2012 -1.00 -> +0.50",)


def test_the_same_value_in_another_form_is_no_change(sidecar):
    before = sidecar.read_bytes()
    merge = merge_sidecar(plan_of({"exposure.ev": -1.0}), sidecar, backup=True)
    assert (merge.changes, merge.backup) == ((), None)
    assert sidecar.read_bytes() == before


def test_backups_keep_every_state(sidecar, tmp_path):
    before = sidecar.read_bytes()
    first = merge_sidecar(plan_of({"exposure.ev": 0.5}), sidecar, overwrite=True, backup=True)
    between = sidecar.read_bytes()
    second = merge_sidecar(plan_of({"exposure.ev": 1.5}), sidecar, overwrite=True, backup=True)
    assert [first.backup.name, second.backup.name] == ["IMG.xmp.bak", "IMG.xmp.bak2"]
    assert (first.backup.read_bytes(), second.backup.read_bytes()) == (before, between)


def test_a_sidecar_that_is_a_link_is_merged_where_it_leads(sidecar, tmp_path):
    link = tmp_path / "elsewhere" / "IMG.xmp"
    link.parent.mkdir()
    link.symlink_to(sidecar)
    merge_sidecar(plan_of({"exposure.ev": 0.5}), link, overwrite=True)
    assert link.is_symlink()
    assert "+0.50" in sidecar.read_text(encoding="utf-8")


def test_a_sidecar_that_cannot_be_read_stays(tmp_path):
    path = tmp_path / "IMG.xmp"
    path.write_text("<x:xmpmeta")
    with pytest.raises(InvalidDocument):
        merge_sidecar(plan_of({"exposure.ev": 0.5}), path, overwrite=True, backup=True)
    assert path.read_text() == "<x:xmpmeta"
    assert [each.name for each in tmp_path.iterdir()] == ["IMG.xmp"]


def test_a_preset_is_no_sidecar(sidecar, tmp_path):
    write_preset(plan_of({"exposure.ev": 0.5}), tmp_path / "look.xmp")
    assert (is_sidecar(sidecar), is_sidecar(tmp_path / "look.xmp"), is_sidecar(tmp_path / "none.xmp")) == (
        True,
        False,
        False,
    )
    (tmp_path / "IMG.CR3.xmp").touch()
    assert sidecar_of(tmp_path / "IMG.CR3").name == "IMG.CR3.xmp"
    assert sidecar_of(tmp_path / "B.CR3").name == "B.xmp"


def test_on_the_command_line_the_sidecar_may_be_named_itself(cli, sidecar, tmp_path):
    (tmp_path / "plan.json").write_text(plan_of({"exposure.ev": 0.5}).json())
    assert "Exposure2012 -1.00 -> +0.50" in cli("export", "xmp", "plan.json", "IMG.xmp", code=1).stderr
    told = cli("export", "xmp", "plan.json", "IMG.CR3", "--overwrite", "--backup").stdout
    assert "IMG.xmp: Exposure2012 -1.00 -> +0.50" in told
    assert "1 settings written, 5 kept" in told
    assert "IMG.xmp.bak" in told
    params = read_preset(sidecar).params
    assert (params["exposure.ev"], params["tone_regions.highlights"]) == (0.5, -0.4)
