"""Plans as people get them: what the planners make of photos, of words of the lexicon, and of presets.

`ordinary` gives no random values: auto plans of `rules` and `tiny`, style plans of both for prompts that the lexicon's
terms make alone, with a degree, and in pairs, and the presets of tests/data.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

import veraretouch as vr
from veraretouch.core import strict_json
from veraretouch.core.errors import VeraRetouchError
from veraretouch.ops.presets import read_preset

DATA = Path(__file__).parents[2] / "data"
PLANNERS = ("rules", "tiny")
DEGREES = ("slightly", "", "very")
OPS = (
    "white_balance",
    "exposure",
    "contrast",
    "tone_regions",
    "vibrance",
    "saturation",
    "hsl",
    "color_grading",
    "tone_curve",
)

Picture = NDArray[np.uint8]


class Case(NamedTuple):
    """A plan and the kind of its source: `auto`, `style`, `preset` or `random`."""

    kind: str
    plan: vr.Plan


def ordinary(count: int, *, seed: int = 0) -> list[Case]:
    """So many plans that edit something: every auto plan and preset, and prompts for the rest."""
    photos = [_small(path) for path in sorted((DATA / "photos").glob("*.jpg"))]
    found = [Case("preset", plan) for plan in _presets()]
    for name in PLANNERS:
        retoucher = vr.zoo.load(name)
        found += [Case("auto", plan) for plan in map(retoucher.plan, photos) if plan.edits]
    generator = random.Random(seed)
    retouchers = [vr.zoo.load(name) for name in PLANNERS]
    for number, prompt in enumerate(_prompts(generator)):
        if len(found) >= count:
            break
        try:
            plan = retouchers[number % len(retouchers)].plan(generator.choice(photos), style=prompt)
        except VeraRetouchError:  # a pair of terms that ask for nothing together
            continue
        if plan.edits:
            found.append(Case("style", plan))
    generator.shuffle(found)
    return found[:count]


def strong(count: int, *, seed: int = 0) -> list[Case]:
    """So many random plans of the usual ops, from weak to far beyond what a planner makes."""
    schema = vr.Schema.of([vr.registry.ops.load(id) for id in OPS])
    generator = torch.Generator().manual_seed(seed)
    made = []
    for _ in range(count):
        raw = torch.randn(1, schema.size, generator=generator) * (0.05 + 0.3 * torch.rand(1, 1, generator=generator))
        present = torch.rand(1, len(OPS), generator=generator) < 0.5
        made.append(Case("random", vr.Plan.of(vr.Latents.squash(schema, 0.5 * raw, present=present), mode="param")))
    return made


def _small(path: Path) -> Picture:
    return np.array(Image.open(path).convert("RGB").resize((240, 160)))


def _prompts(generator: random.Random) -> Iterator[str]:
    """Terms of the lexicon in a random order, each with a degree in turn, every third beside another term."""
    terms = [row["names"][0] for row in strict_json.parse(_lexicon(), name="the lexicon")["terms"]]
    while True:
        generator.shuffle(terms)
        for number, term in enumerate(terms):
            words = f"{DEGREES[number % 3]} {term}".strip()
            yield f"{words}, {generator.choice(terms)}" if number % 3 == 1 else words


def _lexicon() -> str:
    return (Path(vr.__file__).parent / "planners/rules/lexicon.json").read_text(encoding="utf-8")


def _presets() -> list[vr.Plan]:
    files = sorted((DATA / "presets").glob("*.xmp")) + sorted((DATA / "presets").glob("*.lrtemplate"))
    retoucher, photo = vr.zoo.load("rules"), np.zeros((8, 8, 3), np.uint8)
    return [retoucher.plan(photo, params=read_preset(path).params) for path in files]
