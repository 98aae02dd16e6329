"""Photos are read from tars and folders, each with its source and tier, and folds never split a source."""

from __future__ import annotations

import csv
import io
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from veraretouch.core.errors import InvalidDocument, UnreadablePhoto
from veraretouch.planners.training.cases.sources import FOLDS, fold_of, photos_by_source, read_photos


def picture(level):
    file = io.BytesIO()
    Image.fromarray(np.full((4, 6, 3), level, dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


ROWS = [
    ("ann__web/0000.png", "ann/web@12ab", "a, b.png", "retouched", 10),
    ("ann__web/0001.png", "ann/web@12ab", "c.png", "retouched", 20),
    ("bob__set/0000.png", "bob/set@99", 'the "best".png', "ordinary", 30),
    ("loose/0000.png", "cat/loose", "d.png", "ordinary", 40),
]


@pytest.fixture
def collection(tmp_path):
    with (tmp_path / "index.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "source", "path", "tier"])
        writer.writerows(row[:4] for row in ROWS)
    for name in ("ann__web", "bob__set"):
        with tarfile.open(tmp_path / f"{name}.tar", "w") as archive:
            for file, *_, level in ROWS:
                if file.startswith(name):
                    member = tarfile.TarInfo(file)
                    member.size = len(picture(level))
                    archive.addfile(member, io.BytesIO(picture(level)))
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose" / "0000.png").write_bytes(picture(40))
    return tmp_path


def test_every_photo_of_an_index_is_read_with_its_source_and_tier(collection):
    photos = photos_by_source(collection)
    assert [(photo.file, photo.source, photo.tier) for photo in photos] == [
        (file, source.partition("@")[0], tier) for file, source, _, tier, _ in ROWS
    ]
    read = {photo.file: pixels for photo, pixels in read_photos(photos)}
    assert {file: int(pixels[0, 0, 0]) for file, pixels in read.items()} == {row[0]: row[4] for row in ROWS}
    assert all(pixels.shape == (3, 4, 6) and pixels.dtype == torch.uint8 for pixels in read.values())


def test_some_photos_are_read_without_the_others(collection):
    wanted = [photo for photo in photos_by_source(collection) if photo.tier == "retouched"][1:]
    assert [photo.file for photo, _ in read_photos(wanted)] == ["ann__web/0001.png"]


def test_a_plain_folder_is_one_ordinary_source(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("b.png", "deep/a.png"):
        (tmp_path / name).write_bytes(picture(50))
    photos = photos_by_source(tmp_path)
    assert [photo.file for photo in photos] == ["b.png", "deep/a.png"]
    assert {(photo.source, photo.tier) for photo in photos} == {(tmp_path.name, "ordinary")}
    assert len(list(read_photos(photos))) == 2


def test_an_index_without_tiers_lists_ordinary_photos(collection):
    (collection / "index.csv").write_text("file,source\nloose/0000.png,cat/loose\n")
    assert [photo.tier for photo in photos_by_source(collection)] == ["ordinary"]


def test_a_folder_without_photos_is_refused(tmp_path):
    with pytest.raises(UnreadablePhoto, match="no photos"):
        photos_by_source(tmp_path)


def test_an_index_that_names_a_missing_file_is_refused(collection):
    (collection / "bob__set.tar").unlink()
    with pytest.raises(InvalidDocument, match=r"bob__set/0000\.png"):
        photos_by_source(collection)


def test_an_index_without_a_column_of_sources_is_refused(collection):
    (collection / "index.csv").write_text("file,tier\nloose/0000.png,ordinary\n")
    with pytest.raises(InvalidDocument, match="lacks the columns source"):
        photos_by_source(collection)


def test_a_fold_depends_on_the_owner_and_the_family_alone():
    assert fold_of("ann/web@12ab") == fold_of("ann/web") == fold_of("ann/other")
    family = ("Yorkbenno", "colegulino")
    assert len({fold_of(f"{owner}/Spatial-Pyramid-Matching-for-Scene-Classification") for owner in family}) == 1
    folds = [fold_of(f"owner-{number}/photos") for number in range(1000)]
    assert [folds.count(fold) > 150 for fold in range(FOLDS)] == [True] * FOLDS


def test_a_photo_knows_the_fold_of_its_source(collection):
    assert {photo.fold for photo in photos_by_source(collection) if photo.source == "ann/web"} == {fold_of("ann/web")}
