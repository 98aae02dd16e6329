"""Requests: style prompts with their edits, and exact values with masked groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from veraretouch import registry
from veraretouch.core.errors import VeraRetouchError
from veraretouch.planners.rules.lexicon import Lexicon, Term
from veraretouch.planners.rules.planner import OPS
from veraretouch.planners.rules.style import StyleReading, read_style

from .draw import Generator, choice, number
from .grammar import say, texts

GROUPS = ("lighting", "global_color", "specific_color")
_SEEN = 0.05  # of a slot's own scale: fainter moves are not spoken of
_JOINS = (" and ", ", ", " but ")


def draw_style(rng: Generator, about: Mapping[str, Any]) -> tuple[str, StyleReading]:
    """A prompt and how the lexicon reads it; there is always something to do in it, and nothing but what planners emit:
    words for detail and effects are drawn again.
    """
    while True:
        count = 1 + int(rng.choice(len(about["terms"]), p=about["terms"]))
        terms = rng.choice(len(_terms()), size=count, replace=False)
        said = []
        for term in terms:
            names = _terms()[int(term)]
            degree = choice(rng, about["degrees"])
            said.append(f"{degree} {names[int(rng.integers(len(names)))]}".strip())
        wanted = _JOINS[int(rng.integers(len(_JOINS)))].join(said)
        prompt = say(rng, texts()["frames"], {"wanted": wanted})
        reading = read_style(prompt)
        if reading.edits and not reading.unknown and reading.edits.keys() <= set(OPS):
            return prompt, reading


def draw_preset(rng: Generator, presets: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, dict[str, Any]]]:
    """A prompt for one of the presets, by its name or by what it does, and its values op -> slot -> value."""
    preset = presets[int(rng.integers(len(presets)))]
    words = [
        said[int(rng.integers(len(said)))]
        for address, said in texts()["looks"].items()
        if _moves(preset["values"], *address.split(" "))
    ]
    name = preset["name"]
    if words and rng.random() < 0.5:
        chosen = rng.permutation(len(words))[:3]
        asked = ", ".join(words[int(i)] for i in sorted(chosen))
    else:
        asked = (name, f"like {name}", f"in the style of {name}")[int(rng.integers(3))]
    return say(rng, texts()["frames"], {"wanted": asked}), preset["values"]


def _moves(values: Mapping[str, Mapping[str, Any]], address: str, direction: str) -> bool:
    op, _, slot = address.rpartition(".")
    value = values.get(op, {}).get(slot, 0.0)
    return bool(value > _SEEN if direction == "up" else value < -_SEEN)


def read_presets(folder: str | Path) -> tuple[list[dict[str, Any]], list[str]]:
    """The Lightroom presets below a folder as name and values, and what was left out with the reason.

    A preset whose look depends on settings that are not rendered, or on local adjustments, which examples do not hold,
    or that does nothing, is left out.
    """
    from veraretouch.ops.presets import read_preset

    found, refused = [], []
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix.lower() not in (".xmp", ".lrtemplate"):
            continue
        try:
            preset = read_preset(path)
            preset.demand_whole()
        except VeraRetouchError as error:
            refused.append(f"{path.name}: {error.problem}")
            continue
        if preset.local:
            names = ", ".join(entry.name for entry in preset.local)
            refused.append(f"{path.name}: it has local adjustments ({names}), which examples do not hold")
            continue
        values = {op: {slot: value.tolist() for slot, value in slots.items()} for op, slots in preset.values.items()}
        if values:
            found.append({"name": preset.name, "values": values})
        else:
            refused.append(f"{path.name}: it does nothing")
    return found, refused


@cache
def _terms() -> list[tuple[str, ...]]:
    """The names of each term of the lexicon."""
    names: dict[int, list[str]] = {}
    for phrase, word in Lexicon.builtin().vocabulary.items():
        if isinstance(word, Term):
            names.setdefault(id(word), []).append(" ".join(phrase))
    return sorted(tuple(sorted(found)) for found in names.values())


def draw_params(rng: Generator, about: Mapping[str, Any]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Values op -> slot -> value, Gaussian about identity, and the groups that are on;
    values lie in those groups alone.
    """
    while True:
        groups = [group for group in GROUPS if rng.random() < about["group_on"]]
        values: dict[str, dict[str, Any]] = {}
        for id in about["ops"]:
            on = rng.random() < about["op_on"]
            for name, slot in registry.ops.load(id).slots.items():
                deviation = about["exposure_deviation"] if id == "exposure" else about["deviation"]
                normal = {"normal": [0.0, deviation], "cut": about["cut"]}
                shares = np.array([number(rng, normal) for _ in range(slot.size)]).reshape(slot.shape)
                reach = np.where(shares > 0, slot.high - slot.identity, slot.identity - slot.low)
                if on and slot.group in groups:
                    values.setdefault(id, {})[name] = (slot.identity + shares * reach).round(4).tolist()
        if values:
            return values, groups
