"""Reasoning by template: the content, then a problem and a plan for each of the three groups, from what was done.

Sentences are drawn by the grammar of data/words.json, so that a planner meets many ways to say a thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from veraretouch.core.color.hue_bands import BANDS
from veraretouch.planners.params import describe

from .asks import GROUPS
from .draw import Generator
from .grammar import say, texts
from .look import Look

Reasoning = dict[str, dict[str, str]]
_MOST_SAID = 4  # values of a group that are named; the rest are counted


def content(size: tuple[int, int], look: Look) -> str:
    """What the photo shows, as far as its pixels say: (height, width), and how it looks."""
    height, width = size
    shape = "An upright" if height > width else "A square" if height == width else "A wide"
    level = float(np.median(look.lightness))
    key = "dark" if level < 0.4 else "bright" if level > 0.7 else "evenly lit"
    bands = look.bands()
    colors = f"mostly {' and '.join(bands)}" if bands else "almost without colour"
    return f"{shape}, {key} photo, {colors}."


def of_spoiling(rng: Generator, faults: Sequence[Mapping[str, Any]], look: Look) -> Reasoning:
    """Problems and plans of a spoilt photo, view by view: what is seen (mostly), what is wrong, what follows; groups
    without a fault are left alone.
    """
    problems: dict[str, list[str]] = {group: [] for group in GROUPS}
    plans: dict[str, list[str]] = {group: [] for group in GROUPS}
    for fault in faults:
        for group, sign, amount, facts in _findings(fault):
            said, known = texts()[sign], {"amount": abs(amount), **facts}
            problems[group].append(say(rng, said["problem"], known))
            plans[group].append(say(rng, said["plan"], known))
    join, nothing = texts()["join"], texts()["nothing"]

    def thought(group: str) -> dict[str, str]:
        found = "; ".join(problems[group]) or say(rng, nothing[group])
        done = ", ".join(plans[group])
        return {
            "problem": _sentence(say(rng, join["seen"], {"seen": _seen(rng, group, look), "found": found})),
            "plan": _sentence(say(rng, join["plan"], {"done": done}) if done else say(rng, nothing["plan"])),
        }

    return {group: thought(group) for group in GROUPS}


def _seen(rng: Generator, group: str, look: Look) -> str:
    facts = look.words()
    if not facts["bands"]:
        facts["bands"] = say(rng, texts()["seen"]["colourless"])
        if group == "specific_color":
            return facts["bands"]
    return say(rng, texts()["seen"][group], facts)


def of_values(
    rng: Generator,
    values: Mapping[str, Mapping[str, Any]],
    group_of: Mapping[str, str],
    groups: Sequence[str],
    given: str | None = None,
) -> Reasoning:
    """Values repeated, group by group, the furthest of them by name; masked groups are said to be left alone.

    Args:
        given: how the values came about; exact values where None.
    """
    said: dict[str, list[tuple[float, str]]] = {}
    for op, slots in values.items():
        for name, value in slots.items():
            numbers = np.atleast_1d(np.asarray(value, dtype=np.float64))
            names = [f" of {band}" for band in BANDS] if len(numbers) == len(BANDS) else [""]
            listed = said.setdefault(group_of[f"{op}.{name}"], [])
            if len(names) == len(numbers):
                listed += [
                    (abs(float(n)), f"{op}.{name}{of} {n:+.2g}") for of, n in zip(names, numbers, strict=True) if n
                ]
            else:
                listed.append((float(np.abs(numbers).max()), describe({op: {name: value}})))
    grammar = texts()["given"]

    def plan(group: str) -> str:
        if group not in said:
            return say(rng, grammar["none" if group in groups else "off"])
        furthest = sorted(said[group], key=lambda one: -one[0])[:_MOST_SAID]
        named = [text for _, text in said[group] if text in {text for _, text in furthest}]
        more = len(said[group]) - len(named)
        listed = ", ".join(named) + (f" and {more} smaller" if more else "")
        return say(rng, grammar["set"], {"values": listed})

    return {
        group: {"problem": given or _sentence(say(rng, grammar["param"])), "plan": _sentence(plan(group))}
        for group in GROUPS
    }


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


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
