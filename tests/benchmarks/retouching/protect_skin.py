"""How far "keep skin natural" lets labelled skin be moved: not said, by usual hues alone, by the photo's own skin.

    python tests/benchmarks/retouching/protect_skin.py LABELS [--photos 20] [--json FILE]

LABELS is a folder of one tar of photos and palette PNGs a source, whose index 8 is bare skin (sources sfa, fasseg and
ccp). The planner looks at the photo; the labels only judge. Tones are told by the individual typology angle of labelled
pixels (Chardin, Cretois and Hourseau 1991), atan((L* - 50) / b*): light above 41 degrees, middle, dark below 10.
"""

from __future__ import annotations

import argparse
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.color.cielab import cielab
from veraretouch.core.color.planes import planes_of
from veraretouch.core.color.srgb import srgb_to_linear
from veraretouch.core.photo import as_photo
from veraretouch.planners.rules.planner import OPS
from veraretouch.planners.rules.style import read_style
from veraretouch.planners.tiny.latents import wish_of

SOURCES = ("sfa", "fasseg", "ccp")
SKIN, LIGHT, DARK = 8, 41.0, 10.0
PROMPTS = (
    "teal and orange, keep skin natural",
    "strong teal and orange, protect the skin tones",
    "very warm golden sunset, keep skin natural",
    "much warmer, keep the skin as it is",
)


def examples(folder: Path, count: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Source, picture (H, W, 3) uint8 and its skin (H, W), evenly drawn from each source."""
    for source in SOURCES:
        with tarfile.open(folder / f"{source}.tar") as archive:
            names = sorted(name for name in archive.getnames() if name.endswith(".jpg"))
            for place in np.linspace(0, len(names) - 1, count):
                name = names[int(place)]
                picture, labels = (_opened(archive, file) for file in (name, f"{name[:-4]}.png"))
                if (labels == SKIN).sum() >= 64:
                    yield source, picture, labels == SKIN


def _opened(archive: tarfile.TarFile, name: str) -> np.ndarray:
    held = archive.extractfile(name)
    assert held is not None, name
    with Image.open(io.BytesIO(held.read())) as image:
        return np.array(image.convert("RGB") if name.endswith(".jpg") else image)


def tone(rgb: Tensor, skin: Tensor) -> str:
    """Light, middle or dark, of labelled pixels of a picture (1, 3, H, W)."""
    light, _, b = (plane[0, 0][skin].median() for plane in cielab(planes_of(srgb_to_linear(rgb))))
    angle = float(torch.rad2deg(torch.atan2(light - 50, b)))
    return "light" if angle > LIGHT else "dark" if angle < DARK else "middle"


def measure(folder: Path, count: int) -> list[dict[str, Any]]:
    """A row for each photo and prompt: what skin and all else are moved by, unprotected, by hues alone, as planned."""
    rules, renderer = vr.load("rules"), vr.Renderer()
    schema = vr.Schema.of([vr.registry.ops.load(op) for op in OPS])
    rest = vr.Latents.identity(schema).pack()
    rows = []
    for i, (source, picture, labels) in enumerate(examples(folder, count)):
        rgb, skin = torch.from_numpy(picture).permute(2, 0, 1)[None] / 255, torch.from_numpy(labels)
        prompt = PROMPTS[i % len(PROMPTS)]
        words = vr.Latents.unpack(schema, wish_of(schema, read_style(prompt).edits)[None] + rest)
        row: dict[str, Any] = {"source": source, "tone": tone(rgb, skin), "prompt": prompt}
        unsaid, said = (rules.plan(as_photo(picture), style=each) for each in (prompt.partition(",")[0], prompt))
        for name, edit in (("unprotected", unsaid.latents()), ("hues", words), ("seen", said.latents())):
            apart = ciede2000(renderer(rgb, edit)[0].permute(1, 2, 0), rgb[0].permute(1, 2, 0))
            row[name], row[f"{name} elsewhere"] = float(apart[skin].mean()), float(apart[~skin].mean())
        rows.append(row)
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """The rows' means by tone, source and prompt."""
    keys = ("unprotected", "hues", "seen", "unprotected elsewhere", "seen elsewhere")
    lines = [
        "| photos | number | skin, unprotected | by hues | as seen | worst | share left | above half "
        "| elsewhere, unprotected | as seen |",
        "|" + "---|" * 10,
    ]
    for part in ("tone", "source", "prompt", None):
        for name in sorted({row[part] for row in rows}) if part else ["all"]:
            some = [row for row in rows if part is None or row[part] == name]
            bare, hues, seen, others, left = (np.mean([row[key] for row in some]) for key in keys)
            above = np.mean([row["seen"] > 0.5 * row["unprotected"] for row in some])
            worst = max(row["seen"] for row in some)
            lines.append(
                f"| {name} | {len(some)} | {bare:.2f} | {hues:.2f} | {seen:.2f} | {worst:.2f} | {seen / bare:.2f} |"
                f" {above:.0%} | {others:.2f} | {left:.2f} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--photos", type=int, default=20, help="of each source")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    measured = measure(chosen.labels, chosen.photos)
    if chosen.json:
        chosen.json.write_text(json.dumps(measured, indent=1) + "\n")
    print(table(measured))
