"""Random draws from the distributions that a recipe writes down as data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

Generator = np.random.Generator


def generator(*facts: Any) -> Generator:
    """A generator that depends on these facts alone, never on the order of work."""
    digest = hashlib.sha256("/".join(map(str, facts)).encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, dtype="<u4"))


def number(rng: Generator, distribution: Mapping[str, Any]) -> float:
    """One number: ``{"uniform": [low, high]}`` or ``{"normal": [mean, deviation], "cut": furthest from 0}``.

    >>> -1 <= number(generator("a seed"), {"normal": [0.0, 2.0], "cut": 1.0}) <= 1
    True
    """
    if "uniform" in distribution:
        low, high = distribution["uniform"]
        return round(float(rng.uniform(low, high)), 4)
    mean, deviation = distribution["normal"]
    while True:
        drawn = float(rng.normal(mean, deviation))
        if abs(drawn) <= distribution["cut"]:
            return round(drawn, 4)


def choice(rng: Generator, weights: Mapping[str, float]) -> str:
    """One of the names, by weight."""
    names, values = list(weights), np.array(list(weights.values()), dtype=np.float64)
    return names[int(rng.choice(len(names), p=values / values.sum()))]
