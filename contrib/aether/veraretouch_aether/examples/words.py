"""Reasoning by template: the content, then a problem and a plan for each of the three groups, from what was done.

Sentences are drawn from data/words.json, so that a planner meets more than one way to say a thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from veraretouch.core.color.hue_bands import BANDS
from veraretouch.planners.params import describe

from .asks import GROUPS, texts
from .draw import Generator

Reasoning = dict[str, dict[str, str]]


def content(rng: Generator, size: tuple[int, int], lightness: NDArray[np.float64], shares: NDArray[np.float64]) -> str:
    """What the photo shows, as far as its pixels say: (height, width), OkLab lightness,
    each hue band's share of chroma.
    """
    height, width = size
    shape = "An upright" if height > width else "A square" if height == width else "A wide"
    level = float(np.median(lightness))
    key = "dark" if level < 0.4 else "bright" if level > 0.7 else "evenly lit"
    bands = [name for name, share in sorted(zip(BANDS, shares, strict=True), key=lambda pair: -pair[1]) if share > 0.15]
    colors = f"mostly {' and '.join(bands[:2])}" if bands else "almost without colour"
    return f"{shape}, {key} photo, {colors}."


def of_spoiling(rng: Generator, faults: Sequence[Mapping[str, Any]]) -> Reasoning:
    """Problems and plans of a spoilt photo, view by view; groups without a fault are left alone."""
    problems: dict[str, list[str]] = {group: [] for group in GROUPS}
    plans: dict[str, list[str]] = {group: [] for group in GROUPS}
    for fault in faults:
        for group, sign, amount, facts in _findings(fault):
            said = texts()[sign]
            problems[group].append(_one(rng, said["problem"]).format(amount=abs(amount), **facts))
            plans[group].append(_one(rng, said["plan"]).format(amount=abs(amount), **facts))
    return {
        group: {
            "problem": _sentence(problems[group]) if problems[group] else _one(rng, texts()["nothing"][group]),
            "plan": _sentence(plans[group]) if plans[group] else _one(rng, texts()["nothing"]["plan"]),
        }
        for group in GROUPS
    }


def of_values(
    values: Mapping[str, Mapping[str, Any]], group_of: Mapping[str, str], groups: Sequence[str], given: str
) -> Reasoning:
    """Values repeated, group by group, under what is said of how they were `given`;
    masked groups are said to be left alone.
    """
    said: dict[str, list[str]] = {}
    for op, slots in values.items():
        for name, value in slots.items():
            said.setdefault(group_of[f"{op}.{name}"], []).append(describe({op: {name: value}}))

    def plan(group: str) -> str:
        if group in said:
            return f"Set {', '.join(said[group])}."
        return f"Leave it alone: {'no value was given' if group in groups else 'the group is switched off'}."

    return {group: {"problem": given, "plan": plan(group)} for group in GROUPS}


def faults_of(edits: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The faults that any edits make, as far as there are words for their slots."""
    faults: list[dict[str, Any]] = []
    for op, edit in edits.items():
        params = edit["params"]
        if op == "exposure":
            faults.append({"family": "exposure", "ev": params.get("ev", 0.0)})
        elif op in ("contrast", "tone_regions"):
            faults.append({"family": "tone"} | params)
        elif op in ("saturation", "vibrance"):
            faults.append({"family": "color", "amount": params.get("amount", 0.0)})
        elif op == "white_balance":
            warm, tint = params.get("temperature", 0.0), params.get("tint", 0.0)
            faults.append({"family": "balance", "warmth": warm, "green": -tint})
        elif op == "hsl":
            bands = [params.get(slot, [0.0] * len(BANDS)) for slot in ("saturation", "hue", "luminance")]
            for name, saturation, hue, luminance in zip(BANDS, *bands, strict=True):
                fault = {"saturation": saturation, "hue": hue, "luminance": luminance}
                faults.append({"family": "single_color", "band": name} | fault)
    return faults


def _findings(fault: Mapping[str, Any]) -> list[tuple[str, str, float, dict[str, Any]]]:
    """Group, kind of text, amount and facts of a fault; what is too faint to be seen is not said."""
    family = fault["family"]
    if family == "exposure":
        return _told("lighting", "exposure", fault["ev"], 0.15)
    if family == "tone":
        names = [name for name in fault if name != "family"]
        found = []
        for name in names:
            found += _told("lighting", "contrast" if name == "amount" else name, fault[name], 0.08)
        return found
    if family == "color":
        return _told("global_color", "color", fault["amount"], 0.08)
    if family == "balance":
        facts = {"light": "another light"}
        found = _told("global_color", "warmth", fault["warmth"], 0.08, facts)
        return found + _told("global_color", "green", fault["green"], 0.08, facts)
    if family == "cast":
        facts = {"light": fault["illuminant"]}
        # A dozen mired, and two thousandths across the locus, are about the least that is seen.
        found = _told("global_color", "warmth", fault["mired"], 12, facts)
        return found + _told("global_color", "green", fault["duv"], 0.002, facts)
    facts = {"band": fault["band"]}
    found = _told("specific_color", "band saturation", fault["saturation"], 0.1, facts)
    found += _told("specific_color", "band luminance", fault["luminance"], 0.1, facts)
    return found + _told("specific_color", "band hue", fault["hue"], 0.1, facts)


def _told(
    group: str, kind: str, amount: float, least: float, facts: Mapping[str, Any] | None = None
) -> list[tuple[str, str, float, dict[str, Any]]]:
    if abs(amount) < least:
        return []
    return [(group, f"{kind} {'up' if amount > 0 else 'down'}", amount, dict(facts or {}))]


def _one(rng: Generator, texts: Sequence[str]) -> str:
    return texts[int(rng.integers(len(texts)))]


def _sentence(parts: Sequence[str]) -> str:
    text = "; ".join(parts)
    return text[:1].upper() + text[1:] + "."
