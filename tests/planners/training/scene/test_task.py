"""`veraretouch train scene`: it learns from partial labels, sources in balance, and a run that stops goes on."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from lazily import needs

from veraretouch.core.errors import InvalidRequest
from veraretouch.core.plugins.bundles import open_bundle
from veraretouch.planners.scene.network import CLASSES
from veraretouch.planners.scene.reader import SceneReader
from veraretouch.planners.scene.weights import FILE
from veraretouch.planners.training.loop import TrainingSettings
from veraretouch.planners.training.runs import train_scene
from veraretouch.planners.training.scene.imagenet import started
from veraretouch.planners.training.scene.labels import EVERY, read_labels
from veraretouch.planners.training.scene.recipe import SceneRecipe
from veraretouch.planners.training.scene.task import SceneTask, emphasis_of, order_of, partial_loss

needs("accelerate")
pytestmark = pytest.mark.xdist_group("training")

PLAIN = emphasis_of({})


def test_the_loss_asks_only_for_what_a_label_says() -> None:
    logits = torch.zeros(1, len(CLASSES), 8, 8)
    one, two, every = (torch.full((1, 8, 8), bits) for bits in (1 << 1, 1 << 1 | 1 << 2, EVERY))
    assert float(partial_loss(logits, one, PLAIN)) == pytest.approx(math.log(9), abs=1e-4)
    assert float(partial_loss(logits, two, PLAIN)) == pytest.approx(math.log(4.5), abs=1e-4)
    assert float(partial_loss(logits, every, PLAIN)) == pytest.approx(0, abs=1e-4)


def test_what_is_not_labelled_has_no_gradient() -> None:
    logits = torch.randn(1, len(CLASSES), 16, 16, requires_grad=True)
    allowed = torch.zeros(1, 16, 16, dtype=torch.int64)
    allowed[:, :8] = 1 << 3
    partial_loss(logits, allowed, PLAIN).sum().backward()
    assert logits.grad is not None
    assert float(logits.grad[:, :, 8:].abs().max()) == 0
    assert float(logits.grad[:, :, :8].abs().min()) > 0


def test_an_emphasised_class_pulls_more() -> None:
    logits = torch.zeros(1, len(CLASSES), 16, 16)
    logits[:, 2] = 2
    allowed = torch.full((1, 16, 16), 1 << 1)
    allowed[:, :8] = 1 << 2
    assert partial_loss(logits, allowed, emphasis_of({"sky": 3.0})) > partial_loss(logits, allowed, PLAIN)


def test_small_sources_come_as_often_as_balance_says() -> None:
    sources = ["large"] * 400 + ["small"] * 4
    shares = [
        sum(sources[place] == "small" for place in order_of(sources, balance).tolist())
        / len(order_of(sources, balance))
        for balance in (0.0, 0.5, 1.0)
    ]
    assert shares == pytest.approx([4 / 404, 2 / 22, 1 / 2], abs=0.01)
    assert set(order_of(sources, 0.5).tolist()) == set(range(404))


def test_frozen_blocks_and_statistics_stay_as_they_were(folder: Path) -> None:
    task = SceneTask.of(read_labels(folder), SceneRecipe(frozen_statistics=True, frozen_blocks=3, side=64))
    before = {name: value.clone() for name, value in task.network.state_dict().items()}
    optimiser = torch.optim.SGD([each for each in task.network.parameters() if each.requires_grad], lr=0.1)
    task.network.train()
    task.losses(task.network, torch.tensor([0, 1])).sum().backward()
    optimiser.step()
    moved = {name for name, value in task.network.state_dict().items() if not torch.equal(value, before[name])}
    assert not any(name.startswith(("stem", "blocks.0", "blocks.2.")) or "running" in name for name in moved)
    assert {"head.weight", "blocks.3.expand.0.weight"} <= moved


SETTINGS = TrainingSettings(steps=12, batch=2, lr=0.004, warmup=2, average=0.0, save_every=6)


def _trained(folder: Path, out: Path, **more: object) -> Path:
    given = {"start": None, "without": ["faces"], "device": "cpu", "name": "scene", "spdx": "MIT", **more}
    return train_scene(folder, out, SETTINGS, SceneRecipe(side=64), **given)


def test_a_run_that_stopped_goes_on_to_the_same_bundle(folder: Path, tmp_path: Path) -> None:
    bundle = _trained(folder, tmp_path / "out")
    first = (bundle / FILE).read_bytes()
    lines = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [6, 12]
    assert lines[-1]["loss"] < lines[0]["loss"]
    about = json.loads((bundle / "bundle.json").read_text())
    assert about["kind"] == "network"
    assert "4 pictures with pixel labels of 1 sources: fields" in about["training_data"]
    (tmp_path / "out" / "checkpoint-0000012.safetensors").unlink()
    assert (_trained(folder, tmp_path / "out") / FILE).read_bytes() == first
    with pytest.raises(InvalidRequest, match="other settings"):
        _trained(folder, tmp_path / "out", without=())


def test_the_command_starts_from_an_earlier_bundle(cli, folder: Path, tmp_path: Path) -> None:
    stages = {
        "tuning": {
            "settings": {"steps": 900, "batch": 4, "warmup": 1},
            "recipe": {"side": 64, "frozen_statistics": True, "frozen_blocks": 5},
        }
    }
    (tmp_path / "mine.json").write_text(json.dumps({"stages": stages}))
    start = str(Path(__file__).parents[4] / "planners" / "scene" / "bundle")
    options = ["train", "scene", "--data", str(folder), "--out", "out", "--stage", "tuning", "--start", start]
    cli(*options, "--configuration", "mine.json", "--steps", "2", "--batch", "2", "--device", "cpu")
    made = SceneReader.from_bundle(open_bundle(str(tmp_path / "out" / "bundle"))).network.state_dict()
    before = started(start).state_dict()
    assert torch.equal(made["stem.0.weight"], before["stem.0.weight"])
    assert not torch.equal(made["head.bias"], before["head.bias"])
