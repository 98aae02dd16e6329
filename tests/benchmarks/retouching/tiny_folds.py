"""`tiny` in five folds of sources: OUT/fold-N/bundle has seen no photo of the sources in fold N, OUT/all/bundle all.

    python tests/benchmarks/retouching/tiny_folds.py --photos DIR --out DIR [--fold N] [--start DIR]

`auto_mode.py` judges each fold's bundle on the sources that it has not seen; `pack_tiny.py` packs the last one for the
wheel. Photos are measured once for all of them. `--start` goes on from the networks of an earlier OUT, each from that
of its own fold: for a scene network or a loss that has changed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from veraretouch.planners.training.cases.sources import FOLDS
from veraretouch.planners.training.loop import TrainingSettings
from veraretouch.planners.training.runs import train_tiny
from veraretouch.planners.training.tiny_examples import ExampleRecipe

RECIPE = ExampleRecipe(copies=8, per_source=50)
SETTINGS = TrainingSettings(steps=2000, batch=192, lr=2.5e-3, average=0.99, save_every=500)
FURTHER = TrainingSettings(steps=300, batch=192, lr=1.5e-3, warmup=20, average=0.98, save_every=150)


def main() -> None:
    """Train one fold, or all of them and the network that has seen every source."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="Photos by source, with index.csv.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fold", type=int, help="This fold alone; 5 for the network that has seen every source.")
    parser.add_argument("--start", type=Path, help="OUT of an earlier run, whose networks are trained further.")
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    for fold in range(FOLDS + 1) if given.fold is None else [given.fold]:
        name = f"fold-{fold}" if fold < FOLDS else "all"
        made = train_tiny(
            given.photos,
            given.out / name,
            FURTHER if given.start else SETTINGS,
            RECIPE,
            without=[fold] if fold < FOLDS else (),
            cache=given.out,
            device="cpu",
            name="tiny",
            spdx="Apache-2.0",
            start=given.start / name / "bundle" if given.start else None,
        )
        print(made, flush=True)


if __name__ == "__main__":
    main()
