"""Settings of stages and sizes of models, read from files."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from veraretouch.core.errors import InvalidDocument
from veraretouch.planners.training.loop import TrainingSettings
from veraretouch.planners.training.vera.recipe import read_model, read_pieces, read_stage
from veraretouch.planners.training.vera.stages import TrainingStage

NANO = Path(__file__).parents[4] / "contrib" / "nano" / "recipe" / "nano.json"


@pytest.mark.parametrize(
    ("file", "stage"),
    [(None, stage) for stage in TrainingStage]
    + [(NANO, stage) for stage in TrainingStage if stage != TrainingStage.WHOLE],  # of which its recipe makes no use
    ids=lambda value: "own" if value is None else "nano" if value == NANO else str(value),
)
def test_each_stage_has_settings(file, stage):
    settings, recipe = read_stage(stage, file)
    assert isinstance(settings, TrainingSettings)
    assert recipe.alpha > 0
    given, other = read_stage(stage, file, {"steps": 7, "alpha": 0.5, "lr": None})
    assert (given.steps, given.lr, given.batch) == (7, settings.lr, settings.batch)
    assert other == replace(recipe, alpha=0.5)


def test_nano_is_of_the_size_that_it_promises():
    config = read_model(NANO, vocab_size=3500, end=2)
    layer = config.hidden_size * (2 * config.hidden_size + 3 * config.intermediate_size)
    assert 3e6 < config.num_hidden_layers * layer + config.vocab_size * config.hidden_size < 12e6
    assert config.eos_token_id == (2,)
    assert config.slots
    assert read_pieces(NANO) >= 2048


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"stages": {"alignment": {"stepz": 3}}}, "stepz"),
        ({"stages": {"alignment": {"steps": 0}}}, "steps"),
        ({"stages": {}}, "has no stage 'alignment'"),
        ({"model": {"tower": "hf-hub:a/b"}}, "tower"),
        ({"model": {"hidden": 3}}, "hidden"),
        ({"pieces": 3}, "pieces"),
    ],
    ids=["unknown", "zero", "missing", "tower", "size", "pieces"],
)
def test_a_configuration_that_breaks_a_rule_is_refused_by_name(tmp_path, document, message):
    path = tmp_path / "configuration.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InvalidDocument, match=message):
        read_stage(TrainingStage.ALIGNMENT, path)


def test_a_file_without_sizes_makes_no_model(tmp_path):
    path = tmp_path / "configuration.json"
    path.write_text("{}")
    with pytest.raises(InvalidDocument, match="has no key 'model'"):
        read_model(path, vocab_size=9, end=1)
    with pytest.raises(InvalidDocument, match="cannot be read"):
        read_model(tmp_path / "none.json", vocab_size=9, end=1)
