"""Twenty plans from seeds, by everything that makes plans: each built-in pointwise op without weights is in some of
them, and so are areas, ops that look at neighbouring pixels, presets, and styles by a planner.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scenes import random_edit

import veraretouch as vr
from veraretouch.core.plan.edit import write_value
from veraretouch.ops.presets import read_preset

PRESETS = Path(__file__).parents[2] / "data" / "presets"
RANDOM = 11


def twenty_plans(photo: Path) -> dict[str, dict[str, Any]]:
    """Name -> the document of a plan.

    Args:
        photo: what the planner of styles looks at.
    """
    made = {f"drawn {seed}": vr.Plan.of(random_edit(seed)[1], mode="param").document() for seed in range(RANDOM)}
    made["decision list and matrix"] = of(
        cdl={"slope": [1.1, 1.0, 0.9], "offset": [0.01, 0, -0.01], "power": [0.95, 1.0, 1.1], "saturation": 1.15},
        color_matrix={"matrix": [[0.95, 0.05, 0], [0.03, 0.97, 0], [0, 0.1, 0.9]], "offset": [0.01, 0, 0]},
    )
    made["black and white"] = of(
        grey_mixer={"monochrome": 1, "bands": [0.3, 0.2, 0, -0.2, 0, -0.5, 0, 0.1]}, contrast={"amount": 0.3}
    )
    made["tables"] = of(lut1d={"table": bent(1)}, lut3d={"lattice": bent(3), "strength": 0.8})
    for words in ("warm and moody, soft shadows", "bright and airy, muted colours"):
        made[words] = vr.load("rules").plan(vr.open_photo(photo), style=words).document()
    for name in ("9bichrome.xmp", "Warmness.lrtemplate"):
        made[name] = read_preset(PRESETS / name).plan().document()
    darker = {"edits": edits(exposure={"ev": -0.8}, saturation={"amount": 0.3})}
    linear = {"full_x": 0.5, "full_y": 0.1, "zero_x": 0.5, "zero_y": 0.6}
    made["a darker sky"] = of(vibrance={"amount": 0.2}) | {
        "schema": "veraretouch.plan/2",
        "local": [{"name": "Sky", "area": [part("linear", **linear)], **darker}],
    }
    made["an ellipse, clarity"] = of(clarity={"amount": 0.4}, exposure={"ev": 0.2}) | {
        "schema": "veraretouch.plan/2",
        "local": [{"name": "Spot", "area": [part("ellipse", x=0.4, y=0.5)], "edits": edits(exposure={"ev": 0.7})}],
    }
    assert len(made) == 20
    return made


def of(**values: dict[str, Any]) -> dict[str, Any]:
    """A plan of values by op."""
    return {"schema": "veraretouch.plan/1", "mode": "param", "edits": edits(**values)}


def edits(**values: dict[str, Any]) -> dict[str, Any]:
    return {op: {"version": vr.registry.ops.load(op).version, "params": params} for op, params in values.items()}


def part(id: str, **params: float) -> dict[str, Any]:
    return {"id": id, "version": vr.registry.areas.load(id).version, "params": params}


def bent(dimensions: int) -> Any:
    """A smooth table: tones lifted by a wave, another for each channel."""
    slot = vr.registry.ops.load(f"lut{dimensions}d").slots["table" if dimensions == 1 else "lattice"]
    rest = np.asarray(slot.identity, np.float32)
    waves = np.array([0.04, -0.03, 0.05], np.float32) * np.sin(2 * np.pi * rest) + 0.03 * np.sin(np.pi * rest)
    return write_value((rest + waves).astype(np.float32), slot)


def pointwise() -> set[str]:
    """The built-in ops that a table can show; those with weights of their own need a bundle."""
    ops = [vr.registry.ops.load(id) for id in vr.registry.ops.ids()]
    built_in = [op for op in ops if op.__module__.startswith("veraretouch.ops.")]
    return {op.id for op in built_in if op.pointwise and not hasattr(op, "from_bundle")}
