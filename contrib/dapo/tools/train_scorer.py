"""Train the scorer `dapo.appeal` on the pairs of scorer_pairs.py, and say how often it prefers the photo itself.

python contrib/dapo/tools/train_scorer.py pairs.npz --out contrib/dapo/veraretouch_dapo/scorers/appeal

Sources are divided by a hash of their names: 7 of 10 to train, 1 to choose the step that is kept, 2 to judge, which are
looked at once, at the end.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional
from veraretouch_dapo.scorers.network import AppealNetwork

from veraretouch.planners.tiny.statistics import statistics

# How far a spoilt photo lies from the photo, in mean CIEDE2000.
STEPS_APART = (0.0, 2.0, 4.0, 8.0, 1e9)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the scorer.")
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    torch.manual_seed(asked.seed)
    with np.load(asked.pairs) as file:
        names, pictures, apart = file["names"], torch.from_numpy(file["pictures"]), torch.from_numpy(file["apart"])
    part = torch.tensor([part_of(str(name).partition("/")[0]) for name in names])
    train, chosen, judged = (torch.nonzero(part == number).flatten() for number in range(3))
    network = AppealNetwork()
    measured = measure(pictures)
    network.centre.copy_(measured[train].flatten(0, 1).mean(dim=0))
    network.scale.copy_(measured[train].flatten(0, 1).std(dim=0).clamp(min=1e-3))
    measured = ((measured - network.centre) / network.scale).clamp(-4, 4)
    optimizer = torch.optim.AdamW(network.parameters(), lr=asked.lr, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=asked.lr, total_steps=asked.steps)
    best, kept = 0.0, copy.deepcopy(network.state_dict())
    for step in range(1, asked.steps + 1):
        network.train()
        rows = train[torch.randint(len(train), (asked.batch,))]
        other = torch.randint(1, pictures.shape[1], (asked.batch,))
        grids = torch.cat([pictures[rows, 0], pictures[rows, other]]).permute(0, 3, 1, 2).float() / 255
        if torch.rand(()) < 0.5:
            grids = grids.flip(3)
        good, spoilt = network(grids, torch.cat([measured[rows, 0], measured[rows, other]])).chunk(2)
        # Which of a pair is better, and, a little, whether each is a finished photo at all.
        absolute = functional.softplus(-good) + functional.softplus(spoilt)
        loss = functional.softplus(spoilt - good).mean() + 0.2 * absolute.mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 250 == 0 or step == asked.steps:
            share = preferred(network, pictures, measured, chosen).float().mean()
            print(step, f"{float(loss.detach()):.4f}", f"{float(share):.4f}", flush=True)
            if float(share) > best:
                best, kept = float(share), copy.deepcopy(network.state_dict())
    network.load_state_dict(kept)
    asked.out.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in kept.items()}, asked.out / "appeal.safetensors")
    figures = judge(network, pictures, measured, apart, judged) | {
        "photos": [int((part == number).sum()) for number in range(3)],
        "sources": [len({str(names[row]).partition("/")[0] for row in rows}) for rows in (train, chosen, judged)],
    }
    (asked.out / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


def part_of(source: str) -> int:
    """0 to train, 1 to choose, 2 to judge."""
    place = hashlib.sha256(source.encode()).digest()[0] % 10
    return 0 if place < 7 else 1 if place < 8 else 2


def measure(pictures: Tensor) -> Tensor:
    """What is measured of pictures (N, M, S, S, 3) uint8."""
    rows = [statistics(some.permute(0, 3, 1, 2).float() / 255) for some in pictures.flatten(0, 1).split(512)]
    return torch.cat(rows).reshape(*pictures.shape[:2], -1)


@torch.no_grad()
def preferred(network: AppealNetwork, pictures: Tensor, measured: Tensor, rows: Tensor) -> Tensor:
    """Whether the photo itself is preferred to each of its spoilt ones: (N, PER_PHOTO)."""
    network.eval()
    scores = []
    for some in rows.split(64):
        grids = pictures[some].flatten(0, 1).permute(0, 3, 1, 2).float() / 255
        scores.append(network(grids, measured[some].flatten(0, 1)).reshape(len(some), -1))
    each = torch.cat(scores)
    return each[:, :1] > each[:, 1:]


def judge(network: AppealNetwork, pictures: Tensor, measured: Tensor, apart: Tensor, rows: Tensor) -> dict[str, Any]:
    """The share of pairs in which the photo itself is preferred, of all and by how far they are apart."""
    right, far = preferred(network, pictures, measured, rows), apart[rows]
    found: dict[str, Any] = {"pairs": right.numel(), "preferred": round(float(right.float().mean()), 4)}
    for low, high in pairwise(STEPS_APART):
        within = (far >= low) & (far < high)
        found[f"{low:g} to {high:g}"] = [int(within.sum()), round(float(right[within].float().mean()), 4)]
    return found


if __name__ == "__main__":
    main()
