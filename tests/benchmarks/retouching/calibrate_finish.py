"""Fit `planners/rules/finish.json` on finished photographs and unfinished versions of them, and judge it on others.

    python tests/benchmarks/retouching/calibrate_finish.py SOURCES --out finish.json [--report finish.md]

SOURCES is a folder of one tar of JPEGs a source, with an index.csv that names each file's source and tier; the tier
`retouched` is taken. Every other source is learnt from, the rest is judged on: no source stands on both sides.
Unfinished versions are those of `planners.training.cases.unfinished`, drawn by seed.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.color.oklab import chroma, oklab
from veraretouch.planners.rules import finish
from veraretouch.planners.rules.measure import TONES
from veraretouch.planners.training.cases.unfinished import unfinish

SIDE = 64  # pixels a side, squares
GATE = (0.6, 0.95)  # of the likelihood, where finishing starts and where it is whole
REACH = {"faithful": 0.0, "natural": 1.0, "vivid": 1.25}
# What a taste adds to every photo, finished or not.
BEYOND = {
    "faithful": {"spread": 0.0, "vibrance": 0.0},
    "natural": {"spread": 0.0, "vibrance": 0.0},
    "vivid": {"spread": 0.06, "vibrance": 0.2},
}
RIDGE, RIDGE_OF_GATE = 3.0, 1.0
BATCH = 64


class Tones:
    """What finishing weighs of a picture, as `measure` has it."""

    def __init__(self, rgb: Tensor) -> None:
        lab = oklab(rgb[None].float() / 255)
        lightness, colour = lab.L.flatten().numpy(), chroma(lab).flatten().numpy()
        self.tones = dict(zip(TONES, np.percentile(lightness, TONES).tolist(), strict=True))
        self.chroma, self.chroma_strong = float(colour.mean()), float(np.percentile(colour, 90))


def read(folder: Path, per_source: int) -> dict[str, Tensor]:
    """Source -> pictures (N, 3, SIDE, SIDE) uint8, evenly drawn."""
    files: dict[str, list[str]] = {}
    for row in csv.DictReader((folder / "index.csv").open(encoding="utf-8")):
        if row["tier"] == "retouched":
            files.setdefault(row["file"].split("/")[0], []).append(row["file"])
    found = {}
    for source, names in sorted(files.items()):
        chosen = [names[int(i)] for i in np.linspace(0, len(names) - 1, min(per_source, len(names)))]
        with tarfile.open(folder / f"{source}.tar") as archive:
            found[source] = torch.stack([_picture(archive, name) for name in dict.fromkeys(chosen)])
    return found


def _picture(archive: tarfile.TarFile, name: str) -> Tensor:
    held = archive.extractfile(name)
    assert held is not None, name
    with Image.open(io.BytesIO(held.read())) as image:
        small = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
    return torch.from_numpy(np.array(small)).permute(2, 0, 1)


def versions(sources: Mapping[str, Tensor], places: Sequence[int], seed: int) -> tuple[Tensor, Tensor]:
    """Finished pictures of some sources, and an unfinished version of each."""
    names = [name for i, name in enumerate(sources) if i in set(places)]
    done = torch.cat([sources[name] for name in names])
    return done, unfinish(done, [(seed, i) for i in range(len(done))])


def fit(finished: Tensor, unfinished: Tensor) -> dict[str, Any]:
    """The document of finish.json."""
    after, before = ([Tones(rgb) for rgb in rows] for rows in (finished, unfinished))
    rows = [finish.evidence(m) for m in [*after, *before]]  # type: ignore[arg-type]
    names = list(rows[0])
    table = np.array([[row[name] for name in names] for row in rows])
    centre, scale = table.mean(axis=0), table.std(axis=0) + 1e-6
    x = np.clip((table - centre) / scale, -3, 3)
    wrong = np.repeat([0.0, 1.0], [len(after), len(before)])
    lacks = {p: np.array([a.tones[p] - b.tones[p] for a, b in zip(after, before, strict=True)]) for p in TONES}
    ratio = np.array([np.log2((a.chroma + 0.01) / (b.chroma + 0.01)) for a, b in zip(after, before, strict=True)])
    mine = x[len(after) :]
    return {
        "about": "How finishing weighs a photo's tones. Written by tests/benchmarks/retouching/calibrate_finish.py.",
        "usual": {n: [round(float(c), 5), round(float(s), 5)] for n, c, s in zip(names, centre, scale, strict=True)},
        "gate": list(GATE),
        "reach": REACH,
        "beyond": BEYOND,
        "unfinished": _rule(names, _logistic(x, wrong)),
        "tones": {str(p): _rule(names, _ridge(mine, lack)) for p, lack in lacks.items()},
        "chroma": _rule(names, _ridge(mine, ratio)),
    }


def _with_one(x: np.ndarray) -> np.ndarray:
    return np.hstack([np.ones((len(x), 1)), x])


def _ridge(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    rows = _with_one(x)
    cost = RIDGE * np.eye(rows.shape[1])
    cost[0, 0] = 0
    return np.linalg.solve(rows.T @ rows + cost, rows.T @ y)


def _logistic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    rows, weights = _with_one(x), np.zeros(x.shape[1] + 1)
    for _ in range(25):  # Newton's steps
        share = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (share - y) + RIDGE_OF_GATE * weights
        bend = (rows * (share * (1 - share))[:, None]).T @ rows + RIDGE_OF_GATE * np.eye(len(weights))
        weights -= np.linalg.solve(bend, slope)
    return weights


def _rule(names: Sequence[str], weights: np.ndarray) -> dict[str, Any]:
    return {
        "bias": round(float(weights[0]), 5),
        "weights": {name: round(float(w), 5) for name, w in zip(names, weights[1:], strict=True)},
    }


def finished_by(rows: Tensor, taste: str) -> Tensor:
    """Pictures (B, 3, SIDE, SIDE) uint8 after finishing, in [0, 1]."""
    schema = vr.Schema.of([vr.registry.ops.load(op) for op in ("tone_curve", "vibrance")])
    line, made = [i / (finish.KNOTS - 1) for i in range(finish.KNOTS)], []
    for rgb in rows:
        m = Tones(rgb)
        edits = finish.finish_of(m, taste).edits(m)  # type: ignore[arg-type]
        made.append((edits.get("tone_curve", {}).get("luma", line), edits.get("vibrance", {}).get("amount", 0.0)))
    latents = vr.Latents(
        schema,
        {
            "tone_curve": {"luma": torch.tensor([curve for curve, _ in made])},
            "vibrance": {"amount": torch.tensor([amount for _, amount in made])},
        },
    )
    return vr.Renderer()(rows.float() / 255, latents)


def apart(one: Tensor, two: Tensor) -> np.ndarray:
    """Mean CIEDE2000 of each pair of pictures in [0, 1]."""
    return ciede2000(one.permute(0, 2, 3, 1), two.permute(0, 2, 3, 1)).mean(dim=(1, 2)).numpy()


def judge(finished: Tensor, unfinished: Tensor) -> list[str]:
    """Lines of a report on pictures that nothing was learnt from."""
    lines = []
    before = apart(unfinished.float() / 255, finished.float() / 255)
    for taste in REACH:
        moved, after = [], []
        for i in range(0, len(finished), BATCH):
            good, bad = finished[i : i + BATCH], unfinished[i : i + BATCH]
            moved.append(apart(finished_by(good, taste), good.float() / 255))
            after.append(apart(finished_by(bad, taste), good.float() / 255))
        still, left = np.concatenate(moved), np.concatenate(after)
        lines.append(
            f"| {taste} | {still.mean():.2f} | {np.percentile(still, 95):.2f} | {(still > 6).mean():.1%} |"
            f" {before.mean():.2f} | {left.mean():.2f} | {1 - left.mean() / before.mean():.0%} |"
            f" {(left < before).mean():.0%} | {(left > before + 2).mean():.1%} |"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sources", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--judge", action="store_true", help="judge the file that is there; fit nothing")
    parser.add_argument("--per-source", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    sources = read(chosen.sources, chosen.per_source)
    if not chosen.judge:
        learnt = fit(*versions(sources, range(0, len(sources), 2), chosen.seed))
        chosen.out.write_text(json.dumps(learnt, indent=1) + "\n")
    held_out = versions(sources, range(1, len(sources), 2), chosen.seed + 1)
    finish._model = lambda: json.loads(chosen.out.read_text())  # what was just fitted
    text = [
        f"Finishing by the rules' finish.json alone, on {len(held_out[0])} photos of {len(sources) // 2} sources that",
        f"nothing was learnt from ({len(sources) - len(sources) // 2} others taught it). Mean CIEDE2000.",
        "",
        "| taste | finished photos moved by | 95 % | above 6 | unfinished: nothing done | finished | better by |"
        " cases better | worse by 2 |",
        "|---|---|---|---|---|---|---|---|---|",
        *judge(*held_out),
    ]
    print("\n".join(text))
    if chosen.report:
        chosen.report.write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
