"""Places: of this machine and of an object store, which fails now and then."""

import time
from pathlib import Path

import pytest
from faulty_store import BUCKET, Fault

pytest.importorskip("veraretouch_ray", reason="pip install ./contrib/ray")

from veraretouch_ray.places import TRIES, Place

from veraretouch.core.errors import InvalidRequest, UnreadablePhoto, UnwritablePhoto


@pytest.fixture(autouse=True)
def _brief(monkeypatch):
    monkeypatch.setattr("veraretouch_ray.places._PAUSE", 0.01)


@pytest.fixture(params=["folder", "store"])
def root(request, tmp_path):
    if request.param == "folder":
        return Place.of(str(tmp_path / "out"))
    return Place.of(request.getfixturevalue("store").url(f"{request.node.name[:20]}"))


def test_what_is_written_is_listed_read_and_removed(root):
    assert root.kind() == ""
    assert list(root.files()) == []
    assert "%" not in root.name
    for name in ("b/c.txt", "a.txt", "b/.hidden", ".folder/d.txt"):
        (root / name).write(name.encode())
    assert [(found.name, found.size) for found in root.files()] == [("a.txt", 5), ("b/c.txt", 7)]
    assert (root / "b/c.txt").read() == b"b/c.txt"
    assert ((root / "a.txt").kind(), root.kind(), (root / "none").kind()) == ("file", "folder", "")
    (root / "a.txt").write(b"anew")
    assert (root / "a.txt").read() == b"anew"
    (root / "a.txt").remove()
    assert (root / "a.txt").kind() == ""
    root.remove_folder()
    assert list(root.files()) == []


def test_a_file_that_is_not_there_is_an_error_of_its_name_and_is_asked_for_once(root):
    begun = time.perf_counter()
    with pytest.raises(UnreadablePhoto, match=r"none\.jpg' cannot be read"):
        (root / "none.jpg").read()
    assert time.perf_counter() - begun < 1


def test_a_name_tells_no_key_and_no_option():
    place = Place.of(f"s3://key:secret@{BUCKET}/a/b/?endpoint_override=127.0.0.1:1&scheme=http&region=us-east-1")
    assert place.name == f"s3://{BUCKET}/a/b"
    assert (place / "c.jpg").name == f"s3://{BUCKET}/a/b/c.jpg"


def test_a_place_holds_what_lies_in_it_and_not_its_neighbour():
    a = Place.of("/photos/a")
    assert a.holds(Place.of("/photos/a"))
    assert a.holds(Place.of("/photos/a/b"))
    assert not a.holds(Place.of("/photos/ab"))
    assert not a.holds(Place.of("/photos"))


def test_a_file_url_is_a_path_and_a_scheme_that_nobody_knows_is_refused(tmp_path):
    assert Place.of(f"file://{tmp_path}/a b").local == tmp_path / "a b"
    with pytest.raises(InvalidRequest, match="no file system is known for gopher://"):
        Place.of("gopher://here/there")


@pytest.mark.parametrize("status", [500, 503, 0])
def test_a_request_that_fails_for_a_moment_is_made_again(store, status):
    place = Place.of(store.url("moments/a.txt"))
    store.faults += [Fault("PUT", "moments/a", 4, status), Fault("GET", "moments/a", 4, status)]
    before = store.hit
    place.write(b"whole")
    assert store.get("moments/a.txt") == b"whole"
    assert place.read() == b"whole"
    assert store.hit == before + 8


def test_one_that_fails_for_good_is_an_error_and_leaves_no_object(store):
    place = Place.of(store.url("forever/a.txt"))
    fault = Fault("PUT", "forever/", -1)
    store.faults.append(fault)
    with pytest.raises(UnwritablePhoto, match=rf"s3://{BUCKET}/forever/a\.txt' cannot be written"):
        place.write(b"whole")
    assert -fault.times - 1 >= TRIES
    store.faults.remove(fault)
    assert "forever/a.txt" not in store.names()


def test_what_is_refused_is_not_asked_for_again(store):
    fault = Fault("GET", "secret/", -1, 403)
    store.faults.append(fault)
    with pytest.raises(UnreadablePhoto):
        Place.of(store.url("secret/a.txt")).read()
    assert -fault.times - 1 <= 2
    store.faults.remove(fault)


def test_a_folder_that_cannot_be_written_to_is_an_error_and_a_half_file_has_no_name(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UnwritablePhoto, match="cannot be written"):
        Place.of(str(tmp_path / "file" / "a.txt")).write(b"")
    assert [path.name for path in Path(tmp_path).iterdir()] == ["file"]
