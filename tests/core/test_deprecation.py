"""Old Python names work with a warning, and none outlives the version that it promised to go in."""

import sys
import types
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version

import veraretouch
from veraretouch.core.deprecation import Renamed, RenamedNames, renamed

ROOT = Path(__file__).parents[2]
SRGB = "veraretouch.core.color.srgb"


@pytest.fixture
def module(monkeypatch):
    """A module that renamed `encode`."""
    made = types.ModuleType("renaming")
    made.__getattr__ = renamed("renaming", {"encode": Renamed(f"{SRGB}:linear_to_srgb", "0.2", "0.4")})
    monkeypatch.setitem(sys.modules, "renaming", made)
    return made


def test_an_old_name_is_the_new_thing_and_warns_where_it_is_used(module):
    with pytest.warns(
        DeprecationWarning, match=r"renaming\.encode is now .*srgb\.linear_to_srgb .*goes in 0\.4"
    ) as said:
        found = module.encode
    assert found is import_module(SRGB).linear_to_srgb
    assert Path(said[0].filename) == Path(__file__)


def test_an_old_name_can_be_imported(module):
    with pytest.warns(DeprecationWarning, match="goes in"):
        exec("from renaming import encode", {})


def test_other_names_are_missing_as_ever(module):
    with pytest.raises(AttributeError, match="'renaming' has no attribute 'decode'"):
        module.decode  # noqa: B018
    assert not hasattr(module, "decode")


def test_a_module_that_had_a_getattr_keeps_it(module):
    module.__getattr__ = renamed("renaming", {}, otherwise=lambda name: f"lazy {name}")
    assert module.anything == "lazy anything"


def overdue(modules, now):
    """The old names whose time has come."""
    return [
        f"{module.__name__}.{name}"
        for module in modules
        if isinstance(answer := vars(module).get("__getattr__"), RenamedNames)
        for name, old in answer.names.items()
        if Version(now) >= Version(old.gone)
    ]


def test_no_old_name_outlives_the_version_that_it_promised_to_go_in(module):
    assert overdue([module], "0.3.9") == []
    assert overdue([module], "0.4.0") == ["renaming.encode"]
    modules = [veraretouch]
    for room in ("core", "ops", "planners", "zoo"):
        for path in (ROOT / room).rglob("*.py"):
            if "renamed(" in path.read_text(encoding="utf-8"):
                modules.append(import_module(".".join(("veraretouch", *path.relative_to(ROOT).with_suffix("").parts))))
    assert overdue(modules, version("veraretouch")) == []
