"""Files that hold an edit."""

from __future__ import annotations

import numpy as np
import pytest

import veraretouch as vr
from veraretouch.core.errors import InvalidRequest, VeraRetouchError
from veraretouch.ops.presets import write_preset
from veraretouch.planners.edit_files import read_edit_file

PLAN = vr.zoo.load("rules").plan(np.full((8, 8, 3), 0.4, "float32"), params={"exposure.ev": 0.7})
DECISION = (
    '<ColorCorrection xmlns="urn:ASC:CDL:v1.2" id="a"><SOPNode><Slope>1.2 1 1</Slope><Offset>0 0 0</Offset>'
    "<Power>1 1 1</Power></SOPNode><SatNode><Saturation>1.1</Saturation></SatNode></ColorCorrection>"
)
CUBE = "LUT_3D_SIZE 2\n" + "".join(f"{r} {g} {b / 2}\n" for b in (0, 1) for g in (0, 1) for r in (0, 1))


def test_a_plan_a_preset_a_decision_and_a_table_are_read(tmp_path):
    PLAN.save(tmp_path / "a.json")
    write_preset(PLAN, tmp_path / "a.xmp", name="a", partial=False, overwrite=False)
    (tmp_path / "a.cc").write_text(DECISION)
    (tmp_path / "a.cube").write_text(CUBE)
    read = {name: read_edit_file(tmp_path / f"a.{name}") for name in ("json", "xmp", "cc", "cube")}
    assert all(missing == [] for _, missing in read.values())
    assert read["json"][0] == PLAN
    assert float(read["xmp"][0].edits["exposure"].params["ev"]) == pytest.approx(0.7)
    assert read["cc"][0].edits["cdl"].params["slope"].tolist() == [1.2, 1, 1]
    assert read["cube"][0].edits["lut3d"].params["lattice"][1, 1, 1].tolist() == [1, 1, 0.5]


def test_what_a_preset_holds_and_is_not_rendered_is_said(tmp_path):
    write_preset(PLAN, tmp_path / "a.xmp", name="a", partial=False, overwrite=False)
    text = (tmp_path / "a.xmp").read_text()
    assert 'crs:Exposure2012="' in text
    (tmp_path / "a.xmp").write_text(text.replace('crs:Exposure2012="', 'crs:Temperature="5200" crs:Exposure2012="'))
    _, missing = read_edit_file(tmp_path / "a.xmp")
    assert len(missing) == 1
    assert "Temperature" in missing[0]


def test_other_files_and_damaged_ones_are_refused(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(InvalidRequest, match="no values that are known"):
        read_edit_file(tmp_path / "a.jpg")
    for name in ("json", "xmp", "cc", "cube"):
        (tmp_path / f"a.{name}").write_text("torn")
        with pytest.raises(VeraRetouchError):
            read_edit_file(tmp_path / f"a.{name}")
