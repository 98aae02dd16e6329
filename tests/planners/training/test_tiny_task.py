"""The loss of `tiny`: its members share out the examples, sky and skin count more, unknown targets count nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from veraretouch.planners.tiny.latents import own_schema
from veraretouch.planners.training.cases.sources import RETOUCHED, SourcePhoto
from veraretouch.planners.training.tiny_examples import ExampleRecipe, Examples, of_photos
from veraretouch.planners.training.tiny_task import TinyTask

PHOTOS = Path(__file__).parents[2] / "data" / "photos"


@pytest.fixture(scope="module")
def examples() -> Examples:
    photos = [SourcePhoto(f"{name}.jpg", name, RETOUCHED, PHOTOS) for name in ("kodak-08", "kodak-22", "kodak-05")]
    return Examples.cat(list(of_photos(photos, ExampleRecipe(copies=3))))


def _losses(task: TinyTask) -> torch.Tensor:
    torch.manual_seed(0)
    return task.losses(task.network.eval(), torch.arange(task.size))


def test_a_member_learns_from_its_own_examples(examples: Examples) -> None:
    task = TinyTask.fresh(examples, own_schema())
    _losses(task)[::3].sum().backward()
    touched = [
        any(p.grad is not None and bool(p.grad.any()) for p in member.parameters()) for member in task.network.members
    ]
    assert touched == [True, False, False]


def test_a_photo_that_nobody_finished_teaches_the_faithful_edit_alone(examples: Examples) -> None:
    task = TinyTask.fresh(replace(examples, known=torch.zeros_like(examples.known)), own_schema())
    _losses(task).sum().backward()
    for member in task.network.members:
        rows = member.head.weight.grad.reshape(2, -1).abs().sum(dim=1)
        assert float(rows[0]) > 0
        assert float(rows[1]) == 0


def test_errors_of_sky_and_skin_count_more(examples: Examples) -> None:
    nothing = replace(examples, held=torch.zeros_like(examples.held), left=torch.zeros_like(examples.left))
    half = torch.zeros_like(examples.held)
    half[:, :, :16] = 255
    wrong = examples.natural.clone()
    wrong[:, :, :, :16] = 255 - wrong[:, :, :, :16]
    plain, held = (
        _losses(TinyTask.fresh(replace(each, natural=wrong), own_schema()))
        for each in (nothing, replace(nothing, held=half))
    )
    assert (held > plain).all()


def test_photos_to_be_left_alone_count_more(examples: Examples) -> None:
    task = TinyTask.fresh(examples, own_schema())
    plain = _losses(replace(task, left=1.0))
    assert torch.allclose(_losses(task)[examples.left], plain[examples.left] * task.left)
    assert torch.allclose(_losses(task)[~examples.left], plain[~examples.left])


def test_a_good_photo_that_is_moved_twice_as_far_counts_three_times_as_much(examples: Examples) -> None:
    alone = replace(examples, left=torch.ones_like(examples.left))
    task = TinyTask.fresh(alone, own_schema())
    ev = [address == "exposure.ev" for address in task.repairs]
    costs = []
    for stops in (0.1, 0.2):
        for member in task.network.members:
            member.head.bias.data = torch.tensor(2 * [stops if each else 0.0 for each in ev])
        costs.append(_losses(replace(task, effort=0.0)).sum())
    assert costs[1] > 3 * costs[0]
