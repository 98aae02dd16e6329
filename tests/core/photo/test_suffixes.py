"""A file's name says its format, and what is written in its place where that cannot be written."""

from pathlib import Path

from veraretouch.core.photo import suffix_to_write


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
    monkeypatch.setattr("veraretouch.core.photo.suffixes.find_spec", lambda name: None)
    assert (suffix_to_write(Path("a.heic")), suffix_to_write(Path("a.jxl"))) == ("jpg", "jpg")
