"""Train the scorer `dapo.appeal` on the pairs of scorer_pairs.py, and say how often it prefers the photo itself.

python contrib/dapo/tools/train_scorer.py pairs.npz --out contrib/dapo/veraretouch_dapo/scorers/weights

Sources are divided by a hash of their names: 7 of 10 to train, 1 to choose settings and step by, 2 to judge, which are
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
from scorer_pairs import UNFINISHED
from torch import Tensor
from torch.nn import functional
from veraretouch_dapo.scorers.network import AppealNetwork

# The share of pairs whose worse half is unfinished; the others are spoilt by the recipe. With more of them the network
# learns that more contrast is always better.
SHARE = 0.15
# How far the worse half lies from the photo, in mean CIEDE2000.
APART = (0.0, 2.0, 4.0, 8.0, 1e9)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the scorer.")
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--lr", type=float, default=3e-3)
    asked = parser.parse_args()
    torch.manual_seed(0)
    with np.load(asked.pairs) as file:
        names, measured, apart = file["names"], torch.from_numpy(file["measured"]), torch.from_numpy(file["apart"])
    sources = [str(name).partition("/")[0] for name in names]
    part = torch.tensor([part_of(source) for source in sources])
    train, chosen, judged = (torch.nonzero(part == number).flatten() for number in range(3))
    network = AppealNetwork()
    network.fit_scale(measured[train].flatten(0, 1))
    optimizer = torch.optim.AdamW(network.parameters(), lr=asked.lr, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=asked.lr, total_steps=asked.steps)
    best, kept = 0.0, copy.deepcopy(network.state_dict())
    for step in range(1, asked.steps + 1):
        network.train()
        rows = train[torch.randint(len(train), (asked.batch,))]
        unfinished = torch.randint(1, 1 + UNFINISHED, (asked.batch,))
        spoilt = torch.randint(1 + UNFINISHED, measured.shape[1], (asked.batch,))
        worse = torch.where(torch.rand(asked.batch) < SHARE, unfinished, spoilt)
        good, bad = network(torch.cat([measured[rows, 0], measured[rows, worse]])).chunk(2)
        # Which of a pair is better, and, a little, whether each is a finished photo at all.
        absolute = functional.softplus(-good) + functional.softplus(bad)
        loss = functional.softplus(bad - good).mean() + 0.2 * absolute.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 250 == 0 or step == asked.steps:
            right = preferred(network, measured[chosen]).float().mean(dim=0)
            both = float((right[:UNFINISHED].mean() + right[UNFINISHED:].mean()) / 2)
            print(step, f"{float(loss.detach()):.4f}", f"{both:.4f}", flush=True)
            if both > best:
                best, kept = both, copy.deepcopy(network.state_dict())
    network.load_state_dict(kept)
    asked.out.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in kept.items()}, asked.out / "appeal.safetensors")
    right, far = preferred(network, measured[judged]), apart[judged]
    figures = {
        "unfinished": judge(right[:, :UNFINISHED], far[:, :UNFINISHED]),
        "spoilt": judge(right[:, UNFINISHED:], far[:, UNFINISHED:]),
        "photos": [int((part == number).sum()) for number in range(3)],
        "sources": [len({sources[row] for row in rows.tolist()}) for rows in (train, chosen, judged)],
    }
    (asked.out / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


def part_of(source: str) -> int:
    """0 to train, 1 to choose, 2 to judge."""
    place = hashlib.sha256(source.encode()).digest()[0] % 10
    return 0 if place < 7 else 1 if place < 8 else 2


@torch.no_grad()
def preferred(network: AppealNetwork, measured: Tensor) -> Tensor:
    """Whether each photo is preferred to its worse halves, by measurements (N, 1 + M, SIZE): (N, M)."""
    scores = network.eval()(measured)
    return scores[:, :1] > scores[:, 1:]


def judge(right: Tensor, far: Tensor) -> dict[str, Any]:
    """The share of pairs (N, M) in which the photo itself is preferred, of all and by how far they are apart."""
    found: dict[str, Any] = {"pairs": right.numel(), "preferred": round(float(right.float().mean()), 4)}
    for low, high in pairwise(APART):
        within = (far >= low) & (far < high)
        found[f"{low:g} to {high:g}"] = [int(within.sum()), round(float(right[within].float().mean()), 4)]
    return found


if __name__ == "__main__":
    main()
