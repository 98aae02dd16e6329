"""What each output is called: by its input alone, so that a photo that is done twice is written to one name.

No two inputs share a name: the picture of a photo keeps the photo's name where it keeps its format, and gets one more
suffix where it does not; a photo whose own name looks like such a one gets one more, too. So a run of a million photos
needs no table of names, and the order of the work does not matter.
"""

from __future__ import annotations

import posixpath
from pathlib import Path

from veraretouch.core.errors import UnwritablePhoto
from veraretouch.core.photo import EXTENSIONS, suffix_to_write

FOLDERS = {"picture": "pictures", "compare": "compare", "plan": "plans", "xmp": "xmp"}
"""Kind of output -> its folder."""


def picture_name(name: str) -> str:
    """The name of a photo's picture, of the photo's name below its input: one of each photo's own.

    Raises:
        UnwritablePhoto: a name that leads out of its folder.

    >>> picture_name("trip/a.jpg"), picture_name("a.nef"), picture_name("a.nef.jpg")
    ('trip/a.jpg', 'a.nef.jpg', 'a.nef.jpg.jpg')
    """
    check_name(name)
    return _written(name)


def _written(name: str) -> str:
    suffix = suffix_to_write(Path(name))
    shorter = name.rpartition(".")[0]
    if name.endswith(f".{suffix}") and not (_is_photo(shorter) and _written(shorter) == name):
        return name
    return f"{name}.{suffix}"


def _is_photo(name: str) -> bool:
    return posixpath.splitext(name)[1].lower() in EXTENSIONS.readable


def outputs_of(picture: str) -> dict[str, str]:
    """The names of all outputs below the output folder, by the name of the picture.

    >>> outputs_of("trip/a.jpg")["plan"]
    'plans/trip/a.jpg.json'
    """
    suffixes = {"picture": "", "compare": ".jpg", "plan": ".json", "xmp": ".xmp"}
    return {kind: f"{folder}/{picture}{suffixes[kind]}" for kind, folder in FOLDERS.items()}


def check_name(name: str) -> None:
    """Refuse a name, of an object or within an archive, that is no relative path below its folder.

    Raises:
        UnwritablePhoto
    """
    if not name or "\0" in name or "\\" in name or any(part in ("", ".", "..") for part in name.split("/")):
        raise UnwritablePhoto(
            f"{name!r} cannot name an output: it is no plain relative path",
            cure="Rename it, without '..', '\\', or empty parts.",
        )
