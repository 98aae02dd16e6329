"""Sentences by a grammar: rules of alternatives in data/words.json, where ``<name>`` stands for what a rule says.

A context-free grammar without circles (Chomsky 1956, type 2); each alternative of a rule is as likely as the others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from math import prod
from typing import Any

from .draw import Generator

_NAME = re.compile(r"<([a-z ]+)>")


@cache
def texts() -> dict[str, Any]:
    """data/words.json."""
    read: dict[str, Any] = json.loads(files("veraretouch_aether").joinpath("data", "words.json").read_text("utf-8"))
    return read


def say(rng: Generator, alternatives: Sequence[str], facts: Mapping[str, Any] | None = None) -> str:
    """One of the alternatives, its rules spoken and its facts, such as ``{amount:.1f}``, filled in."""
    return _spoken(rng, alternatives).format(**(facts or {}))


def _spoken(rng: Generator, alternatives: Sequence[str]) -> str:
    chosen = alternatives[int(rng.integers(len(alternatives)))]
    return _NAME.sub(lambda name: _spoken(rng, texts()["rules"][name[1]]), chosen)


def forms(alternatives: Sequence[str]) -> int:
    """In how many ways the alternatives can be said, facts aside."""
    return sum(prod(forms(texts()["rules"][name]) for name in _NAME.findall(text)) for text in alternatives)
