"""A render job: what a plan or latents ask for, and the caller's own wishes above it."""

from __future__ import annotations

import pytest
import torch
from renderings import SCHEMA, latents_of

from veraretouch import Plan
from veraretouch.core.errors import InvalidRequest
from veraretouch.core.render.job import RenderJob, check_groups

PLAN = {
    "schema": "veraretouch.plan/1",
    "mode": "param",
    "seed": 7,
    "strength": 0.4,
    "planner": {"id": "test", "version": "1"},
    "groups": ["lighting"],
    "edits": {
        "exposure": {"version": 1, "params": {"ev": 0.5}},
        "neural": {
            "version": 1,
            "asset": {"bundle": "look", "revision": "1", "sha256": "a" * 64},
            "params": {name: [0.0] * 896 for name in ("light", "global_color", "specific_color")},
        },
    },
    "reasoning": {},
}


def test_latents_alone_are_rendered_in_full_with_seed_0():
    latents = latents_of(add=0.5)
    job = RenderJob.of(latents)
    assert (job.latents, job.strength, job.seed, dict(job.assets)) == (latents, 1.0, 0, {})


def test_a_plan_brings_strength_seed_and_the_weights_of_its_ops():
    job = RenderJob.of(Plan.load(PLAN))
    assert (job.strength, job.seed) == (0.4, 7)
    assert {op: asset["bundle"] for op, asset in job.assets.items()} == {"neural": "look"}
    assert float(job.latents.values["exposure"]["ev"]) == 0.5


def test_the_callers_wishes_go_before_the_plans_and_0_is_one():
    job = RenderJob.of(Plan.load(PLAN), strength=0.0, seed=0)
    assert (job.strength, job.seed) == (0.0, 0)


@pytest.mark.parametrize("strength", [-0.01, 1.01, float("nan"), "1", [0.5]])
def test_a_strength_out_of_range_is_refused_and_its_ends_are_not(strength):
    with pytest.raises(InvalidRequest, match="0 gives the input, 1 the full edit"):
        RenderJob.of(latents_of(add=0.5), strength=strength)
    for end in (0, 1):
        assert RenderJob.of(latents_of(add=0.5), strength=end).strength == end


def test_groups_leave_the_others_absent_in_every_row():
    job = RenderJob.of(latents_of(add=[0.5, 0.2], double=[0.1, 0.3]), groups=["global_color"])
    present = {op: rows.tolist() for op, rows in job.latents.present.items()}
    assert present == {"test.add": [False, False], "test.double": [True, True]}


@pytest.mark.parametrize("edit", [None, "plan.json", {"edits": {}}, torch.zeros(1)])
def test_what_is_neither_plan_nor_latents_is_named_by_its_type(edit):
    with pytest.raises(InvalidRequest, match=f"{type(edit).__name__} is neither a Plan nor Latents. Load one"):
        RenderJob.of(edit)


def test_groups_of_the_schema_and_the_built_in_ones_are_known_and_others_are_refused():
    check_groups(["effects", "specific_color"], SCHEMA)
    check_groups([], SCHEMA)
    with pytest.raises(InvalidRequest, match=r"lightning.*lighting"):
        check_groups(["lightning"], SCHEMA)
    with pytest.raises(InvalidRequest, match="lighting"):
        check_groups("lighting", SCHEMA)
