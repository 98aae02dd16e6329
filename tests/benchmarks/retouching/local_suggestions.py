"""Whether local suggestions make photos better: by `natural`, with and without them, over labelled photos.

    python tests/benchmarks/retouching/local_suggestions.py LABELS [--photos 40] [--planner rules] [--json FILE]

LABELS is a folder of one tar of photos and palette PNGs a source, whose index 1 is sky and 8 bare skin. Each photo is
judged as it is, spoilt as in the undo test (one case of `undo.json`), and, where the labels allow it, with its sky one
stop brighter or its skin one stop darker, in linear light by plain NumPy along blurred labels. The planner does not see
the labels. Errors are mean CIEDE2000 to the photo as it was, of the same plan with its local edits and without.
"""

from __future__ import annotations

import argparse
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter
from spoilings import Picture
from undo import Case, cases, load_distribution, spoil

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000

PLANNERS = ("rules", "tiny")
SKY, SKIN = 1, 8
LOCAL = {"sky a stop brighter": (SKY, 1.0, 0.06), "skin a stop darker": (SKIN, -1.0, 0.006)}  # label, EV, least share
SOFT = 2.0  # pixels by which labels are blurred


def examples(folder: Path, count: int) -> Iterator[tuple[str, Picture, np.ndarray]]:
    """Name, picture (H, W, 3) and labels (H, W) of so many photos of each source, evenly by name."""
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as archive:
            names = sorted(name for name in archive.getnames() if name.endswith(".jpg"))
            for place in np.unique(np.linspace(0, len(names) - 1, count).astype(int)):
                yield names[place][:-4], *(_opened(archive, names[place][:-4] + end) for end in (".jpg", ".png"))


def _opened(archive: tarfile.TarFile, name: str) -> np.ndarray:
    held = archive.extractfile(name)
    assert held is not None, name
    with Image.open(io.BytesIO(held.read())) as image:
        return np.array(image.convert("RGB") if name.endswith(".jpg") else image)


def exposed(picture: Picture, mask: np.ndarray, ev: float) -> Picture:
    """A picture whose linear light is multiplied by 2**ev where a mask (H, W) is 1."""
    x = picture / 255
    light = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    light = (light * 2 ** (ev * mask[..., None])).clip(0, 1)
    return np.rint(255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)).astype(
        "uint8"
    )


def spoilt(picture: Picture, labels: np.ndarray, case: Case) -> Iterator[tuple[str, Picture]]:
    """The ways in which a photo is judged."""
    yield "as they are", picture
    yield "spoilt as a whole", spoil(picture, case)
    for kind, (label, ev, least) in LOCAL.items():
        if (labels == label).mean() >= least:
            yield kind, exposed(picture, gaussian_filter((labels == label).astype(float), SOFT), ev)


def apart(a: Picture, b: Picture) -> float:
    """Mean CIEDE2000."""
    return float(ciede2000(torch.from_numpy(a) / 255, torch.from_numpy(b) / 255).mean())


def measure(folder: Path, count: int, planners: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """A row for each photo, way and planner: what fired, and the errors before, without and with it."""
    distribution = load_distribution() | {"cases_per_photo": 1}
    loaded, renderer = {name: vr.load(name) for name in planners}, vr.Renderer()
    for name, picture, labels in examples(folder, count):
        for kind, seen in spoilt(picture, labels, next(cases(distribution, [name]))):
            for planner, retoucher in loaded.items():
                plan = retoucher.plan(seen, taste="natural")
                row = {"photo": name, "kind": kind, "planner": planner, "before": apart(seen, picture)}
                row |= {"fired": [local.name for local in plan.local]}
                if plan.local:
                    for key, each in (("without", replace(plan, local=())), ("with", plan)):
                        row[key] = apart(np.asarray(renderer.render(seen, each)), picture)
                yield row


def table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """The figures as Markdown: over the photos on which something fired."""
    yield "| planner | photos | number | fired | error before | without | with | change | worst | made worse |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for planner in dict.fromkeys(row["planner"] for row in rows):
        for kind in dict.fromkeys(row["kind"] for row in rows):
            some = [row for row in rows if (row["planner"], row["kind"]) == (planner, kind)]
            fired = [row for row in some if row["fired"]]
            line = f"| {planner} | {kind} | {len(some)} | {len(fired)} |"
            if fired:
                means = (np.mean([row[key] for row in fired]) for key in ("before", "without", "with"))
                changes = [row["with"] - row["without"] for row in fired]
                line += "".join(f" {mean:.2f} |" for mean in means)
                line += f" {np.mean(changes):+.2f} | {max(changes):+.2f} | {sum(x > 0 for x in changes)} |"
            yield line if fired else line + " | | | | | |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Whether local suggestions make photos better.")
    parser.add_argument("labels", type=Path)
    parser.add_argument("--photos", type=int, default=40, help="of each source")
    parser.add_argument("--planner", action="append", help="repeatable; by default rules and tiny")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for row in measure(chosen.labels, chosen.photos, tuple(chosen.planner or PLANNERS)):
        rows.append(row)
        if row["fired"]:
            print(row, flush=True)
        if chosen.json and len(rows) % 100 == 0:
            chosen.json.write_text(json.dumps(rows, indent=1) + "\n")
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n")
    print(*table(rows), sep="\n")


if __name__ == "__main__":
    main()
