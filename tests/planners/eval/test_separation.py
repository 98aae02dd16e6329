"""Whether each group moves what it is for: light and colour measured apart."""

from __future__ import annotations

import pytest
import torch

from veraretouch import Latents, Plan, Renderer, Schema, registry
from veraretouch.core.color.oklab import OkLab
from veraretouch.planners.eval.separation import LEAST, alone, leakage, moves

RGB = 0.2 + 0.6 * torch.rand(1, 3, 8, 9, generator=torch.Generator().manual_seed(0))


def plane(value: float) -> torch.Tensor:
    return torch.full((1, 1, 2, 2), value)


def test_light_that_scales_a_and_b_with_l_is_no_move_of_colour():
    before = OkLab(plane(0.5), plane(0.1), plane(-0.06))
    light, colour = moves(before, OkLab(plane(0.6), plane(0.12), plane(-0.072)))
    assert light == pytest.approx(0.1, abs=1e-6)
    assert colour == pytest.approx(0, abs=1e-6)


def test_colour_moves_by_its_distance_in_the_plane():
    before = OkLab(plane(0.5), plane(0.1), plane(0.0))
    light, colour = moves(before, OkLab(plane(0.5), plane(0.13), plane(0.04)))
    assert light == 0
    assert colour == pytest.approx(0.05, abs=1e-6)


def test_in_the_dark_the_ratio_of_light_says_nothing():
    before = OkLab(plane(0.04), plane(0.1), plane(0.0))
    _, colour = moves(before, OkLab(plane(0.4), plane(0.1), plane(0.0)))
    assert colour == 0
    before = OkLab(plane(0.06), plane(0.1), plane(0.0))
    _, colour = moves(before, OkLab(plane(0.12), plane(0.1), plane(0.0)))
    assert colour == pytest.approx(0.1, abs=1e-6)


def test_each_group_is_judged_by_its_own_attribute_and_rest_not_at_all():
    colour_only = {"lighting": RGB, "global_color": RGB.roll(1, dims=1)}
    found = leakage(RGB, colour_only)
    assert set(found) == {"global_color"}
    assert 0 < found["global_color"] < 1
    assert leakage(RGB, {"lighting": RGB.roll(1, dims=1)})["lighting"] == pytest.approx(
        (1 - found["global_color"] ** 2) ** 0.5, abs=1e-5
    )
    assert LEAST == 1e-3


def test_groups_are_rendered_alone_and_a_plan_of_nothing_is_the_photo():
    schema = Schema.of([registry.ops.load("exposure"), registry.ops.load("saturation")])
    values = {"exposure": {"ev": torch.tensor([0.5])}, "saturation": {"amount": torch.tensor([0.4])}}
    facts = {"mode": "param", "planner": {"id": "test", "version": "1"}, "reasoning": {}}
    plan = Plan.of(Latents(schema, values), **facts)
    made = alone(RGB, plan, Renderer())
    assert set(made) == {"lighting", "global_color", "specific_color"}
    assert torch.equal(made["specific_color"], RGB)
    only = Latents(Schema.of([registry.ops.load("exposure")]), {"exposure": values["exposure"]})
    assert torch.allclose(made["lighting"], Renderer()(RGB, only, clamp=False), atol=1e-6)
    assert leakage(RGB, made)["lighting"] < 0.3
