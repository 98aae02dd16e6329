"""The commands `ops` and `areas`: which are installed, and the slots of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.cli.options import Json

if TYPE_CHECKING:
    from ..core.contract.slots import FloatArray, Slot
    from ..core.plugins.entry import PluginEntry


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


def areas(
    area: Annotated[str | None, typer.Argument(help="Show this area's slots.")] = None,
    json: Json = False,
) -> None:
    """List the installed areas, or show the slots of one."""
    from ..core.cli.listing import show_catalogue
    from ..core.plugins.registry import registry

    if area is None:
        show_catalogue(registry.areas, json=json)
    else:
        _show_area(area, json=json)


def _show_op(id: str, *, json: bool) -> None:
    from ..core.plugins.registry import registry

    op = registry.ops.load(id)
    facts = {"stage": int(op.stage), "pointwise": op.pointwise}
    kind = "pointwise" if op.pointwise else "spatial"
    _show(op, registry.ops.entries()[op.id], facts, f"{kind}, stage {int(op.stage)}", json=json)


def _show_area(id: str, *, json: bool) -> None:
    from ..core.plugins.registry import registry

    area = registry.areas.load(id)
    words = "looks at the whole photo" if area.view else "looks at each pixel" + " and its place" * area.placed
    _show(area, registry.areas.entries()[area.id], {"view": area.view, "placed": area.placed}, words, json=json)


def _show(plugin: Any, entry: PluginEntry, facts: dict[str, Any], words: str, *, json: bool) -> None:
    """What an op or an area declares: its own facts, in `words` for a table, and its slots."""
    from ..core.cli.terminal import columns, json_text, message, say
    from ..core.plugins.summary import first_paragraph

    summary = first_paragraph(plugin.__doc__)
    if json:
        slots = {name: slot.document() for name, slot in plugin.slots.items()}
        head = {"id": plugin.id, "version": plugin.version, **facts}
        say(json_text({**head, "distribution": entry.distribution, "summary": summary, "slots": slots}))
        return
    say(message(f"{plugin.id} {plugin.version} ({entry.distribution} {entry.version}), {words}"))
    say(message(summary))
    if plugin.slots:
        say()
        heading = ("SLOT", "KIND", "UNIT", "BOUNDS", "IDENTITY", "GROUP", "DOC")
        say(columns([heading, *(_row(name, slot) for name, slot in plugin.slots.items())]))


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
