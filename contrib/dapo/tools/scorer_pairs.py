"""Pairs for the scorer `dapo.appeal`: each photo as it is, and spoilt by draws of aether's recipe.

python contrib/dapo/tools/scorer_pairs.py PHOTOS --out pairs.npz

PHOTOS has a folder for each source. A photo's pairs depend on its path alone. What is kept of a picture is a grid of
averages, which is what the scorer sees: (N, 1 + PER_PHOTO, SIDE, SIDE, 3) uint8, the photo itself first; and the mean
CIEDE2000 of each spoilt one from it.
"""

from __future__ import annotations

import argparse
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from veraretouch_aether.examples.draw import generator
from veraretouch_aether.examples.look import look_at
from veraretouch_aether.examples.spoil import draw_spoiling
from veraretouch_dapo.scorers.network import SIDE

from veraretouch import Latents, Renderer, Schema, registry
from veraretouch.core.color.ciede2000 import ciede2000

OPS = ("color_matrix", "exposure", "contrast", "tone_regions", "vibrance", "saturation", "hsl")
AT_ONCE = 32


def main() -> None:
    parser = argparse.ArgumentParser(description="Pairs of photos and spoilt ones.")
    parser.add_argument("photos", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--per-photo", type=int, default=8)
    asked = parser.parse_args()
    recipe = json.loads((files("veraretouch_aether") / "data" / "recipe.json").read_text())["auto"] | {"unspoilt": 0.0}
    paths = sorted(asked.photos.rglob("*.jpg"))
    names = [path.relative_to(asked.photos).as_posix() for path in paths]
    pictures, apart = [], []
    for start in range(0, len(paths), AT_ONCE):
        good = np.stack([averaged(path) for path in paths[start : start + AT_ONCE]])
        spoilings = [
            draw_spoiling(generator("scorer", name, number), recipe, look_at(picture).shares)[0]
            for name, picture in zip(names[start : start + AT_ONCE], good, strict=True)
            for number in range(asked.per_photo)
        ]
        rgb = torch.from_numpy(good).permute(0, 3, 1, 2).float() / 255
        rgb = rgb.repeat_interleave(asked.per_photo, dim=0)
        with torch.no_grad():
            spoilt = (Renderer()(rgb, latents_of(spoilings)) * 255).round()
        far = ciede2000(rgb.permute(0, 2, 3, 1)[:, ::2, ::2], spoilt.permute(0, 2, 3, 1)[:, ::2, ::2] / 255)
        spoilt = spoilt.to(torch.uint8).permute(0, 2, 3, 1).reshape(len(good), asked.per_photo, SIDE, SIDE, 3)
        pictures.append(np.concatenate([good[:, None], spoilt.numpy()], axis=1))
        apart.append(far.mean(dim=(1, 2)).reshape(len(good), -1).float().numpy())
        print(start, flush=True)
    np.savez(asked.out, names=np.array(names), pictures=np.concatenate(pictures), apart=np.concatenate(apart))


def averaged(path: Path) -> np.ndarray[Any, Any]:
    """A photo as (SIDE, SIDE, 3) averages."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX))


def latents_of(spoilings: list[dict[str, dict[str, Any]]]) -> Latents:
    """One row a spoiling; ops that it does not name are absent."""
    schema = Schema.of([registry.ops.load(op) for op in OPS])
    values: dict[str, dict[str, Tensor]] = {}
    for op in OPS:
        for name, slot in registry.ops.load(op).slots.items():
            rows = [np.asarray(each.get(op, {}).get(name, slot.identity), dtype=np.float32) for each in spoilings]
            values.setdefault(op, {})[name] = torch.from_numpy(np.stack(rows))
    present = {op: torch.tensor([op in each for each in spoilings]) for op in OPS}
    assert all(set(each) <= set(OPS) for each in spoilings)
    return Latents(schema, values, present=present)


if __name__ == "__main__":
    main()
