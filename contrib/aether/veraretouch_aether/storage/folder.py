"""The folder of a dataset: claimed by one build, picked up where it was cut off,
finished by its card and dataset.json.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from veraretouch.core.atomic_write import new_file
from veraretouch.core.errors import VeraRetouchError

from ..photos.sources import Source
from .card import card
from .parquet import FOLDER as PARQUET
from .parquet import demand_pyarrow
from .shards import read_shard

FORMAT = "veraretouch.dataset/1"
SPLITS = ("train", "validation", "test")
WORKSHOP = ".aether"
_REQUEST = "request.json"


class DifferentBuild(VeraRetouchError):
    """The folder holds another dataset, or one that was begun with other photos or another recipe."""


def enter(folder: Path, *, parquet: bool) -> Path:
    """Make a dataset's folder, or enter one that was begun, and return the place of its unfinished things.

    Raises:
        DifferentBuild: there is a whole dataset already, or shards that nobody here began.
        MissingExtra: `parquet` is wanted, and what writes it is not installed.
    """
    if parquet:
        demand_pyarrow()
    workshop = folder / WORKSHOP
    begun = (workshop / _REQUEST).exists()
    if (folder / "dataset.json").exists() or (not begun and any(folder.glob("*.tar"))):
        raise DifferentBuild(f"{folder} holds a dataset already", cure="Choose another folder, or remove it.")
    workshop.mkdir(parents=True, exist_ok=True)
    for place in (folder, folder / PARQUET):
        for litter in place.glob(".*.tmp"):  # what a killed build was writing
            litter.unlink()
    return workshop


def claim(folder: Path, request: Mapping[str, Any]) -> None:
    """Write down what is being built, or see that it is what was begun.

    Raises:
        DifferentBuild: with what differs.
    """
    path = folder / WORKSHOP / _REQUEST
    text = json.dumps(request, indent=1).encode()
    if not path.exists():
        with new_file(path) as file:
            file.write(text)
    elif path.read_bytes() != text:
        before = json.loads(path.read_text())
        differs = [name for name in request if request[name] != before.get(name)]
        raise DifferentBuild(f"{folder} was begun with other {', '.join(differs)}", cure="Choose another folder.")


def pick_up(folder: Path, shards: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], dict[str, Any]]:
    """The shards that are missing, and what is known of the others by their file."""
    missing = [shard for shard in shards if not (folder / shard["file"]).exists()]
    return missing, {shard["file"]: read_shard(folder / shard["file"]) for shard in shards if shard not in missing}


def finish(
    folder: Path,
    *,
    seed: int,
    recipe: Mapping[str, Any],
    sources: Sequence[Source],
    skipped: Sequence[Mapping[str, str]],
    shards: Sequence[Mapping[str, Any]],
    parquet: Sequence[Mapping[str, Any]] | None,
    made_with: Mapping[str, Any],
) -> dict[str, Any]:
    """Write the card and, last of all, dataset.json: a folder that has it is whole. Returns its document."""
    counts = dict.fromkeys(SPLITS, 0)
    for shard in shards:
        counts[shard["file"].partition("-")[0]] += shard["examples"]
    versions = {name: version(name) for name in ("veraretouch", "veraretouch-aether")}
    document = {
        "schema": FORMAT,
        "seed": seed,
        "recipe": dict(recipe),
        "counts": counts,
        "photos": [source.document() for source in sources],
        "skipped": list(skipped),
        "shards": list(shards),
        **({} if parquet is None else {"parquet": list(parquet)}),
        "made_with": versions | made_with,
    }
    with new_file(folder / "README.md") as file:
        file.write(card(document).encode())
    with new_file(folder / "dataset.json") as file:
        file.write((json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode())
    shutil.rmtree(folder / WORKSHOP)
    return document
