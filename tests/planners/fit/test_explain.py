"""Edits of any kind as sliders."""

from dataclasses import replace

import numpy as np
import pytest

import veraretouch as vr
from veraretouch.core.contract.slot_kinds import identity_lattice

OPS = ["exposure", "contrast", "saturation", "white_balance", "tone_curve"]


def cdl():
    grey = np.full((8, 8, 3), 0.4, "float32")
    values = {"cdl.slope": [1.1, 1.0, 0.9], "cdl.power": [0.9, 0.9, 0.95], "cdl.saturation": 1.2}
    return vr.zoo.load("rules").plan(grey, params=values)


def test_a_strangers_plan_becomes_sliders_within_what_was_asked():
    found = vr.explain(replace(cdl(), frame=vr.Framing(angle=1)), ops=OPS, within=2.0)
    assert found.plan.frame == vr.Framing(angle=1)
    assert found.holds
    assert found.report.error_after <= 2.0 < found.report.error_before
    assert set(found.plan.edits) <= set(OPS)


def test_latents_and_a_lattice_are_explained_too():
    lattice = identity_lattice(9) ** 1.4
    table = vr.explain(lattice, ops=["exposure", "contrast", "tone_regions"])
    latents = vr.explain(cdl().latents(), ops=OPS[:4], within=3.0)
    assert table.holds
    assert latents.holds


def test_what_the_ops_cannot_do_is_said_with_the_deviation_reached():
    found = vr.explain(1 - identity_lattice(9), ops=["exposure"], within=1.0)
    assert not found.holds
    assert found.report.error_after > 10


def test_the_deviation_is_measured_on_the_photos_own_colours():
    green = np.full((16, 16, 3), (0.2, 0.6, 0.2), "float32")
    found = vr.explain(cdl(), ops=OPS, photo=green)
    assert "green" in found.report.by_colour
    assert "blue" not in found.report.by_colour


@pytest.mark.parametrize("edit", [3, np.zeros((4, 4, 3)), None])
def test_what_is_no_edit_is_refused(edit):
    with pytest.raises(vr.errors.InvalidRequest, match=r"no edit|table of shape"):
        vr.explain(edit)
