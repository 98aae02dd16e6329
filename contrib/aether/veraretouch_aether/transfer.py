"""An expert's work undone on other photos: the reverse of the pair whose result is most like the photo.

The edits that lead from an expert's result back to what the expert began with are found by a planner that reads
references.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from veraretouch import zoo
from veraretouch.core.atomic_write import new_file
from veraretouch.core.errors import VeraRetouchError
from veraretouch.core.photo import open_photo
from veraretouch.planners.eval.folders import PicturePair, collection_in

from .photos.sources import opened
from .run import Runner

NEAREST = 3  # pairs a photo may take its spoiling from
_BINS = 8
_THUMBNAIL = 64
_SIDE = 256  # of the pictures that the planner compares

Histogram = NDArray[np.float64]


def transfers_for(
    photos: Mapping[str, NDArray[np.uint8]], root: str | Path, folder: Path, *, planner: str, run: Runner
) -> tuple[dict[str, list[dict[str, Any]]], list[dict[str, Any]]]:
    """The edits that each photo may be spoilt by, by its id, and what became of each pair that was used.

    Args:
        photos: id -> pixels; root: the pairs' folder, see `veraretouch.planners.eval.folders`; folder:
            where solved pairs are kept.
    """
    pairs = {pair.name: pair for pair in collection_in(root).pairs}
    seen = dict(sorted(_seen(pairs.values()).items()))
    names, histograms = list(seen), np.array(list(seen.values()))
    chosen = {}
    for id, pixels in photos.items():
        distance = np.abs(histograms - histogram(pixels)).sum(axis=1)
        chosen[id] = [names[i] for i in np.argsort(distance, kind="stable")[:NEAREST]]
    used = sorted({name for near in chosen.values() for name in near})
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [
        {"name": n, "before": str(pairs[n].before), "after": str(pairs[n].after), "folder": str(folder)} for n in used
    ]
    solved = {row["name"]: row for row in run(partial(undo, planner=planner), jobs)}
    found = {id: [solved[name]["edits"] for name in near if "edits" in solved[name]] for id, near in chosen.items()}
    return found, [solved[name] for name in used]


def undo(job: Mapping[str, str], *, planner: str) -> dict[str, Any]:
    """The edits from an expert's result to its beginning, or the reason why there are none."""
    kept = Path(job["folder"]) / f"{job['name']}.json"
    if not kept.exists():
        try:
            before, after = (open_photo(job[side]).resized(_SIDE) for side in ("before", "after"))
            plan = _retoucher(planner).plan(after, reference=(after, before))
            row = {"name": job["name"], "edits": plan.document()["edits"]}
        except VeraRetouchError as error:
            row = {"name": job["name"], "reason": error.problem}
        with new_file(kept) as file:
            file.write(json.dumps(row).encode())
    done: dict[str, Any] = json.loads(kept.read_text())
    return done


def histogram(pixels: NDArray[np.uint8]) -> Histogram:
    """Shares of 8 x 8 x 8 bins of sRGB on a thumbnail, (512,)."""
    small = np.asarray(Image.fromarray(pixels).resize((_THUMBNAIL, _THUMBNAIL), Image.Resampling.BOX))
    counts, _ = np.histogramdd(small.reshape(-1, 3), bins=_BINS, range=[(0, 256)] * 3)
    shares: Histogram = counts.ravel() / counts.sum()
    return shares


def _seen(pairs: Sequence[PicturePair] | Any) -> dict[str, Histogram]:
    """The histogram of each pair's result; a pair that cannot be read is left out."""
    found = {}
    for pair in pairs:
        try:
            found[pair.name] = histogram(opened(pair.after, _SIDE))
        except VeraRetouchError:
            continue
    return found


@cache
def _retoucher(planner: str) -> Any:
    return zoo.load(planner)
