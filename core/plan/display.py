"""Plans as people read them: a line, and a table for notebooks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any, Final

import numpy as np

from ..photo.geometry.framing import Framing
from .edit import Edit
from .frame import frame_text
from .local import LocalAdjustment

_MOST: Final = 200  # rows of the table
_LISTED: Final = 12  # numbers of one value


def plan_line(
    mode: str, edits: Mapping[str, Edit], local: Sequence[LocalAdjustment] = (), frame: Framing | None = None
) -> str:
    """A plan in a line: mode, the frame, then each op with its values; likewise each local adjustment."""
    framed = [] if frame is None else [f"frame({frame_text(frame)})"]
    within = [f"in {entry.name!r}: {_edits_text(entry.edits) or 'nothing'}" for entry in local]
    shown = "; ".join([*framed, *filter(None, [_edits_text(edits)]), *within])
    return f"<Plan {mode}: {shown or 'nothing'}>"


def _edits_text(edits: Mapping[str, Edit]) -> str:
    return ", ".join(
        f"{op}({', '.join(f'{name}={value_text(value)}' for name, value in edit.params.items())})"
        for op, edit in edits.items()
    )


def plan_html(
    mode: str,
    edits: Mapping[str, Edit],
    groups: Collection[str],
    local: Sequence[LocalAdjustment] = (),
    frame: Framing | None = None,
) -> str:
    """A plan's edits as an HTML table, a slot a row, its frame first, local ones with their names; groups that are off
    are struck out.
    """
    rows = [] if frame is None else [("frame", "", frame_text(frame), True)]
    rows += [
        (f"{place}{op}", name, value_text(value), op in shown)
        for place, each in [("", edits), *((f"{entry.name}: ", entry.edits) for entry in local)]
        for shown in [_applied(each, groups)]
        for op, edit in each.items()
        for name, value in edit.params.items()
    ]
    lines = [
        "<tr>" + "".join(f"<td>{_struck(cell, applied)}</td>" for cell in (op, name, value)) + "</tr>"
        for op, name, value, applied in rows[:_MOST]
    ]
    if len(rows) > _MOST:
        lines.append(f'<tr><td colspan="3">and {len(rows) - _MOST} more</td></tr>')
    head = "<tr><th>op</th><th>slot</th><th>value</th></tr>"
    return f"<table><caption>{escape(mode)}</caption>{head}{''.join(lines)}</table>"


def value_text(value: Any) -> str:
    """A slot's value in a few characters: numbers, or the shape of what is larger."""
    array = np.asarray(value)
    if array.ndim == 0:
        return f"{float(array):.4g}"
    if array.size > _LISTED:
        return f"<{' x '.join(map(str, array.shape))}>"
    return "[" + ", ".join(f"{float(number):.4g}" for number in array.ravel()) + "]"


def _applied(edits: Mapping[str, Edit], groups: Collection[str]) -> frozenset[str]:
    """The ops of which a group is on."""
    from ..plugins.registry import registry

    known = registry.ops
    return frozenset(op for op in edits if op not in known or set(known.load(op).groups()) & set(groups))


def _struck(text: str, applied: bool) -> str:
    return escape(text) if applied else f"<s>{escape(text)}</s>"
