"""The committed stages, and what a configuration of one's own may not say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from veraretouch.core.errors import InvalidDocument
from veraretouch.planners.training.loop import TrainingSettings
from veraretouch.planners.training.scene.recipe import read_stage
from veraretouch.planners.training.scene.stages import SceneStage


@pytest.mark.parametrize("stage", list(SceneStage))
def test_the_committed_stages_are_settings_of_the_loop(stage: SceneStage) -> None:
    settings, recipe = read_stage(stage)
    assert TrainingSettings(**settings).steps > 100
    assert recipe.side % 32 == 0


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ({}, "no stage 'imagenet'"),
        ({"imagenet": {"settings": {"stepps": 3}}}, "'stepps' is not known"),
        ({"imagenet": {"recipe": {"wek": 3}}}, "'wek' is not known"),
        ({"imagenet": {"recipe": {"emphasis": {"tree": 3}}}}, "'tree' is not known"),
        ({"imagenet": {"recipe": {"side": 100}}}, "side is 100"),
        ({"imagenet": {"recipe": {"balance": 3.0}}}, "balance is 3.0"),
    ],
)
def test_a_configuration_that_breaks_a_rule_is_refused(tmp_path: Path, stages: object, said: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"stages": stages}))
    with pytest.raises(InvalidDocument, match=said):
        read_stage(SceneStage.IMAGENET, path)


def test_a_configuration_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match="cannot be read"):
        read_stage(SceneStage.TUNING, tmp_path / "none.json")
