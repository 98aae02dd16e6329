"""The stage in which tower and projector learn to tell light and colour."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import lessons
import nano
import pytest
import torch
from lazily import needs

from veraretouch import zoo
from veraretouch.core.errors import InvalidRequest
from veraretouch.core.render.retoucher import Retoucher
from veraretouch.planners.training.loop import TrainingSettings
from veraretouch.planners.training.runs import train_vera
from veraretouch.planners.training.vera.examples import Example, read_examples
from veraretouch.planners.training.vera.recipe import StageRecipe
from veraretouch.planners.training.vera.seeing import SeeingTask
from veraretouch.planners.training.vera.stages import TrainingStage
from veraretouch.planners.vera.planner import Vera
from veraretouch.planners.vera.writing.sampling import Sampling

needs("accelerate")
pytestmark = pytest.mark.xdist_group("training")

SETTINGS = TrainingSettings(steps=40, batch=4, lr=3e-3, warmup=2, average=0.0, save_every=20)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    lessons.write_dataset(folder, side=32)
    return folder


def shown(data: Path) -> list[Example]:
    """The photos of a dataset."""
    return read_examples(data, image_size=16)[0]


def test_tokens_come_to_tell_what_is_measured_and_words_stay(data: Path, tmp_path: Path) -> None:
    pupil = nano.pupil(tmp_path)
    made = Vera(pupil.model, pupil.tokenizer, pupil.neural, sampling=Sampling(temperature=0.9), head="sliders")
    licence = {"spdx": "Apache-2.0", "commercial_use": True}
    packed = zoo.pack(Retoucher(made), tmp_path / "start", name="nano", licence=licence)
    options = {"stage": TrainingStage.SEEING, "checkpointing": False, "device": "cpu", "name": "seen"}
    bundle = train_vera(str(packed), data, tmp_path / "seen", SETTINGS, StageRecipe(image_size=16), **options)
    first, last = (json.loads(line)["loss"] for line in (tmp_path / "seen" / "log.jsonl").read_text().splitlines())
    assert last < 0.6 * first
    after = zoo.load(bundle).planner
    assert isinstance(after, Vera)
    before, now = made.model.state_dict(), after.model.state_dict()
    changed = {name.partition(".")[0] for name in before if not torch.equal(before[name], now[name])}
    assert changed == {"tower", "projector"}
    kept = [name for name in before if "running_" in name]
    assert kept
    assert all(torch.equal(before[name], now[name]) for name in kept)
    assert (after.head, after.sampling) == ("sliders", made.sampling)


def test_losses_are_mean_squares_of_deviations(data: Path, tmp_path: Path) -> None:
    task = SeeingTask(nano.pupil(tmp_path), shown(data))

    class Blind(torch.nn.Module):
        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            return torch.zeros(len(pictures), task._measured.shape[1])

    varied = (task._measured != 0).any(dim=0)
    losses = task.losses(Blind(), torch.arange(task.size))
    assert losses.mean().item() == pytest.approx(varied.float().mean().item(), abs=1e-4)


def test_without_a_photo_there_is_nothing_to_see(data: Path, tmp_path: Path) -> None:
    blind = [replace(one, prompt=replace(one.prompt, after=None)) for one in shown(data)]
    with pytest.raises(InvalidRequest, match="no example shows a photo"):
        SeeingTask(nano.pupil(tmp_path), blind)
