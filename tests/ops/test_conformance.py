"""Registering an op is being tested: every installed op passes the conformance function."""

from __future__ import annotations

import warnings

import pytest

from veraretouch.core.contract.slot_kinds import Embedding
from veraretouch.core.plan.plan import Plan
from veraretouch.core.plugins.registry import registry
from veraretouch.core.testing import check_op
from veraretouch.core.threads import one_thread
from veraretouch.ops.neural import Neural, RetouchNetwork


@pytest.mark.parametrize("op", sorted({*registry.ops.ids()} - {"neural"}))
def test_every_installed_op_conforms(op):
    check_op(op)


class SmallNeural(Neural):
    """Run the published network with embeddings of three numbers.

    Every check meets the same code in a hundredth of the time.
    """

    id = "test.neural"
    light = Embedding(3, group="lighting", doc="What to do to light.")
    global_color = Embedding(3, group="global_color", doc="What to do to colour.")
    specific_color = Embedding(3, group="specific_color", doc="What to do to single colours.")


def test_the_neural_op_conforms():
    with one_thread():
        check_op(SmallNeural(RetouchNetwork.untrained(width=3, widths=(6, 5, 4)).requires_grad_(False)))


def test_all_ops_of_the_design_are_installed():
    design = {
        *("white_balance", "exposure", "contrast", "tone_regions", "parametric_curve", "tone_curve", "color_matrix"),
        *("calibration", "vibrance", "saturation", "hsl", "grey_mixer", "color_grading", "cdl", "lut3d", "neural"),
        *("clarity", "texture", "dehaze", "local_tone", "sharpening", "noise_reduction", "vignette", "grain"),
        "defringe",
    }
    assert design <= set(registry.ops.ids())


@pytest.mark.parametrize(
    ("old", "params", "new"),
    [
        ("lens.vignette", {"amount": -0.6, "midpoint": 0.3}, {"vignette.amount": -0.4, "vignette.midpoint": 0.5}),
        ("lens.clarity", {"amount": 0.4}, {"clarity.amount": 0.4}),
        ("lens.sharpen", {"amount": 0.4}, {"sharpening.amount": 0.3}),
        ("lens.grain", {"amount": 0.5}, {"grain.amount": 0.2}),
    ],
)
def test_plans_with_ops_of_the_older_lens_package_use_the_built_in_ones(old, params, new):
    document = {"schema": "veraretouch.plan/1", "mode": "param", "edits": {old: {"version": 1, "params": params}}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plan = Plan.load(document)
    for address, value in new.items():
        op, slot = address.split(".")
        assert float(plan.edits[op].params[slot]) == pytest.approx(value, abs=1e-6)
