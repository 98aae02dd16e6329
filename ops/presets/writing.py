"""Write a plan as a preset of Camera Raw's settings."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from lxml import etree

from ...core.atomic_write import write_file
from ...core.contract.local import is_global
from ...core.errors import InvalidRequest
from ...core.plan.plan import Plan
from ..crs import CURVES, FIELDS, LIGHT_STYLES, PAINT_STYLE, VIGNETTE_STYLE
from . import xmp
from .crops.settings import settings_of_crop
from .curves import points_of
from .mask_frame import UNTURNED, SensorFrame
from .mask_writing import KEY as MASKS
from .mask_writing import append_structures, corrections_of
from .preset import Settings

EMPTY: Final = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"/></rdf:RDF></x:xmpmeta>'
)
_PRESET: Final = {"PresetType": "Normal", "Cluster": "", "SupportsAmount": "False", "SupportsColor": "True"}
ALWAYS: Final = {"Version": "15.0", "ProcessVersion": "11.0", "HasSettings": "True"}
_PAINTED: Final = {field.op for field in FIELDS.values()} | {"tone_curve"}


def settings_of(plan: Plan, frame: SensorFrame = UNTURNED) -> tuple[Settings, list[str]]:
    """The plan's values as settings, masks placed by the frame, and what XMP cannot say of them."""
    settings: Settings = {}
    beyond: list[str] = []
    latents = plan.latents()
    if plan.strength != 1:
        beyond.append(f"strength {plan.strength:g}")
    for op, slots in latents.values.items():
        if not is_global(op) or not bool(latents.present[op][0]):
            continue
        if op not in _PAINTED:
            beyond.append(f"op {op}")
            continue
        values = {name: value[0].double().numpy() for name, value in slots.items()}
        for field in FIELDS.values():
            if field.op == op and field.slot in values:
                value = values[field.slot]
                settings[field.name] = field.to_xmp(float(value if field.index is None else value[field.index]))
        for name, slot in CURVES.items():
            if op == "tone_curve" and slot in values:
                settings[name] = [f"{x}, {y}" for x, y in points_of(values[slot])]
        if op == "vignette":
            paint = float(values.get("paint", np.array(0.0)))
            settings[VIGNETTE_STYLE] = PAINT_STYLE if paint == 1 else LIGHT_STYLES[0]
            if 0 < paint < 1:
                beyond.append(f"vignette.paint {paint:g}, which is 0 or 1 there")
        if op == "grey_mixer":
            share = float(values.get("monochrome", np.array(0.0)))
            settings["ConvertToGrayscale"] = str(share == 1)
            if 0 < share < 1:
                beyond.append(f"grey_mixer.monochrome {share:g}, which is 0 or 1 there")
    if plan.frame is not None:
        crop, left = settings_of_crop(plan.frame, frame)
        settings |= crop
        beyond += left
    corrections, left = corrections_of(plan, frame)
    return settings | ({MASKS: corrections} if corrections else {}), beyond + left


def write_preset(
    plan: Plan, path: str | os.PathLike[str], *, name: str = "", partial: bool = False, overwrite: bool = False
) -> list[str]:
    """Write a plan as a preset of Lightroom and Camera Raw, `crs:` alone, which appears whole or not at all.

    Args:
        name: what Lightroom shows; by default the file's name.
        partial: write what can be said, and return the rest, instead of refusing.

    Returns:
        What the plan holds and XMP cannot say; empty unless `partial`.

    Raises:
        InvalidRequest: something XMP cannot say; a path that exists or cannot be written.
    """
    path = Path(path)
    settings, beyond = settled(plan, partial)
    title = name or path.stem
    tree = xmp.parse(EMPTY.encode(), str(path))
    (description,) = xmp.descriptions(tree)
    unique = uuid.uuid5(uuid.NAMESPACE_OID, plan.json() + title).hex.upper()
    put(description, _PRESET | {"UUID": unique} | ALWAYS | settings)
    item = _array(description, "Name", "Alt", [title])
    item[0].set(xmp.LANGUAGE, "x-default")
    write_tree(tree, path, overwrite=overwrite)
    return beyond


def settled(plan: Plan, partial: bool, frame: SensorFrame = UNTURNED) -> tuple[Settings, list[str]]:
    """The plan's settings, and what XMP cannot say of it.

    Raises:
        InvalidRequest: there is something that XMP cannot say, unless `partial`.
    """
    settings, beyond = settings_of(plan, frame)
    if beyond and not partial:
        raise InvalidRequest(
            f"XMP cannot say what this plan holds: {'; '.join(beyond)}", cure="Write the rest of it with --partial."
        )
    if any(name.startswith(("SplitToning", "ColorGrade")) for name in settings):
        settings.setdefault("ColorGradeBlending", "50")
    return settings, beyond


def put(description: Any, settings: Mapping[str, Any]) -> None:
    """Give an rdf:Description these settings."""
    for key, value in settings.items():
        if key == MASKS:
            append_structures(_array(description, key, "Seq", []), value)
        elif isinstance(value, list):
            _array(description, key, "Seq", value)
        else:
            description.set(xmp.CRS + key, value)


def _array(description: Any, key: str, kind: str, items: list[str]) -> Any:
    array = etree.SubElement(etree.SubElement(description, xmp.CRS + key), xmp.RDF + kind)
    for item in items:
        etree.SubElement(array, f"{xmp.RDF}li").text = item
    return array


def write_tree(tree: Any, path: Path, *, overwrite: bool) -> None:
    """Write a document, whole or not at all."""
    if tree.docinfo.encoding is None:
        etree.indent(tree, space=" ")
    write_file(path, etree.tostring(tree, encoding="UTF-8"), overwrite=overwrite)
