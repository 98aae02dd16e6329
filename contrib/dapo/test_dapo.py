"""The package as it is installed: its command, its scorers, and what it refuses."""

import pytest
import torch
from veraretouch_dapo.settings import DapoSettings

from veraretouch import errors, registry


def test_the_command_and_the_scorers_are_found_by_their_entry_points():
    assert "train.dapo" in registry.commands
    assert {"dapo.appeal", "dapo.laion", "dapo.nima", "dapo.pyiqa"} <= set(registry.scorers.ids())


def test_the_scorer_comes_with_its_weights_and_prefers_light_to_darkness():
    scorer = registry.scorers.load("dapo.appeal")
    assert scorer.licence == "Apache-2.0"
    photo = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)).repeat_interleave(8, 2)
    light, dark = scorer()(torch.cat([photo, 0.1 * photo])).tolist()
    assert 0 < dark < light < 1


def test_a_setting_that_is_not_known_is_one_error():
    with pytest.raises(errors.InvalidDocument, match="is not known"):
        DapoSettings.load({"learning_rate": 1.0})
