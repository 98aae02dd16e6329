"""Photos come from paths, bytes and open files, and go to them; pipes and devices are no photos."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import pytest

from veraretouch.core.errors import InvalidPhoto, UnreadablePhoto, UnwritablePhoto
from veraretouch.core.photo import EXTENSIONS, as_photo, file_hash, open_photo, read_header


@pytest.mark.parametrize("suffix", sorted(EXTENSIONS.writable))
def test_bytes_and_open_files_are_photos(tmp_path, picture, suffix):
    path = as_photo(picture()).save(tmp_path / f"a{suffix}")
    whole, data = open_photo(path), path.read_bytes()
    spent = io.BytesIO()
    spent.write(data)  # its position is at the end, as after `image.save(file)`
    with path.open("rb") as file:
        for source in (data, bytearray(data), memoryview(data), io.BytesIO(data), spent, file):
            photo = as_photo(source)
            assert photo.hash == whole.hash
            assert photo.path is None
            assert (photo.exif, photo.format) == (whole.exif, whole.format)
            assert read_header(source) == read_header(path)


@pytest.mark.parametrize("suffix", sorted(EXTENSIONS.writable))
def test_a_photo_is_encoded_as_it_is_saved(tmp_path, picture, camera_exif, suffix):
    from dataclasses import replace

    photo = replace(as_photo(picture()), exif=camera_exif())
    saved = photo.save(tmp_path / f"a{suffix}").read_bytes()
    file = io.BytesIO()
    assert photo.save(file, format=suffix[1:].upper()) is None
    assert photo.encode(suffix[1:]) == photo.encode(suffix) == file.getvalue()
    again, wanted = open_photo(file.getvalue()), open_photo(saved)
    assert (again.hash, again.exif) == (wanted.hash, wanted.exif)
    assert photo.save(tmp_path / "without_a_suffix", format=suffix[1:]).exists()


def test_a_format_that_is_not_written_is_refused(tmp_path, picture):
    photo = as_photo(picture())
    with pytest.raises(UnwritablePhoto, match=r"no format 'gif' is written; .*jpg"):
        photo.encode("gif")
    with pytest.raises(UnwritablePhoto, match="Did you mean 'jpg'"):
        photo.encode("jpge")
    with pytest.raises(UnwritablePhoto, match='format="jpeg"'):
        photo.save(io.BytesIO())


def test_what_is_wrong_with_bytes_and_open_files_is_said(tmp_path):
    with pytest.raises(UnreadablePhoto, match="the photo is empty"):
        open_photo(b"")
    with pytest.raises(InvalidPhoto, match="gives text"):
        as_photo(io.StringIO("x"))
    closed = io.BytesIO(b"x")
    closed.close()
    with pytest.raises(InvalidPhoto, match="cannot be read"):
        as_photo(closed)


def test_pipes_and_devices_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "endless.jpg").symlink_to("/dev/zero")
    (tmp_path / "terminal.jpg").symlink_to("/dev/tty")
    start = time.monotonic()
    for name in ("pipe.jpg", "endless.jpg", "terminal.jpg"):
        for use in (open_photo, read_header, file_hash):
            with pytest.raises(UnreadablePhoto, match=rf"{name}' is a pipe or a device"):
                use(tmp_path / name)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("loop.jpg", "Too many levels of symbolic links"),
        ("loop.jpg/a.jpg", "Too many levels of symbolic links"),
        ("file/a.jpg", "Not a directory"),
        ("long" * 100 + ".jpg", "File name too long"),
    ],
    ids=["loop", "below a loop", "below a file", "long name"],
)
def test_a_path_that_leads_nowhere_is_no_damaged_photo(tmp_path, name, said):
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "file").write_bytes(b"x")
    for use in (open_photo, read_header, file_hash):
        with pytest.raises(UnreadablePhoto, match=f"cannot be read: {said}"):
            use(tmp_path / name)


def test_the_room_of_photos_and_all_that_reads_them_never_ask_pillow_to_guess_a_format():
    """`Image.open` without a list of formats starts Ghostscript for a file that says it is EPS."""
    import veraretouch

    root = Path(veraretouch.__file__).parent
    for room in ("core", "ops", "planners", "zoo", "contrib"):
        for path in (root / room).rglob("*.py"):
            if path.name.startswith("test_") or ".venv" in path.parts:
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                assert "Image.open(" not in line or "formats=" in line, f"{path}:{number}"


def test_bytes_that_announce_eps_start_nothing(monkeypatch):
    started = []

    def start(*words: object, **_: object) -> None:
        started.append(words)
        raise OSError("no program is started here")

    monkeypatch.setattr("subprocess.Popen", start)
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n"
    with pytest.raises(UnreadablePhoto, match="is text"):
        open_photo(eps)
    assert started == []
