"""The package as it is installed: its command, its scorers, and what it refuses."""

import pytest
from veraretouch_dapo.settings import DapoSettings

from veraretouch import errors, registry


def test_the_command_and_the_scorers_are_found_by_their_entry_points():
    assert "train.dapo" in registry.commands
    assert {"dapo.appeal", "dapo.laion", "dapo.nima", "dapo.pyiqa"} <= set(registry.scorers.ids())
    assert registry.scorers.load("dapo.appeal").licence == "Apache-2.0"


def test_a_setting_that_is_not_known_is_one_error():
    with pytest.raises(errors.InvalidDocument, match="is not known"):
        DapoSettings.load({"learning_rate": 1.0})
