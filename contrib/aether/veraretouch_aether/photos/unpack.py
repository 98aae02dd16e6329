"""Unpack a collection of photos by source, so that datasets can be built of some sources and judged on others."""

from __future__ import annotations

import csv
import tarfile
from collections.abc import Collection
from pathlib import Path

from veraretouch.core.atomic_write import new_file
from veraretouch.core.errors import VeraRetouchError
from veraretouch.planners.training.cases.sources import INDEX, SourcePhoto, photos_by_source


class NothingUnpacked(VeraRetouchError):
    """No photo of a collection is of the folds and the tier that were asked for."""


def unpack(collection: Path, out: Path, *, folds: Collection[int] = (), tier: str | None = None) -> int:
    """Write the photos of a collection (an `index.csv` beside tars or files, see `veraretouch train tiny`) as files
    with a `photos.csv` of sources and licences; return how many.

    Args:
        folds: folds of sources to keep, 0 to 4; all where none is named. tier: keep photos of this tier alone.

    Raises:
        NothingUnpacked; and as `photos_by_source`.
    """
    kept = [
        photo
        for photo in photos_by_source(collection)
        if (not folds or photo.fold in folds) and tier in (None, photo.tier)
    ]
    if not kept:
        raise NothingUnpacked(
            f"{collection} has no photo of the folds {sorted(folds)}, tier {tier}",
            cure=f"See the columns source and tier of {INDEX}.",
        )
    with (collection / INDEX).open(newline="", encoding="utf-8") as file:
        licences = {row["file"]: row.get("licence", "") for row in csv.DictReader(file)}
    for archive in dict.fromkeys(photo.archive for photo in kept):
        some = [photo for photo in kept if photo.archive == archive]
        if archive is None:
            for photo in some:
                _write(out, photo, (collection / photo.file).read_bytes())
            continue
        with tarfile.open(collection / archive) as opened:
            for photo in some:
                member = opened.extractfile(photo.file)
                assert member is not None  # the index was checked against the archive's files
                _write(out, photo, member.read())
    with (out / "photos.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "source", "licence"])
        table.writerows([photo.file, photo.source, licences[photo.file]] for photo in kept)
    return len(kept)


def _write(out: Path, photo: SourcePhoto, data: bytes) -> None:
    target = out / photo.file
    target.parent.mkdir(parents=True, exist_ok=True)
    with new_file(target) as file:
        file.write(data)
