"""One table says what a photo format is; each row holds by itself."""

from __future__ import annotations

import numpy as np
import pytest

from veraretouch.core.photo import EXTENSIONS, as_photo, open_photo, read_header
from veraretouch.core.photo.formats.table import FORMATS, sniff
from veraretouch.core.photo.suffixes import NAMES, writer_of

WRITTEN = [name for name, row in FORMATS.items() if row.write is not None]


@pytest.mark.parametrize("name", WRITTEN)
def test_a_format_holds_what_its_row_says(tmp_path, name, picture):
    row = FORMATS[name]
    pixels = np.dstack((picture(dtype=np.uint16), picture(dtype=np.uint16)[..., 1]))
    photo = as_photo(pixels if row.alpha else pixels[..., :3])
    for suffix in NAMES[name].suffixes:
        path = photo.save(tmp_path / f"a{suffix}")
        again = open_photo(path)
        assert (
            again.format == read_header(path).format == sniff(path.read_bytes()[:32], "") == writer_of(suffix) == name
        )
        assert again.pixels.dtype == (np.uint16 if np.uint16 in row.dtypes else np.uint8)
        assert (again.alpha is not None) == row.alpha


def test_no_suffix_belongs_to_two_formats():
    assert set(NAMES) == set(FORMATS)
    assert {name for name, row in NAMES.items() if row.suffixes} == set(WRITTEN)
    suffixes = [suffix for row in NAMES.values() for suffix in row.suffixes | row.read_only]
    assert len(suffixes) == len(set(suffixes)) == len(EXTENSIONS.readable)
