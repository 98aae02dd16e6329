"""A photo is written whole or not at all, and nothing else is touched."""

from __future__ import annotations

import errno
import os
import threading
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from veraretouch.core.errors import UnwritablePhoto
from veraretouch.core.photo import EXTENSIONS, SaveOptions, as_photo, open_photo
from veraretouch.core.photo.formats.table import FORMATS
from veraretouch.core.photo.suffixes import writer_of


def test_every_writable_suffix_is_written_in_its_format(tmp_path, picture):
    for suffix in EXTENSIONS.writable:
        path = tmp_path / f"photo{suffix.upper()}"
        assert as_photo(picture()).save(str(path)) == path
        photo = open_photo(path)
        assert photo.pixels.shape == (40, 60, 3)
        assert photo.format == {"jpg": "JPEG", "jpeg": "JPEG", "tif": "TIFF", "hif": "HEIF", "heic": "HEIF"}.get(
            suffix[1:], suffix[1:].upper()
        )
    assert len(list(tmp_path.iterdir())) == len(EXTENSIONS.writable)


@pytest.mark.parametrize("name", ["photo.nef", "photo.gif", "photo", "photo.jpgg"])
def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path, picture, name):
    with pytest.raises(UnwritablePhoto, match=r"\.heic, .*\.webp are"):
        as_photo(picture()).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_the_nearest_suffix_is_suggested(tmp_path, picture):
    with pytest.raises(UnwritablePhoto, match=r"Did you mean '\.jpe?g'"):
        as_photo(picture()).save(tmp_path / "photo.jpgg")


def test_a_jpeg_is_saved_at_its_sources_quality_but_at_least_92_and_444(tmp_path, picture):
    for before, after in ((97, 97), (60, 92), (92, 92)):
        Image.fromarray(picture()).save(tmp_path / "in.jpg", quality=before)
        again = open_photo(open_photo(tmp_path / "in.jpg").save(tmp_path / "out.jpg"))
        assert (again.quality, again.subsampling) == (after, "4:4:4")
    chosen = open_photo(as_photo(picture()).save(tmp_path / "q.jpg", options=SaveOptions(quality=35)))
    assert (chosen.quality, chosen.subsampling) == (35, "4:4:4")


@pytest.mark.parametrize("options", [SaveOptions(quality=0), SaveOptions(quality=101), SaveOptions(strip="exif")])
def test_options_out_of_their_range_are_refused(tmp_path, picture, options):
    with pytest.raises(UnwritablePhoto, match="must be"):
        as_photo(picture()).save(tmp_path / "a.jpg", options=options)


def test_a_picture_too_long_for_its_format_is_refused(tmp_path):
    long = as_photo(np.zeros((1, 20000, 3), np.uint8))
    with pytest.raises(UnwritablePhoto, match="20000x1 pixels do not fit into WEBP"):
        long.save(tmp_path / "a.webp")
    with pytest.raises(UnwritablePhoto, match="do not fit into JPEG"):
        as_photo(np.zeros((65501, 1, 3), np.uint8)).save(tmp_path / "a.jpg")
    assert open_photo(long.save(tmp_path / "a.jpg")).width == 20000


def test_a_missing_folder_and_a_folder_in_the_way_are_told(tmp_path, picture):
    with pytest.raises(UnwritablePhoto, match=r"the folder .*nowhere' does not exist"):
        as_photo(picture()).save(tmp_path / "nowhere" / "a.jpg")
    (tmp_path / "taken.jpg").mkdir()
    with pytest.raises(UnwritablePhoto, match="could not be written"):
        as_photo(picture()).save(tmp_path / "taken.jpg")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.jpg"]


def test_an_existing_file_is_left_alone_when_overwriting_is_off(tmp_path, picture):
    (tmp_path / "a.jpg").write_bytes(b"mine")
    with pytest.raises(UnwritablePhoto, match="exists already"):
        as_photo(picture()).save(tmp_path / "a.jpg", options=SaveOptions(overwrite=False))
    assert (tmp_path / "a.jpg").read_bytes() == b"mine"
    assert open_photo(as_photo(picture()).save(tmp_path / "b.jpg", options=SaveOptions(overwrite=False))).width == 60
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_while_writing_is_not_overwritten(tmp_path, picture, monkeypatch, links):
    path = tmp_path / "a.png"
    if not links:

        def refuse(*_: object) -> None:
            raise OSError(errno.EPERM, "no hard links here")

        monkeypatch.setattr(os, "link", refuse)

    def write(file, photo):
        path.write_bytes(b"theirs")
        file.write(b"ours")

    monkeypatch.setitem(FORMATS, "PNG", replace(FORMATS["PNG"], write=write))
    with pytest.raises(UnwritablePhoto, match="exists already"):
        as_photo(picture()).save(path, options=SaveOptions(overwrite=False))
    assert path.read_bytes() == b"theirs"
    assert len(list(tmp_path.iterdir())) == 1


def test_without_hard_links_a_new_file_is_still_written(tmp_path, picture, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    path = as_photo(picture()).save(tmp_path / "a.png", options=SaveOptions(overwrite=False))
    assert np.array_equal(open_photo(path).pixels, picture())
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".heic"])
def test_a_full_disk_leaves_the_old_file_and_no_temporary_one(tmp_path, picture, monkeypatch, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")

    def fill(file, photo):
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    name = writer_of(suffix)
    monkeypatch.setitem(FORMATS, name, replace(FORMATS[name], write=fill))
    with pytest.raises(UnwritablePhoto, match="No space left"):
        as_photo(picture()).save(path)
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_photo_may_be_saved_over_its_own_source_when_named(tmp_path, picture):
    path = as_photo(picture()).save(tmp_path / "a.tif")
    photo = open_photo(path)
    photo.with_working(1 - photo.working()).save(path)
    assert np.array_equal(open_photo(path).pixels, 255 - picture())


def test_a_link_is_replaced_and_not_the_file_behind_it(tmp_path, picture):
    original = as_photo(picture()).save(tmp_path / "original.png")
    before = original.read_bytes()
    (tmp_path / "link.png").symlink_to(original)
    as_photo(255 - picture()).save(tmp_path / "link.png")
    assert original.read_bytes() == before


def test_the_new_file_has_ordinary_permissions(tmp_path, picture):
    mask = os.umask(0o022)
    try:
        assert as_photo(picture()).save(tmp_path / "a.png").stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(mask)


def test_many_threads_may_save_and_open_at_once(tmp_path, picture):
    wrong = []

    def work(number: int) -> None:
        suffix = (".jpg", ".png", ".tif", ".webp")[number % 4]
        pixels = np.full((30, 30, 3), number * 20, np.uint8)
        for _ in range(5):
            again = open_photo(as_photo(pixels).save(tmp_path / f"{number}{suffix}"))
            if np.abs(again.pixels.astype(int) - pixels).max() > 3:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_tiff_beyond_one_strip_is_written_and_read(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 65536, (700, 600, 3), dtype=np.uint16)
    assert np.array_equal(open_photo(as_photo(pixels).save(tmp_path / "big.tif")).pixels, pixels)
