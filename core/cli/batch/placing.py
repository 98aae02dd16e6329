"""Which files a photo's products may replace, and what a photo would lose if its picture took its place."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UnwritablePhoto
from ...photo import Header
from .task import PhotoTask

if TYPE_CHECKING:
    from ...photo.geometry.framing import Framing


def may_replace(task: PhotoTask) -> bool:
    """Whether products that are there may be replaced: the user says so, or they are an earlier run's own.

    Raises:
        UnwritablePhoto: neither is so, or a folder has the name.
    """
    existing = [path for path in task.products if os.path.lexists(path)]
    for path in existing:
        if path.is_dir() and not path.is_symlink():
            raise UnwritablePhoto(f"{str(path)!r} is a folder", cure="Choose another --out or --name.")
    if task.options.overwrite or not existing:
        return task.options.overwrite
    earlier = task.earlier if task.options.resume else None
    foreign = [path for path in existing if earlier is None or not earlier.made(path)]
    if foreign:
        raise UnwritablePhoto(
            f"{str(foreign[0])!r} exists already",
            cure="Allow that by --overwrite, or choose another --out or --name."
            if task.options.resume
            else "Go on with an earlier run by --resume, allow replacing by --overwrite, "
            "or choose another --out or --name.",
        )
    return True


def in_place(task: PhotoTask) -> bool:
    """Whether the picture takes the photo's own place."""
    try:
        return os.path.samefile(task.products.picture, task.source)
    except OSError:
        return False


def header_losses(header: Header, task: PhotoTask) -> list[str]:
    """What a file that takes the photo's place would lack, as far as its header tells."""
    options, long_side = task.options, max(header.width, header.height)
    losses = [header.more_frames[0]] if header.more_frames else []
    for name, side in (("--preview", options.preview), ("--max-size", options.max_size)):
        if side is not None and side < long_side:
            losses.append(f"{name} {side} is less than its {long_side} pixels")
    if (frame := task.request.known_frame) is not None:
        from ...plan.frame import read_frame

        losses += frame_losses(read_frame(frame))
    return losses


def frame_losses(frame: Framing | None) -> list[str]:
    """What a photo loses by a frame; nothing where it is only flipped."""
    return ["its frame leaves some of it out"] if frame is not None and frame.loses else []


def refuse_losses(losses: Iterable[str], path: Path) -> None:
    """Refuse to put less in a photo's place.

    Raises:
        UnwritablePhoto: there is a loss.
    """
    if told := "; ".join(dict.fromkeys(losses)):
        raise UnwritablePhoto(
            f"{str(path)!r} would be replaced by less than it holds: {told}",
            cure="Write to another --out, or allow it by --overwrite --lossy.",
        )
