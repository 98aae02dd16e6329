"""The recipe of vera-nano: its data are what its README says, and its commands take the options that it gives them."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command
from veraretouch_aether.commands import app as aether
from veraretouch_aether.dataset import _recipe
from veraretouch_aether.examples.draw import choice, generator

from veraretouch.planners.training.command import app as train

HOME = Path(__file__).parents[2] / "contrib" / "nano"


@pytest.mark.parametrize(
    ("name", "subsets", "split"),
    [
        ("alignment", {"param"}, "train"),
        ("reasoning", {"auto", "style", "param"}, "train"),
        ("heldout", {"auto", "style", "param"}, "test"),
    ],
)
def test_data_hold_their_tasks_equally_in_one_split(name, subsets, split):
    recipe = _recipe(HOME / "recipe" / f"{name}.json")
    rng = generator(name)
    drawn = [choice(rng, recipe["subsets"]) for _ in range(900)]
    assert set(drawn) == subsets
    assert min(drawn.count(subset) for subset in subsets) > 0.85 * 900 / len(subsets)
    assert [part for part, share in recipe["split"].items() if share] == [split]
    assert recipe["auto"] == _recipe(None)["auto"]


def test_the_commands_of_its_readme_are_taken():
    text = (HOME / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    options = re.search(r'options="([^"]*)"', text)[1]
    lines = re.findall(r"^veraretouch (aether|train) (.*)$", text, re.MULTILINE)
    assert len(lines) == 10
    for program, words in lines:
        name, *given = shlex.split(words.replace("$options", options))
        command = get_command(aether if program == "aether" else train).commands[name]
        context = command.make_context(name, given, resilient_parsing=False)
        assert context.params["out"]
