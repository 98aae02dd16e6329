"""A file's own bytes: opened where it is a file at all, and hashed."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path
from typing import BinaryIO

from ..errors import UnreadablePhoto


def file_hash(path: str | Path) -> str:
    """Return the SHA-256, in hex, of a file's bytes. Raises UnreadablePhoto where it cannot be read,
    InvalidPhoto for what is no path.
    """
    try:
        with opened(Path(path)) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # typeshed wants readinto
    except OSError as error:
        raise unreadable(repr(str(path)), error) from error


def opened(path: Path) -> BinaryIO:
    """A file, opened for reading bytes; to open a pipe would wait for ever, and a device has no end.

    Raises:
        UnreadablePhoto, OSError
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise UnreadablePhoto(f"{str(path)!r} is a pipe or a device; a photo file is needed", cure="Copy it first")
    return path.open("rb")


def unreadable(name: str, error: OSError) -> UnreadablePhoto:
    """Say in our words why the system does not let a file be read."""
    if isinstance(error, FileNotFoundError):
        return UnreadablePhoto(f"{name} does not exist", cure="Check the path")
    if isinstance(error, IsADirectoryError):
        return UnreadablePhoto(f"{name} is a folder; a photo file is needed", cure="Name the files in it")
    if isinstance(error, PermissionError):
        return UnreadablePhoto(f"{name} may not be read (permission denied)", cure="Check the file's permissions")
    return UnreadablePhoto(f"{name} cannot be read: {error.strerror or error}", cure="Check the path")
