"""Fit the weights of the rules: spoil finished photos, undo them through the renderer, learn from the pixels.

    python tests/benchmarks/retouching/calibrate_rules.py COLLECTION --out planners/rules [--hold-out 0] [--most 260]

COLLECTION holds photos by source (see planners/training/cases/sources.py); finished ones (tier `retouched`) are taken,
and those of one fold of sources are left out for judging. OUT/calibration.json weighs colours and tones, with `--scene`
what the photo shows as well. Spoilings are those of undo.json and of planners/training/spoilings.json, under seeds of
their own. The loss is the OkLab distance to the unspoilt photo, with a penalty on every case that ends worse than it
began and a bonus for undoing at least 12 %.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from undo import Picture, cases, load_distribution, spoil, without_engine

import veraretouch as vr
from veraretouch.core.color.oklab import oklab
from veraretouch.core.photo import as_photo
from veraretouch.planners.rules.evidence import features
from veraretouch.planners.rules.measure import measure
from veraretouch.planners.scene.scene import scene_of
from veraretouch.planners.training import spoilings
from veraretouch.planners.training.cases.sources import RETOUCHED, SourcePhoto, photos_by_source, read_photos

# Control -> (scale of its evidence, limit of its action):
# a step of this size is worth its while on the right photo and harmless on the wrong.
CONTROLS: dict[str, tuple[float, float]] = {
    "exposure.ev": (1.0, 0.75),
    "white_balance.temperature": (0.5, 0.27),
    "white_balance.tint": (0.5, 0.27),
    "contrast.amount": (0.5, 0.23),
    "saturation.amount": (0.5, 0.23),
    "tone_regions.whites": (0.5, 0.23),
    "tone_regions.shadows": (0.5, 0.23),
    "tone_regions.highlights": (0.5, 0.23),
}
PIXELS, BATCH = 400, 384
# Cases of each distribution a photo, and how often it stands among them unspoilt, so that good photos are left alone.
CASES, UNSPOILT = 2, 2
SEED = 18
# A case may end this much worse (OkLab distance times 100) before the loss punishes it, and how hard.
MARGIN, PENALTY = 1.2, 0.7
# The reward of undoing a case, and what large weights cost.
BONUS, TAME = 20.0, 0.1


class Rows:
    """The spoilt and unspoilt pixels of all cases, and what was measured on each, what the photo shows or without."""

    def __init__(self, photos: Sequence[tuple[str, Picture]], *, scene: bool) -> None:
        rng = np.random.default_rng(1)
        found: list[dict[str, float]] = []
        before, after, spoilt = [], [], []
        for name, good in photos:
            known: dict[str, float] | None = None
            for picture in _examples(name, good):
                pick = rng.choice(picture.shape[0] * picture.shape[1], PIXELS)
                if picture is not good or known is None:
                    photo = as_photo(picture)
                    row = features(measure(photo, scene_of(photo) if scene else None))
                    known = row if picture is good else known
                else:
                    row = known
                found.append(row)
                before.append(picture.reshape(-1, 3)[pick])
                after.append(good.reshape(-1, 3)[pick])
                spoilt.append(picture is not good)
        self.before, self.wanted = _pixels(before), _perceived(_pixels(after))
        self.distance = _distance(_perceived(self.before), self.wanted)
        self.spoilt = torch.tensor(spoilt)
        self.names = list(dict.fromkeys(name for row in found for name in row))
        # What a photo does not show is as usual.
        table = np.array([[row.get(name, np.nan) for name in self.names] for row in found])
        usual = np.stack([np.nanmean(table, axis=0), np.nanstd(table, axis=0) + 1e-6], axis=1)
        scaled = np.nan_to_num((table - usual[:, 0]) / usual[:, 1])
        self.usual = torch.from_numpy(usual)
        self.scaled = torch.from_numpy(scaled).float().clamp(-3, 3)


def finished(collection: Path, *, hold_out: int, most: int, held: bool = False) -> list[tuple[str, Picture]]:
    """Finished photos of the sources that are not held out, or of those that are, drawn by seed: name, pixels."""
    photos = [p for p in photos_by_source(collection) if p.tier == RETOUCHED and (p.fold == hold_out) == held]
    order = np.random.default_rng(SEED).permutation(len(photos))[:most]
    chosen: list[SourcePhoto] = [photos[place] for place in sorted(order)]
    return [(photo.file, pixels.permute(1, 2, 0).numpy()) for photo, pixels in read_photos(chosen)]


def _examples(name: str, good: Picture) -> Iterator[Picture]:
    distribution = without_engine(load_distribution(), "imagemagick") | {"seed": SEED, "cases_per_photo": CASES}
    for case in cases(distribution, {name: good}):
        yield spoil(good, case)
    yield from strong(name, good, CASES)
    for _ in range(UNSPOILT):
        yield good


def strong(name: str, good: Picture, count: int) -> Iterator[Picture]:
    """A photo with strong faults, as planners/training/spoilings.json draws them by its name."""
    rgb = torch.from_numpy(np.ascontiguousarray(good)).permute(2, 0, 1)[None].float() / 255
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "little")
    for faults in spoilings.draw([(SEED, number, case) for case in range(count)]):
        yield spoilings.spoil(rgb, faults[None])[0].permute(1, 2, 0).numpy()


def _pixels(rows: list[Picture]) -> Tensor:
    return torch.tensor(np.stack(rows)).float().div(255).permute(0, 2, 1).unsqueeze(3)


def _perceived(rgb: Tensor) -> Tensor:
    lab = oklab(rgb)
    return 100 * torch.cat([lab.L, 1.6 * lab.a, 1.6 * lab.b], dim=1)


def _distance(a: Tensor, b: Tensor) -> Tensor:
    return ((a - b).square().sum(1) + 1e-3).sqrt().mean((1, 2))


def fit(rows: Rows, steps: int) -> dict[str, Any]:
    """Adam on weights, dead zones and confidences, all starting near doing nothing."""
    torch.manual_seed(0)
    scale, limit = (torch.tensor([rule[i] for rule in CONTROLS.values()]) for i in (0, 1))
    count, width = len(CONTROLS), len(rows.names)
    learnt = {
        "weights": 0.05 * torch.randn(count, width),
        "bias": torch.full((count,), 0.05),
        "dead_zone": torch.full((count,), -4.0),
        "confidence": torch.zeros(count, width),
        "trust": torch.full((count,), 2.0),
    }
    for tensor in learnt.values():
        tensor.requires_grad_()
    optimiser = torch.optim.Adam(learnt.values(), lr=0.04)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    renderer = vr.Renderer()
    schema = vr.Schema.of([vr.registry.ops.load(id) for id in dict.fromkeys(a.split(".")[0] for a in CONTROLS)])
    for step in range(steps):
        # First learn to act, then to refrain where acting would harm.
        caution = min(1.0, 2 * step / steps)
        batch = torch.randperm(len(rows.before))[:BATCH]
        some = torch.randperm(PIXELS)[:80]
        x = rows.scaled[batch]
        evidence = x @ learnt["weights"].T + learnt["bias"]
        trust = torch.sigmoid(x @ learnt["confidence"].T + learnt["trust"])
        dead = torch.nn.functional.softplus(learnt["dead_zone"])
        weighed = evidence * evidence.abs() / (evidence.abs() + dead) * trust
        actions = limit * torch.tanh(weighed * scale / limit)
        values: dict[str, dict[str, Tensor]] = {}
        for address, action in zip(CONTROLS, actions.unbind(1), strict=True):
            op, slot = address.split(".")
            values.setdefault(op, {})[slot] = action
        done = renderer(rows.before[batch][:, :, some], vr.Latents(schema, values), clamp=False)
        now, was = _distance(_perceived(done), rows.wanted[batch][:, :, some]), rows.distance[batch]
        worse = (now - was - MARGIN).clamp(min=0).square()
        undone = torch.sigmoid((now - 0.88 * was) / (0.08 * was + 0.4))
        tame = learnt["weights"].square().sum() + learnt["confidence"].square().sum()
        reward = BONUS * (undone * rows.spoilt[batch]).mean()
        loss = now.mean() + PENALTY * caution * worse.mean() + reward + TAME * tame
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return _document(rows, learnt)


def _document(rows: Rows, learnt: dict[str, Tensor]) -> dict[str, Any]:
    rules = {}
    for i, (address, (scale, limit)) in enumerate(CONTROLS.items()):
        chosen = {
            kind: {
                name: round(value, 4)
                for name, value in zip(rows.names, learnt[kind][i].tolist(), strict=True)
                if abs(value) >= 0.002
            }
            for kind in ("weights", "confidence")
        }
        rules[address] = {
            "limit": limit,
            "scale": scale,
            "dead_zone": round(float(torch.nn.functional.softplus(learnt["dead_zone"][i]).detach()), 4),
            "bias": round(float(learnt["bias"][i].detach()), 4),
            "trust": round(float(learnt["trust"][i].detach()), 4),
            **chosen,
        }
    used = {name for rule in rules.values() for kind in ("weights", "confidence") for name in rule[kind]}
    usual = {
        n: [round(v, 5) for v in pair] for n, pair in zip(rows.names, rows.usual.tolist(), strict=True) if n in used
    }
    about = (
        "Centre and scale of each measurement on ordinary photos, and each control's weights on the scaled"
        " measurements."
    )
    return {
        "about": f"{about} Written by tests/benchmarks/retouching/calibrate_rules.py.",
        "usual": usual,
        "controls": rules,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--hold-out", type=int, default=0)
    parser.add_argument("--most", type=int, default=260)
    parser.add_argument("--scene", action="store_true", help="Weigh what the photo shows as well.")
    chosen = parser.parse_args()
    rows = Rows(finished(chosen.photos, hold_out=chosen.hold_out, most=chosen.most), scene=chosen.scene)
    (chosen.out / "calibration.json").write_text(json.dumps(fit(rows, chosen.steps), indent=1) + "\n")


if __name__ == "__main__":
    main()
