"""Which files a photo's products may replace."""

from __future__ import annotations

import os

from ...errors import UnwritablePhoto
from .task import PhotoTask


def may_replace(task: PhotoTask) -> bool:
    """Whether products that are there may be replaced: the user says so, or they are an earlier run's own.

    Raises:
        UnwritablePhoto: neither is so.
    """
    existing = [path for path in task.products if os.path.lexists(path)]
    if task.options.overwrite or not existing:
        return task.options.overwrite
    earlier = task.earlier if task.options.resume else None
    foreign = [path for path in existing if earlier is None or not earlier.made(path)]
    if foreign:
        raise UnwritablePhoto(
            f"{str(foreign[0])!r} exists already",
            cure="Allow that by --overwrite, or choose another --out or --name."
            if task.options.resume
            else "Go on with an earlier run by --resume, allow replacing by --overwrite, or choose another --out or --name.",
        )
    return True
