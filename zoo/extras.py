"""Packages of the extra `coreml`, imported where they are used and nowhere before."""

from __future__ import annotations

import logging
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ..core.errors import MissingExtra


@cache
def coremltools() -> Any:
    """The package coremltools, which converts on any system and runs models on macOS alone.

    Raises:
        MissingExtra: it is not installed.
    """
    if find_spec("coremltools") is None:
        raise MissingExtra("Core ML packages need coremltools", cure="pip install 'veraretouch[coreml]'")
    # It warns of each part of Apple's runtime that is not here, and of every torch newer than its own tests.
    logging.getLogger("coremltools").setLevel(logging.ERROR)
    return import_module("coremltools")


@cache
def builder() -> Any:
    """The builder of MIL operations."""
    coremltools()
    return import_module("coremltools.converters.mil").Builder
