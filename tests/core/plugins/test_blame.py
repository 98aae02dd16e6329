"""Whose code failed: the innermost plugin on an exception's way, else the stranger's package, else nobody."""

from __future__ import annotations

import sys
import types

import pytest

from veraretouch.core.plugins import blame
from veraretouch.core.plugins.blame import blamed_plugin
from veraretouch.core.plugins.registry import PluginEntry

CODE = """
class Outer:
    def run(self, inner):
        inner()

class Inner:
    def run(self):
        helper()

def helper():
    raise ValueError("deep within")

def command():
    helper()
"""


@pytest.fixture
def acme(monkeypatch):
    """A module of a stranger with an op, a planner and a command, as the registry would list them."""
    module = types.ModuleType("acme_blame.plugins")
    exec(compile(CODE, "acme_blame.py", "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "acme_blame.plugins", module)
    listed = {
        "op": {"acme.outer": PluginEntry("acme.outer", "acme-film", "1.2", "acme_blame.plugins:Outer")},
        "planner": {"acme.inner": PluginEntry("acme.inner", "acme-plan", "3", "acme_blame.plugins:Inner")},
        "command": {"acme": PluginEntry("acme", "acme-tools", "4", "acme_blame.plugins:command")},
    }

    class Catalogue:
        def __init__(self, kind):
            self.kind = kind

        def entries(self):
            return listed[self.kind]

    class Registry:
        def catalogues(self):
            return {kind: Catalogue(kind) for kind in listed}

    monkeypatch.setattr(blame, "registry", Registry())
    return module


def blamed(call) -> str:
    try:
        call()
    except Exception as error:
        return blamed_plugin(error)
    raise AssertionError("it did not fail")


def test_the_innermost_plugin_on_the_way_is_named(acme):
    assert blamed(lambda: acme.Outer().run(acme.Inner().run)) == "planner 'acme.inner' of acme-plan 3"


def test_an_outer_plugin_is_named_where_what_it_called_is_nobodys(acme):
    def fail():
        raise KeyError

    assert blamed(lambda: acme.Outer().run(fail)) == "op 'acme.outer' of acme-film 1.2"


def test_a_function_may_be_a_plugin(acme):
    assert blamed(acme.command) == "command 'acme' of acme-tools 4"


def test_a_helper_of_a_strangers_package_is_blamed_on_the_distribution(acme):
    assert blamed(acme.helper).startswith("plugin package acme-")


def test_of_two_strangers_packages_the_inner_one_is_blamed(acme, monkeypatch):
    """Neither's own class or function is on the way, in whichever order they call each other."""
    other = types.ModuleType("other_blame.plugins")
    exec(compile("def pass_on(inner): inner()\ndef fail(): raise ValueError", "other_blame.py", "exec"), other.__dict__)
    exec(compile("def pass_on(inner): inner()", "acme_blame.py", "exec"), acme.__dict__)
    listed = {
        name: PluginEntry(f"{name}.op", f"{name}-film", "1", f"{name}_blame.plugins:Op") for name in ("acme", "other")
    }
    catalogue = types.SimpleNamespace(kind="op", entries=lambda: listed)
    monkeypatch.setattr(blame, "registry", types.SimpleNamespace(catalogues=lambda: {"op": catalogue}))
    assert blamed(lambda: acme.pass_on(other.fail)) == "plugin package other-film 1"
    assert blamed(lambda: other.pass_on(acme.helper)) == "plugin package acme-film 1"


def test_code_of_nobody_and_an_error_that_was_never_raised_are_blamed_on_nobody(acme):
    assert blamed(lambda: 1 / 0) == ""
    assert blamed_plugin(ValueError("never raised")) == ""


def test_a_class_whose_name_only_begins_alike_is_another(acme):
    exec("class OuterRing:\n    def run(self): raise ValueError", acme.__dict__)
    assert blamed(lambda: acme.OuterRing().run()).startswith("plugin package")
