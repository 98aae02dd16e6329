"""Examples are drawn as the recipe says, and folders of experts are read as published."""

import numpy as np
import pytest
from PIL import Image
from veraretouch_aether.draw import generator
from veraretouch_aether.experts import UnknownLayout, pairs_in
from veraretouch_aether.spoil import adaptation, daylight_xy, illuminants, invert


def layout(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".txt":
            path.write_text("a0002-b\n")
        else:
            Image.new("RGB", (4, 4)).save(path.with_suffix(".png"))
            path.with_suffix(".png").rename(path)


def test_fivek_as_zeng_publishes_it_is_read(tmp_path):
    names = [f"{side}/JPG/480p/{name}.jpg" for side in ("input", "expertC") for name in ("a0001-a", "a0002-b")]
    layout(tmp_path, *names, "test.txt")
    found = pairs_in(tmp_path)
    assert [(pair.name, pair.split) for pair in found] == [("a0001-a", "train"), ("a0002-b", "test")]
    assert found[0].after == tmp_path / "expertC/JPG/480p/a0001-a.jpg"


def test_fiveks_archive_is_split_by_number(tmp_path):
    names = ("a0001-a", "a4501-b")
    layout(tmp_path, *(f"raw_photos/HQa1to700/photos/{n}.dng" for n in names), *(f"tiff16_c/{n}.tif" for n in names))
    assert [pair.split for pair in pairs_in(tmp_path)] == ["train", "test"]


def test_ppr10k_keeps_its_groups_and_its_split(tmp_path):
    names = [
        f"{part}/{side}/{name}.tif"
        for part, name in (("train", "0_1"), ("val", "1356_0"))
        for side in ("source", "target_a", "target_b")
    ]
    layout(tmp_path, *names)
    assert [(pair.group, pair.split) for pair in pairs_in(tmp_path)] == [("0", "train"), ("1356", "test")]
    assert pairs_in(tmp_path, expert="b")[0].after.parent.name == "target_b"


def test_a_folder_without_pairs_is_refused(tmp_path):
    with pytest.raises(UnknownLayout, match="no pairs"):
        pairs_in(tmp_path)


def test_daylight_of_6504_kelvin_is_d65():
    assert np.allclose(daylight_xy(6504), illuminants()["D65"], atol=2e-4)


def test_a_cast_keeps_the_luminance_of_white_and_is_undone_by_its_inverse():
    d65, a = np.array([0.1978, 0.3122]), np.array([0.2560, 0.3495])
    matrix = adaptation(d65, a)
    white = matrix @ np.ones(3)
    assert white @ [0.2126, 0.7152, 0.0722] == pytest.approx(1, abs=1e-3)
    assert white[0] > 1 > white[2]
    undone = invert({"color_matrix": {"matrix": adaptation(d65, d65 + 0.2 * (a - d65)).tolist()}})
    assert np.allclose(
        np.array(undone["color_matrix"]["matrix"]) @ adaptation(d65, d65 + 0.2 * (a - d65)), np.eye(3), atol=1e-4
    )


def test_draws_depend_on_their_facts_alone():
    assert generator(1, "a").random() == generator(1, "a").random() != generator(1, "b").random()
