"""Pairs for the scorer `dapo.appeal`: what is measured of each photo, and of the same made unfinished and spoilt.

python contrib/dapo/tools/scorer_pairs.py PHOTOS --out pairs.npz

PHOTOS has a folder for each source. Unfinished: the inverse of what human experts do, as `training/cases/unfinished`
draws it. Spoilt: by draws of aether's recipe, both ways and down to what is hardly seen. What is kept are names, the
measurements (N, 1 + UNFINISHED + SPOILT, SIZE), the photo's own first, and the mean CIEDE2000 of the others from it.
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
from veraretouch_dapo.scorers.network import SIDE, measure

from veraretouch import Latents, Renderer, Schema, registry
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.planners.training.cases.unfinished import unfinish

OPS = ("color_matrix", "exposure", "contrast", "tone_regions", "vibrance", "saturation", "hsl")
UNFINISHED, SPOILT, AT_ONCE = 4, 8, 32


def main() -> None:
    parser = argparse.ArgumentParser(description="Pairs of photos and worse ones.")
    parser.add_argument("photos", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    recipe = json.loads((files("veraretouch_aether") / "data" / "recipe.json").read_text())["auto"] | {"unspoilt": 0.0}
    paths = sorted(asked.photos.rglob("*.jpg"))
    names = [path.relative_to(asked.photos).as_posix() for path in paths]
    measured, apart = [], []
    for start in range(0, len(paths), AT_ONCE):
        some = range(start, min(start + AT_ONCE, len(paths)))
        good = np.stack([averaged(paths[row]) for row in some])
        rgb = torch.from_numpy(good).permute(0, 3, 1, 2).contiguous()
        worse = [unfinish(rgb, [(row, number) for row in some]) for number in range(UNFINISHED)]
        shares = [look_at(picture).shares for picture in good]
        for number in range(SPOILT):
            drawn = [
                draw_spoiling(generator("scorer", names[row], number), recipe, of)[0]
                for row, of in zip(some, shares, strict=True)
            ]
            with torch.no_grad():
                worse.append((Renderer()(rgb.float() / 255, latents_of(drawn)) * 255).round().to(torch.uint8))
        measured.append(torch.stack([measure(each.float() / 255) for each in (rgb, *worse)], dim=1))
        apart.append(torch.stack([difference(rgb, each) for each in worse], dim=1))
        print(start, flush=True)
    np.savez(asked.out, names=np.array(names), measured=torch.cat(measured).numpy(), apart=torch.cat(apart).numpy())


def averaged(path: Path) -> np.ndarray[Any, Any]:
    """A photo as (SIDE, SIDE, 3) averages."""
    with Image.open(path, formats=("JPEG", "PNG", "WEBP")) as image:
        return np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX))


def difference(one: Tensor, other: Tensor) -> Tensor:
    """The mean CIEDE2000 (B,) of pictures (B, 3, SIDE, SIDE) uint8, on every fourth row and column."""
    thin = [picture[:, :, ::4, ::4].movedim(1, -1) / 255 for picture in (one, other)]
    return ciede2000(*thin).mean(dim=(1, 2)).float()


def latents_of(spoilings: list[dict[str, dict[str, Any]]]) -> Latents:
    """One row a spoiling; ops that it does not name are absent."""
    schema = Schema.of([registry.ops.load(op) for op in OPS])
    values: dict[str, dict[str, Tensor]] = {}
    for op in OPS:
        for name, slot in registry.ops.load(op).slots.items():
            rows = [np.asarray(each.get(op, {}).get(name, slot.identity), dtype=np.float32) for each in spoilings]
            values.setdefault(op, {})[name] = torch.from_numpy(np.stack(rows))
    assert all(set(each) <= set(OPS) for each in spoilings)
    return Latents(schema, values, present={op: torch.tensor([op in each for each in spoilings]) for op in OPS})


if __name__ == "__main__":
    main()
