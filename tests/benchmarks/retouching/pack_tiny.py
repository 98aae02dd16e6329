"""Pack a run of `veraretouch train tiny` as the bundle that the wheel carries, with its log and the figures of record.

python tests/benchmarks/retouching/pack_tiny.py RUN
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import veraretouch as vr
from veraretouch.planners.tiny import __file__ as home

RECORD = Path(__file__).parents[3] / "docs" / "benchmarks" / "auto.json"
DATA = (
    "About 3,800 photographs of 107 sources: 2,800 finished ones from photographers' portfolio sites and blogs (most"
    " state no licence for their photographs), and 1,000 ordinary ones from public collections for classification and"
    " segmentation. They were used for training alone, at 256 pixels, and are not passed on. At most 50 of a source, 8"
    " examples each, seven of them parts of at least 0.6 of each side, by the distribution of"
    " planners/training/cases/mixture.json: left as they are, unfinished as a camera gives them (starting from the"
    " shifts that expert C makes in MIT-Adobe FiveK), or with mild or strong faults by our own formulas and"
    " ops and by OpenColorIO, Pillow and a model of cameras and phones. What the photos show is"
    " read by the installed network of planners/scene."
)
LIMITS = (
    "Sees what the scene network sees: rivers, snow and night are weak. Tastes of one time and of a few dozen"
    " photographers. Single colours are not judged. Most of what it leaves alone by mistake is only slightly faulty."
)


def metrics(found: dict[str, Any]) -> dict[str, float]:
    """The figures of the card: of photos whose sources the judged networks had not seen."""
    kept = {
        "finished photos moved, CIEDE2000": found["finished"]["moved"],
        "finished photos moved further than 6": found["finished"]["moved further than 6"],
    }
    for kind in ("unfinished", "strong", "mild"):
        kept[f"{kind}: error left, of 1"] = 1 - found[kind]["reduction"]
        kept[f"{kind}: cases made better"] = found[kind]["better"]
    return {name: round(value, 3) for name, value in kept.items()}


def main(run: Path) -> None:
    """Pack it into planners/tiny/bundle."""
    figures = metrics(json.loads(RECORD.read_text())["planners"]["tiny"])
    trained = vr.zoo.load(str(run / "bundle"))
    made = json.loads((run / "bundle" / "bundle.json").read_text())
    target = Path(home).with_name("bundle")
    shutil.rmtree(target, ignore_errors=True)
    vr.zoo.pack(
        trained,
        target,
        name="tiny",
        licence={"spdx": "Apache-2.0", "commercial_use": True},
        facts={
            "summary": f"{made['summary']} Reasons come from the rendered change.",
            "training_data": f"{DATA} Limits: {LIMITS}",
            "provenance": made["provenance"],
            "metrics": figures,
        },
        files={"log.jsonl": run / "log.jsonl"},
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
