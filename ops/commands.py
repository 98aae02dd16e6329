"""The command `ops`: which ops are installed, and the slots of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.cli.options import Json

if TYPE_CHECKING:
    from ..core.contract.slots import FloatArray, Slot


def ops(
    op: Annotated[str | None, typer.Argument(help="Show this op's slots.")] = None,
    json: Json = False,
) -> None:
    """List the installed ops, or show the slots of one."""
    from ..core.cli.listing import show_catalogue
    from ..core.plugins.registry import registry

    if op is None:
        show_catalogue(registry.ops, json=json)
    else:
        _show_op(op, json=json)


def _show_op(id: str, *, json: bool) -> None:
    from ..core.cli.terminal import columns, json_text, message, say
    from ..core.plugins.registry import registry
    from ..core.plugins.summary import first_paragraph

    op = registry.ops.load(id)
    entry = registry.ops.entries()[op.id]
    facts = {
        "id": op.id,
        "version": op.version,
        "stage": int(op.stage),
        "pointwise": op.pointwise,
        "distribution": entry.distribution,
        "summary": first_paragraph(op.__doc__),
    }
    if json:
        say(json_text({**facts, "slots": {name: slot.document() for name, slot in op.slots.items()}}))
        return
    kind = "pointwise" if op.pointwise else "spatial"
    say(message(f"{op.id} {op.version} ({entry.distribution} {entry.version}), {kind}, stage {int(op.stage)}"))
    say(message(facts["summary"]))
    say()
    heading = ("SLOT", "KIND", "UNIT", "BOUNDS", "IDENTITY", "GROUP", "DOC")
    say(columns([heading, *(_row(name, slot) for name, slot in op.slots.items())]))


def _row(name: str, slot: Slot) -> tuple[Any, ...]:
    kind = f"{slot.kind} {'x'.join(map(str, slot.shape))}".strip() if slot.shape else slot.kind
    bounds = "none" if slot.low is None or slot.high is None else f"{_shown(slot.low)} .. {_shown(slot.high)}"
    return name, kind, slot.unit, bounds, _shown(slot.identity), slot.group, slot.doc


def _shown(value: FloatArray | None) -> str:
    """A value in a few characters: an array by its range where its numbers differ."""
    if value is None:
        return "none"
    low, high = float(value.min()), float(value.max())
    return f"{low:g}" if low == high else f"{low:g}..{high:g}"
