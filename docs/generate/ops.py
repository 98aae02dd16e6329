"""A page an op: what it does, by which formula, its slots, an example that was run, and a strip of pictures a slot."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

import veraretouch as vr
from veraretouch.ops.crs import FIELDS

from .markdown import fence, page, quoted, summary, table
from .sweeps import installed, rows, side_for, small

# Where half-way to the high end of the first slots would show little. A value is what `--set` and plans take.
EXAMPLES: dict[str, dict[str, Any]] = {
    "exposure": {"ev": 0.7},
    "color_matrix": {"matrix": [[0.9, 0.1, 0.0], [0.0, 0.9, 0.1], [0.0, 0.0, 1.0]]},
    "tone_curve": {"luma": [round(x / 16 + 0.06 * x / 16 * (1 - x / 16) * (x - 8), 4) for x in range(17)]},
    "hsl": {"luminance": [0, 0, 0, 0, -0.2, -0.6, 0, 0], "saturation": [0, 0, 0, 0, 0.1, 0.3, 0, 0]},
    "grey_mixer": {"monochrome": 1.0, "bands": [0.3, 0.2, 0, 0, -0.2, -0.6, 0, 0]},
    "color_grading": {"shadow_hue": 220, "shadow_saturation": 0.4, "highlight_hue": 45, "highlight_saturation": 0.3},
    "cdl": {"slope": [1.1, 1.0, 0.95], "power": [1.1, 1.1, 1.1], "saturation": 0.9},
    "lut1d": {"table": [[0.04, 0.02, 0.06], [0.5, 0.5, 0.48], [1, 1, 0.92]]},
    "lut3d": {"strength": 0.8, "lattice": [[[[b, g, r] for r in (0, 1)] for g in (0, 1)] for b in (0.1, 1)]},
}


def pages(distribution: str) -> dict[str, str]:
    """The page of each op of a distribution, and their index."""
    ops = installed(distribution)
    if not ops:
        return {}
    return {"ops.md": index(ops, distribution), **{f"ops/{op.id}.md": text(op) for op in ops}}


def index(ops: list[type[vr.Op]], distribution: str) -> str:
    """Every op in the order of the chain."""
    which = "Built-in ops" if distribution == "veraretouch" else f"Ops of {distribution}"
    return page(
        f"# {which}",
        "In the order of the chain. Every op works on sRGB-encoded pixels, does nothing at its identity values and"
        " passes",
        "[`check_op`](checks.md). The crs fields are Camera Raw's, which XMP presets and the published model's"
        " parameter files use.",
        "",
        *table(
            ("op", "stage", "what it does"),
            [(f"[{op.id}](ops/{op.id}.md)", str(int(op.stage)), summary(op)) for op in ops],
        ),
    )


def text(op: type[vr.Op]) -> str:
    """The page of one op."""
    return page(
        f"# {op.id}",
        summary(op),
        "",
        *table(("version", "stage", "reaches", "light"), [(str(op.version), str(int(op.stage)), reach(op), light(op))]),
        "",
        "## Formula and source",
        "",
        *quoted(inspect.getdoc(sys.modules[op.__module__]) or ""),
        "",
        "## Slots",
        "",
        *table(
            ("slot", "bounds and unit", "identity", "group", "what it does"),
            [slot_cells(op, name) for name in op.slots],
        ),
        *crs_note(op),
        "",
        "## Example",
        "",
        *example(op),
        "",
        "## Each slot on a photo",
        "",
        *strips(op),
    )


def reach(op: type[vr.Op]) -> str:
    """Which pixels a pixel depends on."""
    if op.pointwise:
        return "pointwise: each pixel by itself"
    from veraretouch.core.testing.op_checks.specimen import OpSpecimen

    found = OpSpecimen(op()).draw(1, seed=0).values
    halo = op().halo(vr.Params.of(found, vr.Frame(0, 0, 1000, 1500)), (1000, 1500))
    return "the whole photo" if halo is None else f"spatial: at middling values {halo} pixels in a photo of 1500 x 1000"


def light(op: type[vr.Op]) -> str:
    """What kind of pixels it is given."""
    return "linear light" if op.linear else "sRGB-encoded values"


def slot_cells(op: type[vr.Op], name: str) -> tuple[str, ...]:
    """The row of a slot: few columns, so that a page holds them."""
    slot = op.slots[name]
    size = " x ".join(map(str, slot.shape)) or "n x n x n x 3"
    kind = "" if slot.kind == "scalar" else f", {slot.kind} of {size}"
    unit = "" if slot.unit == "1" else f" {slot.unit}"
    crs = fields(op.id, name)
    said = slot.doc if crs == "-" else f"{slot.doc} Camera Raw: {crs}"
    return f"`{name}`{kind}", f"{bounds(slot)}{unit}", shown(slot.identity), slot.group, said


def bounds(slot: vr.Slot) -> str:
    """The bounds in a few characters; of an array the outermost."""
    if slot.low is None or slot.high is None:
        return "none"
    around = f", period {slot.period:g}" if slot.period else ""
    return f"{float(np.min(slot.low)):g} .. {float(np.max(slot.high)):g}{around}"


def shown(value: object) -> str:
    """A value in a few characters."""
    if value is None:
        return "none"
    array = np.asarray(value, dtype=float)
    if array.ndim == 2 and array.shape[0] == array.shape[1] and np.array_equal(array, np.eye(len(array))):
        return "the unit matrix"
    low, high = float(array.min()), float(array.max())
    return f"{low:g}" if low == high else f"{low:g} .. {high:g}"


def fields(op: str, slot: str) -> str:
    """The Camera Raw fields of a slot, with XMP's range."""
    found = [field for field in FIELDS.values() if (field.op, field.slot) == (op, slot)]
    if not found:
        return "-"
    first = found[0]
    names = f"{first.name} ... {found[-1].name}" if len(found) > 1 else first.name
    return f"{names} ({first.low:g} .. {first.high:g} {first.unit})"


def crs_note(op: type[vr.Op]) -> Iterator[str]:
    """How a published parameter file scales the fields, where the op has any."""
    if any(field.op == op.id for field in FIELDS.values()):
        yield ""
        yield (
            "In a published parameter file a field with a range about 0 is -100..100 of it: for exposure 100 is taken"
            " as 5 EV."
        )


def values_of(op: type[vr.Op]) -> dict[str, Any]:
    """The values of the op's example: its own, or half-way to the high end of the first slot that can be moved."""
    if op.id in EXAMPLES:
        return EXAMPLES[op.id]
    for name in op.slots:
        swept = rows(op, name)
        if swept:
            value = np.asarray(swept[0].values[3])
            return {**swept[0].beside, name: value.item() if value.ndim == 0 else value.tolist()}
    return {}


def example(op: type[vr.Op]) -> Iterator[str]:
    """The same edit as a command and as a plan."""
    values = values_of(op)
    if not values:
        yield "Its values come from a planner's network; nobody sets them by hand."
        if op.id == "neural":
            yield ""
            yield from fence("python", NEURAL)
        return
    settings = " ".join(f"--set '{op.id}.{name}={json.dumps(value)}'" for name, value in values.items())
    yield from fence("sh", f"veraretouch param photo.jpg {settings} --out out.png")
    yield ""
    yield "The plan of it; `veraretouch render photo.jpg --plan plan.json` renders it:"
    yield ""
    plan = {
        "schema": "veraretouch.plan/1",
        "mode": "param",
        "edits": {op.id: {"version": op.version, "params": values}},
    }
    before = small("lake", side_for(op.id))
    after = vr.Renderer()(before, vr.Plan.load(plan).latents())
    assert not bool((before == after).all()), f"the example of {op.id} changes nothing"
    yield from fence("json", compact(plan))


NEURAL = """\
import torch
import veraretouch as vr
from veraretouch.ops.neural import Neural, RetouchNetwork

op = Neural(RetouchNetwork.untrained())  # a real one: zoo.load("vera-0.5b")
embedding = torch.zeros(1, 896)
latents = vr.Latents(vr.Schema.of([op]), {"neural": dict.fromkeys(op.slots, embedding)})
assert vr.Renderer([op])(torch.rand(1, 3, 8, 8), latents).shape == (1, 3, 8, 8)
"""


def compact(plan: dict[str, Any]) -> str:
    """JSON with a line an edit."""
    edits = ",\n    ".join(f"{json.dumps(id)}: {json.dumps(edit)}" for id, edit in plan["edits"].items())
    head = "".join(f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in plan.items() if key != "edits")
    return f'{{\n{head}  "edits": {{\n    {edits}\n  }}\n}}'


def strips(op: type[vr.Op]) -> Iterator[str]:
    """A picture a slot, with what its columns and rows are."""
    none = []
    for name in op.slots:
        found = rows(op, name)
        if not found:
            none.append(name)
            continue
        beside = {other: value for row in found for other, value in row.beside.items()}
        yield f"### {name}"
        yield ""
        if len(found) == 1:
            yield f"From left to right: {found[0].words}{with_others(beside)}."
        else:
            said = "; ".join(row.words for row in found)
            yield f"A row each, from left to right: {said}{with_others(beside)}."
        yield ""
        yield f"![{op.id}.{name}: the same photo at each of these values](../images/{op.id}.{name}.jpg)"
        yield ""
    if none:
        yield f"No picture for {', '.join(none)}: embeddings without bounds, which only a planner's network can make."


def with_others(beside: dict[str, Any]) -> str:
    """What else is set, in words."""
    if not beside:
        return ""
    return ", with " + ", ".join(
        f"`{name}` {value:g}" if np.ndim(value) == 0 else f"a `{name}` of {' x '.join(map(str, np.shape(value)))}"
        for name, value in beside.items()
    )
