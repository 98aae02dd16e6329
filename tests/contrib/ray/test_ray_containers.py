"""Photos within shards and Parquet files: found, named by their place, and refused one by one."""

from __future__ import annotations

import io
import tarfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

pytest.importorskip("veraretouch_ray", reason="pip install ./contrib/ray")

from veraretouch_ray.containers import photos_of
from veraretouch_ray.places import Place
from veraretouch_ray.sources import Source


def picture(kind="JPEG"):
    held = io.BytesIO()
    Image.new("RGB", (8, 8), (90, 80, 70)).save(held, kind)
    return held.getvalue()


def shard(path, members):
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def found(path, column=""):
    """What is found in a file: names below the output folder, inputs without the file's name, problems."""
    items = Source.of(str(path)).items(Place.of("/out"))
    photos = [photo for item in items for photo in photos_of(item, column)]
    assert len({photo.version for photo in photos}) == 1
    return [(photo.name, photo.input.partition("#")[2], photo.problem) for photo in photos]


def test_members_are_photos_by_their_suffix_or_those_of_the_column(tmp_path):
    names = ("1.input.jpg", "1.target.jpg", "1.json", "sub/2.input.jpg")
    path = shard(tmp_path / "a.tar", [(name, picture()) for name in names])
    assert [name for name, _, _ in found(path)] == ["a.tar/1.input.jpg", "a.tar/1.target.jpg", "a.tar/sub/2.input.jpg"]
    assert [input for _, input, _ in found(path, "input.jpg")] == ["1.input.jpg", "sub/2.input.jpg"]


def test_a_member_that_comes_twice_is_taken_once(tmp_path):
    path = shard(tmp_path / "a.tar", [("1.jpg", picture()), ("1.jpg", picture("PNG"))])
    first, second = found(path)
    assert first == ("a.tar/1.jpg", "1.jpg", "")
    assert second[1:] == ("1.jpg#2", "the shard has '1.jpg' more than once; the first is taken")


def test_a_shard_that_breaks_off_gives_what_it_has_and_one_problem(tmp_path):
    path = shard(tmp_path / "a.tar", [(f"{number}.jpg", picture()) for number in range(4)])
    path.write_bytes(path.read_bytes()[:3300])
    *whole, last = found(path)
    assert [input for _, input, _ in whole] == ["0.jpg", "1.jpg"]
    assert last[1] == ""
    assert "is damaged" in last[2]


def test_rows_are_called_by_their_number_across_groups_and_by_what_they_hold(tmp_path):
    images = [picture(), picture("PNG"), None, picture("WEBP"), picture("TIFF")]
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": range(5), "photo": pa.array(images, pa.binary())}), path, row_group_size=2)
    assert [(name, problem) for name, _, problem in found(path)] == [
        ("a.parquet/000000000.jpg", ""),
        ("a.parquet/000000001.png", ""),
        ("a.parquet/000000002.jpg", "row 2 holds no photo"),
        ("a.parquet/000000003.webp", ""),
        ("a.parquet/000000004.tif", ""),
    ]


def test_paths_lead_from_the_tables_folder_or_are_whole(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"path": ["sub/a.JPG", "/b/c.png", "gopher://f/g.jpg", "file:///d/e.webp"]}), path)
    (item,) = Source.of(str(path)).items(Place.of("/out"))
    photos = list(photos_of(item, ""))
    places = [photo.place.path for photo in photos if photo.place is not None]
    assert places == [str(tmp_path / "sub" / "a.JPG"), "/b/c.png", "/d/e.webp"]
    assert [photo.name[-4:] for photo in photos] == [".jpg", ".png", ".jpg", "webp"]
    assert [bool(photo.problem) for photo in photos] == [False, False, True, False]


@pytest.mark.parametrize(
    ("columns", "column", "said"),
    [
        ({"a": [b"1"], "b": [b"2"]}, "", "has no one such column"),
        ({"a": [b"1"]}, "c", "has no column 'c' of photos"),
        ({"label": [1]}, "", "has no one such column"),
    ],
)
def test_a_table_without_one_column_of_photos_says_which_it_has(tmp_path, columns, column, said):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table(columns), path)
    ((_, _, problem),) = found(path, column)
    assert said in problem
    assert f"It has {', '.join(columns)}" in problem


def test_a_file_that_is_no_table_is_one_problem(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 but no more")
    ((_, _, problem),) = found(tmp_path / "a.parquet")
    assert "is no Parquet file" in problem
