"""Read Camera Raw's local corrections: groups of masks, and the older gradients, circles and brushes.

How masks join, which Adobe does not publish, as public programs found it in Lightroom's files: a mask is added to those
before it, or with MaskBlendMode 1 taken from them; what is kept of both is inverted and then taken away. MaskValue 0
takes away as well: the eraser of older brushes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from ...core.contract.local import Combine
from ...core.contract.slots import FloatArray
from ...core.errors import InvalidDocument
from ...core.plan.addresses import edits_of, name_for
from ...core.plan.local import AreaPart, LocalAdjustment
from ...core.plugins.registry import registry
from .local_fields import IDLE_FIELDS, LOCAL_FIELDS, NO_OP, UNRENDERED_FIELDS
from .mask_brush import MOST_DABS, read_paint
from .mask_frame import SensorFrame
from .mask_shapes import READERS, MaskShape, Reading, Unrenderable, checked, number, read_range, truth
from .preset import Settings, Unrendered

CORRECTIONS: Final = {
    "MaskGroupBasedCorrections": "mask",
    "GradientBasedCorrections": "gradient",
    "CircularGradientBasedCorrections": "circle",
    "PaintBasedCorrections": "brush",
}
"""The lists of corrections, and the name of one that has none."""

MOST: Final = 200  # corrections of a plan, by its schema
_MOST_PARTS: Final = 100  # of an area, by the plan's schema
_REST: Final = re.compile(r"[+-]?(0+(\.0*)?|\.0+)?")
_DEEPEST: Final = 4  # masks within masks; Lightroom's have one level


@dataclass
class Corrections:
    """What a file's corrections are here.

    Attributes:
        local: those that are rendered, in their order.
        unrendered: what is not, corrections whole and single sliders.
        notes: what is rendered less than exactly.
        idle: names of lists in which nothing does anything.
    """

    local: list[LocalAdjustment] = field(default_factory=list)
    unrendered: list[Unrendered] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)


def read_corrections(settings: Settings, *, frame: SensorFrame, source: str) -> Corrections:
    """The local corrections of a preset or sidecar.

    Raises:
        InvalidDocument: a value of the wrong type or out of range, too many corrections or masks.
    """
    found = Corrections()
    reading = Reading(source, frame, found.notes)
    taken: set[str] = set()
    for key, kind in CORRECTIONS.items():
        if key not in settings:
            continue
        entries = settings[key] or []
        place = f"{source}: crs:{key}"
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise InvalidDocument("is no list of corrections", path=place, cure="Export it from Lightroom again.")
        if len(entries) > MOST:
            raise InvalidDocument(
                f"holds {len(entries)} corrections, more than {MOST}", path=place, cure="Remove some."
            )
        before = len(found.local) + len(found.unrendered)
        for index, entry in enumerate(entries):
            label = str(entry.get("CorrectionName") or f"{kind} {index + 1}")
            name = _name(label, taken)
            taken.add(name)
            _read_one(entry, name, key, f"{place}[{index}]", reading, found)
        if before == len(found.local) + len(found.unrendered):
            found.idle.append(key)
    return found


def _name(label: str, taken: set[str]) -> str:
    """A correction's name where a plan can have it, else one like it."""
    plain = label if label.isprintable() else " ".join("".join(c if c.isprintable() else " " for c in label).split())
    usable = 0 < len(plain) <= 100 and not set("/#") & set(plain) and plain not in taken
    return plain if usable else name_for(plain, taken)


def _read_one(entry: Settings, name: str, key: str, place: str, reading: Reading, found: Corrections) -> None:
    if not truth(entry, "CorrectionActive", place, default=True):
        return
    amount = number(entry, "CorrectionAmount", place, 1.0)
    if not 0 <= amount <= 10:
        raise InvalidDocument(f"{amount:g} lies outside 0 to 2", path=f"{place}: CorrectionAmount", cure="Give less.")
    values: dict[str, dict[str, FloatArray]] = {}
    left: list[Unrendered] = []
    for slider in entry:
        if slider.startswith("Local") and amount:
            _set(slider, entry, max(amount, 1.0), values, left, repr(name), place, reading)
    _drop_idle_toning(values)
    if not values:
        found.unrendered += [replace(item, name=key) for item in left]
        return
    try:
        area, share = _read_area(entry, place, reading)
    except Unrenderable as error:
        found.unrendered.append(Unrendered(key, repr(name), str(error), essential=True))
        return
    found.unrendered += [replace(item, name=key) for item in left]
    if share * amount > 0:
        found.local.append(LocalAdjustment(name, area, edits_of(values), min(amount, 1.0) * share))


def _set(
    slider: str,
    entry: Settings,
    amount: float,
    values: dict[str, dict[str, FloatArray]],
    left: list[Unrendered],
    label: str,
    place: str,
    reading: Reading,
) -> None:
    """Set a slot by a local slider, times what of the amount lies beyond 1."""
    known = LOCAL_FIELDS.get(slider)
    if known is None or known.op not in registry.ops:
        if slider not in IDLE_FIELDS and not _rests(entry[slider]):
            why = UNRENDERED_FIELDS.get(slider, "it is not known here" if known is None else NO_OP)
            left.append(Unrendered(slider, f"{label}: {slider} {_shown(entry[slider])}", why))
        return
    stated = number(entry, slider, place)
    if not known.low <= stated <= known.high:
        raise InvalidDocument(
            f"{stated:g} lies outside {known.low:g} to {known.high:g}", path=f"{place}: {slider}", cure="Give less."
        )
    slot = registry.ops.load(known.op).slots[known.slot]
    wanted = stated * known.scale * (amount if known.high == 1 else 1.0)
    value = float(np.clip(wanted, slot.low, slot.high))
    if slider == "LocalToningHue" or value != slot.identity:
        values.setdefault(known.op, {})[known.slot] = np.array(value)
    if value != wanted:
        why = f"{known.op}.{known.slot} goes from {slot.low:g} to {slot.high:g}"
        if value == slot.identity:
            left.append(Unrendered(slider, f"{label}: {slider} {stated:g}", why))
        else:
            reading.note(f"{label}: {slider} is followed as far as it can be: {why}")


def _drop_idle_toning(values: dict[str, dict[str, FloatArray]]) -> None:
    """A hue of no saturation is none."""
    if "global_saturation" not in values.get("color_grading", {}):
        values.pop("color_grading", None)


def _rests(value: Any) -> bool:
    """Whether an unknown slider does nothing: it is 0, or a list of 0 and -1, as of colours without points."""
    if isinstance(value, list):
        return all(isinstance(item, str) and (_REST.fullmatch(item) or item.strip() == "-1") for item in value)
    return isinstance(value, str) and bool(_REST.fullmatch(value.strip()))


def _shown(value: Any) -> str:
    return f"({len(value)} parts)" if isinstance(value, list | dict) else str(value)[:40]


def _read_area(entry: Settings, place: str, reading: Reading) -> tuple[tuple[AreaPart, ...], float]:
    """The parts of a correction's area, and the share of its strength that its only mask leaves."""
    masks = _masks(entry, "CorrectionMasks", place)
    parts: list[AreaPart] = []
    shares = [number(mask, "MaskValue", f"{place}: mask {index + 1}", 1.0) for index, mask in masks]
    _join_all(masks, parts, place, reading, 0)
    if not parts:
        raise Unrenderable("it has no mask")
    given = entry.get("CorrectionRangeMask")
    if isinstance(given, dict):
        shape = read_range(given, f"{place}: CorrectionRangeMask", reading)
        if shape is not None:
            _join(parts, shape, "intersect", reading)
    if len(parts) > _MOST_PARTS:
        raise Unrenderable(f"it has more than {_MOST_PARTS} masks")
    partly = len(masks) == 1 and 0 < shares[0] < 1 and masks[0][1].get("What") != "Mask/Paint"
    return tuple(parts), shares[0] if partly else 1.0


def _masks(holder: Settings, key: str, place: str) -> list[tuple[int, Settings]]:
    """The masks that are active, with their places."""
    masks = holder.get(key) or []
    if not isinstance(masks, list) or not all(isinstance(mask, dict) for mask in masks):
        raise InvalidDocument("is no list of masks", path=f"{place}: {key}", cure="Export it from Lightroom again.")
    whole = f"{place}: {key}"
    return [(i, mask) for i, mask in enumerate(masks) if truth(mask, "MaskActive", f"{whole}[{i}]", default=True)]


def _join_all(
    masks: list[tuple[int, Settings]], parts: list[AreaPart], place: str, reading: Reading, depth: int
) -> None:
    if depth > _DEEPEST:
        raise Unrenderable(f"its masks are nested deeper than {_DEEPEST} levels")
    for index, mask in masks:
        at = f"{place}: mask {index + 1}"
        mode, value = str(mask.get("MaskBlendMode", "0")), number(mask, "MaskValue", at, 1.0)
        if mode not in ("0", "1") or not 0 <= value <= 1:
            raise Unrenderable(f"a mask of blend mode {mode[:20]!r} and value {value:g} is not known here")
        if 0 < value < 1 and (depth or len(masks) > 1) and mask.get("What") != "Mask/Paint":
            reading.note("masks of less than full value are taken as full where several make an area")
        taken = mode == "1" or value == 0
        if mask.get("What") == "Mask/Aggregate":
            inner = _masks(mask, "Masks", at)
            if not parts and not taken and not truth(mask, "MaskInverted", at):
                _join_all(inner, parts, at, reading, depth + 1)
                continue
            shape = _union(inner, at, reading, depth + 1, truth(mask, "MaskInverted", at))
        else:
            shape = _shape(mask, at, reading)
        _join(parts, shape, "subtract" if taken else "add", reading)
        if len(parts) > _MOST_PARTS:
            raise Unrenderable(f"it has more than {_MOST_PARTS} masks")


def _shape(mask: Settings, place: str, reading: Reading) -> MaskShape:
    what = str(mask.get("What", ""))
    read = read_paint if what == "Mask/Paint" and "brush" in registry.areas else READERS.get(what)
    if read is None:
        raise Unrenderable(f"masks of the kind {what[:40]!r} are not rendered")
    shape = read(mask, place, reading)
    given = mask.get("CorrectionRangeMask")
    if what != "Mask/RangeMask" and isinstance(given, dict):
        within = read_range(given, f"{place}: CorrectionRangeMask", reading)
        if within is not None:
            shape = _both(shape, within)
    return shape


def _both(shape: MaskShape, other: MaskShape) -> MaskShape:
    """What two shapes cover together."""
    sides = [_plain(each) for each in (shape, other)]
    if any(each.invert for each in sides):
        raise Unrenderable("its range and its shape do not join here")
    return MaskShape(tuple(part for each in sides for part in each.parts))


def _union(masks: list[tuple[int, Settings]], place: str, reading: Reading, depth: int, invert: bool) -> MaskShape:
    """Several masks as one: what they leave out is what each leaves out."""
    parts: list[AreaPart] = []
    _join_all(masks, parts, place, reading, depth)
    if any(part.combine != "add" for part in parts):
        raise Unrenderable("its masks within a mask do not join here")
    return MaskShape(tuple((part.id, dict(part.params), not part.invert) for part in parts), not invert)


def _plain(shape: MaskShape) -> MaskShape:
    """A shape of one part whose inversion is the part's."""
    if len(shape.parts) != 1:
        return shape
    ((id, params, inverted),) = shape.parts
    return MaskShape(((id, params, inverted != shape.invert),))


def _join(parts: list[AreaPart], shape: MaskShape, combine: Combine, reading: Reading) -> None:
    """Join a shape to the parts before it. With a, the parts, and p, what the shape's parts cover together,
    `add` is a + p - ap, `subtract` is a(1 - p), `intersect` is ap.
    """
    shape = _plain(shape)
    if combine != "add" and (shape.invert or (len(shape.parts) == 1 and shape.parts[0][2])):
        # What an inverted shape takes away is what the shape keeps, and the other way round.
        combine = "intersect" if combine == "subtract" else "subtract"
        turned = tuple((id, params, not inverted) for id, params, inverted in shape.parts)
        shape = MaskShape(shape.parts if shape.invert else turned)
    if len(shape.parts) > 1 and (combine == "subtract" or (combine == "add" and parts and not shape.invert)):
        shape = _as_one_range(shape, reading)
    for index, (id, params, inverted) in enumerate(shape.parts):
        how: Combine = combine if not index or combine == "intersect" or shape.invert else "intersect"
        left_out = inverted != shape.invert
        if how == "intersect" and left_out:
            how, left_out = "subtract", False
        _append(parts, AreaPart(id, checked(id, params), combine=how, invert=left_out))


def _append(parts: list[AreaPart], part: AreaPart) -> None:
    """Append a part; strokes that are painted, or taken away, one after the other are one part's."""
    before = parts[-1] if parts else None
    painted = before is not None and {before.id, part.id} == {"brush"} and not (before.invert or part.invert)
    if before is None or not painted or before.combine != part.combine or part.combine == "intersect":
        parts.append(part)
        return
    strokes = np.concatenate([before.params["strokes"], part.params["strokes"]])
    if len(strokes) > MOST_DABS:
        raise Unrenderable(f"it has more than {MOST_DABS:,} dabs")
    parts[-1] = replace(before, params={"strokes": strokes})


def _as_one_range(shape: MaskShape, reading: Reading) -> MaskShape:
    """The two halves of a range of luminance as one, with the mean of their feathers."""
    if shape.invert or [(id, inverted) for id, _, inverted in shape.parts] != [("luminance", False)] * 2:
        raise Unrenderable("its masks do not join here")
    reading.note("a range of luminance that is taken away fades out on both sides alike")
    (_, lower, _), (_, upper, _) = shape.parts
    mean = (lower["feather"] + upper["feather"]) / 2
    return MaskShape((("luminance", {"low": lower["low"], "high": upper["high"], "feather": mean}, False),))
