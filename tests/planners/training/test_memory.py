"""What `train neural` takes of memory: estimated within a third, and refused before anything is read."""

import shutil
import sys
from pathlib import Path

import pytest
from peak import peak_memory

from veraretouch.core.errors import InvalidRequest
from veraretouch.planners.training import memory
from veraretouch.planners.training.loop import TrainingSettings
from veraretouch.planners.training.memory import MemoryEstimate, check_memory, estimate_memory

PHOTO = Path(__file__).parents[2] / "data" / "photos" / "kodak-02.jpg"
STEPS = """
import sys, torch
from veraretouch.planners.training.loop import TrainingSettings, train
from veraretouch.planners.training.pairs import of_photos
from veraretouch.planners.training.reference_task import PairTask
side, batch = int(sys.argv[1]), int(sys.argv[2])
pairs = of_photos(torch.randint(0, 256, (2, 3, side, side), dtype=torch.uint8), copies=4, seed=0)
train(PairTask(pairs), TrainingSettings(steps=2, batch=batch, lr=1e-5), device="cpu")
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "good").mkdir()
    for name in "abc":
        shutil.copy(PHOTO, tmp_path / "good" / f"{name}.jpg")
    return tmp_path / "good"


@pytest.mark.slow
def test_the_estimate_is_near_what_training_takes(folder):
    idle = peak_memory(STEPS, 32, 2)
    taken = peak_memory(STEPS, 128, 8) - idle
    few, many = (estimate_memory(folder, TrainingSettings(batch=n), image_size=s) for n, s in ((2, 32), (8, 128)))
    assert 0.7 < (many.step - few.step) / taken < 1.5


def test_the_estimate_grows_with_pixels_examples_and_pictures(folder):
    one = estimate_memory(folder, TrainingSettings(batch=8), image_size=64)
    assert one.pictures == 2 * 3 * 64 * 64 * 3
    wide = estimate_memory(folder, TrainingSettings(batch=8), image_size=128)
    assert wide.example == pytest.approx(4 * one.example, rel=0.01)
    assert estimate_memory(folder, TrainingSettings(batch=8, accumulate=4), image_size=64).examples == 2


def test_more_than_is_free_is_refused_with_what_helps(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 10 * 10**9)
    estimate = MemoryEstimate(pictures=10**9, networks=10**9, example=10**9, examples=32)
    with pytest.raises(InvalidRequest, match=r"about 34\.0 GB of memory, and 10\.0 GB are free.*--accumulate times 4"):
        check_memory(estimate, device="cpu")
    with pytest.raises(InvalidRequest, match="smaller --image-size, or fewer pictures"):
        check_memory(MemoryEstimate(20 * 10**9, 0, 1, 1), device="cpu")
    said = check_memory(MemoryEstimate(10**9, 10**9, 10**9, 4), device="cpu")
    assert said == "training takes about 6.0 GB of memory, of 10.0 GB that are free"


@pytest.mark.skipif(sys.platform != "linux", reason="free memory is read from /proc")
def test_train_neural_says_so_before_it_reads_a_picture(cli, folder, tmp_path):
    (folder / "a.jpg").write_bytes(b"not a photo")
    told = cli(
        *("train", "neural", "--data", "good", "--out", "out", "--image-size", "4096", "--batch", "4096"),
        *("--device", "cpu"),
        code=1,
    )
    assert "training needs about" in told.stderr
    assert len(told.stderr.splitlines()) == 1
