"""Names of outputs: of the input alone, and no two inputs share one; and what is done, by names and versions."""

import itertools

import pytest

pytest.importorskip("veraretouch_ray", reason="pip install ./contrib/ray")

from veraretouch_ray.index import Done, Index, claim
from veraretouch_ray.naming import outputs_of, picture_name
from veraretouch_ray.places import Place
from veraretouch_ray.sources import Source, sources_of

from veraretouch.core.cli.batch.request import BatchRequest
from veraretouch.core.cli.batch.session import kinds_for_all
from veraretouch.core.errors import InvalidRequest, UnwritablePhoto

STEMS = ("a", "a.nef", "a.bmp", "a.jpg", "a.nef.jpg", "a.bmp.png", "b/a")
SUFFIXES = ("jpg", "JPG", "jpeg", "png", "nef", "dng", "bmp", "gif", "tif", "webp")
NAMES = [f"{stem}.{suffix}" for stem, suffix in itertools.product(STEMS, SUFFIXES)]


def test_no_two_photos_share_a_picture_or_any_other_output():
    pictures = [picture_name(name) for name in NAMES]
    assert len({*pictures}) == len(NAMES)
    outputs = [output for picture in pictures for output in outputs_of(picture).values()]
    assert len({*outputs}) == len(outputs)


def test_a_photo_keeps_its_name_where_it_keeps_its_format():
    assert [picture_name(name) for name in ("x/IMG.v2.JPG", "a.jpg.jpg")] == ["x/IMG.v2.JPG", "a.jpg.jpg"]


@pytest.mark.parametrize(
    "name", ["", "/a.jpg", "../a.jpg", "a/../../b.jpg", "a//b.jpg", "a\\b.jpg", "a\0.jpg", "./a.jpg"]
)
def test_a_name_that_leads_out_of_its_folder_is_refused(name):
    with pytest.raises(UnwritablePhoto, match="cannot name an output"):
        picture_name(name)
    # A refusal of one photo, not of the request, which would end the run.
    assert UnwritablePhoto.__name__ not in kinds_for_all(BatchRequest("tiny", params={}))


@pytest.fixture
def folders(tmp_path):
    for name in ("a/x.jpg", "a/sub/y.jpg", "b/x.jpg", "b/notes.txt", "b/.hidden.jpg", "c/a/x.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def listed(sources, out):
    return [item.name for source in sources for item in source.items(Place.of(str(out)))]


def test_one_folder_gives_its_names_several_give_their_own_folders(folders):
    assert listed(sources_of([str(folders / "a")]), folders / "out") == ["x.jpg", "sub/y.jpg"]
    both = sources_of([str(folders / "a"), str(folders / "b"), str(folders / "b")])
    assert listed(both, folders / "out") == ["a/x.jpg", "a/sub/y.jpg", "b/x.jpg"]


def test_a_pattern_is_matched_below_its_first_fixed_folder_and_out_is_left_out(folders):
    pattern = str(folders / "*" / "x.jpg")
    assert listed(sources_of([pattern]), folders / "out") == ["a/x.jpg", "b/x.jpg"]
    assert listed(sources_of([str(folders / "**" / "*.jpg")]), folders / "c") == [
        "a/x.jpg",
        "a/sub/y.jpg",
        "b/x.jpg",
    ]


def test_inputs_that_would_share_outputs_or_lie_in_each_other_are_refused(folders):
    with pytest.raises(InvalidRequest, match="would have outputs of one name, 'a'"):
        sources_of([str(folders / "a"), str(folders / "c" / "a")])
    with pytest.raises(InvalidRequest, match="lies in"):
        sources_of([str(folders / "c"), str(folders / "c" / "a")])
    with pytest.raises(InvalidRequest, match=r"x\.jpg' lies in"):
        sources_of([str(folders / "a" / "*.jpg"), str(folders / "a" / "x.jpg")])
    assert len(sources_of([str(folders / "a" / "s*" / "*.jpg"), str(folders / "a" / "x.jpg")])) == 2
    with pytest.raises(InvalidRequest, match="is no pattern"):
        Source.of(str(folders / "**.jpg"))
    with pytest.raises(InvalidRequest, match="is no photo, shard or table by its suffix"):
        Source.of(str(folders / "b" / "notes.txt"))


def test_what_is_done_is_known_by_name_and_version():
    done = Done.of((f"photo {number}", "1") for number in range(1000))
    assert len(done) == 1000
    assert all((f"photo {number}", "1") in done for number in range(1000))
    assert ("photo 1", "2") not in done
    assert ("photo 1000", "1") not in done
    assert ("photo", "1") not in Done.of([])


def row(input, status="written"):
    return {"input": input, "version": "1", "status": status, "outputs": [], "warnings": []}


def test_rows_of_failures_are_taken_out_for_another_try_and_no_others(tmp_path):
    out = Place.of(str(tmp_path / "out"))
    for part in ([row("a"), row("b", "failed")], [row("c", "failed")], [row("d")]):
        with Index(out) as index:
            index.add(part)
    assert len(list((tmp_path / "out" / "index").iterdir())) == 3
    assert len(Index(out).settle(failed=True)) == 2
    assert sorted(Index(out).rows()["input"].to_pylist()) == list("abcd")
    done = Index(out).settle(failed=False)
    assert [(name, "1") in done for name in "abcd"] == [True, False, False, True]
    assert sorted(Index(out).rows()["input"].to_pylist()) == ["a", "d"]
    assert len(Index(out).settle(failed=False)) == 2


def test_of_two_rows_of_a_photo_the_later_one_stays(tmp_path):
    out = Place.of(str(tmp_path / "out"))
    for version in ("1", "2"):
        with Index(out) as index:
            index.add([row(name) | {"version": version} for name in ("a", f"only {version}")])
    done = Index(out).settle(failed=True)
    assert [("a", "1") in done, ("a", "2") in done] == [False, True]
    told = {(row["input"], row["version"]) for row in Index(out).rows().to_pylist()}
    assert told == {("a", "2"), ("only 1", "1"), ("only 2", "2")}


def test_a_run_is_claimed_once_resumed_by_the_same_facts_and_begun_anew_on_request(tmp_path):
    out = Place.of(str(tmp_path / "out"))
    claim(out, {"options": {"quality": 90}}, resume=False, overwrite=False)
    claim(out, {"options": {"quality": 90}}, resume=True, overwrite=False)
    with pytest.raises(InvalidRequest, match="was begun with other options"):
        claim(out, {"options": {"quality": 91}}, resume=True, overwrite=False)
    with pytest.raises(InvalidRequest, match="holds a run"):
        claim(out, {"options": {"quality": 90}}, resume=False, overwrite=False)
    with Index(out) as index:
        index.add([row("a")])
    claim(out, {"options": {"quality": 91}}, resume=False, overwrite=True)
    assert len(Index(out).settle(failed=False)) == 0
