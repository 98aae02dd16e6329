"""One table says what a photo format is; each row holds by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from veraretouch.core.photo import EXTENSIONS, as_photo, open_photo, read_header, suffix_to_write
from veraretouch.core.photo.formats.table import FORMATS, sniff, writer_of

WRITTEN = [name for name, row in FORMATS.items() if row.write is not None]


@pytest.mark.parametrize("name", WRITTEN)
def test_a_format_holds_what_its_row_says(tmp_path, name, picture):
    row = FORMATS[name]
    pixels = np.dstack((picture(dtype=np.uint16), picture(dtype=np.uint16)[..., 1]))
    photo = as_photo(pixels if row.alpha else pixels[..., :3])
    for suffix in row.suffixes:
        path = photo.save(tmp_path / f"a{suffix}")
        again = open_photo(path)
        assert (
            again.format == read_header(path).format == sniff(path.read_bytes()[:32], "") == writer_of(suffix) == name
        )
        assert again.pixels.dtype == (np.uint16 if np.uint16 in row.dtypes else np.uint8)
        assert (again.alpha is not None) == row.alpha


def test_no_suffix_belongs_to_two_formats():
    suffixes = [suffix for row in FORMATS.values() for suffix in row.suffixes | row.read_only]
    assert len(suffixes) == len(set(suffixes)) == len(EXTENSIONS.readable)


def test_what_cannot_be_written_becomes_what_its_row_says(monkeypatch):
    found = {
        name: suffix_to_write(Path(name)) for name in ("a.NEF", "a.gif", "a.bmp", "a.jfif", "a.TIF", "a.avif", "a.xyz")
    }
    assert found == {
        "a.NEF": "jpg",
        "a.gif": "png",
        "a.bmp": "png",
        "a.jfif": "jpg",
        "a.TIF": "TIF",
        "a.avif": "avif",
        "a.xyz": "jpg",
    }
    monkeypatch.setattr("veraretouch.core.photo.formats.table.find_spec", lambda name: None)
    assert (suffix_to_write(Path("a.heic")), suffix_to_write(Path("a.jxl"))) == ("jpg", "jpg")
