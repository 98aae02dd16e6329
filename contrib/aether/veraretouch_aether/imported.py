"""Experts' pairs as a dataset: what a planner sees is the photo before, what it should become is the expert's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from veraretouch.core.errors import VeraRetouchError
from veraretouch.planners.eval.folders import PicturePair, collection_in

from .dataset import PER_SHARD
from .examples.example import blank
from .photos.sources import Source, opened
from .run import HERE, Runner
from .storage.folder import claim, enter, finish, pick_up
from .storage.parquet import as_parquet
from .storage.shards import members, write_shard


def import_pairs(
    root: str | Path,
    out: str | Path,
    *,
    expert: str = "",
    size: int = 512,
    lossless: bool = False,
    parquet: bool = False,
    run: Runner = HERE,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Write the pairs of FiveK, PPR10K or any other folder (see `veraretouch.planners.eval.folders`) as a dataset,
    in the published split.

    Both pictures are shrunk to `size` pixels on the long side, the after to the before's own size. `parquet` and `run`
    are those of `build`. Returns dataset.json's document.

    Raises:
        UnknownLayout, DifferentBuild, MissingExtra
    """
    folder = Path(out)
    enter(folder, parquet=parquet)
    pairs = collection_in(root, expert=expert).pairs
    shards = [
        {"file": f"{split}-{i:06d}.tar", "pairs": [_plain(pair) for pair in chosen[start : start + PER_SHARD]]}
        for split, chosen in _by_split(pairs).items()
        for i, start in enumerate(range(0, len(chosen), PER_SHARD))
    ]
    facts = {"expert": expert, "size": size, "lossless": lossless, "pairs": [pair.name for pair in pairs]}
    claim(folder, facts)
    missing, done = pick_up(folder, shards)
    skipped: list[dict[str, str]] = []
    for made in run(partial(make_pairs, folder=str(folder), size=size, lossless=lossless), missing):
        for row in made.pop("skipped"):
            say(f"skipped {row['file']}: {row['reason']}")
            skipped.append(row)
        done[made["file"]] = made
    return finish(
        folder,
        seed=0,
        recipe={"about": "An expert's own pairs; nothing is drawn."},
        sources=[
            Source(_id(pair.name), pair.name, "", Path(root).name, "the collection's own", pair.split, _id(pair.group))
            for pair in pairs
        ],
        skipped=sorted(skipped, key=lambda row: row["file"]),
        shards=[done[shard["file"]] for shard in shards],
        parquet=as_parquet(folder, shards, run) if parquet else None,
        made_with={name: facts[name] for name in ("expert", "size", "lossless")},
    )


def make_pairs(job: Mapping[str, Any], *, folder: str, size: int, lossless: bool) -> dict[str, Any]:
    """Make one shard of pairs; what cannot be read is left out and named."""
    skipped: list[dict[str, str]] = []

    def examples() -> Iterator[dict[str, bytes | str]]:
        for pair in job["pairs"]:
            try:
                pictures = [opened(pair[side], size) for side in ("before", "after")]
            except VeraRetouchError as error:
                skipped.append({"file": pair["name"], "reason": error.problem})
                continue
            before, after = pictures
            if after.shape != before.shape:
                height, width = before.shape[:2]
                resized = Image.fromarray(after).resize((width, height), Image.Resampling.LANCZOS)
                after = np.asarray(resized)
            yield members(_document(pair), before, after, lossless=lossless)

    return write_shard(Path(folder) / job["file"], examples()) | {"skipped": skipped}


def _document(pair: Mapping[str, str]) -> dict[str, Any]:
    photo = {"id": _id(pair["name"]), "split": pair["split"]}
    return blank(photo, 0, "auto") | {"content": "", "reasoning": {}, "written_by": None}


def _by_split(pairs: Sequence[PicturePair]) -> dict[str, list[PicturePair]]:
    return {split: [pair for pair in pairs if pair.split == split] for split in ("train", "test")}


def _plain(pair: PicturePair) -> dict[str, str]:
    return {"name": pair.name, "before": str(pair.before), "after": str(pair.after), "split": pair.split}


def _id(name: str) -> str:
    """Keys of webdataset end at the first dot, which names of files may hold."""
    return name.replace(".", "_")
