"""contrib/dapo: a configuration is read strictly."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from veraretouch.core.errors import InvalidDocument

pytest.importorskip("veraretouch_dapo", reason="pip install ./contrib/dapo")

from veraretouch_dapo.settings import DapoSettings

ROOT = Path(__file__).parents[3]
GUIDES = ROOT / "docs" / "guide"


def test_the_configuration_of_record_is_read_and_makes_whole_generations():
    folder = ROOT / "contrib" / "dapo" / "veraretouch_dapo" / "configurations"
    settings = DapoSettings.load(folder / "nano.json")
    assert (settings.steps, settings.generations) == (200, 50)
    assert settings.rewards["aesthetic"] == {"weight": 3.0, "scorer": "dapo.appeal"}
    assert DapoSettings.load(folder / "nano.json", steps=3, seed=None).steps == 3


@pytest.mark.parametrize("guide", ["dapo.md", "own-reward.md"])
def test_configurations_of_the_guides_are_read(guide):
    (block,) = re.findall(r"```json\n(.*?)```", (GUIDES / guide).read_text(), re.DOTALL)
    assert DapoSettings.load(json.loads(block)).rewards


def test_the_guide_names_every_setting_with_its_default():
    table = (GUIDES / "dapo.md").read_text().partition("| key | default |")[2].partition("\n\n")[0]
    named = re.findall(r"`(\w+)`", "\n".join(line.split("|")[1] for line in table.splitlines()[2:] if "|" in line))
    assert sorted(named) == sorted(field.name for field in fields(DapoSettings))
    defaults = DapoSettings()
    for line in table.splitlines()[2:]:
        names, values = (re.split(", ", part.replace("`", "").strip()) for part in line.split("|")[1:3])
        for name, value in zip(names, values, strict=False):
            if name != "rewards":
                default = getattr(defaults, name)
                assert type(default)(value) == default, name


REFUSED = {
    "an unknown key": ({"stpes": 3}, r"configuration.stpes: is not known. There are steps, lr"),
    "words for a number": ({"steps": "many"}, "configuration.steps: is 'many'. Give a whole number"),
    "an unknown mode": ({"mode": "reference"}, "mode: is 'reference'. Give one of auto, style, param, all"),
    "a group of one": ({"group": 1}, "group: is 1. Give at least 2"),
    "parts that do not fit": ({"part": 7}, "64 answers cannot be divided into 2 updates of parts of 7"),
    "all tokens punished": ({"overlong": 400}, "overlong: is 400. Give less than most_tokens"),
    "no rewards": ({"rewards": {}}, "rewards: names none"),
    "rewards as numbers": ({"rewards": {"format": 1}}, "configuration.rewards: is .*Give an object of objects"),
}


@pytest.mark.parametrize(("document", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_configuration_that_no_run_can_be_made_with_is_one_error(document, message):
    with pytest.raises(InvalidDocument, match=message):
        DapoSettings.load(document)


def test_a_file_that_is_not_there_or_no_object_is_one_error(tmp_path):
    with pytest.raises(InvalidDocument, match="cannot be read: No such file"):
        DapoSettings.load(tmp_path / "none.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(InvalidDocument, match="is no object"):
        DapoSettings.load(tmp_path / "list.json")
