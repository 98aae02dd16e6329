"""Runs killed before each of their changes to the file system: nothing half-written, nothing lost, --resume right."""

import json
import shutil
from pathlib import Path

import pytest
from killed_batches import commands

from veraretouch.core.photo import open_photo

DATA = Path(__file__).parents[1] / "data"
RUN = ("auto", "in", "--planner", "fake.brighten", "--jobs", "1", "--compare", "--save-plan", "--json", "--out", "out")
PRODUCTS = [f"{stem}{end}" for stem in "ab" for end in (".jpg", "_compare.jpg", ".plan.json")]


@pytest.fixture(scope="module")
def forked():
    with commands(DATA / "plugins" / "fake") as ready:
        yield ready


def begin(tmp_path, name):
    """A folder with two small photos."""
    (tmp_path / name / "in").mkdir(parents=True)
    for original, photo in (("kodak-03", "a.jpg"), ("kodak-08", "b.jpg")):
        if not (tmp_path / photo).exists():
            open_photo(DATA / "photos" / f"{original}.jpg").resized(40).save(tmp_path / photo)
        shutil.copy(tmp_path / photo, tmp_path / name / "in")
    return tmp_path / name


def products(folder):
    """What a run has written, by name; each must be whole."""
    made = {path.name: path.read_bytes() for path in (folder / "out").glob("[!.]*")}
    for name in made:
        if name.endswith(".jpg"):
            open_photo(folder / "out" / name)
        else:
            json.loads(made[name])
    return made


def hidden(folder):
    return {path.name for path in (folder / "out").glob(".*")}


@pytest.fixture(params=[4, pytest.param(10_000, marks=pytest.mark.slow)], ids=["some", "all"])
def points(request):
    """The changes before which runs are killed: a few, spread over the run, or every one."""

    def of(changes):
        step = max(1, len(changes) // request.param)
        return range(1 + (len(changes) - 1) % step, len(changes) + 1, step)

    return of


def statuses(told):
    return [json.loads(line)["status"] for line in told.splitlines()]


def test_a_run_killed_anywhere_leaves_whole_files_and_is_gone_on_with(forked, tmp_path, points):
    whole = begin(tmp_path, "whole")
    code, changes, told = forked.run(whole, *RUN)
    assert (code, statuses(told)) == (0, ["written", "written"])
    expected = products(whole)
    assert sorted(expected) == sorted(PRODUCTS)
    assert len(changes) > 20
    for number in points(changes):
        folder = begin(tmp_path, f"killed-{number}")
        originals = {path.name: path.read_bytes() for path in (folder / "in").iterdir()}
        assert forked.run(folder, *RUN, before=number)[0] == -9, changes[number - 1]
        before = products(folder)
        assert all(expected[name] == data for name, data in before.items()), changes[number - 1]
        code, _, told = forked.run(folder, *RUN, "--resume")
        assert code == 0, (changes[number - 1], told)
        assert products(folder) == expected, changes[number - 1]
        assert hidden(folder) == {".veraretouch.jsonl"}, changes[number - 1]
        assert {path.name: path.read_bytes() for path in (folder / "in").iterdir()} == originals

    assert statuses(forked.run(folder, *RUN, "--resume")[2]) == ["unchanged", "unchanged"]


def test_what_somebody_puts_at_a_name_after_a_run_was_killed_stays(forked, tmp_path, points):
    _, changes, _ = forked.run(begin(tmp_path, "whole"), *RUN)
    for number in points(changes):
        folder = begin(tmp_path, f"killed-{number}")
        forked.run(folder, *RUN, before=number)
        mine = {name: f"precious {name}".encode() for name in PRODUCTS}
        (folder / "out").mkdir(exist_ok=True)
        for name, data in mine.items():
            (folder / "out" / name).write_bytes(data)
        _, _, told = forked.run(folder, *RUN, "--resume")
        lines = [json.loads(line) for line in told.splitlines()]
        assert all("exists already" in line["error"]["message"] for line in lines), (changes[number - 1], told)
        assert {path.name: path.read_bytes() for path in (folder / "out").glob("[!.]*")} == mine, changes[number - 1]


def test_a_photo_in_its_own_place_is_the_old_or_the_new_one_wherever_a_run_is_killed(forked, tmp_path, points):
    run = ("auto", "in/a.jpg", "--planner", "fake.brighten", "--out", "in/a.jpg", "--overwrite")
    whole = begin(tmp_path, "whole")
    old = (whole / "in" / "a.jpg").read_bytes()
    code, changes, _ = forked.run(whole, *run)
    new = (whole / "in" / "a.jpg").read_bytes()
    assert code == 0
    assert new != old
    for number in points(changes):
        folder = begin(tmp_path, f"killed-{number}")
        assert forked.run(folder, *run, before=number)[0] == -9
        assert (folder / "in" / "a.jpg").read_bytes() in (old, new), changes[number - 1]
