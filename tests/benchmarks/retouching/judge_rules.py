"""Judge the rules, with and without the scene, on finished photos of sources that their calibration never saw.

    python tests/benchmarks/retouching/judge_rules.py COLLECTION --json docs/benchmarks/rules.json [--hold-out 0]

Strong faults are those of planners/training/spoilings.json; finished photos are of the tier `retouched`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from calibrate_rules import finished, strong
from undo import Picture

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.photo import as_photo
from veraretouch.planners.rules.planner import Rules

CASES = 2


def difference(one: Picture, two: Picture) -> float:
    """The mean CIEDE2000 of two pictures of one size, on every second pixel each way."""
    rgb = (torch.from_numpy(np.ascontiguousarray(each[::2, ::2])).reshape(-1, 3).float() / 255 for each in (one, two))
    return float(ciede2000(*rgb).mean())


def judged(photos: Sequence[tuple[str, Picture]], retoucher: vr.Retoucher) -> dict[str, Any]:
    """What a retoucher does to finished photos, and to the same with strong faults."""
    moved, before, after = [], [], []
    for name, good in photos:
        moved.append(difference(_retouched(retoucher, good), good))
        for bad in strong(name, good, CASES):
            before.append(difference(bad, good))
            after.append(difference(_retouched(retoucher, bad), good))
    was, now, still = np.array(before), np.array(after), np.array(moved)
    return {
        "photos": len(photos),
        "cases": len(was),
        "strong, doing nothing": round(float(was.mean()), 2),
        "strong": round(float(now.mean()), 2),
        "strong, change in %": round(float(100 * (now.mean() / was.mean() - 1)), 1),
        "better in %": round(float(100 * (now < was).mean()), 1),
        "worse by more than 2 in %": round(float(100 * (now > was + 2).mean()), 1),
        "finished, moved by": round(float(still.mean()), 2),
        "finished, 95 %": round(float(np.percentile(still, 95)), 2),
        "finished, above 6 in %": round(float(100 * (still > 6).mean()), 1),
    }


def _retouched(retoucher: vr.Retoucher, picture: Picture) -> Picture:
    return np.asarray(retoucher(as_photo(picture)).image.array())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--hold-out", type=int, default=0)
    parser.add_argument("--most", type=int, default=150)
    chosen = parser.parse_args()
    photos = finished(chosen.photos, hold_out=chosen.hold_out, most=chosen.most, held=True)
    found = {
        name: judged(photos, vr.Retoucher(Rules(scene=scene)))
        for name, scene in (("rules", True), ("rules without the scene", False))
    }
    chosen.json.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
