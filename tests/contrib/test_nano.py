"""The recipe of vera-nano: its data are what its README says, and its commands take the options that it gives them."""

import re
import shlex
from collections import Counter
from pathlib import Path

import pytest
from typer.main import get_command
from veraretouch_aether.commands import app as aether
from veraretouch_aether.dataset import _recipe
from veraretouch_aether.examples.draw import choice, generator

from veraretouch.planners.training.command import app as train

HOME = Path(__file__).parents[2] / "contrib" / "nano"


@pytest.mark.parametrize(
    ("name", "shares", "split"),
    [
        ("alignment", {"param": 1}, "train"),
        ("reasoning", {"auto": 1 / 3, "style": 1 / 3, "param": 1 / 3}, "train"),
        ("joint", {"auto": 1 / 2, "style": 1 / 3, "param": 1 / 6}, "train"),
        ("heldout", {"auto": 1 / 3, "style": 1 / 3, "param": 1 / 3}, "test"),
    ],
    ids=["alignment", "reasoning", "joint", "heldout"],
)
def test_data_hold_their_tasks_in_their_shares_in_one_split(name, shares, split):
    recipe = _recipe(HOME / "recipe" / f"{name}.json")
    rng = generator(name)
    drawn = Counter(choice(rng, recipe["subsets"]) for _ in range(900))
    assert {name: count / 900 for name, count in drawn.items()} == pytest.approx(shares, abs=0.05)
    assert [part for part, share in recipe["split"].items() if share] == [split]
    assert recipe["auto"] == _recipe(None)["auto"]


def test_the_commands_of_its_readme_are_taken():
    text = (HOME / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    options = re.search(r'options="([^"]*)"', text)[1]
    lines = re.findall(r"^veraretouch (aether|train) (.*)$", text, re.MULTILINE)
    assert len(lines) == 13
    for program, words in lines:
        name, *given = shlex.split(words.replace("$options", options))
        command = get_command(aether if program == "aether" else train).commands[name]
        context = command.make_context(name, given, resilient_parsing=False)
        assert context.params["out"]
