"""Packages that tests need, imported by the tests that use them and not while tests are collected.

Each worker collects all tests, and so would import all that their modules name: colour-science and coremltools take
five seconds each.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest


class Lazy:
    """Stands in for a module, which is imported when something of it is first asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # pytest asks everything in a module whether it is a test
            raise AttributeError(name)
        # colour-science warns about optional packages and changes how numpy prints, for the whole process.
        with warnings.catch_warnings(), np.printoptions():
            warnings.simplefilter("ignore")
            return getattr(import_module(self._name), name)


colour = Lazy("colour")
"""colour-science. Tests that use it stand in the group `colour`, so that one worker imports it."""


def needs(name: str) -> None:
    """Skip a whole file of tests where a package is not installed; `pytest.importorskip` would import it."""
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed", allow_module_level=True)
