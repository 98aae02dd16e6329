"""An order asks for everything that a task's work depends on; an archive gives back what was made, or is refused."""

import io
import json
import zipfile
from dataclasses import fields, replace
from pathlib import Path

import pytest

from veraretouch.core.cli.batch.outputs import Products
from veraretouch.core.cli.batch.remote.wire import order_for, order_of, read_archive, take_files, task_of, write_archive
from veraretouch.core.cli.batch.request import BatchRequest
from veraretouch.core.cli.batch.task import PhotoOutcome, PhotoTask
from veraretouch.core.cli.options import EngineName, OutputSharpeningName, Space, Strip, WriteOptions
from veraretouch.core.contract.planner import DEFAULT_PLANNER
from veraretouch.core.errors import InvalidDocument, InvalidRequest, UnwritablePhoto

WISHES = {
    "style": "warm",
    "params": {"exposure.ev": 0.3},
    "plan": {"mode": "auto"},
    "local": {"sky": {"exposure.ev": -0.5}},
    "frame": {"angle": 1.0},
    "level": True,
    "groups": frozenset({"lighting", "global_color"}),
    "strength": 0.5,
    "seed": 3,
    "max_pixels": 10**6,
    "salvage": True,
    "taste": "vivid",
    "dtype": "int8",
    "tones": ((0.5, 0.6, 0.7),) * 7,
}
WRITING = {
    "quality": 50,
    "max_size": 100,
    "preview": 90,
    "color_space": Space.P3,
    "output_sharpening": OutputSharpeningName.MATTE,
    "strip": Strip.GPS,
    "engine": EngineName.EXACT,
    "tolerance": 0.5,
}


def task(**changes):
    asked = BatchRequest("rules")
    return replace(PhotoTask(0, Path("a.jpg"), Products(Path("out/x.tif")), asked, WriteOptions()), **changes)


def there(wanted):
    """The task on the other side of the wire."""
    return task_of(json.loads(json.dumps(order_of(wanted))), Path("in/photo.jpg"), Path("made"))


def test_every_wish_is_known_here():
    assert {f.name for f in fields(BatchRequest)} == {*WISHES, "planner"}
    assert set(WriteOptions().picture_options()) == set(WRITING)


@pytest.mark.parametrize("name", WISHES)
def test_a_wish_arrives_as_it_is(name):
    asked = BatchRequest("" if name == "plan" else "rules", **{name: WISHES[name]})
    assert there(task(request=asked)).request == asked


@pytest.mark.parametrize("name", WRITING)
def test_an_option_of_the_picture_arrives_as_it_is(name):
    wanted = task(options=WriteOptions(**{name: WRITING[name]}))
    arrived = there(wanted).options
    assert arrived.picture_options() == wanted.options.picture_options()
    assert type(getattr(arrived, name)) is type(WRITING[name])


def test_a_task_there_writes_the_same_kinds_of_files_and_no_journal():
    many = there(task(products=Products(Path("o/x.TIF"), Path("o/x_compare.jpg"), Path("o/x.plan.json"))))
    assert [path.suffix for path in many.products] == [".tif", ".jpg", ".json"]
    assert all(path.parent == Path("made") for path in many.products)
    assert [path.suffix for path in there(task()).products] == [".tif"]
    assert not many.journal


def test_what_is_left_out_has_its_usual_value():
    made = task_of({"style": "warm"}, Path("photo.jpg"), Path("made"))
    assert made.request == BatchRequest(DEFAULT_PLANNER, style="warm")
    assert made.options == WriteOptions()
    assert made.products == Products(Path("made/retouched.jpg"))
    assert "picture" not in order_for(made.request)


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ([], "request"),
        ({"stile": "warm"}, "stile"),
        ({"strength": 2}, "strength"),
        ({"tones": []}, "tones"),
        ({"tones": [[0.5, 0.5, 2]] * 7}, "tones"),
        ({"style": "warm", "params": {}}, "request"),
        ({"style": "warm", "plan": {}}, "request"),
        ({"picture": {"suffix": ".jpg/../x"}}, "suffix"),
        ({"picture": {"out": "/tmp"}}, "out"),
        ({"seed": 2**63}, "seed"),
    ],
    ids=["list", "unknown", "bounds", "no tones", "bright tones", "two", "plan", "suffix", "path", "seed"],
)
def test_an_order_that_breaks_a_rule_is_refused(order, said):
    with pytest.raises(InvalidDocument, match=said):
        task_of(order, Path("photo.jpg"), Path("made"))


def test_words_that_no_option_knows_are_refused():
    with pytest.raises(InvalidRequest, match="loud"):
        task_of({"picture": {"output_sharpening": "loud"}}, Path("photo.jpg"), Path("made"))
    with pytest.raises(UnwritablePhoto, match=r"\.xyz"):
        task_of({"picture": {"suffix": ".xyz"}}, Path("photo.jpg"), Path("made"))


@pytest.fixture
def done(tmp_path):
    """An outcome with its three files."""
    products = Products(*(tmp_path / name for name in ("x.png", "x_compare.jpg", "x.plan.json")))
    for path in products:
        path.write_bytes(path.name.encode() * 1000)
    made = PhotoOutcome(7, Path("a.png"), "written", products, {"mode": "auto"}, warnings=["pale"])
    made.engine, made.error, made.timings = "lut", 0.25, {"plan": 0.5}
    return made


def test_what_an_archive_holds_is_what_was_made(done, tmp_path):
    archive = io.BytesIO()
    write_archive(done, archive)
    wanted = Products(*(tmp_path / "other" / name for name in ("y.png", "y_compare.jpg", "y.plan.json")))
    taken = PhotoOutcome(3, Path("b.png"), products=wanted)
    read_archive(archive, taken)
    assert (taken.plan, taken.engine, taken.error) == ({"mode": "auto"}, "lut", 0.25)
    assert (taken.warnings, taken.timings) == (["pale"], {"plan": 0.5})
    files = {path: tmp_path / f"staged{place}" for place, path in enumerate(wanted)}
    take_files(archive, wanted, files)
    assert [files[path].read_bytes() for path in wanted] == [path.read_bytes() for path in done.products]


def spoilt(done, how):
    """An archive that no server of ours writes."""
    archive = io.BytesIO()
    write_archive(done, archive)
    if how == "cut":
        return io.BytesIO(archive.getvalue()[:-30])
    if how == "text":
        return io.BytesIO(b"<html>")
    changed = io.BytesIO()
    packed = zipfile.ZIP_DEFLATED if how == "packed" else zipfile.ZIP_STORED
    with zipfile.ZipFile(archive) as held, zipfile.ZipFile(changed, "w", packed) as given:
        for name in held.namelist():
            given.writestr("../picture" if (how, name) == ("path", "picture") else name, held.read(name))
        if how == "more":
            given.writestr("more", b"")
    return changed


@pytest.mark.parametrize("how", ["cut", "text", "packed", "path", "more"])
def test_an_archive_of_another_kind_is_refused(done, how):
    with pytest.raises(InvalidDocument, match="the server's answer: is no archive"):
        read_archive(spoilt(done, how), PhotoOutcome(0, Path("b.png"), products=done.products))


def test_a_file_that_was_changed_on_its_way_is_refused(done, tmp_path):
    archive = io.BytesIO()
    write_archive(done, archive)
    spoilt = io.BytesIO(archive.getvalue().replace(b"x.pngx.png", b"x.pngX.png", 1))
    with pytest.raises(InvalidDocument, match="CRC"):
        take_files(spoilt, done.products, {path: tmp_path / f"staged{path.name}" for path in done.products})


@pytest.mark.parametrize("told", [b"[]", b"{}", b'{"plan": 1}'], ids=["list", "empty", "number"])
def test_an_outcome_that_is_none_is_refused(done, told):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as given:
        for name in ("picture", "compare", "plan", "outcome.json"):
            given.writestr(name, told)
    with pytest.raises(InvalidDocument, match="is no outcome"):
        read_archive(archive, PhotoOutcome(0, Path("b.png"), products=done.products))
