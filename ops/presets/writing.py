"""Write a plan as Camera Raw settings: a preset of its own, or merged into a file that is there, everything else in it kept."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from lxml import etree

from ...core.atomic_write import write_file
from ...core.errors import InvalidRequest
from ...core.plan.plan import Plan
from ...core.plugins.registry import registry
from ..crs import CURVES, FIELDS
from . import xmp
from .curves import points_of
from .preset import Settings
from .reading import interpret, read_small

_EMPTY: Final = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"/></rdf:RDF></x:xmpmeta>'
)
_PRESET: Final = {"PresetType": "Normal", "Cluster": "", "SupportsAmount": "False", "SupportsColor": "True"}
_ALWAYS: Final = {"Version": "15.0", "ProcessVersion": "11.0", "HasSettings": "True"}
_PAINTED: Final = {field.op for field in FIELDS.values()} | {"tone_curve"}


def settings_of(plan: Plan) -> tuple[Settings, list[str]]:
    """The plan's values as settings, and what XMP cannot say of them."""
    settings: Settings = {}
    beyond: list[str] = []
    latents = plan.latents()
    if plan.strength != 1:
        beyond.append(f"strength {plan.strength:g}")
    for op, slots in latents.values.items():
        if not bool(latents.present[op][0]):
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
        if op == "grey_mixer":
            share = float(values.get("monochrome", np.array(0.0)))
            settings["ConvertToGrayscale"] = str(share == 1)
            if 0 < share < 1:
                beyond.append(f"grey_mixer.monochrome {share:g}, which is 0 or 1 there")
    return settings, beyond


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
    settings, beyond = _settled(plan, partial)
    title = name or path.stem
    tree = xmp.parse(_EMPTY.encode(), str(path))
    (description,) = xmp.descriptions(tree)
    unique = uuid.uuid5(uuid.NAMESPACE_OID, plan.json() + title).hex.upper()
    _put(description, _PRESET | {"UUID": unique} | _ALWAYS | settings)
    item = _array(description, "Name", "Alt", [title])
    item[0].set(xmp.LANGUAGE, "x-default")
    _write(tree, path, overwrite=overwrite)
    return beyond


def merge_sidecar(plan: Plan, path: str | os.PathLike[str], *, partial: bool = False) -> list[str]:
    """Put a plan into a raw file's sidecar; whatever else is there stays, our fields that the plan lacks come to rest.

    Raises:
        InvalidRequest, InvalidDocument: as `write_preset` and `read_preset`; the file stays as it was.
    """
    path = Path(path)
    settings, beyond = _settled(plan, partial)
    there = path.exists()
    tree = xmp.parse(read_small(path) if there else _EMPTY.encode(), str(path))
    found = xmp.descriptions(tree)
    if not found:
        raise InvalidRequest(f"{str(path)!r} holds no rdf:Description", cure="Move it away; a new one is written.")
    holder = next((d for d in found if any(key.startswith(xmp.CRS) for key in d.attrib)), found[0])
    old = xmp.settings_of(tree, str(path))
    if old:
        interpret(old, name=path.stem, source=str(path))
    rest = {key: value for key, value in resting().items() if key in old}
    ours = rest | settings
    for description in found:
        for key in ours:
            description.attrib.pop(xmp.CRS + key, None)
            for child in description.findall(xmp.CRS + key):
                _drop(child)
    _put(holder, {key: value for key, value in _ALWAYS.items() if key not in old} | ours)
    _write(tree, path, overwrite=True)
    return beyond


def sidecar_of(photo: Path) -> Path:
    """A raw file's sidecar: IMG.CR3.xmp where that is there, else IMG.xmp."""
    long = photo.with_name(photo.name + ".xmp")
    return long if long.exists() else photo.with_suffix(".xmp")


def resting() -> Settings:
    """Every field that we render, where it does nothing."""
    settings: Settings = {name: ["0, 0", "255, 255"] for name in CURVES} | {"ConvertToGrayscale": "False"}
    for field in FIELDS.values():
        identity: Any = registry.ops.load(field.op).slots[field.slot].identity
        settings[field.name] = field.to_xmp(float(identity if field.index is None else identity[field.index]))
    return settings


def _settled(plan: Plan, partial: bool) -> tuple[Settings, list[str]]:
    settings, beyond = settings_of(plan)
    if beyond and not partial:
        raise InvalidRequest(
            f"XMP cannot say what this plan holds: {'; '.join(beyond)}", cure="Write the rest of it with --partial."
        )
    if any(name.startswith(("SplitToning", "ColorGrade")) for name in settings):
        settings.setdefault("ColorGradeBlending", "50")
    return settings, beyond


def _put(description: Any, settings: Mapping[str, Any]) -> None:
    for key, value in settings.items():
        if isinstance(value, list):
            _array(description, key, "Seq", value)
        else:
            description.set(xmp.CRS + key, value)


def _array(description: Any, key: str, kind: str, items: list[str]) -> Any:
    array = etree.SubElement(etree.SubElement(description, xmp.CRS + key), xmp.RDF + kind)
    for item in items:
        etree.SubElement(array, f"{xmp.RDF}li").text = item
    return array


def _drop(child: Any) -> None:
    """Remove an element and keep the text behind it."""
    parent, before = child.getparent(), child.getprevious()
    if child.tail and before is not None:
        before.tail = (before.tail or "") + child.tail
    elif child.tail:
        parent.text = (parent.text or "") + child.tail
    parent.remove(child)


def _write(tree: Any, path: Path, *, overwrite: bool) -> None:
    if tree.docinfo.encoding is None:
        etree.indent(tree, space=" ")
    write_file(path, etree.tostring(tree, encoding="UTF-8"), overwrite=overwrite)
