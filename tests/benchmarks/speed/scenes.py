"""Photos and edits that speed is measured on: made from the repository's samples, the same in every run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from veraretouch import Latents, Schema, registry

SAMPLES = Path(__file__).parents[3] / "docs" / "samples"
Picture = NDArray[Any]

TEN = {
    "white_balance": {"temperature": 0.2, "tint": -0.1},
    "exposure": {"ev": 0.4},
    "contrast": {"amount": 0.2},
    "tone_regions": {"highlights": -0.4, "shadows": 0.3, "whites": 0.1, "blacks": -0.1},
    "parametric_curve": {"darks": 0.2, "lights": -0.1},
    "calibration": {"red_hue": 0.2, "blue_saturation": 0.2},
    "vibrance": {"amount": 0.3},
    "saturation": {"amount": -0.1},
    "hsl": {
        "hue": [0.1, 0.2, 0, -0.3, 0, 0.1, 0, 0],
        "saturation": [0, 0.1, 0.2, -0.3, 0, 0.3, 0, 0],
        "luminance": [0, 0.1, 0.2, -0.3, 0, -0.3, 0, 0],
    },
    "color_grading": {
        "shadow_hue": 220.0,
        "shadow_saturation": 0.2,
        "highlight_hue": 40.0,
        "highlight_saturation": 0.2,
    },
}
FIVE = ("white_balance", "exposure", "contrast", "tone_regions", "vibrance")
ORDINARY = (*TEN, "tone_curve")
STRENGTHS = (0.15, 0.25, 0.4)


def ten_ops() -> Latents:
    """A plan of ten ops, strong enough to be seen."""
    return some_ops(TEN)


def some_ops(ids: Iterable[str]) -> Latents:
    """A plan of some of the ten."""
    values = {op: {slot: torch.tensor([value]) for slot, value in TEN[op].items()} for op in ids}
    return Latents(Schema.of([registry.ops.load(id) for id in values]), values)


def random_edit(seed: int) -> tuple[float, Latents]:
    """A strength, and three to eight ops whose every value is drawn with it as spread, in units of `squash`;
    curves are smooth.
    """
    generator = torch.Generator().manual_seed(seed)
    count = int(torch.randint(3, 9, (1,), generator=generator))
    chosen = [ORDINARY[i] for i in torch.randperm(len(ORDINARY), generator=generator)[:count].tolist()]
    schema, strength = Schema.of([registry.ops.load(id) for id in chosen]), STRENGTHS[seed % len(STRENGTHS)]
    latents = Latents.squash(schema, strength * torch.randn(1, schema.size, generator=generator))
    if "tone_curve" not in chosen:
        return strength, latents
    line = torch.linspace(0, 1, 17)
    curves = {}
    for name in ("luma", "red", "green", "blue"):
        arch, wave = (0.25 * strength * torch.randn(2, generator=generator)).tolist()
        bent = line + arch * torch.sin(torch.pi * line) + wave * torch.sin(2 * torch.pi * line)
        curves[name] = bent.clamp(0, 1).unsqueeze(0)
    return strength, Latents(schema, {**latents.values, "tone_curve": curves})


def samples() -> dict[str, Picture]:
    """The eight sample photos, uint8."""
    return {path.stem: np.array(Image.open(path).convert("RGB")) for path in sorted(SAMPLES.glob("*.jpg"))}


def mosaic(height: int = 3000, width: int = 4000) -> Picture:
    """A photo of any size out of the samples at their own sharpness;
    12 megapixels as a JPEG of quality 92 take 4 MB.
    """
    pictures = list(samples().values())
    whole = np.zeros((height, width, 3), np.uint8)
    for index, (top, left) in enumerate((y, x) for y in range(0, height, 600) for x in range(0, width, 650)):
        piece = np.tile(pictures[index % len(pictures)], (2, 2, 1))[: min(600, height - top), : min(650, width - left)]
        whole[top : top + len(piece), left : left + piece.shape[1]] = piece
    return whole


def ramps() -> Picture:
    """Ramps from black to greys, primaries, secondaries, skin and sky, and from those to white."""
    t = np.linspace(0, 1, 512)[None, :, None]
    ends = [(1, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1), (1, 0, 1), (1, 0.8, 0.6), (0.3, 0.5, 0.9)]
    rows = [t * np.array(end) for end in ends] + [1 - (1 - t) * np.array(end) for end in ends[1:4]]
    return np.rint(255 * np.concatenate([np.repeat(row, 16, axis=0) for row in rows])).astype(np.uint8)


def wheel(size: int = 400) -> Picture:
    """All hues round, from white in the middle to full saturation at the rim and beyond."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    place = (np.array([5, 3, 1]) + (np.arctan2(y, x) / (2 * np.pi) % 1)[..., None] * 6) % 6
    colours = 1 - np.hypot(x, y).clip(0, 1)[..., None] * np.clip(np.minimum(place, 4 - place), 0, 1)
    return np.rint(255 * colours).astype(np.uint8)


def interleaved(
    contestants: Mapping[str, Callable[[], object]], rounds: int = 5, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Median seconds of each, run in turns after a turn that does not count: what slows the machine slows all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, run in contestants.items():
            began = clock()
            run()
            if turn:
                seconds[name].append(clock() - began)
    return {name: median(all_of) for name, all_of in seconds.items()}
