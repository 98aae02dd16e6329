"""Train the network of dehaze: `python tests/benchmarks/filters/train_dehaze.py --photos FOLDER [--from WEIGHTS]`.

Half of the folder's sources teach, see `hazing.photos_of`. Two thirds of a batch are outdoor photos behind haze, a
third are photos as they are, which must stay. The loss is the mean difference of the cells' luma and two differences of
colour, as a share of what the haze did. Writes ops/dehazing/dehaze.safetensors; a quarter of an hour on one thread.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import torch
from hazing import OUTDOORS, Depth, depth_of, hazed, photos_of, sky_of
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, interpolate

from veraretouch.core.color.planes import planes_of
from veraretouch.core.color.srgb import luminance
from veraretouch.ops.dehaze import THINNEST
from veraretouch.ops.dehazing.network import FILE, GRID, SHAPES, SIDE, haze_of

BATCH = 18
RATE = 3e-3
STAYING = 3.0  # what it weighs that clear photos stay


def fresh() -> dict[str, Tensor]:
    """Weights to start from."""
    weights: dict[str, Tensor] = {}
    for name, shape in SHAPES.items():
        inputs = torch.Size(shape[1:]).numel()
        ends = name in ("passing", "airlight")
        weights[name] = torch.zeros(shape) if ends else torch.empty(shape).uniform_(-1, 1) / inputs**0.5
        weights[name + ".bias"] = torch.full(shape[:1], 1.5 if name == "passing" else 0.0)
    return weights


def uniform(low: float, high: float) -> Tensor:
    """A number for each photo of a batch."""
    return torch.empty(BATCH, 1, 1, 1).uniform_(low, high)


def batch(photos: Tensor, skies: Tensor, outdoors: Tensor) -> tuple[Tensor, ...]:
    """Photos, the same behind haze, how much light passes, the airlight, and which have haze (B,)."""
    count = 2 * BATCH // 3
    chosen = torch.cat([outdoors[torch.randint(len(outdoors), (count,))], torch.randint(len(photos), (BATCH - count,))])
    clear, sky = photos[chosen].float() / 255, skies[chosen]
    if random.random() < 0.5:
        clear, sky = clear.flip(3), sky.flip(3)
    if random.random() < 0.4:
        tall, wide = random.randint(60, SIDE), random.randint(60, SIDE)
        top, left = random.randint(0, SIDE - tall), random.randint(0, SIDE - wide)
        clear, sky = (
            interpolate(each[:, :, top : top + tall, left : left + wide], size=(SIDE, SIDE), mode=mode)
            for each, mode in ((clear, "nearest"), (sky, "bilinear"))
        )
    clear = clear ** torch.exp(uniform(-0.25, 0.25)) * uniform(0.85, 1)
    grey = clear.mean(dim=1, keepdim=True)
    clear = (grey + (clear - grey) * uniform(0.8, 1.2)).clamp(0, 1)
    depth = depth_of(sky, (SIDE, SIDE), Depth(uniform(0.05, 0.6), uniform(0.7, 1.8), uniform(1, 1.4)))
    even, has_haze = (uniform(0, 1) < 0.3).float(), (torch.arange(BATCH) < count).float().reshape(-1, 1, 1, 1)
    passing = uniform(0.25, 0.95) ** ((even + (1 - even) * depth) * has_haze)
    tint = torch.randn(BATCH, 1, 1, 1) * torch.tensor([-0.05, 0, 0.05]).reshape(1, 3, 1, 1)
    airlight = (uniform(0.72, 1) * (1 + tint)).clamp(0.55, 1)
    seen = (hazed(clear, passing, airlight) * 510).round() / 510
    return clear, seen, passing, airlight, has_haze.flatten()


def apart(a: Tensor, b: Tensor) -> Tensor:
    """How far photos differ, (B,)."""
    r, g, blue = planes_of(avg_pool2d((a - b).clamp(-1, 1), SIDE // GRID))
    luma = luminance((r, g, blue))
    return (luma.abs() + 0.6 * (r - g).abs() + 0.4 * (blue - luma).abs()).mean(dim=(1, 2, 3))


def loss_of(weights: dict[str, Tensor], photos: Tensor, skies: Tensor, outdoors: Tensor) -> Tensor:
    """The loss of a batch."""
    clear, seen, passing, airlight, has_haze = batch(photos, skies, outdoors)
    haze = haze_of(seen, weights)
    found = interpolate(haze.passing, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    made = seen + (1 / found.clamp(min=THINNEST) - 1) * (seen - haze.airlight)
    after, before = apart(made.clamp(-0.1, 1.1), clear), apart(seen, clear)
    light = (haze.airlight - airlight).abs().mean(dim=(1, 2, 3))
    return (
        (has_haze * after / (before + 0.03)).mean()
        + STAYING * ((1 - has_haze) * after).mean()
        + 0.3 * (found - passing).abs().mean()
        + 0.1 * (light * has_haze).mean()
    )


def main() -> None:
    """Train, and write the weights."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--from", type=Path, dest="start")
    parser.add_argument("--steps", type=int, default=5000)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    random.seed(0)
    found = [torch.from_numpy(each.copy()).permute(2, 0, 1) for each in photos_of(given.photos, 0, most=40)]
    skies = torch.cat([sky_of(adaptive_avg_pool2d(each[None].float() / 255, (192, 192))) for each in found])
    photos = torch.stack([adaptive_avg_pool2d(each.float(), (SIDE, SIDE)).round().byte() for each in found])
    outdoors = (skies.mean(dim=(1, 2, 3)) > OUTDOORS).nonzero().flatten()
    weights = load_file(given.start) if given.start else fresh()
    weights = {name: value.float().requires_grad_() for name, value in weights.items()}
    optimizer = torch.optim.AdamW(weights.values(), RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, given.steps, pct_start=0.1)
    seen = 0.0
    for step in range(1, given.steps + 1):
        optimizer.zero_grad()
        loss = loss_of(weights, photos, skies, outdoors)
        loss.backward()
        nn.utils.clip_grad_norm_(weights.values(), 1.0)
        optimizer.step()
        schedule.step()
        seen = 0.98 * seen + 0.02 * loss.item()
        if step % 200 == 0:
            print(step, f"{seen:.3f}", flush=True)
            save_file({name: value.detach().half() for name, value in weights.items()}, FILE)


if __name__ == "__main__":
    main()
