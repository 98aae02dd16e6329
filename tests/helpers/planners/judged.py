"""Pictures to judge by, made from the repository's free photos, and planners that behave well or badly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from veraretouch import Latents, Op, Proposal, Schema, Slot, Stage
from veraretouch.core.color.srgb import linear_to_srgb, srgb_to_linear
from veraretouch.core.testing.samples import sample
from veraretouch.planners.rules.planner import Rules
from veraretouch.planners.training.spoilings import draw, spoil

PROMPTS = ("much warmer", "darker", "black and white")


def pixels(name: str, side: int = 96) -> np.ndarray:
    """A sample photo (H, W, 3) uint8, `side` pixels along its long side."""
    image = Image.open(sample(name)).convert("RGB")
    image.thumbnail((side, side))
    return np.asarray(image)


def spoilt(good: np.ndarray, seed: int = 0) -> np.ndarray:
    """Spoilt as `tiny` is trained on."""
    rgb = torch.from_numpy(good.copy()).permute(2, 0, 1)[None] / 255
    return spoil(rgb, draw([(1, seed, 2, 3, 4)]))[0].permute(1, 2, 0).numpy()


def write(path: Path, picture: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)
    return path


class Light(Op):
    """Scale linear light: what more of it does to a scene."""

    id = "test.light"
    version = 1
    stage = Stage.TONE
    pointwise = True
    stops = Slot(0.0, low=-2.0, high=2.0, unit="EV", group="lighting", doc="How many.")

    def apply(self, rgb, p):
        return linear_to_srgb(srgb_to_linear(rgb) * 2**p.stops)


class Mixing(Light):
    """Scale linear light and tint it, all in the group of light."""

    id = "test.mixing"

    def apply(self, rgb, p):
        return super().apply(rgb, p) * rgb.new_tensor([1.0, 1.0, 0.6])[:, None, None]


class One:
    """Plan the same for every photo: an op at a value, and words."""

    version = "1"
    modes = frozenset({"auto", "style"})

    def __init__(self, id: str, op: type[Op], words: str = "", **values: float) -> None:
        self.id, self.op, self.words, self.values = id, op, words, values

    def plan(self, photos, requests):
        rows = len(photos)
        values = {name: torch.full((rows,), value) for name, value in self.values.items()}
        latents = Latents(Schema.of([self.op]), {self.op.id: values}, batch=rows)
        return Proposal(latents, [{"lighting": {"problem": "Too dark.", "plan": self.words}}] * rows)


class Shouting(Rules):
    """The rules, which turn every style into the same one."""

    id = "test.shouting"

    def plan(self, photos, requests):
        return super().plan(photos, [replace(r, prompt="warmer") if r.mode == "style" else r for r in requests])
