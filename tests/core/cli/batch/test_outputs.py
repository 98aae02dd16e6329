"""Names of what is written are judged before work starts: no two photos share one, no input is written over."""

import os
from pathlib import Path

import pytest

from veraretouch.core import errors
from veraretouch.core.cli.batch import outputs
from veraretouch.core.cli.batch.inputs import Source
from veraretouch.core.cli.batch.outputs import name_products, slug


def pictures(*paths, folder=None, **wishes):
    sources = [Source(Path(path), folder) for path in paths]
    return [products.picture.as_posix() for products in name_products(sources, **wishes)]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("photo", "written"),
    [
        ("in/a.jpg", "in/retouched/a.jpg"),
        ("IMG.JPG", "retouched/IMG.JPG"),
        ("a.tif", "retouched/a.tif"),
        ("shot.NEF", "retouched/shot.jpg"),
        ("shot.dng", "retouched/shot.jpg"),
        ("scan.bmp", "retouched/scan.png"),
        ("phone.mpo", "retouched/phone.jpg"),
        ("phone.heic", "retouched/phone.heic"),
        ("noname", "retouched/noname.jpg"),
        ("two.dots.png", "retouched/two.dots.png"),
    ],
)
def test_by_default_a_photo_goes_beside_itself_in_a_format_that_can_be_written(photo, written):
    assert pictures(photo) == [written]


def test_heic_becomes_jpeg_where_nothing_can_write_it(monkeypatch):
    monkeypatch.setattr(outputs, "find_spec", lambda name: None)
    assert pictures("phone.heic") == ["retouched/phone.jpg"]


def test_the_template_has_all_its_fields():
    name = "{index:03}_{stem}_{style}_{planner}_{source}.{ext}"
    made = pictures("x/a.NEF", "x/b.png", name=name, style="Dreamy, bright pink!", planner="fake.brighten")
    assert made == [
        "x/retouched/001_a_dreamy-bright-pink_fake-brighten_nef.jpg",
        "x/retouched/002_b_dreamy-bright-pink_fake-brighten_png.png",
    ]


def test_out_is_a_file_or_a_folder_that_keeps_structure(tmp_path):
    assert pictures("a.jpg", out=Path("b.png")) == ["b.png"]
    assert pictures("a.jpg", out=Path("made")) == ["made/a.jpg"]
    assert pictures("x/a.jpg", "y/b.jpg", out=Path("made")) == ["made/a.jpg", "made/b.jpg"]
    assert pictures("x/y/a.jpg", "x/b.jpg", folder=Path("x"), out=Path("made")) == ["made/y/a.jpg", "made/b.jpg"]
    Path("folder.jpg").mkdir()
    assert pictures("a.jpg", out=Path("folder.jpg")) == ["folder.jpg/a.jpg"]


def test_compare_and_plan_lie_beside_the_picture():
    (products,) = name_products([Source(Path("a.png"))], compare=True, save_plan=True)
    assert [path.name for path in products] == ["a.png", "a_compare.jpg", "a.plan.json"]


@pytest.mark.parametrize(
    ("photos", "wishes", "message"),
    [
        (["a.jpg", "b.jpg"], {"out": Path("c.jpg")}, r"'c\.jpg' is one file for 2 photos"),
        (["a.jpg"], {"out": Path("c.jpg"), "name": "{stem}.jpg"}, "--out names a file and --name does so too"),
        (["a.jpg"], {"out": Path("c.gif")}, r"no format is known for the suffix '\.gif'"),
        (["a.jpg"], {"name": "{stem}"}, r"no format is known for the suffix ''.*\{ext\}"),
        (["a.jpg"], {"name": "{stm}.jpg"}, r"no field 'stm'. Did you mean 'stem'"),
        (["a.jpg"], {"name": "{stem.__class__}.jpg"}, r"no field 'stem.__class__'"),
        (["a.jpg"], {"name": "{}.jpg"}, "no field ''"),
        (["a.jpg"], {"name": "{stem.jpg"}, "is no template"),
        (["a.jpg"], {"name": "{stem:04d}.jpg"}, "cannot be filled in"),
        (["a.jpg"], {"name": "../{stem}.jpg"}, "which is no file's name"),
        (["a.jpg"], {"name": "x/{stem}.jpg"}, "--out is for the folder"),
    ],
)
def test_names_that_cannot_be_are_refused(photos, wishes, message):
    with pytest.raises((errors.InvalidRequest, errors.UnwritablePhoto), match=message):
        pictures(*photos, **wishes)


@pytest.mark.parametrize(
    ("photos", "wishes"),
    [
        (["x/a.jpg", "y/a.jpg"], {"out": Path("made")}),
        (["a.jpg", "A.JPG"], {}),
        (["a.nef", "a.jpg"], {}),
        (["caf\u00e9.jpg", "cafe\u0301.jpg"], {}),
        (["a.jpg", "b.jpg"], {"name": "same.{ext}"}),
        (["a.jpg", "a_compare.jpg"], {"compare": True}),
        (["a.jpg", "a.png"], {"save_plan": True}),
    ],
)
def test_two_photos_that_would_write_one_file_are_refused_by_name(photos, wishes):
    with pytest.raises(errors.UnwritablePhoto, match="would write one file") as refusal:
        pictures(*photos, **wishes)
    assert all(repr(photo) in str(refusal.value) for photo in photos)
    assert "--name" in str(refusal.value)
    assert ("--pairs" in str(refusal.value)) == ("a.nef" in photos)


def test_no_input_is_written_over_by_any_of_its_names():
    Path("a.jpg").touch()
    os.link("a.jpg", "hard.jpg")
    os.symlink("a.jpg", "soft.jpg")
    Path("b.jpg").touch()
    for out in ("a.jpg", "./a.jpg", "hard.jpg", "soft.jpg"):
        with pytest.raises(errors.UnwritablePhoto, match=r"over the input 'a\.jpg'"):
            pictures("a.jpg", out=Path(out))
    with pytest.raises(errors.UnwritablePhoto, match="over the input"):
        pictures("a.jpg", out=Path("."), overwrite=True)
    with pytest.raises(errors.UnwritablePhoto, match=r"'a\.jpg' would be written over the input 'a_x\.jpg'"):
        pictures("a.jpg", "a_x.jpg", out=Path("."), name="{stem}_x.{ext}", overwrite=True)
    assert pictures("a.jpg", out=Path("a.jpg"), overwrite=True) == ["a.jpg"]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("Moody teal & orange", "moody-teal-orange"),
        ("../..", "none"),
        ("x" * 100, "x" * 60),
        ("été chaud", "été-chaud"),
    ],
)
def test_words_become_a_part_of_a_name(words, part):
    assert slug(words) == part
