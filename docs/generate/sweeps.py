"""Strips of pictures: a photo by five values of a slot, from its low end to its high one.
A slot with bands has a row a band.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from PIL import Image

import veraretouch as vr
from veraretouch.core.color.hue_bands import BANDS

from .areas import pictures
from .markdown import ROOT

SIDE = 176  # the longer side of a picture, in pixels
LARGE = 768
GAP = 3
COLUMNS = 5
QUALITY = 68

# A photo that shows what a slot is for: the nearest of "op.slot" and "op". The others have the lake.
PHOTOS = {
    "noise_reduction": "portrait",
    "white_balance": "portrait",
    "exposure": "barn",
    "tone_regions.highlights": "sunset",
    "tone_regions.shadows": "portrait",
    "tone_regions.blacks": "night",
    "parametric_curve": "stream",
    "tone_curve": "beach",
    "calibration.red_hue": "portrait",
    "calibration.red_saturation": "portrait",
    "calibration.green_hue": "stream",
    "calibration.green_saturation": "stream",
    "calibration.shadow_tint": "night",
    "vibrance": "beach",
    "defringe": "night",
    "saturation": "barn",
    "color_grading": "beach",
    "color_grading.shadow_hue": "portrait",
    "color_grading.shadow_saturation": "portrait",
    "color_grading.shadow_luminance": "portrait",
    "color_grading.blending": "night",
    "color_grading.balance": "night",
    "cdl": "stream",
    "lut1d": "barn",
    "lut3d": "barn",
}
# Foliage lies in the yellow band, pale sea between green and aqua.
BY_BAND = ("barn", "desert", "stream", "beach", "night", "lake", "night", "night")

# What a slot needs beside it to be seen at all.
BESIDE: dict[str, dict[str, Any]] = {
    "parametric_curve.shadow_split": {"shadows": 0.8, "darks": -0.5},
    "parametric_curve.midtone_split": {"darks": -0.7, "lights": 0.7},
    "parametric_curve.highlight_split": {"highlights": 0.8, "lights": -0.5},
    "color_grading.shadow_hue": {"shadow_saturation": 0.7},
    "color_grading.shadow_saturation": {"shadow_hue": 230.0},
    "color_grading.midtone_hue": {"midtone_saturation": 0.7},
    "color_grading.midtone_saturation": {"midtone_hue": 30.0},
    "color_grading.highlight_hue": {"highlight_saturation": 0.7},
    "color_grading.highlight_saturation": {"highlight_hue": 45.0},
    "color_grading.global_hue": {"global_saturation": 0.7},
    "color_grading.global_saturation": {"global_hue": 30.0},
    "color_grading.blending": {
        "shadow_hue": 230.0,
        "shadow_saturation": 0.8,
        "highlight_hue": 45.0,
        "highlight_saturation": 0.8,
    },
    "color_grading.balance": {
        "shadow_hue": 230.0,
        "shadow_saturation": 0.8,
        "highlight_hue": 45.0,
        "highlight_saturation": 0.8,
    },
    "grey_mixer.bands": {"monochrome": 1.0},
    **{f"vignette.{slot}": {"amount": -0.7} for slot in ("midpoint", "roundness", "feather", "highlights", "paint")},
    **{f"noise_reduction.luminance_{slot}": {"luminance": 1.0} for slot in ("detail", "contrast")},
    **{f"noise_reduction.color_{slot}": {"color": 1.0} for slot in ("detail", "smoothness")},
    **{f"sharpening.{slot}": {"amount": 0.8} for slot in ("radius", "detail", "masking")},
    **{f"grain.{slot}": {"amount": 0.8} for slot in ("size", "roughness")},
}

# The channels that reach beyond the others at an edge.
FRINGES = {"purple": torch.tensor([True, False, True]), "green": torch.tensor([False, True, False])}

GAMMAS = (2.0, 1.4, 1.0, 0.7, 0.5)
TURNS = (-0.5, -0.25, 0.0, 0.25, 0.5)


@dataclass(frozen=True)
class Row:
    """Five values of one slot, or of one of its bands, beside what else is set; `words` says what the columns are."""

    photo: str
    words: str
    values: tuple[Any, ...]
    beside: dict[str, Any]


def rows(op: type[vr.Op], name: str) -> list[Row]:
    """The rows of a slot's strip; none for a slot without bounds or identity, whose values only a network knows."""
    slot = op.slots[name]
    if slot.identity is None or slot.low is None or slot.high is None:
        return []
    address = f"{op.id}.{name}"
    photo = PHOTOS.get(address, PHOTOS.get(op.id, "lake"))
    beside = _beside(op, address, slot)
    if slot.kind == "scalar":
        values = _steps(slot, ())
        return [Row(photo, ", ".join(f"{value:g}" for value in values), values, beside)]
    if slot.kind == "bands":
        return [_band(slot, index, photo, beside) for index in range(slot.shape[0])]
    if slot.kind == "matrix" and slot.shape[0] == slot.shape[1]:
        unit, turned = np.eye(slot.shape[0]), np.roll(np.eye(slot.shape[0]), 1, axis=1)
        mixed = tuple(unit + turn * (turned - unit) for turn in TURNS)
        return [Row(photo, f"each new channel with {_listed(TURNS)} of the next in the place of itself", mixed, beside)]
    if slot.kind in ("curve", "lattice"):
        bent = tuple(np.asarray(slot.identity) ** gamma for gamma in GAMMAS)
        return [Row(photo, f"values to the power of {_listed(GAMMAS)}", bent, beside)]
    return []


def strip(op: type[vr.Op], name: str) -> Image.Image | None:
    """The strip of a slot, or None where it has none."""
    found = rows(op, name)
    if not found:
        return None
    lines = [_rendered(op, name, row) for row in found]
    height = sum(line.shape[0] for line in lines) + GAP * (len(lines) - 1)
    sheet = np.full((height, max(line.shape[1] for line in lines), 3), 255, dtype=np.uint8)
    top = 0
    for line in lines:
        sheet[top : top + line.shape[0], : line.shape[1]] = line
        top += line.shape[0] + GAP
    return Image.fromarray(sheet)


def images(distribution: str) -> Iterator[tuple[str, Image.Image]]:
    """File name -> picture of every strip of a distribution's ops, and of its areas' masks."""
    for op in installed(distribution):
        for name in op.slots:
            picture = strip(op, name)
            if picture is not None:
                yield f"{op.id}.{name}.jpg", picture
    yield from pictures(distribution)


def jpeg(picture: Image.Image) -> bytes:
    """The file of a picture."""
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=QUALITY, optimize=True)
    return data.getvalue()


def installed(distribution: str) -> list[type[vr.Op]]:
    """The ops that a distribution provides, in the order of the chain."""
    entries = vr.registry.ops.entries().values()
    ops = [vr.registry.ops.load(entry.id) for entry in entries if entry.distribution == distribution]
    return sorted(ops, key=lambda op: (op.stage, op.id))


def _beside(op: type[vr.Op], address: str, slot: vr.Slot) -> dict[str, Any]:
    if op.id == "lut3d" and slot.kind == "scalar":
        red, green, blue = np.moveaxis(np.asarray(vr.Lattice(2, group="look", doc="Look.").identity), -1, 0)
        # Each channel darkens where another is dark: on products of channels the two ways of interpolating differ.
        look = red * (0.5 + 0.5 * green), green * (0.6 + 0.4 * red), blue * (0.2 + 0.8 * red)
        return {"lattice": np.stack(look, axis=-1)}
    return BESIDE.get(address, {})


def _band(slot: vr.Slot, index: int, photo: str, beside: dict[str, Any]) -> Row:
    steps = _steps(slot, (index,))
    values = []
    for step in steps:
        value = np.array(slot.identity)
        value[index] = step
        values.append(value)
    eight = slot.shape == (len(BANDS),)
    band = BANDS[index] if eight else ("red", "green", "blue")[index] if slot.shape == (3,) else f"band {index + 1}"
    return Row(BY_BAND[index] if eight else photo, f"{band} {_listed(steps)}", tuple(values), beside)


def _steps(slot: vr.Slot, place: tuple[int, ...]) -> tuple[float, ...]:
    """Low, half-way, identity, half-way, high; round the circle for hues, evenly where identity is an end."""
    low, identity, high = (float(np.asarray(value)[place]) for value in (slot.low, slot.identity, slot.high))
    if slot.period is not None:
        return tuple(low + slot.period * step / COLUMNS for step in range(COLUMNS))
    if identity in (low, high):
        return tuple(float(value) for value in np.linspace(low, high, COLUMNS))
    return (low, (low + identity) / 2, identity, (identity + high) / 2, high)


def _listed(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _rendered(op: type[vr.Op], name: str, row: Row) -> np.ndarray:
    sizes = [np.shape(value)[0] for value in (*row.values, *row.beside.values()) if np.ndim(value) == 4]
    schema = vr.Schema.of([op], lattice=sizes[0] if sizes else None)
    fixed = {
        other: torch.as_tensor(np.array([value] * COLUMNS), dtype=torch.float32) for other, value in row.beside.items()
    }
    swept = torch.as_tensor(np.array(row.values), dtype=torch.float32)
    latents = vr.Latents(schema, {op.id: fixed | {name: swept}}, batch=COLUMNS)
    photo = small(row.photo, side_for(op.id))
    if op.id == "noise_reduction":  # the samples have hardly any
        photo = (photo + 0.08 * torch.randn(photo.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    if op.id == "defringe":  # nor fringes: they are drawn beside whatever is bright
        reached = torch.nn.functional.max_pool2d(photo, 3, 1, 1)
        photo = torch.where(FRINGES[name].reshape(1, 3, 1, 1), reached, photo)
    done = vr.Renderer([op])(photo.expand(COLUMNS, -1, -1, -1), latents)
    top, left = ((length - min(length, SIDE)) // 2 for length in done.shape[2:])
    done = done[:, :, top : top + SIDE * 2 // 3, left : left + SIDE] if max(done.shape[2:]) > SIDE else done
    pictures = (done * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    gap = np.full((pictures.shape[1], GAP, 3), 255, dtype=np.uint8)
    return np.concatenate([part for picture in pictures for part in (picture, gap)][:-1], axis=1)


def side_for(op: str) -> int:
    """The longer side of the photo that an op is shown on: thumbnails show neither sharpening nor noise."""
    return LARGE if op in ("sharpening", "noise_reduction") else SIDE


@cache
def small(name: str, side: int = SIDE) -> torch.Tensor:
    """A sample photo (1, 3, H, W), sRGB-encoded, its longer side at most so many pixels."""
    picture = Image.open(ROOT / "docs" / "samples" / f"{name}.jpg").convert("RGB")
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1).unsqueeze(0) / 255
