"""Pack a run of `veraretouch train tiny` as the bundle that the wheel carries, with its curves,
its log and the figures of record.

python tests/benchmarks/retouching/pack_tiny.py RUN
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

import veraretouch as vr
from veraretouch.planners.tiny import __file__ as home

RECORD = Path(__file__).parents[3] / "docs" / "benchmarks" / "tiny.json"
DATA = (
    "765 photographs: 675 everyday ones by many people, trained on and not passed on here; 36 free ones (Kodak's test"
    " photos, Pop!_OS and Budgie wallpapers); 54 from Debian packages (mate-backgrounds, plasma-workspace-wallpapers,"
    " opencv-doc) and scikit-image's and scikit-learn's samples. Each was spoilt 16 times by the distribution of"
    " planners/training/spoilings.json, 30 % left unspoilt, 15 % with a style prompt whose target is what the lexicon"
    " makes of the good photo."
)


def curves(run: Path, report: dict[str, object], path: Path) -> None:
    """The loss of the run, and what the folds gained on photos that they had not seen."""
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    left.plot([line["step"] for line in log], [line["loss"] for line in log], marker="o")
    left.set(title="loss of the shipped run", xlabel="step")
    folds: dict[str, list[dict[str, float]]] = report["curves"]  # type: ignore[assignment]
    for name, lines in folds.items():
        if name.startswith("full"):
            right.plot([line["step"] for line in lines], [line["gain"] for line in lines], marker="o", label=name)
    right.set(title="held-out gain of the folds, dB", xlabel="step")
    right.legend()
    figure.savefig(path, dpi=90)


def main(run: Path) -> None:
    """Pack it into planners/tiny/bundle."""
    report = json.loads(RECORD.read_text())
    trained = vr.zoo.load(str(run / "bundle"))
    made = json.loads((run / "bundle" / "bundle.json").read_text())
    with tempfile.TemporaryDirectory() as folder:
        curves(run, report, Path(folder) / "curves.png")
        target = Path(home).with_name("bundle")
        shutil.rmtree(target, ignore_errors=True)
        vr.zoo.pack(
            trained,
            target,
            name="tiny",
            licence={"spdx": "Apache-2.0", "commercial_use": True},
            facts={
                "summary": made["summary"] + " Reasons come from the rendered change.",
                "training_data": DATA,
                "provenance": made["provenance"],
                "metrics": {
                    "held-out gain over doing nothing, dB": round(report["gain"]["mean"], 2),
                    "held-out gain over the best peer, dB": round(report["over the best peer"]["mean"], 2),
                    "held-out change of CIEDE2000": round(report["difference"], 3),
                    "unspoilt photos moved, CIEDE2000": round(report["unspoilt"], 2),
                },
            },
            files={"log.jsonl": run / "log.jsonl", "curves.png": Path(folder) / "curves.png"},
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
