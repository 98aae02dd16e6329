"""Names of files in bundles: plain, relative, and the same on every system."""

from __future__ import annotations

import pytest

from veraretouch.core.errors import InvalidDocument
from veraretouch.zoo.bundles.paths import check_paths


@pytest.mark.parametrize(
    "path", ["a", "weights/a.safetensors", "a b/c (1)+[x]{y}!~#$%^&'.bin", "x" * 128, "console.txt", "com10"]
)
def test_plain_relative_names_are_taken(path):
    check_paths([path], where="bundle.files")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/etc/passwd", "is absolute"),
        ("C:/a", "is absolute"),
        ("a\\b", "holds a backslash"),
        ("BUNDLE.json", "is the manifest itself"),
        ("../a", "leaves its folder"),
        ("a/./b", "leaves its folder or is not in its simplest form"),
        ("a//b", "not in its simplest form"),
        ("", "not in its simplest form"),
        ("a/", "not in its simplest form"),
        ("café", "holds a character that not every file system can"),
        ("a|b", "holds a character"),
        pytest.param("x" * 129, "holds a character", id="129 letters"),
        ("a\nb", "holds a character"),
        ("a.", "what Windows drops"),
        ("a /b", "what Windows drops"),
        (" a", "what Windows drops"),
        ("aux", "the name of a device"),
        ("a/Con.txt", "the name of a device"),
        ("LPT1.tar.gz", "the name of a device"),
        ("CONIN$", "the name of a device"),
    ],
)
def test_names_that_mean_something_else_somewhere_are_refused(path, said):
    with pytest.raises(InvalidDocument) as caught:
        check_paths([path], where="bundle.files")
    assert said in str(caught.value)
    assert str(caught.value).startswith("bundle.files: ")
    assert "weights/a.safetensors" in caught.value.cure


def test_names_that_fall_together_without_case_are_refused_and_the_same_name_twice_is_not():
    check_paths(["a/B", "a/B"], where="x")
    with pytest.raises(InvalidDocument, match="'A/b' is 'a/B' where case does not count"):
        check_paths(["a/B", "A/b"], where="x")


def test_a_file_cannot_be_a_folder_too():
    with pytest.raises(InvalidDocument, match="'a/b/c' lies within the file 'a'"):
        check_paths(["A", "a/b/c"], where="x")
    with pytest.raises(InvalidDocument, match="lies within the file 'a/b'"):
        check_paths(["a/b/c", "a/b"], where="x")


def test_a_long_name_is_cut_in_the_message():
    with pytest.raises(InvalidDocument) as caught:
        check_paths(["/" + "x" * 5000], where="x")
    assert len(str(caught.value)) < 400
