"""Registering an op is being tested: every installed op passes the conformance function."""

from __future__ import annotations

import pytest

from veraretouch.core.contract.slot_kinds import Embedding
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
    }
    assert design <= set(registry.ops.ids())
