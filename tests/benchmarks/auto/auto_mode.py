"""How far the auto mode can be trusted: finished photos that it should leave alone, faults, and unfinished photos.

    python tests/benchmarks/auto/auto_mode.py --photos DIR... --planner tiny --planner rules [--first 300]
        [--real DIR] [--taste natural] [--json OUT] [--markdown OUT]

A planner is a name or a bundle; `NAME=PATH/{fold}` takes another bundle for each fold of sources, the one that has not
seen the photo's source. Distances are mean CIEDE2000 over the pixels of a photo; intervals are 95 %, photos drawn.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from auto_cases import KINDS, Cases, Photos, cases_of, read, real_cases
from torch import Tensor

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.color.cielab import cielab
from veraretouch.core.color.planes import planes_of
from veraretouch.core.color.srgb import srgb_to_linear
from veraretouch.planners.eval.statistics import interval
from veraretouch.planners.training.cases.sources import FOLDS

FAR = 6.0  # a finished photo that is moved further is harmed
HARM = 2.0  # a case that is worse by more is harmed
FEW = 3  # photos that a source must have to be the worst
REAL = "real unfinished pairs"
# kind -> (reduction at least, better share at least, share worse by more than HARM below)
BARS = {
    "strong": (0.35, 0.75, 0.04),
    "mild": (0.0, 0.50, 0.04),
    "unfinished": (0.20, 0.75, 1.0),
    REAL: (0.20, 0.75, 1.0),
}
Retouch = Callable[[Tensor, Sequence[int]], Tensor]
"""Photos (N, 3, S, S), uint8, and the fold that holds each of them out, to photos of the same kind."""


def contestant(name: str, taste: str | None = None) -> Retouch:
    """A planner or bundle by name, or one for each fold where the name has `{fold}`."""
    names = [name.format(fold=fold) for fold in range(FOLDS)] if "{fold}" in name else [name]
    retouchers = [vr.zoo.load(found) for found in names]
    options: dict[str, Any] = {} if taste is None else {"taste": taste}

    def retouch(rgb: Tensor, folds: Sequence[int]) -> Tensor:
        done = []
        for photo, fold in zip(rgb, folds, strict=True):
            retoucher = retouchers[fold % len(retouchers)]
            image = retoucher(photo.permute(1, 2, 0).numpy(), engine="exact", **options).image
            done.append(torch.from_numpy(np.array(image)).permute(2, 0, 1))
        return torch.stack(done)

    return retouch


def difference(one: Tensor, two: Tensor) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Mean CIEDE2000 (N,) of photos (N, 3, H, W), uint8, over a quarter of the pixels."""
    thin = [rgb[:, :, ::2, ::2].permute(0, 2, 3, 1).double() / 255 for rgb in (one, two)]
    return np.array([float(ciede2000(a, b).mean()) for a, b in zip(*thin, strict=True)])


def finished_figures(photos: Photos, done: Tensor) -> dict[str, Any]:
    """How far finished photos were moved, all of them and by source, and how much of their chroma was kept."""
    moved = difference(photos.rgb, done)
    by_source = {source: moved[[found == source for found in photos.sources]] for source in sorted(set(photos.sources))}
    means = {source: float(found.mean()) for source, found in by_source.items() if len(found) >= FEW}
    worst = max(means, key=lambda source: means[source], default=None)
    kept = _chroma(done) / max(_chroma(photos.rgb), 1e-6)
    return {
        "photos": len(photos),
        "sources": len(by_source),
        "moved": float(moved.mean()),
        "moved, 95 %": float(np.percentile(moved, 95)),
        "moved further than 6": float((moved > FAR).mean()),
        "chroma kept": kept,
        "worst source": worst,
        "worst source moved": None if worst is None else means[worst],
        "furthest": [photos.names[index] for index in np.argsort(-moved)[:10]],
        "by source": means,
        "passed": bool(
            moved.mean() <= 1.5
            and np.percentile(moved, 95) < 4
            and (moved > FAR).mean() < 0.02
            and abs(kept - 1) <= 0.05
            and max(means.values(), default=0) <= 2.5
        ),
    }


def case_figures(kind: str, cases: Cases, done: Tensor) -> dict[str, Any]:
    """Distances from what is wanted before and after, the gain with its interval, and how often it is better."""
    nothing, after = difference(cases.before, cases.after), difference(done, cases.after)
    change = after - nothing
    low, high = interval(change) if len(change) > 1 else (None, None)
    found = {
        "photos": len(change),
        "nothing": float(nothing.mean()),
        "after": float(after.mean()),
        "change": float(change.mean()),
        "interval": [low, high],
        "reduction": float(1 - after.mean() / nothing.mean()),
        "better": float((change < 0).mean()),
        "worse by more than 2": float((change > HARM).mean()),
    }
    if kind in BARS:
        reduction, better, worse = BARS[kind]
        sure = high is None or high < 0
        found["passed"] = bool(
            sure
            and found["reduction"] >= reduction
            and found["better"] >= better
            and found["worse by more than 2"] < worse
        )
    return found


def judge(retouch: Retouch, photos: Photos, cases: Mapping[str, Cases]) -> dict[str, Any]:
    """All figures of one contestant."""
    figures = {"finished": finished_figures(photos, retouch(photos.rgb, photos.folds))}
    return figures | {
        kind: case_figures(kind, found, retouch(found.before, found.folds)) for kind, found in cases.items()
    }


def markdown(report: Mapping[str, Any]) -> str:
    """The tables of docs/benchmarks/auto.md."""
    planners = report["planners"]
    any_finished = next(iter(planners.values()))["finished"]
    lines = [
        f"{any_finished['photos']} finished photos of {any_finished['sources']} sources; distances are mean CIEDE2000.",
        "",
        "| finished photos | moved | 95 % | further than 6 | chroma kept | worst source | bars |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, figures in planners.items():
        row = figures["finished"]
        worst = "-" if row["worst source"] is None else f"{row['worst source moved']:.2f} ({row['worst source']})"
        lines.append(
            f"| {name} | {row['moved']:.2f} | {row['moved, 95 %']:.2f} | {row['moved further than 6']:.1%} |"
            f" {row['chroma kept']:.1%} | {worst} | {_held(row)} |"
        )
    lines += [
        "",
        "| cases | planner | photos | nothing | after | change (95 %) | reduction | better | worse by > 2 | bars |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for kind in next(iter(planners.values())):
        for name, figures in planners.items():
            if kind != "finished":
                lines.append(_case_line(kind, name, figures[kind]))
    return "\n".join([*lines, ""])


def _case_line(kind: str, name: str, row: Mapping[str, Any]) -> str:
    low, high = row["interval"]
    ends = "" if low is None else f" ({low:+.2f} to {high:+.2f})"
    cells = (
        kind,
        name,
        row["photos"],
        f"{row['nothing']:.2f}",
        f"{row['after']:.2f}",
        f"{row['change']:+.2f}{ends}",
        f"{row['reduction']:.0%}",
        f"{row['better']:.0%}",
        f"{row['worse by more than 2']:.1%}",
        _held(row),
    )
    return f"| {' | '.join(map(str, cells))} |"


def _held(row: Mapping[str, Any]) -> str:
    return {True: "held", False: "missed", None: "-"}[row.get("passed")]


def _chroma(rgb: Tensor) -> float:
    thin = rgb[:, :, ::2, ::2].float() / 255
    _, a, b = cielab(planes_of(srgb_to_linear(thin)))
    return float(torch.hypot(a, b).mean())


def main() -> None:
    """Judge planners, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, nargs="+", help="collections, see sources.py")
    parser.add_argument("--planner", action="append", required=True, help="NAME, BUNDLE, or LABEL=PATH/{fold}")
    parser.add_argument("--taste", help="faithful, natural or vivid")
    parser.add_argument("--first", type=int, default=300, help="photos, evenly from all sources")
    parser.add_argument("--real", type=Path, help="pairs that unfinished_set.py wrote")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    photos = read(given.photos, first=given.first)
    cases = {kind: cases_of(kind, photos) for kind in given.kinds}
    if given.real:
        cases[REAL] = real_cases(given.real)
    report: dict[str, Any] = {"taste": given.taste, "planners": {}}
    for spec in given.planner:
        label, _, name = spec.rpartition("=")
        began = time.perf_counter()
        report["planners"][label or name] = judge(contestant(name, given.taste), photos, cases)
        print(f"{label or name}: {time.perf_counter() - began:.0f} s", flush=True)
        if given.json:
            given.json.write_text(json.dumps(report, indent=1) + "\n")
    text = markdown(report)
    if given.markdown:
        given.markdown.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
