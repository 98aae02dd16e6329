"""Adjustments of several photos as one batch of latents."""

import numpy as np
import pytest
import torch

import veraretouch as vr
from veraretouch.core.errors import InvalidLatents
from veraretouch.core.plan.edit import Edit
from veraretouch.core.plan.local import AreaPart, LocalAdjustment
from veraretouch.core.plan.local_rows import with_local_rows


def adjustment(name, ev=None, id="ellipse", amount=None, **params):
    edits = {} if ev is None else {"exposure": Edit(1, {"ev": np.float64(ev)})}
    edits |= {} if amount is None else {"contrast": Edit(1, {"amount": np.float64(amount)})}
    return LocalAdjustment(name, (AreaPart(id, {k: np.float64(v) for k, v in params.items()}),), edits, 0.5)


def base(batch):
    return vr.Latents(
        vr.Schema.of([vr.registry.ops.load("exposure")]), {"exposure": {"ev": torch.full((batch,), 0.25)}}
    )


def test_each_row_gets_its_own_adjustments_and_no_others():
    rows = [[adjustment("a", 1.0, x=0.2)], [], [adjustment("a", amount=0.3), adjustment("b", -1.0, "linear")]]
    latents = with_local_rows(base(3), rows)
    for index, row in enumerate(rows):
        plan = vr.Plan.of(latents.row(index), mode="auto")
        assert [entry.name for entry in plan.local] == [entry.name for entry in row]
        assert [list(entry.edits) for entry in plan.local] == [list(entry.edits) for entry in row]
        assert all(entry.strength == 0.5 for entry in plan.local)
        photo = torch.rand(1, 3, 20, 30, generator=torch.Generator().manual_seed(index))
        alone = vr.Plan(mode="auto", edits={"exposure": Edit(1, {"ev": np.float64(0.25)})}, local=tuple(row))
        torch.testing.assert_close(vr.Renderer()(photo, latents.row(index)), vr.Renderer().render(photo, alone))


def test_without_adjustments_latents_stay_as_they_are():
    latents = base(2)
    assert with_local_rows(latents, [[], []]) is latents


def test_rows_that_do_not_fit_are_refused():
    with pytest.raises(InvalidLatents, match="1 rows of adjustments for 2"):
        with_local_rows(base(2), [[]])
    with pytest.raises(InvalidLatents, match="the areas of adjustment 'a' differ from row to row"):
        with_local_rows(base(2), [[adjustment("a", 1.0)], [adjustment("a", 1.0, "linear")]])
