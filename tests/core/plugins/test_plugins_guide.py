"""The guide on plug-ins: its examples run, its tables name what there is."""

import re
import shlex
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from veraretouch import registry
from veraretouch.core.plugins.aliases import GROUP
from veraretouch.core.plugins.config import read_config
from veraretouch.core.plugins.registry import PluginState

GUIDE = (Path(__file__).parents[3] / "docs" / "guide" / "plugins.md").read_text()


def blocks(language):
    found = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    assert found
    return found


def test_the_examples_in_python_run():
    names = {}
    try:
        for block in blocks("python"):
            exec(block, names)
    finally:
        registry.ops.remove("acme.fade")
        registry.hooks.remove("acme.log")


@pytest.mark.parametrize("line", [line for block in blocks("sh") for line in block.splitlines()])
def test_the_commands_run(cli, line):
    words = shlex.split(line, comments=True)
    env = {}
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        env[name] = value
    assert words.pop(0) == "veraretouch"
    assert "exposure" in cli(*words, env=env, plugins="fake").stdout


def test_the_configuration_is_one_that_is_read(tmp_path, monkeypatch):
    path = tmp_path / "config.toml"
    path.write_text(blocks("toml")[-1])
    monkeypatch.setenv("VERARETOUCH_CONFIG", str(path))
    assert read_config() == {"plugins": {"block": ["other.op"], "allow": ["acme-film"]}}


def test_the_tables_name_every_group_and_every_state():
    groups = {catalogue.group for catalogue in registry.catalogues().values()} | {GROUP}
    assert set(re.findall(r"\| `(veraretouch\.\w+)` \|", GUIDE)) == groups
    assert set(re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE)) == {str(state) for state in PluginState}
    points = tomllib.loads(blocks("toml")[0])["project"]["entry-points"]
    assert set(points) <= groups
    module, _, name = "veraretouch.core.plugins.requirements:CONTRACT".partition(":")
    assert f"`{module}.{name}`" in GUIDE
    assert hasattr(import_module(module), name)
