"""The loop: the same run twice, a run that goes on from its checkpoint, and what is refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lazily import needs
from safetensors import safe_open
from torch import Tensor, nn

from veraretouch.core.errors import InvalidRequest
from veraretouch.planners.training.loop import LOG, TrainingSettings, batch_of, checkpoints, train

needs("accelerate")
needs("tensorboard")
pytestmark = pytest.mark.xdist_group("training")

SETTINGS = TrainingSettings(steps=12, batch=4, lr=0.05, warmup=2, save_every=4)


class Line:
    """Fit a line, with dropout, so that resuming has random numbers to get wrong."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.network: nn.Module = nn.Sequential(nn.Linear(1, 8), nn.Dropout(0.5), nn.Linear(8, 1))
        self.x = torch.linspace(-1, 1, 10).unsqueeze(1)
        self.size = len(self.x)

    def losses(self, network: nn.Module, rows: Tensor) -> Tensor:
        loss: Tensor = (network(self.x[rows]) - 3 * self.x[rows]).square().mean(dim=1)
        return loss


class Killed(Exception):
    """Stands for a process that ends between two checkpoints."""


def test_the_same_seed_makes_the_same_weights(tmp_path: Path) -> None:
    one, two = (train(Line(), SETTINGS, tmp_path / name, device="cpu") for name in "ab")
    assert all(torch.equal(one[name], two[name]) for name in one)
    other = train(Line(), replace(SETTINGS, seed=1), device="cpu")
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_a_run_that_broke_off_goes_on_to_the_same_weights_and_the_same_log(tmp_path: Path) -> None:
    whole = train(Line(), SETTINGS, tmp_path / "whole", device="cpu")

    def stop(step: int, loss: float) -> None:
        raise Killed

    with pytest.raises(Killed):
        train(Line(), SETTINGS, tmp_path / "broken", device="cpu", progress=stop)
    (*_, last) = checkpoints(tmp_path / "broken")
    assert "0000008" in last.name
    again = train(Line(), SETTINGS, tmp_path / "broken", device="cpu")
    assert all(torch.equal(whole[name], again[name]) for name in whole)
    logs = [(tmp_path / name / LOG).read_text() for name in ("whole", "broken")]
    assert logs[0] == logs[1]
    assert [json.loads(line)["step"] for line in logs[0].splitlines()] == [4, 8, 12]


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    train(Line(), SETTINGS, tmp_path, device="cpu")
    with pytest.raises(InvalidRequest, match="other settings"):
        train(Line(), replace(SETTINGS, lr=0.01), tmp_path, device="cpu")


def test_a_checkpoint_made_with_something_else_is_refused(tmp_path: Path) -> None:
    train(Line(), SETTINGS, tmp_path, device="cpu", about={"stage": "one"})
    with pytest.raises(InvalidRequest, match="other settings"):
        train(Line(), SETTINGS, tmp_path, device="cpu", about={"stage": "two"})


def test_parts_of_a_batch_one_after_another_make_the_same_weights() -> None:
    def without_dropout() -> Line:
        task = Line()
        task.network[1].p = 0.0
        return task

    at_once = train(without_dropout(), SETTINGS, device="cpu")
    for parts in (2, 4):
        in_parts = train(without_dropout(), replace(SETTINGS, accumulate=parts), device="cpu")
        assert all(torch.allclose(at_once[name], in_parts[name], atol=1e-6) for name in at_once)


def test_what_is_frozen_stays_and_is_in_no_checkpoint(tmp_path: Path) -> None:
    task = Line()
    task.network[0].requires_grad_(False)
    before = task.network[0].weight.clone()
    trained = train(task, replace(SETTINGS, average=0.0), tmp_path, device="cpu")
    assert torch.equal(before, task.network[0].weight)
    assert trained.keys() == {"2.weight", "2.bias"}
    with safe_open(checkpoints(tmp_path)[-1], framework="pt") as file:
        assert {name.partition(".")[0] for name in file.keys()} == {"network", "optimizer"}  # noqa: SIM118
        assert not any(name.startswith("network.0") for name in file.keys())  # noqa: SIM118


def test_parameters_with_a_share_of_the_learning_rate_move_by_as_much_less(tmp_path: Path) -> None:
    once = replace(SETTINGS, steps=1, warmup=0, average=0.0, decay=0.0)
    before = {name: value.clone() for name, value in Line().network.state_dict().items()}
    whole = train(Line(), once, device="cpu")
    some = train(Line(), once, device="cpu", rates={"0.": 0.25, "2.bias": 0.0})
    for name, share in (("0.weight", 0.25), ("0.bias", 0.25), ("2.weight", 1.0), ("2.bias", 0.0)):
        assert torch.allclose(some[name] - before[name], share * (whole[name] - before[name]), atol=1e-6)
        assert (whole[name] != before[name]).any()
    half = train(Line(), SETTINGS, tmp_path / "whole", device="cpu", rates={"0.": 0.5})

    def stop(step: int, loss: float) -> None:
        raise Killed

    with pytest.raises(Killed):
        train(Line(), SETTINGS, tmp_path / "broken", device="cpu", rates={"0.": 0.5}, progress=stop)
    again = train(Line(), SETTINGS, tmp_path / "broken", device="cpu", rates={"0.": 0.5})
    assert all(torch.equal(half[name], again[name]) for name in half)


def test_without_an_average_the_weights_themselves_are_kept_and_gone_on_from(tmp_path: Path) -> None:
    settings = replace(SETTINGS, average=0.0)
    task = Line()
    whole = train(task, settings, tmp_path / "whole", device="cpu")
    assert all(torch.equal(whole[name], value) for name, value in task.network.state_dict().items())
    (tmp_path / "broken").mkdir()
    shutil.copy(checkpoints(tmp_path / "whole")[0], tmp_path / "broken")
    again = train(Line(), settings, tmp_path / "broken", device="cpu")
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_only_the_newest_two_checkpoints_stay(tmp_path: Path) -> None:
    train(Line(), SETTINGS, tmp_path, device="cpu")
    assert [path.name for path in checkpoints(tmp_path)] == [
        "checkpoint-0000008.safetensors",
        "checkpoint-0000012.safetensors",
    ]


def test_every_epoch_has_each_example_once() -> None:
    rows = torch.cat([batch_of(SETTINGS, 10, step) for step in range(5)])
    assert sorted(rows[:10].tolist()) == sorted(rows[10:].tolist()) == list(range(10))
    assert rows[:10].tolist() != rows[10:].tolist()


def test_training_learns() -> None:
    task = Line()
    before = float(task.losses(task.network.eval(), torch.arange(10)).detach().mean())
    task.network.load_state_dict(train(task, replace(SETTINGS, steps=150, warmup=10), device="cpu"))
    assert float(task.losses(task.network.eval(), torch.arange(10)).detach().mean()) < before / 3
