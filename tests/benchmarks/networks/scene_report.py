"""Write docs/benchmarks/scene.md: what the scene network sees of sources that it was not trained on, and confusions.

    python tests/benchmarks/networks/scene_report.py --labels FOLDER [--folds FOLDER] [--most 40]

FOLDER of folds holds bundles of `veraretouch train scene --without ...` and `folds.json`: bundle -> sources that it was
not trained on. With `--only` single sources are measured again; a record of more pictures of a source stays. Without
folds the installed weights alone are measured, on the sources that their card calls not seen. Without `--labels` the
page and its picture are written again from docs/benchmarks/scene.json.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageOps
from scene_run import TONES, Skin, judged

from veraretouch.core.photo import open_photo
from veraretouch.core.plugins.bundles import open_bundle
from veraretouch.planners.scene import __file__ as home
from veraretouch.planners.scene.network import CLASSES, SIDE, folded
from veraretouch.planners.scene.reader import SceneReader
from veraretouch.planners.scene.scene import scene_of, shares_of
from veraretouch.planners.scene.weights import installed
from veraretouch.planners.training.scene.labels import read_labels

ROOT = Path(__file__).parents[3]
RECORD = ROOT / "docs" / "benchmarks" / "scene.json"
PHOTOS = ROOT / "tests" / "data" / "photos"
BARS = {"sky": 0.85, "foliage": 0.65, "person": 0.75, "building": 0.60}
# A source with fewer pictures says little by itself.
FEW = 20
COLOURS = ("#404040", "#5aaaff", "#28a028", "#003ca0", "#ffffff", "#a07850", "#c83c3c", "#ffc800", "#ff96b4")
# Photos that may be copied, in which something is seen wrongly.
CONFUSIONS = {
    "skimage-chelsea": "a cat",
    "buddiesofbudgie-the-spices-of-life": "heaps of spices",
    "kodak-03": "caps before a wall",
    "kodak-08": "old houses",
    "buddiesofbudgie-canyon-wren": "a bird on stone",
    "skimage-rocket": "a rocket at night",
}


def measured(labels: Path, folds: Path, most: int, only: Collection[str], record: dict[str, Any]) -> dict[str, Any]:
    """Figures of each source by the network that has not seen it; of `only` some, beside those of an earlier record."""
    sources: dict[str, Any] = dict(record.get("sources", {}))
    skins: dict[str, Any] = {}
    whole = Skin()
    items = read_labels(labels)
    for bundle, held in json.loads((folds / "folds.json").read_text()).items():
        network = folded(SceneReader.from_bundle(open_bundle(str(folds / bundle))).network)
        for source in held:
            if only and source not in only:
                continue
            of_source = [item for item in items if item.source == source]
            some = of_source[:: max(1, len(of_source) // most)][:most]
            counts, skin = judged(network, some)
            found = {name: count.document() for name, count in counts.items() if count.wanted}
            if len(some) >= sources.get(source, {}).get("pictures", 0):
                sources[source] = {"pictures": len(some), "classes": found}
            if skin.others:
                skins[source] = skin.document()
                whole.others += skin.others
                for tone, parts in skin.by_tone.items():
                    whole.by_tone.setdefault(tone, []).extend(parts)
            print(source, found, flush=True)
    return {"sources": sources, "skin": skins | {"all": whole.document()}}


def of_installed(labels: Path, most: int) -> dict[str, Any]:
    """Figures of the installed weights on each source that they have not seen."""
    made = json.loads((Path(home).with_name("bundle") / "bundle.json").read_bytes())
    items = read_labels(labels)
    sources: dict[str, Any] = {}
    for source in made["provenance"]["without"]:
        of_source = [item for item in items if item.source == source]
        some = of_source[:: max(1, len(of_source) // most)][:most]
        counts, skin = judged(installed(), some)
        found = {name: count.document() for name, count in counts.items() if count.wanted}
        sources[source] = {"pictures": len(some), "classes": found}
        if skin.others:
            sources[source]["skin"] = skin.document()
        print(source, sources[source], flush=True)
    return sources


def timed() -> float:
    """The least time of one picture on one core, in milliseconds."""
    torch.set_num_threads(1)
    picture, took = torch.rand(1, 3, SIDE, SIDE), []
    for _ in range(40):
        start = time.process_time()
        shares_of(picture)
        took.append(time.process_time() - start)
    return round(1000 * min(took), 1)


def page(record: dict[str, Any]) -> str:
    """The page, of its figures."""
    bars = ["| bar | wanted | mean over sources | sources | |", "|---|---|---|---|---|"]
    for name, wanted in BARS.items():
        found = [
            facts["classes"][name]["iou"]
            for facts in record["sources"].values()
            if name in facts["classes"] and facts["pictures"] >= FEW
        ]
        mean = float(np.mean(found))
        spread = f"{min(found):.2f} to {max(found):.2f}"
        bars.append(f"| IoU {name} | {wanted:.2f} | {mean:.2f} | {spread} | {'pass' if mean >= wanted else 'missed'} |")
    unseen = {source: facts["skin"] for source, facts in record["installed"].items() if "skin" in facts}
    words = (Path(__file__).with_name("scene_words.md")).read_text(encoding="utf-8")
    parts = {
        "bars": bars,
        "sources": _sources(record["sources"]),
        "skin": _skin(record["skin"]),
        "installed": [*_sources(record["installed"]), "", *_skin(unseen)],
    }
    for name, lines in parts.items():
        words = words.replace(f"<!-- {name} -->", "\n".join(lines))
    return words.replace("<!-- milliseconds -->", f"{record['milliseconds']:g}")


def _sources(sources: Mapping[str, Any]) -> list[str]:
    rows = ["| source | pictures | " + " | ".join(CLASSES[1:]) + " |", "|" + "---|" * (len(CLASSES) + 1)]
    for source, facts in sources.items():
        cells = [f"{facts['classes'][name]['iou']:.2f}" if name in facts["classes"] else "" for name in CLASSES[1:]]
        rows.append(f"| {source} | {facts['pictures']} | " + " | ".join(cells) + " |")
    return rows


def _skin(sources: Mapping[str, Any]) -> list[str]:
    rows = ["| source | recall at 5 % false | " + " | ".join(TONES) + " |", "|---|---|---|---|---|---|"]
    for source, facts in sources.items():
        tones = [
            f"{facts['by tone'][tone]:.2f} ({facts['pictures'][tone]})" if tone in facts["by tone"] else ""
            for tone in TONES
        ]
        rows.append(f"| {source} | {facts['recall at 5 % false']:.2f} | " + " | ".join(tones) + " |")
    return rows


def picture(path: Path) -> None:
    """Photos beside the class of the largest share at each place, lifted to their size."""
    palette = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in COLOURS], np.uint8)
    tiles = []
    for name in CONFUSIONS:
        photo = open_photo(PHOTOS / f"{name}.jpg").resized(320)
        scene = scene_of(photo)
        best = scene.lifted(photo.tensor()[None], CLASSES).argmax(dim=0).numpy()
        tile = Image.new("RGB", (640, 250), "white")
        for place, pixels in enumerate((photo.pixels[..., :3], palette[best])):
            shown = ImageOps.pad(Image.fromarray(pixels), (318, 228), Image.Resampling.NEAREST, color="white")
            tile.paste(shown, (320 * place, 0))
        ImageDraw.Draw(tile).text((4, 232), f"{CONFUSIONS[name]}: {_said(scene.by_name())}", fill="black")
        tiles.append(tile)
    sheet = Image.new("RGB", (1280, 250 * ((len(tiles) + 1) // 2)), "white")
    for place, tile in enumerate(tiles):
        sheet.paste(tile, (640 * (place % 2), 250 * (place // 2)))
    sheet.save(path, quality=85)


def _said(shares: Any) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in list(shares.items())[:4] if share > 0.01)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--folds", type=Path)
    parser.add_argument("--most", type=int, default=40)
    parser.add_argument("--only", nargs="*", default=[])
    chosen = parser.parse_args()
    if chosen.labels:
        record = json.loads(RECORD.read_text()) if RECORD.is_file() and (chosen.only or not chosen.folds) else {}
        if chosen.folds:
            record |= measured(chosen.labels, chosen.folds, chosen.most, chosen.only, record)
        record |= {"installed": of_installed(chosen.labels, chosen.most), "milliseconds": timed()}
        RECORD.write_text(json.dumps(record, indent=1) + "\n")
    RECORD.with_suffix(".md").write_text(page(json.loads(RECORD.read_text())), encoding="utf-8")
    picture(RECORD.with_suffix(".jpg"))


if __name__ == "__main__":
    main()
