"""Folders of labels: what each source knows, and what is refused."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from veraretouch.core.errors import InvalidDocument, InvalidRequest
from veraretouch.planners.scene.network import CLASSES, SIDE
from veraretouch.planners.training.scene.labels import EVERY, PERSON, SKIN, fingerprint, read_labels


def test_pictures_come_with_what_their_source_knows(folder: Path) -> None:
    items = read_labels(folder)
    assert [item.name for item in items] == ["faces/0", "fields/0", "fields/1", "fields/2", "fields/3"]
    field = items[1]
    assert field.picture().shape == (SIDE, SIDE, 3)
    assert set(np.unique(field.labels())) == {1, 2, 255}
    assert set(np.unique(field.allowed())) == {1 << 1, 1 << 2, 0}


def test_where_skin_is_not_known_a_person_may_be_skin_and_the_rest_neither(folder: Path) -> None:
    face = read_labels(folder)[0]
    either = (1 << PERSON) | (1 << SKIN)
    assert set(np.unique(face.allowed())) == {either, EVERY & ~either}


def test_a_label_that_is_not_known_means_none_of_the_known_classes(folder: Path) -> None:
    face = read_labels(folder)[0]
    assert face.table()[0] == EVERY & ~((1 << PERSON) | (1 << SKIN))
    assert face.table()[CLASSES.index("building")] == face.table()[0]


def test_sources_are_left_out_by_name(folder: Path) -> None:
    assert {item.source for item in read_labels(folder, without=["faces"])} == {"fields"}
    with pytest.raises(InvalidRequest, match="no source 'feilds'"):
        read_labels(folder, without=["feilds"])


def test_the_fingerprint_follows_every_byte(folder: Path) -> None:
    items = read_labels(folder)
    assert fingerprint(items) == fingerprint(read_labels(folder))
    assert fingerprint(items) != fingerprint(items[:-1])


def _spoil_index(folder: Path, before: str, after: str) -> None:
    path = folder / "index.csv"
    path.write_text(path.read_text().replace(before, after))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("1 2", "1 nine", "cannot be read"),
        ("1 2", "1 9", "known is '1 9'"),
        ("1 2", "", "known is ''"),
        ("not_known", "unknown", "rest is 'unknown'"),
        ("known,rest", "knows,rest", "'known'"),
        ("fields/2,", "fields/9,", "lacks its row"),
    ],
)
def test_an_index_that_breaks_a_rule_is_refused(folder: Path, before: str, after: str, said: str) -> None:
    _spoil_index(folder, before, after)
    with pytest.raises(InvalidDocument, match=said):
        read_labels(folder)


def test_a_folder_that_holds_none_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(InvalidDocument, match=r"has no index\.csv"):
        read_labels(tmp_path)
    for tar in folder.glob("*.tar"):
        tar.unlink()
    with pytest.raises(InvalidDocument, match="no labelled pictures"):
        read_labels(folder)
    (folder / "odd.tar").write_bytes(b"no tar")
    with pytest.raises(InvalidDocument, match="is no tar"):
        read_labels(folder)


def _replace(folder: Path, name: str, data: bytes | None) -> None:
    """Write the tar of `fields` again with one member changed, or without it."""
    path = folder / "fields.tar"
    shutil.move(path, folder / "old")
    with tarfile.open(folder / "old") as old, tarfile.open(path, "w") as new:
        for member in old.getmembers():
            file = old.extractfile(member)
            held = file.read() if file else b""
            if member.name == name:
                if data is None:
                    continue
                held = data
            member.size = len(held)
            new.addfile(member, io.BytesIO(held))


def test_files_that_cannot_be_read_are_named(folder: Path) -> None:
    _replace(folder, "fields/1.jpg", b"\xff\xd8\xff rest")
    item = next(item for item in read_labels(folder) if item.name == "fields/1")
    with pytest.raises(InvalidDocument, match=r"fields/1\.jpg: cannot be read"):
        item.picture()
    _replace(folder, "fields/1.png", None)
    with pytest.raises(InvalidDocument, match="lacks its labels"):
        read_labels(folder)


@pytest.mark.parametrize("said", ["holds the label 77", "has the mode RGB"])
def test_labels_that_are_none_are_refused(folder: Path, said: str) -> None:
    held = io.BytesIO()
    image = Image.new("L", (8, 8), 77) if "77" in said else Image.new("RGB", (8, 8))
    image.save(held, "PNG")
    _replace(folder, "fields/1.png", held.getvalue())
    item = next(item for item in read_labels(folder) if item.name == "fields/1")
    with pytest.raises(InvalidDocument, match=said):
        item.labels()
