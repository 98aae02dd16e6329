"""Merge a plan into a raw file's sidecar: what the plan edits changes, everything else in it is kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np

from ...core.atomic_write import write_file
from ...core.errors import InvalidDocument, InvalidRequest
from ...core.plan.plan import Plan
from ...core.plugins.registry import registry
from ..crs import CURVES, FIELDS, VIGNETTE_STYLE
from . import xmp
from .crops.settings import FIELDS_OF_FRAME
from .mask_frame import SensorFrame, facts_of
from .mask_writing import KEY as MASKS
from .mask_writing import merge_corrections
from .reading import interpret, read_small
from .writing import ALWAYS, EMPTY, put, settled, write_tree

# What presets say of themselves, and sidecars do not.
_OF_PRESETS: Final = frozenset({"PresetType", "UUID", "Cluster", "SupportsAmount"})


@dataclass(frozen=True)
class SidecarMerge:
    """What a merge did.

    Attributes:
        changes: a line for each setting that is new or has another value: "Exposure2012 -1.00 -> +0.50".
        kept: how many of the sidecar's other settings stayed as they were.
        beyond: what the plan holds and XMP cannot say.
        backup: where the sidecar is kept as it was; None where nothing was kept.
    """

    changes: tuple[str, ...]
    kept: int
    beyond: tuple[str, ...] = ()
    backup: Path | None = None


def merge_sidecar(
    plan: Plan,
    path: str | os.PathLike[str],
    *,
    partial: bool = False,
    overwrite: bool = False,
    backup: bool = False,
) -> SidecarMerge:
    """Put what a plan edits into a sidecar, which is made where there is none. Values at their identity edit nothing.

    Args:
        partial: merge what can be said, and return the rest, instead of refusing.
        overwrite: whether values that are there may change.
        backup: whether the sidecar is kept as it was, beside it: IMG.xmp.bak, IMG.xmp.bak2 ...

    Raises:
        InvalidRequest: a value that is there would change, without `overwrite`; otherwise as `write_preset`.
        InvalidDocument: as `read_preset`. The file stays as it was.
    """
    path = Path(path)
    data = read_small(path) if path.exists() else None
    tree = xmp.parse(EMPTY.encode() if data is None else data, str(path))
    found = xmp.descriptions(tree)
    ours, beyond = settled(plan, partial, SensorFrame.of(facts_of(found)))
    corrections = ours.pop(MASKS, [])
    ours = {name: value for name, value in ours.items() if name in _edited(plan)}
    if not found:
        raise InvalidRequest(f"{str(path)!r} holds no rdf:Description", cure="Move it away; a new one is written.")
    old = xmp.settings_of(tree, str(path))
    if old:
        interpret(old, name=path.stem, source=str(path))
    if any(name.startswith(("SplitToning", "ColorGrade")) for name in ours) and "ColorGradeBlending" not in old:
        ours.setdefault("ColorGradeBlending", "50")
    new = {name: value for name, value in ours.items() if name not in old or not _same(old[name], value)}
    replaced = [f"{name} {_shown(old[name])} -> {_shown(value)}" for name, value in new.items() if name in old]
    masks_replaced, masks_added = merge_corrections(tree, corrections, str(path))
    replaced += masks_replaced
    if replaced and not overwrite:
        raise InvalidRequest(
            f"{str(path)!r} has other values: {'; '.join(replaced)}",
            cure="Replace them with --overwrite; --backup keeps the sidecar as it was.",
        )
    changes = (*replaced, *(f"{name} {_shown(value)}" for name, value in new.items() if name not in old), *masks_added)
    kept = Path(path.parent, _backup_name(path)) if backup and data is not None and changes else None
    if kept is not None and data is not None:
        write_file(kept, data, overwrite=False)
    if changes or data is None:
        holder = next((d for d in found if any(key.startswith(xmp.CRS) for key in d.attrib)), found[0])
        for description in found:
            for key in new:
                description.attrib.pop(xmp.CRS + key, None)
                for child in description.findall(xmp.CRS + key):
                    _drop(child)
        put(holder, {key: value for key, value in ALWAYS.items() if key not in old} | new)
        write_tree(tree, Path(os.path.realpath(path)), overwrite=True)  # a link stays one
    return SidecarMerge(changes, len(old.keys() - new.keys()), tuple(beyond), kept)


def sidecar_of(photo: Path) -> Path:
    """A raw file's sidecar: IMG.CR3.xmp where that is there, else IMG.xmp."""
    long = photo.with_name(photo.name + ".xmp")
    return long if long.exists() else photo.with_suffix(".xmp")


def is_sidecar(path: Path) -> bool:
    """Whether a file is XMP that belongs to a photo, not a preset."""
    if path.suffix.lower() != ".xmp" or not path.is_file():
        return False
    try:
        tree = xmp.parse(read_small(path), str(path))
        return bool(xmp.descriptions(tree)) and not _OF_PRESETS & xmp.settings_of(tree, str(path)).keys()
    except InvalidDocument:
        return False


def _edited(plan: Plan) -> set[str]:
    """The fields that a plan moves away from where they do nothing."""
    fields: set[str] = set() if plan.frame is None else set(FIELDS_OF_FRAME)
    for op, edit in plan.edits.items():
        for slot, value in edit.params.items():
            rest: Any = registry.ops.load(op).slots[slot].identity
            for field in FIELDS.values():
                if (field.op, field.slot) == (op, slot):
                    now, before = (each if field.index is None else each[field.index] for each in (value, rest))
                    fields |= {field.name} if float(now) != float(before) else set()
            if not np.array_equal(value, rest):
                fields |= {name for name, curve in CURVES.items() if (op, slot) == ("tone_curve", curve)}
                fields |= {"ConvertToGrayscale"} if (op, slot) == ("grey_mixer", "monochrome") else set()
                fields |= {VIGNETTE_STYLE} if (op, slot) == ("vignette", "paint") else set()
    return fields


def _same(old: Any, new: Any) -> bool:
    """Whether two settings say the same: "0.5" and "+0.50" do."""
    if isinstance(old, str) and isinstance(new, str):
        try:
            return float(old) == float(new)
        except ValueError:
            return old.lower() == new.lower()
    return bool(old == new)


def _shown(value: Any) -> str:
    return f"({len(value)} points)" if isinstance(value, list) else str(value)[:40]


def _backup_name(path: Path) -> str:
    names = (f"{path.name}.bak{'' if number == 1 else number}" for number in count(1))
    return next(name for name in names if not os.path.lexists(path.with_name(name)))


def _drop(child: Any) -> None:
    """Remove an element and keep the text behind it."""
    parent, before = child.getparent(), child.getprevious()
    if child.tail and before is not None:
        before.tail = (before.tail or "") + child.tail
    elif child.tail:
        parent.text = (parent.text or "") + child.tail
    parent.remove(child)
