"""The photos that a dataset is made of: prepared once, likenesses found, split so that twins stay together."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from veraretouch.core.atomic_write import new_file
from veraretouch.core.errors import VeraRetouchError
from veraretouch.core.photo import file_hash, open_photo

ALIKE = 12  # of 128 bits: recompressed, resized and slightly edited copies differ by less, other photos by more
_TABLE = "photos.csv"


@dataclass(frozen=True)
class Source:
    """One photo: `id` begins its SHA-256, `group` is the id of the first of its likenesses."""

    id: str
    file: str
    sha256: str
    source: str
    licence: str
    split: str
    group: str

    def document(self) -> dict[str, str]:
        """As dataset.json lists it."""
        return asdict(self)


def prepare(job: Mapping[str, Any]) -> dict[str, Any]:
    """Decode, convert to sRGB and shrink one photo into the build's folder;
    a photo that cannot be read gives its reason.

    Args:
        job: `path`, `name` (as the dataset calls it), `size` (long side in pixels),
            `folder` (where prepared photos lie).
    """
    path, folder = Path(job["path"]), Path(job["folder"])
    try:
        sha256 = file_hash(path)
        facts = folder / f"{sha256}.json"
        if not facts.exists():
            pixels = opened(path, job["size"])
            with new_file(folder / f"{sha256}.png") as file:
                Image.fromarray(pixels).save(file, "PNG", compress_level=1)
            with new_file(facts) as file:
                file.write(json.dumps({"hash": f"{likeness(pixels):032x}"}).encode())
        return {"name": job["name"], "sha256": sha256, "hash": json.loads(facts.read_text())["hash"]}
    except VeraRetouchError as error:
        return {"name": job["name"], "reason": error.problem}


def opened(path: str | Path, size: int) -> NDArray[np.uint8]:
    """A photo in sRGB, (H, W, 3), its long side at most `size` pixels.

    Raises:
        UnreadablePhoto
    """
    return eight_bit(open_photo(path).resized(size).working())


def eight_bit(rgb: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(H, W, 3) nominally in [0, 1], clamped and rounded."""
    return (rgb.clip(0, 1) * 255 + 0.5).astype(np.uint8)


def prepared(folder: str | Path, sha256: str) -> NDArray[np.uint8]:
    """The pixels (H, W, 3) that `prepare` left."""
    with Image.open(Path(folder) / f"{sha256}.png", formats=["PNG"]) as image:
        return np.asarray(image)


def likeness(pixels: NDArray[np.uint8]) -> int:
    """A difference hash of 128 bits: whether brightness rises to the right and downwards,
    on a grid of 8 x 8 (Krawetz 2013).
    """
    grey = Image.fromarray(pixels).convert("L")
    across = np.asarray(grey.resize((9, 8), Image.Resampling.LANCZOS), dtype=np.int16)
    down = np.asarray(grey.resize((8, 9), Image.Resampling.LANCZOS), dtype=np.int16)
    bits = np.concatenate([(np.diff(across, axis=1) > 0).ravel(), (np.diff(down, axis=0) > 0).ravel()])
    return int("".join("1" if bit else "0" for bit in bits), 2)


def groups_of(hashes: Mapping[str, int]) -> dict[str, str]:
    """Id -> id of the first of its likenesses, likenesses of likenesses included."""
    ids = sorted(hashes)
    bits = np.array([[hashes[id] >> shift & 1 for shift in range(128)] for id in ids], dtype=np.float32)
    bits = 2 * bits - 1
    first = list(range(len(ids)))

    def root(i: int) -> int:
        while first[i] != i:
            i = first[i]
        return i

    for i in range(len(ids)):
        distance = (128 - bits[i + 1 :] @ bits[i]) / 2
        for j in np.flatnonzero(distance <= ALIKE) + i + 1:
            low, high = sorted((root(i), root(int(j))))
            first[high] = low
    return {id: ids[root(i)] for i, id in enumerate(ids)}


def splits_of(groups: Mapping[str, str], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Id -> split, whole groups together: in an order that seed and group alone decide, test is filled first,
    then validation.

    Where there are groups enough, every split with a share gets one.
    """
    members: dict[str, list[str]] = {}
    for id, group in groups.items():
        members.setdefault(group, []).append(id)
    waiting = sorted(members, key=lambda group: hashlib.sha256(f"{seed}/{group}".encode()).digest())
    found: dict[str, str] = {}
    for split in ("test", "validation"):
        wanted = round(shares[split] * len(groups))
        if shares[split] > 0 and len(members) >= 3:
            wanted = max(1, wanted)
        while waiting and sum(split == other for other in found.values()) < wanted:
            found |= dict.fromkeys(members[waiting.pop(0)], split)
    return found | {id: "train" for group in waiting for id in members[group]}


def census(
    rows: Sequence[Mapping[str, Any]], facts: Mapping[str, Mapping[str, str]], shares: Mapping[str, float], seed: int
) -> tuple[list[Source], list[dict[str, str]]]:
    """The photos in order of their ids, and the files that are left out with the reason: unreadable, or the same twice.

    Args:
        rows: what `prepare` said of each file, in order of their names.
        facts: name -> `source`, `licence` and, where a collection publishes them, `split` and `group`.
    """
    skipped = [{"file": row["name"], "reason": row["reason"]} for row in rows if "reason" in row]
    kept: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        if "reason" in row:
            continue
        if row["sha256"] in kept:
            twin = kept[row["sha256"]]["name"]
            skipped.append({"file": row["name"], "reason": f"the same file as {twin}"})
        else:
            kept[row["sha256"]] = row
    groups = groups_of({sha: int(row["hash"], 16) for sha, row in kept.items()})
    splits = splits_of(groups, shares, seed)
    photos = []
    for sha, row in sorted(kept.items()):
        about = facts.get(row["name"], {})
        photos.append(
            Source(
                id=sha[:16],
                file=row["name"],
                sha256=sha,
                source=about.get("source", ""),
                licence=about.get("licence", ""),
                split=splits[sha],
                group=groups[sha][:16],
            )
        )
    return photos, skipped


def read_facts(folders: Sequence[Path]) -> dict[str, dict[str, str]]:
    """Name of file -> source and licence, from the `photos.csv` of each folder that has one."""
    facts: dict[str, dict[str, str]] = {}
    for folder in folders:
        table = folder / _TABLE
        if table.is_file():
            with table.open(encoding="utf-8", newline="") as file:
                facts |= {row["file"]: row for row in csv.DictReader(file) if row.get("file")}
    return facts
