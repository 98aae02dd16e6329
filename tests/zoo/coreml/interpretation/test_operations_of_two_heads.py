"""The same for what planners of two heads have of their own: a tower of another kind, and the head of sliders."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from coreml_spoilt import Given, of, seeded, survivors
from seedling import seedling

from veraretouch.planners.vera.packages import package
from veraretouch.zoo.coreml.networks import Vision
from veraretouch.zoo.coreml.photos import mosaic
from veraretouch.zoo.coreml.recipe import Feature, network_recipe
from veraretouch.zoo.coreml.sliders import of_sliders

pytestmark = [pytest.mark.xdist_group("coreml"), pytest.mark.slow]


def test_each_operation_of_a_tower_that_pads_by_itself_counts(tmp_path: Path) -> None:
    """The smallest of timm's, with the paddings and the activation of the one that `vera-nano` has."""
    build = lambda: package("timm").create_model(  # noqa: E731
        "test_efficientnet", num_classes=0, global_pool="", pad_type="same", act_layer="relu6"
    )
    recipe = network_recipe(
        "tower",
        Vision(SimpleNamespace(model=seeded(build))),
        {"images": Feature((1, 3, 64, 64))},
        {"image_features": Feature((1, 4, 256))},
        about="",
        half=lambda operation: operation.op_type != "identity",
        tolerance=0.05,
    )
    case = of(recipe, tmp_path, [{"images": mosaic(64).astype(np.float32) / 255}])
    assert "pad" in {operation.op_type for operation in case.interpreter.operations}
    assert survivors(case) == []


def test_each_operation_of_the_head_of_sliders_counts(tmp_path: Path) -> None:
    """By a thousandth of each slot's range; of angles the shorter way round."""
    model = seedling(5, slots=("white_balance", "cdl", "color_grading", "grey_mixer")).model
    recipe = of_sliders(model, Feature((1, 48)))[0]
    drawn = np.random.default_rng(0).standard_normal((8, 1, 48)).astype(np.float32)
    masks = np.float32([[[1, 1, 1]], [[1, 0, 1]], [[0, 1, 0]]])
    given = [{"input": size * each, "mask": mask} for size in (0.02, 1, 4) for each in drawn for mask in masks]

    def far(found: Given, wanted: Given) -> float:
        assert recipe.span is not None
        ranges, apart = recipe.span(wanted["latents"]), np.abs(found["latents"] - wanted["latents"])
        return float((np.where(ranges == 360, np.minimum(apart, 360 - apart), apart) / ranges).max() / 1e-3)

    assert survivors(of(recipe, tmp_path, given, far)) == []
