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
    monkeypatch.setattr("veraretouch.core.photo.suffixes.find_spec", lambda name: None)
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
        (["a.jpg"], {"name": "{stem}\0.jpg"}, "is no file's name"),
        (["a.jpg"], {"name": "é" * 126 + ".jpg"}, "has 256 bytes; at most 255"),
        (["a" * 245 + ".jpg"], {"compare": True}, "has 257 bytes; at most 255"),
    ],
)
def test_names_that_cannot_be_are_refused(photos, wishes, message):
    with pytest.raises((errors.InvalidRequest, errors.UnwritablePhoto), match=message):
        pictures(*photos, **wishes)


@pytest.mark.parametrize(
    ("photos", "wishes"),
    [
        (["x/a.jpg", "y/a.jpg"], {"out": Path("made")}),
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


CASE_ONLY = (["a.jpg", "A.JPG"], ["x/a.jpg", "X/A.jpg"], ["C.jpg", "c.nef"])


@pytest.mark.parametrize("photos", CASE_ONLY, ids=repr)
def test_names_that_differ_in_case_only_are_refused_where_they_are_one_file(photos, monkeypatch):
    monkeypatch.setattr(outputs, "_folds_case", lambda folder: True)
    with pytest.raises(errors.UnwritablePhoto, match="would write one file") as refusal:
        pictures(*photos, out=Path("made"))
    assert all(repr(photo) in str(refusal.value) for photo in photos)


@pytest.mark.skipif(Path(__file__.upper()).exists(), reason="this file system folds case")
@pytest.mark.parametrize("photos", CASE_ONLY, ids=repr)
def test_names_that_differ_in_case_only_are_two_files_where_they_are_two(photos, tmp_path):
    (tmp_path / "something").touch()
    assert len(set(pictures(*photos, out=Path("made")))) == 2


def test_a_folder_tells_by_the_names_in_it_whether_it_folds_case(tmp_path, monkeypatch):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "Photo.jpg").touch()
    (tmp_path / "full" / "123").touch()
    for folder in ("full", "full/new/deep", "empty"):
        assert not outputs._folds_case(tmp_path / folder)
    (tmp_path / "empty").mkdir()
    assert not outputs._folds_case(tmp_path / "empty")
    there = os.path.lexists
    monkeypatch.setattr(
        os.path, "lexists", lambda path: there(path) or there(str(path).replace("pHOTO.JPG", "Photo.jpg"))
    )
    assert outputs._folds_case(tmp_path / "full")
    assert outputs._folds_case(tmp_path / "full" / "new")


@pytest.mark.parametrize("name", ["x.avif", "x.jxl", "x.psd", "x.mp4", "x.jgp", "x.tfif", "x.pngg", "X.PDF", "a/x.xmp"])
def test_a_name_that_means_a_file_never_becomes_a_folder(name):
    if Path(name).suffix in outputs.EXTENSIONS.readable:
        pytest.skip("it is read now")
    with pytest.raises(errors.UnwritablePhoto, match=r"--out '.*': pictures are not written with the suffix"):
        pictures("a.jpg", out=Path(name))
    Path(name).mkdir(parents=True)
    assert pictures("a.jpg", out=Path(name)) == [f"{name}/a.jpg"]


@pytest.mark.parametrize("name", ["made", "made.v2", "2024.05.17", "St.Ives", "for.print"])
def test_a_dot_alone_makes_no_file_of_a_folder(name):
    assert pictures("a.jpg", out=Path(name)) == [f"{name}/a.jpg"]


@pytest.mark.parametrize("write", [True, False])
def test_folders_are_tried_before_work_and_nothing_stays(tmp_path, write):
    (tmp_path / "file").touch()
    (tmp_path / "there").mkdir()
    outputs.check_folders([tmp_path / "there", tmp_path / "a" / "b", tmp_path / "there" / "c"], write=write)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "there"]
    with pytest.raises(errors.UnwritablePhoto, match=r"the folder '.*deep' cannot be written to: Not a directory \(at"):
        outputs.check_folders([tmp_path / "there", tmp_path / "file" / "deep"], write=write)
    if Path("/proc/self").exists():
        with pytest.raises(errors.UnwritablePhoto, match=r"the folder '/proc/.*' cannot be written to"):
            outputs.check_folders([Path("/proc/sys/made" if write else "/proc/version/made")], write=write)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("write", [True, False])
def test_a_folder_without_permission_is_refused(tmp_path, write):
    (tmp_path / "closed").mkdir(mode=0o555)
    with pytest.raises(errors.UnwritablePhoto, match="cannot be written to: Permission denied"):
        outputs.check_folders([tmp_path / "closed" / "new"], write=write)


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
        pytest.param("x" * 100, "x" * 60, id="100 letters"),
        ("été chaud", "été-chaud"),
    ],
)
def test_words_become_a_part_of_a_name(words, part):
    assert slug(words) == part


def test_where_names_fold_case_those_that_differ_in_it_alone_clash_and_others_do_not(monkeypatch):
    monkeypatch.setattr(outputs, "_folds_case", lambda folder: True)
    assert pictures("a.jpg", "b.jpg") == ["retouched/a.jpg", "retouched/b.jpg"]
    with pytest.raises(errors.UnwritablePhoto, match=r"'a.jpg' and 'A.jpg' would write one file, 'retouched/a.jpg'"):
        pictures("a.jpg", "A.jpg", "b.jpg")
    monkeypatch.setattr(outputs, "_folds_case", lambda folder: False)
    assert pictures("a.jpg", "A.jpg") == ["retouched/a.jpg", "retouched/A.jpg"]
