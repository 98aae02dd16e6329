"""Encoder and renderer trained together: masks are exact, and the bundle is a planner and a renderer."""

from __future__ import annotations

import json
from pathlib import Path

import lessons
import numpy as np
import pytest
import torch

import veraretouch as vr
from veraretouch.core.errors import IncompatibleBundle
from veraretouch.core.slots import GROUPS
from veraretouch.ops.neural import Neural
from veraretouch.planners.reference.training import PairTask, draw_masks
from veraretouch.planners.training.loop import Settings
from veraretouch.planners.training.pairs import GivenPairs
from veraretouch.planners.vera.training.stages import Stage
from veraretouch.zoo.fetch import fetch
from veraretouch.zoo.trained import train_neural, train_vera

pytest.importorskip("accelerate")
pytestmark = pytest.mark.xdist_group("training")


def test_what_a_masked_group_says_changes_no_bit_of_the_pixels() -> None:
    task = PairTask(GivenPairs(torch.zeros(1, 3, 32, 32), torch.zeros(1, 3, 32, 32)))
    generator = torch.Generator().manual_seed(0)
    rgb, latent = torch.rand(3, 3, 8, 8, generator=generator), torch.randn(3, 3 * 896, generator=generator)
    masks = [frozenset(GROUPS) - {group} for group in GROUPS]
    done = task.network.render(rgb, latent, masks)
    other = latent.clone()
    for row in range(3):
        other[row, 896 * row : 896 * (row + 1)] = torch.randn(896, generator=generator)
    assert torch.equal(done, task.network.render(rgb, other, masks))
    assert not torch.equal(done, task.network.render(rgb, other, [frozenset(GROUPS)] * 3))
    assert torch.equal(rgb, task.network.render(rgb, latent, [frozenset()] * 3))


def test_masks_leave_something_and_half_of_them_everything() -> None:
    torch.manual_seed(0)
    masks = draw_masks(400)
    assert all(masks)
    assert len(set(masks)) == 7
    assert 0.5 < sum(mask == frozenset(GROUPS) for mask in masks) / 400 < 0.65


def test_the_bundle_is_a_planner_of_references_and_a_renderer(tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.mkdir()
    for name in ("kodak-03", "kodak-22"):
        lessons.picture(name).save(good / f"{name}.png")
    settings = Settings(steps=2, batch=2, rate=1e-3, warmup=1, every=1)
    bundle = train_neural(
        good, tmp_path / "out", settings, side=32, copies=2, device="cpu", name="pair", spdx="Apache-2.0"
    )
    assert [json.loads(line)["step"] for line in (bundle / "log.jsonl").read_text().splitlines()] == [1, 2]
    retoucher = vr.zoo.load(str(bundle))
    assert retoucher.planner.id == "reference"
    assert retoucher.planner.side == 32
    before = np.asarray(lessons.picture("kodak-03"))
    result = retoucher(before, reference=(before, before[:, :, ::-1].copy()))
    assert vr.Renderer([Neural.from_bundle(fetch(str(bundle)))]).render(before, result.plan).shape == before.shape
    assert np.array_equal(vr.Renderer().render(before, result.plan), result.image)  # the plan names its weights
    options = {"stage": Stage.ALIGNMENT, "alpha": 1.0, "side": 8, "checkpointing": False, "device": "cpu", "name": "x"}
    with pytest.raises(IncompatibleBundle, match="of the planner 'reference'"):
        train_vera(str(bundle), good, tmp_path / "vera", settings, **options)
