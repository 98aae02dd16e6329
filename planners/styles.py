"""Presets as wishes: one file's values, or a pack of styles that a prompt calls by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..core.cli.terminal import complain
from ..core.contract.planner import Thought
from ..core.errors import InvalidRequest
from ..core.photo.geometry.framing import Framing
from ..core.plan.addresses import edits_of
from ..core.plan.plan import Plan
from ..core.plugins.registry import registry
from ..ops.presets import Preset, read_preset
from ..ops.presets.pack import StylePack
from .rules.planner import Rules
from .rules.style import read_style


def preset_params(path: Path, *, partial: bool = False, framed: bool = False) -> dict[str, Any]:
    """The values of a preset by address, with masks or `framed` the plan that it makes; what it holds besides is told
    on stderr.

    Raises:
        InvalidDocument; InvalidRequest: nothing in it is rendered,
        or its look depends on what is not and `partial` is off.
    """
    preset = _readable(path, partial, framed=framed)
    return preset.plan(framed=framed).document() if preset.local or framed else preset.params


def preset_plan(path: Path, *, partial: bool = False) -> Plan:
    """The values of a preset as a plan; tells and raises as `preset_params`."""
    return _readable(path, partial).plan()


def plan_by_name(prompt: str, folder: Path, *, partial: bool = False) -> Plan | None:
    """The plan of the preset that a prompt names, with the prompt's other words added; None where it names none.

    Raises:
        InvalidRequest, InvalidDocument: as `StylePack.of` and `preset_params`.
    """
    found = StylePack.of(folder).choose(prompt)
    if found is None:
        complain(f"no preset of {folder} is named in the prompt; its words alone are read", what="Note")
        return None
    preset, rest = found
    _tell(preset, partial)
    values = {op: dict(slots) for op, slots in preset.values.items()}
    asked: Thought = {"problem": f"Asked for the preset {preset.name}.", "plan": "Its values are taken."}
    reasoning: dict[str, Thought] = {"request": asked}
    if rest:
        reading = read_style(rest)
        _add(values, reading.edits)
        reasoning = {**reading.reasoning, "preset": asked}
    return Plan(
        "style",
        edits_of(values),
        prompt=prompt,
        planner={"id": Rules.id, "version": Rules.version},
        reasoning=reasoning,
        local=preset.local,
    )


def _readable(path: Path, partial: bool, *, framed: bool = False) -> Preset:
    preset = read_preset(path)
    _tell(preset, partial)
    if framed and preset.frame is None:
        raise InvalidRequest(f"{str(path)!r} has no frame", cure="Leave out --frame preset.")
    if preset.frame is not None and not framed:
        alone = preset.frame == Framing(lens=preset.frame.lens)
        left = "it corrects the lens, if asked" if alone else "its frame is that of another photo: take it"
        complain(f"preset {preset.name!r}: {left} by --frame preset", what="Note")
    if not preset.params and not preset.local and not framed:
        raise InvalidRequest(f"{str(path)!r} sets nothing that is rendered here", cure="Choose another preset.")
    return preset


def _add(values: dict[str, dict[str, Any]], edits: Any) -> None:
    """Move the values as far as words would move a photo's own, within bounds; hues are set."""
    for op, slots in edits.items():
        for name, value in slots.items():
            slot = registry.ops.load(op).slots[name]
            there = values.setdefault(op, {})
            moved = np.asarray(value, dtype=np.float64)
            if name in there and slot.period is None:
                moved = np.clip(there[name] + moved - slot.identity, slot.low, slot.high)
            there[name] = moved


def _tell(preset: Preset, partial: bool) -> None:
    if not partial:
        preset.demand_whole()
    for item in preset.unrendered:
        complain(f"preset {preset.name!r}: not rendered: {item}", what="Note")
    for note in preset.notes:
        complain(f"preset {preset.name!r}: {note}", what="Note")
