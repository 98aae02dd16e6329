"""Folders that training reads: pictures before and after an edit are no good photos, and no file starts a program."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from veraretouch.core.errors import InvalidRequest, UnreadablePhoto
from veraretouch.planners.eval.data import Stored
from veraretouch.planners.training.data import eight_bit, photos_of
from veraretouch.planners.training.pairs import read_pairs
from veraretouch.planners.training.tiny_examples import ExampleRecipe, read_data

PHOTO = Path(__file__).parents[2] / "data" / "photos" / "kodak-02.jpg"
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n"


def put(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PHOTO, folder / name)
    return folder


@pytest.mark.parametrize(
    "names",
    [
        ("before/a.jpg", "after/a.jpg"),
        ("set/Before/a.jpg", "set/After/a.jpg"),
        ("a-before.jpg", "a-after.png"),
        ("deep/a-before.jpg", "deep/a-after.jpg", "b.jpg"),
    ],
)
def test_pairs_are_not_read_as_single_photos(tmp_path, names):
    folder = put(tmp_path, *names)
    with pytest.raises(InvalidRequest, match="pictures before and after an edit"):
        photos_of(folder)
    with pytest.raises(InvalidRequest, match="aether pairs"):
        read_data(folder, ExampleRecipe())


def test_train_tiny_refuses_pairs_with_one_line_and_writes_nothing(cli, tmp_path):
    put(tmp_path / "pairs", "before/a.jpg", "after/a.jpg")
    told = cli("train", "tiny", "--data", "pairs", "--out", "out", code=1)
    assert len(told.stderr.splitlines()) == 1
    assert "before and after an edit" in told.stderr
    assert not list(tmp_path.glob("out/*"))


def test_names_that_merely_sound_alike_are_photos(tmp_path):
    folder = put(tmp_path, "before/a.jpg", "the-day-before.jpg", "after-dark.jpg")
    assert len(photos_of(folder)) == 3


def test_train_neural_takes_before_and_after_as_pairs(tmp_path):
    assert len(read_pairs(put(tmp_path, "before/a.jpg", "after/a.jpg"), image_size=32, copies=1, seed=0)) == 1


def test_a_file_that_announces_eps_starts_nothing(tmp_path, monkeypatch):
    started = []

    def start(*words, **_):
        started.append(words)
        raise OSError("no program is started here")

    monkeypatch.setattr("subprocess.Popen", start)
    (tmp_path / "a.jpg").write_bytes(EPS)
    with pytest.raises(UnreadablePhoto):
        read_data(tmp_path, ExampleRecipe())
    with pytest.raises(UnreadablePhoto):
        read_pairs(tmp_path, image_size=32, copies=1, seed=0)
    for stored in (Stored(tmp_path / "a.jpg"), Stored(tmp_path / "a.jpg", 0, len(EPS))):
        with pytest.raises(UnreadablePhoto):
            stored.photo()
    assert started == []


def test_values_are_clamped_and_rounded():
    assert eight_bit(np.array([-0.5, 0.5, 0.1, 2.0], dtype=np.float32)).tolist() == [0, 128, 26, 255]
