"""Encoder and renderer trained together: masks are exact, and the bundle is a planner and a renderer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import lessons
import numpy as np
import pytest
import torch
from lazily import needs

import veraretouch as vr
from veraretouch.core.contract.slots import GROUPS
from veraretouch.core.errors import IncompatibleBundle
from veraretouch.ops.neural import Neural
from veraretouch.planners.training.loop import TrainingSettings
from veraretouch.planners.training.pairs import EditedPairs, GivenPairs, of_photos
from veraretouch.planners.training.reference_task import PairTask, PretrainingTask, draw_masks, render
from veraretouch.planners.training.runs import train_neural, train_vera
from veraretouch.planners.training.vera.recipe import StageRecipe
from veraretouch.planners.training.vera.stages import TrainingStage
from veraretouch.zoo.fetch import fetch

needs("accelerate")
pytestmark = pytest.mark.xdist_group("training")


def test_what_a_masked_group_says_changes_no_bit_of_the_pixels() -> None:
    task = PairTask(GivenPairs(torch.zeros(1, 3, 32, 32), torch.zeros(1, 3, 32, 32)))
    generator = torch.Generator().manual_seed(0)
    rgb, latent = torch.rand(3, 3, 8, 8, generator=generator), torch.randn(3, 3 * 896, generator=generator)
    masks = [frozenset(GROUPS) - {group} for group in GROUPS]
    done = render(task.network.renderer, rgb, latent, masks)
    other = latent.clone()
    for row in range(3):
        other[row, 896 * row : 896 * (row + 1)] = torch.randn(896, generator=generator)
    assert torch.equal(done, render(task.network.renderer, rgb, other, masks))
    assert not torch.equal(done, render(task.network.renderer, rgb, other, [frozenset(GROUPS)] * 3))
    assert torch.equal(rgb, render(task.network.renderer, rgb, latent, [frozenset()] * 3))


def test_masks_leave_something_and_half_of_them_everything() -> None:
    torch.manual_seed(0)
    masks = draw_masks(400)
    assert all(masks)
    assert len(set(masks)) == 7
    assert 0.5 < sum(mask == frozenset(GROUPS) for mask in masks) / 400 < 0.65


@pytest.fixture(scope="module")
def edited() -> EditedPairs:
    return of_photos(torch.randint(256, (2, 3, 32, 32), dtype=torch.uint8), copies=4, seed=0)


def test_numbers_say_what_was_done_and_which_way(edited: EditedPairs) -> None:
    pretrained = edited.edit_parameters(torch.arange(8))
    assert pretrained.shape == (8, edited.edits.shape[1] + 1)
    assert torch.equal(pretrained[:, -1] > 0, edited.forward)
    back = edited.edit_parameters(torch.tensor([3]))
    ahead = replace(edited, forward=torch.ones(8, dtype=torch.bool)).edit_parameters(torch.tensor([3]))
    assert torch.equal(back, -ahead)
    moving = edited.edits.std(dim=0) > 1e-3
    assert ahead.shape == back.shape
    spread = replace(edited, forward=torch.ones(8, dtype=torch.bool)).edit_parameters(torch.arange(8))[:, :-1]
    torch.testing.assert_close(spread[:, moving].std(dim=0), torch.ones(int(moving.sum())), rtol=1e-2, atol=0)


def test_thinned_pairs_have_the_very_pixels_of_the_loss(edited: EditedPairs) -> None:
    rows, masks = torch.arange(8), draw_masks(8)
    whole, thin = (pairs.batch(rows, masks) for pairs in (edited, edited.thinned()))
    assert thin.before.shape == (8, 3, 16, 16)
    assert torch.equal(whole.wanted, thin.wanted)
    torch.testing.assert_close(whole.rgb, thin.rgb, rtol=0, atol=1e-6)


def test_the_encoder_aims_at_the_latents_of_the_numbers(edited: EditedPairs) -> None:
    pretrained = PretrainingTask(edited)
    pretrained.losses(pretrained.network, torch.arange(4)).sum().backward()
    assert pretrained.network.parameter_encoder.weight.grad is not None
    pretrained.network.zero_grad()
    rows = torch.arange(8)
    plain, task = PairTask(edited), PairTask(edited, pretrained=pretrained)
    assert task.network.renderer is pretrained.network.renderer
    plain.network.renderer = task.network.renderer
    torch.manual_seed(1)
    without = plain.losses(plain.network, rows)
    torch.manual_seed(1)
    losses = task.losses(task.network, rows)
    assert (losses > without).all()  # the same networks otherwise
    losses.sum().backward()
    assert task.network.encoder.fc.weight.grad is not None
    assert pretrained.network.parameter_encoder.weight.grad is None


def test_the_bundle_is_a_planner_of_references_and_a_renderer(tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.mkdir()
    for name in ("kodak-03", "kodak-22"):
        lessons.picture(name).save(good / f"{name}.png")
    settings = TrainingSettings(steps=2, batch=2, lr=1e-3, warmup=1, save_every=1)
    bundle = train_neural(
        good,
        tmp_path / "out",
        settings,
        image_size=32,
        copies=2,
        renderer_pretrain_steps=3,
        device="cpu",
        name="pair",
        spdx="Apache-2.0",
    )
    pretrained = (tmp_path / "out" / "renderer-pretraining" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in pretrained] == [1, 2, 3]
    assert [json.loads(line)["step"] for line in (bundle / "log.jsonl").read_text().splitlines()] == [1, 2]
    retoucher = vr.zoo.load(str(bundle))
    assert retoucher.planner.id == "reference"
    assert retoucher.planner.side == 32
    before = np.asarray(lessons.picture("kodak-03"))
    result = retoucher(before, reference=(before, before[:, :, ::-1].copy()))
    assert vr.Renderer([Neural.from_bundle(fetch(str(bundle)))]).render(before, result.plan).shape == before.shape
    assert np.array_equal(vr.Renderer().render(before, result.plan), result.image)  # the plan names its weights
    options = {
        "stage": TrainingStage.ALIGNMENT,
        "checkpointing": False,
        "device": "cpu",
        "name": "x",
    }
    with pytest.raises(IncompatibleBundle, match="of the planner 'reference'"):
        train_vera(str(bundle), good, tmp_path / "vera", settings, StageRecipe(1.0, 8), **options)
