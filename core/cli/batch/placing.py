"""How a photo's products take their places, whole or not at all: which files they may replace, and what a photo would
lose if its picture took its own place. NumPy is not imported here: a command whose work is done elsewhere does without.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...atomic_write import give_name, staging_folder
from ...errors import InvalidPlan, PhotoTooLarge, UnwritablePhoto
from ...photo import PhotoWarning, file_hash
from .journal import Provenance, fingerprint, note_written
from .task import PhotoTask

if TYPE_CHECKING:
    from ...photo import Header
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


def origin_of(task: PhotoTask) -> Provenance:
    """From what the products are made."""
    writing = task.options.picture_options() | {"products": sorted(path.name for path in task.products)}
    return Provenance(file_hash(task.source), fingerprint(task.request.facts()), fingerprint(writing), task.versions)


def is_done(task: PhotoTask, origin: Provenance) -> bool:
    """Whether an earlier run made the products from this, and they are still there."""
    return task.options.resume and task.earlier is not None and task.earlier.is_done(origin, task.products)


def check_places(task: PhotoTask) -> None:
    """Refuse what may not be replaced.

    Raises:
        VeraRetouchError: the photo may not be read, or the products may not take their places.
    """
    may_replace(task)
    if in_place(task):
        from ...photo import read_header

        check_header(read_header(task.source), task)


def finish(
    task: PhotoTask, origin: Provenance, make: Callable[[Mapping[Path, Path]], None], *, told: Sequence[str]
) -> None:
    """Have every product made beside its place, note them in the journal, and then give each its name.

    Args:
        make: writes each product into the file that it is given for it.
        told: warnings of the photo so far; whatever they say keeps a picture from taking its photo's place.

    Raises:
        UnwritablePhoto
    """
    products, replaces_photo = task.products, in_place(task)
    folder = products.picture.parent
    folder.mkdir(parents=True, exist_ok=True)
    with staging_folder(folder) as staging:
        files = {path: staging / path.name for path in products}
        with warnings.catch_warnings(record=True) as heard, _said_by_final_names(staging):
            warnings.simplefilter("always", PhotoWarning)
            make(files)
        if replaces_photo and not task.options.lossy:
            refuse_losses((*told, *(str(warning.message) for warning in heard)), products.picture)
        for warning in heard:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
        overwrite = may_replace(task)  # again: rendering took its time, and somebody may have put a file there
        if task.journal:
            note_written(products.picture, origin, files)
        for path, made in files.items():
            try:
                give_name(made, path, overwrite=overwrite, keep_times=replaces_photo and path == products.picture)
            except FileExistsError:
                raise UnwritablePhoto(f"{str(path)!r} exists already", cure="Choose another name.") from None


def check_header(header: Header, task: PhotoTask) -> None:
    """Refuse what the header shows to be too large, or to hold more than would take its place."""
    from ...photo import MAX_PIXELS

    pixels, limit = header.width * header.height, task.request.max_pixels or MAX_PIXELS
    if pixels > limit:
        raise PhotoTooLarge(
            f"{str(task.source)!r} announces {pixels:,} pixels; the limit is {limit:,}", cure="Raise --max-pixels."
        )
    if in_place(task) and not task.options.lossy:
        refuse_losses(header_losses(header, task), task.products.picture)


@contextmanager
def _said_by_final_names(staging: Path) -> Iterator[None]:
    """Errors name the files that the user knows, not those in the making."""
    try:
        yield
    except (UnwritablePhoto, InvalidPlan) as error:
        raise UnwritablePhoto(error.problem.replace(f"{staging.name}{os.sep}", ""), cure=error.cure) from error
