"""The measure of the auto mode measures what it says: doing nothing gains nothing, the originals gain all."""

from __future__ import annotations

import csv
import io
import tarfile

import numpy as np
import pytest
import torch
from auto_cases import KINDS, cases_of, read
from auto_mode import BARS, case_figures, finished_figures, judge, markdown
from auto_page import pages
from PIL import Image
from unfinished_set import _framed_alike, _upright

QUICK = ("strong", "strangers, mild", "unfinished")


# Minutes: `make bench` runs it.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Four sources of three photos, smooth colours each, and one that is no finished photo."""
    folder = tmp_path_factory.mktemp("collection")
    rng = np.random.default_rng(1)
    with (folder / "index.csv").open("w", newline="") as file, tarfile.open(folder / "all.tar", "w") as archive:
        table = csv.writer(file)
        table.writerow(["file", "source", "tier"])
        for source in range(5):
            for number in range(3):
                small = rng.integers(30, 226, (4, 6, 3), dtype=np.uint8)
                data = io.BytesIO()
                Image.fromarray(small).resize((240, 160), Image.Resampling.BICUBIC).save(data, "PNG")
                member = tarfile.TarInfo(f"s{source}/{number}.png")
                member.size = len(data.getvalue())
                archive.addfile(member, io.BytesIO(data.getvalue()))
                table.writerow([member.name, f"owner{source}/photos@1", "ordinary" if source == 4 else "retouched"])
    return read([folder], first=None)


@pytest.fixture(scope="module")
def cases(photos):
    return {kind: cases_of(kind, photos) for kind in QUICK}


@pytest.fixture(scope="module")
def nothing(photos, cases):
    """The figures of doing nothing."""
    return judge(lambda rgb, folds: rgb, photos, cases)


def test_only_finished_photos_are_read_each_source_in_turn(photos):
    assert len(photos) == 12
    assert len(set(photos.sources[:4])) == 4
    assert photos.rgb.shape == (12, 3, 256, 256)
    assert "owner4/photos" not in photos.sources


def test_doing_nothing_moves_nothing_and_gains_nothing(nothing):
    assert nothing["finished"]["moved"] == 0
    assert nothing["finished"]["chroma kept"] == 1
    assert nothing["finished"]["passed"]
    for kind in QUICK:
        row = nothing[kind]
        assert row["nothing"] == row["after"] > 1
        assert row["reduction"] == row["better"] == row["worse by more than 2"] == 0
        assert row.get("passed") in (None, False)


@pytest.mark.parametrize("kind", QUICK)
def test_the_originals_gain_all_and_something_else_harms(cases, kind):
    found = cases[kind]
    perfect = case_figures(kind, found, found.after)
    assert perfect["after"] == 0
    assert perfect["reduction"] == perfect["better"] == 1
    assert perfect["interval"][1] < 0
    assert kind not in BARS or perfect["passed"]
    harmful = case_figures(kind, found, torch.zeros_like(found.before))
    assert harmful["better"] == 0
    assert harmful["worse by more than 2"] == 1


def test_the_worst_source_and_lost_chroma_are_found(photos):
    done = photos.rgb.clone()
    spoilt = [source == "owner2/photos" for source in photos.sources]
    done[spoilt] = done[spoilt].float().mean(dim=1, keepdim=True).round().to(torch.uint8).expand(-1, 3, -1, -1)
    row = finished_figures(photos, done)
    assert row["worst source"] == "owner2/photos"
    assert row["worst source moved"] > 2.5
    assert row["moved"] == pytest.approx(row["worst source moved"] / 4)
    assert 0.6 < row["chroma kept"] < 0.9
    assert not row["passed"]


def test_the_tables_name_every_planner_and_kind(nothing):
    text = markdown({"planners": {"one": nothing, "two": nothing}})
    assert all(f"| {kind} | {name} | 12 |" in text for kind in QUICK for name in ("one", "two"))


def some_of(photos, rows):
    return type(photos)(
        photos.rgb[rows], *([found[row] for row in rows] for found in (photos.sources, photos.folds, photos.names))
    )


def test_cases_depend_on_names_and_pixels_alone(photos, cases):
    assert torch.equal(KINDS["unfinished"](some_of(photos, [7, 2])), cases["unfinished"].before[[7, 2]])


def test_pages_show_four_pictures_a_photo(photos):
    found = pages(some_of(photos, [0, 1]), lambda rgb, folds: rgb)
    assert len(found) == 1
    assert found[0].width > 3 * 4 * 128


def test_a_rendering_is_turned_and_cropped_to_the_developed_frame():
    rng = np.random.default_rng(0)
    frame = Image.fromarray(rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)).resize(
        (600, 400), Image.Resampling.BICUBIC
    )
    wider = Image.new("RGB", (600, 440))
    wider.paste(frame, (0, 20))
    before, after = _framed_alike(frame, wider.transpose(Image.Transpose.ROTATE_90))
    assert before.size == after.size == (256, 171)
    assert np.abs(np.asarray(before, dtype=int) - np.asarray(after)).mean() < 3


def test_a_rendering_is_shown_upright():
    data = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 20)).save(data, "JPEG", exif=exif)
    assert _upright(data.getvalue()).size == (20, 30)
