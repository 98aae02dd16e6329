"""A page an area: what it covers, by which formula, its slots, an example that was run, and a picture of its mask."""

from __future__ import annotations

import inspect
import json
import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from PIL import Image

import veraretouch as vr
from veraretouch.core.contract.area import small_view

from .markdown import ROOT, fence, page, quoted, summary, table

SIDE = 150  # the longer side of a picture, in pixels
# What is shown of the photo within the mask.
DARKER = 0.35


def _stroke() -> list[list[float]]:
    """A line over the hills of the lake, and a dab on the water."""
    line = [[0.1 + 0.08 * i, 0.5 + 0.06 * math.sin(i), 0.04 + 0.004 * i, 0.3, 0.9, float(i > 0)] for i in range(10)]
    return [*line, [0.3, 0.85, 0.1, 0.0, 0.8, 0.0]]


# The photo, and two settings that are shown one below the other.
SHOWN: dict[str, tuple[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "linear": ("lake", ({}, {"full_x": 1.0, "full_y": 0.2, "zero_x": 0.4, "zero_y": 0.8})),
    "ellipse": ("lake", ({}, {"x": 0.35, "radius_x": 0.3, "radius_y": 0.2, "angle": 30, "feather": 0.2})),
    "luminance": ("sunset", ({}, {"low": 0.0, "high": 0.15})),
    "color": ("lake", ({}, {"lightness": 0.6, "chroma": 0.08, "hue": 255, "radius": 0.06, "lightness_weight": 0})),
    "brush": ("lake", ({"strokes": _stroke()}, {"strokes": _stroke(), "refine": 1})),
    "bitmap": ("lake", ({"picture": [[1, 0.5, 0], [0.5, 0, 0]]}, {"picture": [[1, 1], [1, 1], [0, 0]], "refine": 1})),
    "sky": ("barn", ({}, {"grow": -1, "feather": 0})),
    "foliage": ("barn", ({}, {"grow": 1})),
    "water": ("beach", ({}, {"grow": 1})),
    "person": ("portrait", ({}, {"feather": 1})),
    "skin": ("portrait", ({}, {"refine": 0})),
    "ground": ("beach", ({}, {"grow": 1})),
}
# What `--in` takes, where the first slots as they are would say little.
WORDS = {"linear": "linear: from top to 0.6", "ellipse": "ellipse: x=0.4 y=0.5 feather=0.8"}


def installed(distribution: str) -> list[type[vr.Area]]:
    """The areas that a distribution provides."""
    entries = vr.registry.areas.entries().values()
    return [vr.registry.areas.load(entry.id) for entry in entries if entry.distribution == distribution]


def pages(distribution: str) -> dict[str, str]:
    """The page of each area of a distribution, and their index."""
    areas = installed(distribution)
    if not areas:
        return {}
    rows = [(f"[{area.id}](areas/{area.id}.md)", looks(area), summary(area)) for area in areas]
    index = page(
        "# Areas",
        "Where a local edit applies: soft masks, which look at the photo before any edit. Parts of an area are joined",
        'by `+`, `-` and `&`, and `not` covers what is left: `--in "sky - person"`. Every area passes',
        "[`check_area`](checks.md).",
        "",
        *table(("area", "looks at", "what it covers"), rows),
    )
    return {"areas.md": index, **{f"areas/{area.id}.md": text(area) for area in areas}}


def looks(area: type[vr.Area]) -> str:
    """What a pixel's mask depends on."""
    if area.view:
        return "the whole photo"
    return "each pixel and its place" if area.placed else "each pixel"


def text(area: type[vr.Area]) -> str:
    """The page of one area."""
    return page(
        f"# {area.id}",
        summary(area),
        "",
        *table(("version", "looks at"), [(str(area.version), looks(area))]),
        "",
        "## Formula and source",
        "",
        *quoted(inspect.getdoc(sys.modules[area.__module__]) or ""),
        "",
        "## Slots",
        "",
        *table(
            ("slot", "bounds and unit", "to begin with", "what it does"),
            [_cells(name, slot) for name, slot in area.slots.items()],
        ),
        "",
        "## Example",
        "",
        *example(area),
        *picture_words(area),
    )


def _cells(name: str, slot: vr.Slot) -> tuple[str, ...]:
    kind = "" if slot.kind == "scalar" else f", {slot.kind.replace('_', ' ')}"
    unit = "" if slot.unit == "1" else f" {slot.unit}"
    around = f", period {slot.period:g}" if slot.period else ""
    if slot.low is None or slot.high is None or slot.identity is None:
        return f"`{name}`{kind}", "none", "-", slot.doc
    bounds = f"{float(np.min(slot.low)):g} .. {float(np.max(slot.high)):g}{around}{unit}"
    return f"`{name}`{kind}", bounds, "-" if slot.shape else f"{float(slot.identity):g}", slot.doc


def example(area: type[vr.Area]) -> Iterator[str]:
    """A local edit as a command, or as the part of a plan where values are no single numbers."""
    lists = {name: value for name, value in SHOWN.get(area.id, ("", ({}, {})))[1][0].items() if isinstance(value, list)}
    words = (
        json.dumps({"id": area.id, "version": area.version, "params": lists}) if lists else WORDS.get(area.id, area.id)
    )
    if lists and len(words) > 200:
        named = ", ".join(f"`{each}`" for each in lists)
        yield f"Its values are drawn, by a program or a page, and stand in plans: {named}."
        return
    yield from fence("sh", f"veraretouch param photo.jpg --in '{words}' --set exposure.ev=-0.7 --out out.png")


def picture_words(area: type[vr.Area]) -> Iterator[str]:
    """The picture of the masks, and what it shows."""
    if area.id not in SHOWN:
        return
    first, second = (_said(setting) for setting in SHOWN[area.id][1])
    yield from (
        "",
        "## Its mask",
        "",
        f"The mask, and the photo darkened there: {first}; below, {second}.",
        "",
    )
    yield f"![{area.id}: two masks, and a photo darkened in each](../images/area.{area.id}.jpg)"


def _said(setting: dict[str, Any]) -> str:
    parts = [f"`{name}` {value:g}" if np.ndim(value) == 0 else f"`{name}` as drawn" for name, value in setting.items()]
    return ", ".join(parts) or "as it begins"


def pictures(distribution: str) -> Iterator[tuple[str, Image.Image]]:
    """File name -> picture of the masks of a distribution's areas."""
    for area in installed(distribution):
        if area.id in SHOWN:
            yield f"area.{area.id}.jpg", picture(area)


def picture(area: type[vr.Area]) -> Image.Image:
    """A mask and the photo darkened there, for both settings."""
    name, settings = SHOWN[area.id]
    opened = Image.open(ROOT / "docs" / "samples" / f"{name}.jpg").convert("RGB")
    opened.thumbnail((SIDE * 2, SIDE * 2), Image.Resampling.LANCZOS)
    photo = torch.from_numpy(np.asarray(opened).copy()).permute(2, 0, 1).unsqueeze(0) / 255
    lines = []
    for setting in settings:
        mask = mask_of(area, photo, setting)
        lines.append(torch.cat([mask.expand(-1, 3, -1, -1), photo * (1 - (1 - DARKER) * mask)], dim=3))
    sheet = Image.fromarray((torch.cat(lines, dim=2)[0] * 255).round().to(torch.uint8).permute(1, 2, 0).numpy())
    return sheet.resize((sheet.width // 2, sheet.height // 2), Image.Resampling.LANCZOS)


def mask_of(area: type[vr.Area], photo: torch.Tensor, setting: dict[str, Any]) -> torch.Tensor:
    """The mask (1, 1, H, W) of a photo (1, 3, H, W)."""
    values = {
        name: torch.tensor(np.array(setting.get(name, slot.identity)), dtype=torch.float32)[None]
        for name, slot in area.slots.items()
    }
    frame, made = vr.Frame(0, 0, *photo.shape[2:]), area()
    small = small_view(photo) if area.view else photo[:, :, :0, :0]
    return made.mask(photo, made.params(values, frame, small))
