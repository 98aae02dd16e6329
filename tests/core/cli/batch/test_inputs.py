"""Files as they are named, folders by what they hold: each photo once, outputs never."""

import os
from pathlib import Path

import pytest

from veraretouch.core import errors
from veraretouch.core.cli.batch.inputs import expand


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    names = ["b.jpg", "a.JPG", "notes.txt", ".hidden.jpg", "raw.NEF", "raw.jpg", "raw.png", "sub/c.png"]
    names += ["sub/retouched/c.png", "retouched/a.JPG", "made/d.jpg", ".secret/e.jpg", "sub/deep/f.webp"]
    for name in names:
        path = Path("in", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return Path("in")


def names(sources):
    return [source.path.relative_to("in").as_posix() for source in sources]


def test_a_folder_gives_its_photos_sorted_and_nothing_hidden(folder):
    assert names(expand([folder])) == ["a.JPG", "b.jpg", "raw.NEF", "raw.jpg", "raw.png"]
    assert all(source.folder == folder for source in expand([folder]))


def test_recursion_leaves_out_hidden_folders_and_outputs(folder):
    found = names(expand([folder], recursive=True, leave_out=folder / "made"))
    assert found == ["a.JPG", "b.jpg", "raw.NEF", "raw.jpg", "raw.png", "sub/c.png", "sub/deep/f.webp"]
    assert "made/d.jpg" in names(expand([folder], recursive=True))


def test_named_files_keep_their_order_and_occur_once(folder):
    os.symlink("b.jpg", folder / "link.jpg")
    given = [folder / "notes.txt", folder / "b.jpg", folder / "sub" / ".." / "b.jpg", folder / "link.jpg", folder]
    found = expand(given)
    assert [source.path for source in found[:3]] == [folder / "notes.txt", folder / "b.jpg", folder / "a.JPG"]
    assert found[0].folder is None
    assert len({os.path.realpath(source.path) for source in found}) == len(found)


def test_the_output_folder_is_read_when_it_is_named_itself(folder):
    assert names(expand([folder / "retouched"])) == ["retouched/a.JPG"]


@pytest.mark.parametrize(
    ("pairs", "kept"),
    [("both", ["raw.NEF", "raw.jpg", "raw.png"]), ("raw", ["raw.NEF", "raw.png"]), ("jpeg", ["raw.jpg", "raw.png"])],
)
def test_of_a_raw_and_its_jpeg_one_is_chosen_and_strangers_stay(folder, pairs, kept):
    assert [name for name in names(expand([folder], pairs=pairs)) if name.startswith("raw")] == kept


def test_a_raw_alone_is_kept_whatever_is_chosen(folder):
    (folder / "raw.jpg").unlink()
    for pairs in ("raw", "jpeg"):
        assert "raw.NEF" in names(expand([folder], pairs=pairs))


def test_a_file_that_is_missing_is_left_for_its_turn(folder):
    assert [source.path.name for source in expand([Path("missing.jpg")])] == ["missing.jpg"]


def test_a_folder_without_photos_is_an_error_with_a_cure(folder):
    (folder / ".secret" / "none").mkdir()
    with pytest.raises(errors.UnreadablePhoto, match=r"no photos in 'in/\.secret/none'.*--recursive"):
        expand([folder / ".secret" / "none"])


@pytest.mark.skipif(os.name == "nt", reason="POSIX alone has named pipes in folders")
def test_pipes_sockets_and_links_to_devices_in_a_folder_are_passed_over_with_a_word(folder, capsys):
    os.mkfifo(folder / "pipe.jpg")
    os.symlink("/dev/zero", folder / "zero.png")
    os.symlink("pipe.jpg", folder / "far.jpg")
    os.symlink("missing", folder / "dead.jpg")
    found = names(expand([folder]))
    assert found == ["a.JPG", "b.jpg", "dead.jpg", "raw.NEF", "raw.jpg", "raw.png"]
    told = capsys.readouterr().err
    assert "Note: in/pipe.jpg is passed over: it is a named pipe, not a photo" in told
    assert "Note: in/far.jpg is passed over: it is a named pipe" in told
    assert "Note: in/zero.png is passed over: it is a device" in told
