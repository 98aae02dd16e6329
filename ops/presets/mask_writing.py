"""Write local adjustments as Camera Raw's groups of masks, and merge them into those that a sidecar has."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from lxml import etree

from ...core.plan.edit import op_of
from ...core.plan.local import AreaPart, LocalAdjustment
from ...core.plan.plan import Plan
from . import xmp
from .crops.moving import out_of_frame
from .local_fields import BY_SLOT
from .mask_brush import write_brush
from .mask_frame import SensorFrame
from .mask_shapes import Unrenderable, luminance_range, range_mask, slots_of, text_of, written
from .preset import Settings

KEY: Final = "MaskGroupBasedCorrections"
# What Lightroom gives a correction and a mask to tell them apart; they say nothing about the picture.
_IDS: Final = ("CorrectionSyncID", "CorrectionID", "MaskSyncID", "MaskID")


def corrections_of(plan: Plan, frame: SensorFrame) -> tuple[list[Settings], list[str]]:
    """The plan's local adjustments as corrections, and what XMP cannot say of them."""
    corrections: list[Settings] = []
    beyond: list[str] = []
    for entry in plan.local:
        sliders, left = _sliders(entry, plan)
        beyond += [f"{item} of local adjustment {entry.name!r}" for item in left]
        if not sliders:
            continue
        try:
            masks = _masks(entry if plan.frame is None else out_of_frame(entry, plan.frame, frame), frame)
        except Unrenderable as error:
            beyond.append(f"local adjustment {entry.name!r}: {error}")
            continue
        corrections.append(
            {
                "What": "Correction",
                "CorrectionAmount": text_of(entry.strength),
                "CorrectionActive": "true",
                "CorrectionName": entry.name,
                "CorrectionSyncID": _id(entry.name),
            }
            | sliders
            | {"CorrectionMasks": masks}
        )
    return corrections, beyond


def _sliders(entry: LocalAdjustment, plan: Plan) -> tuple[Settings, list[str]]:
    """The local sliders of an adjustment, and the values that have none."""
    sliders: Settings = {}
    left: list[str] = []
    for op, edit in entry.edits.items():
        slots = op_of(op).slots
        for slot, value in edit.params.items():
            if slots[slot].group not in plan.groups or np.array_equal(value, np.asarray(slots[slot].identity)):
                continue
            field = BY_SLOT.get((op, slot))
            if field is None:
                left.append(f"{op}.{slot}")
                continue
            stored = float(value) / field.scale
            if not field.low <= stored <= field.high:
                left.append(f"{op}.{slot} {float(value):g}, of which {field.high * field.scale:g} is most there,")
            text = text_of(min(max(stored, field.low), field.high))
            if text != "0":
                sliders[field.name] = text
    return sliders, left


def _masks(entry: LocalAdjustment, frame: SensorFrame) -> list[Settings]:
    if not entry.area:
        raise Unrenderable("it has no area, and a correction needs a mask")
    if entry.area[0].combine != "add":
        raise Unrenderable("its first part has nothing to be taken from")
    masks = []
    for number, (part, mask) in enumerate(_pairs(entry.area, frame), start=1):
        taken = part.combine != "add"
        how = {"MaskBlendMode": "1" if taken else "0", "MaskValue": "0" if taken else "1"}
        names = {"MaskActive": "true", "MaskName": f"{part.id} {number}", "MaskSyncID": _id(f"{entry.name}#{number}")}
        masks.append(mask | how | names)
    return masks


def _pairs(area: tuple[AreaPart, ...], frame: SensorFrame) -> Iterator[tuple[AreaPart, Settings]]:
    """The parts of an area with their masks; two halves of a range of luminance make one mask."""
    parts = list(area)
    while parts:
        first, part = len(parts) == len(area), parts.pop(0)
        # What is kept of both is taken away inverted.
        inverted = part.invert != (part.combine == "intersect")
        corners = _whole_range(part, parts[0]) if parts and (first or part.combine == "intersect") else None
        if corners is not None:
            parts.pop(0)
            yield part, range_mask({"Type": "2", "LumRange": corners}, inverted)
        else:
            yield (
                part,
                write_brush(slots_of(part), frame, inverted) if part.id == "brush" else written(part, frame, inverted),
            )


def _whole_range(part: AreaPart, after: AreaPart) -> str | None:
    """The corners of a range whose lower and upper halves these parts are; None where they are none."""
    if (part.id, after.id) != ("luminance", "luminance") or part.invert or after.invert:
        return None
    lower, upper = slots_of(part), slots_of(after)
    if after.combine != "intersect" or (lower["high"], upper["low"]) != (1, 0):
        return None
    if lower["low"] == 0 or upper["high"] == 1 or abs(lower["feather"] - upper["feather"]) < 1e-9:
        return None  # one part would say it
    return luminance_range({**lower, "high": upper["high"]}, upper["feather"])


def _id(text: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_OID, f"veraretouch {text}").hex.upper()


def append_structures(array: Any, items: list[Settings]) -> None:
    """Append structures to an rdf:Seq."""
    for item in items:
        _fill(etree.SubElement(etree.SubElement(array, f"{xmp.RDF}li"), f"{xmp.RDF}Description"), item)


def _fill(description: Any, item: Settings) -> None:
    for name, value in item.items():
        if isinstance(value, str):
            description.set(xmp.CRS + name, value)
            continue
        child = etree.SubElement(description, xmp.CRS + name)
        if isinstance(value, dict):
            _fill(etree.SubElement(child, f"{xmp.RDF}Description"), value)
            continue
        array = etree.SubElement(child, f"{xmp.RDF}Seq")
        if value and isinstance(value[0], dict):
            append_structures(array, value)
        else:
            for text in value:
                etree.SubElement(array, f"{xmp.RDF}li").text = text


def merge_corrections(tree: Any, ours: list[Settings], name: str) -> tuple[list[str], list[str]]:
    """Put corrections among those of a document's tree: one of the same name is replaced, others stay.

    Returns:
        A line for each that is replaced, and for each that is new; ones that say the same already are neither.
    """
    there = xmp.settings_of(tree, name).get(KEY) or []
    named = [entry.get("CorrectionName") if isinstance(entry, dict) else None for entry in there]
    replaced, added = [], []
    for entry in ours:
        label = entry["CorrectionName"]
        if label not in named:
            added.append(f"{KEY} {label!r}")
        elif not _same(there[named.index(label)], entry):
            replaced.append(f"{KEY} {label!r} replaced")
        else:
            continue
        _put(tree, entry)
    return replaced, added


def _put(tree: Any, entry: Settings) -> None:
    found = xmp.descriptions(tree)
    lists = [child for description in found for child in description.findall(xmp.CRS + KEY)]
    for description in found:
        description.attrib.pop(xmp.CRS + KEY, None)
    if not lists:
        holder = next((d for d in found if any(key.startswith(xmp.CRS) for key in d.attrib)), found[0])
        lists = [etree.SubElement(holder, xmp.CRS + KEY)]
    array = lists[0].find(f"{xmp.RDF}Seq")
    if array is None:
        array = etree.SubElement(lists[0], f"{xmp.RDF}Seq")
    for item in array.findall(f"{xmp.RDF}li"):
        value = xmp.value_of(item)
        if isinstance(value, dict) and value.get("CorrectionName") == entry["CorrectionName"]:
            tail = item.tail
            item.clear()
            item.tail = tail
            _fill(etree.SubElement(item, f"{xmp.RDF}Description"), entry)
            return
    append_structures(array, [entry])


def _same(old: Any, new: Any) -> bool:
    """Whether two corrections say the same: numbers as numbers, names of masks and their numbers aside."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = (old.keys() | new.keys()) - {*_IDS, "MaskName"}
        return all(_same(old.get(key), new.get(key)) for key in keys)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_same, old, new))
    if isinstance(old, str) and isinstance(new, str):
        try:
            return float(old) == float(new)
        except ValueError:
            return old.lower() == new.lower()
    return bool(old == new)
