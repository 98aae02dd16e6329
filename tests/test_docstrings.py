"""Every example in a docstring is run."""

import doctest
import importlib
import pkgutil

import pytest

import veraretouch


def names():
    return [
        "veraretouch",
        *sorted(
            module.name
            for module in pkgutil.walk_packages(veraretouch.__path__, prefix="veraretouch.")
            if module.name != "veraretouch.setup"  # the build's, and no part of the wheel
        ),
    ]


# Their examples run whole suites of checks, as tests of the very same planner and op do.
LONG = ("veraretouch.core.testing", "veraretouch.core.testing.planner")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in LONG else []) for name in names()]
)
def test_the_examples_of_a_module_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # an example may write files
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0, f"{result.failed} of {result.attempted} examples of {name} failed: see above"


def test_there_are_examples_to_run():
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = (test.examples for name in names() for test in finder.find(importlib.import_module(name)))
    assert any(found), "the walk over the package finds no example at all"


def test_every_room_is_walked():
    rooms = {name.split(".")[1] for name in names() if "." in name}
    assert rooms == {"__main__", "core", "ops", "planners", "schemas", "zoo"}
