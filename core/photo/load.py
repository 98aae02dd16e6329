"""Open a photo file: what it is, how large it is, and only then its pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from ..errors import PhotoTooLarge, UnreadablePhoto, VeraRetouchError
from .assemble import assemble
from .formats.table import FORMATS, PhotoFormat, sniff
from .header import Header
from .photo import Photo

MAX_PIXELS = 300_000_000


def read_header(path: str | Path) -> Header:
    """Read a photo file's size and format without decoding a pixel.

    Raises UnreadablePhoto for what is no photo, MissingExtra for HEIC or raw without its package.
    """
    path = Path(path)
    with _opened(path) as (file, kind):
        return kind.header(file)


def open_photo(path: str | Path, *, max_pixels: int = MAX_PIXELS) -> Photo:
    """Read a photo file: pixels upright, at their own depth, in their own profile.

    Raises PhotoTooLarge, before memory is taken, where the header announces more than `max_pixels`; UnreadablePhoto for
    what is missing, truncated or no photo; MissingExtra for HEIC or raw without its package.
    """
    path = Path(path)
    with _opened(path) as (file, kind):
        header = kind.header(file)
        if header.width < 1 or header.height < 1:
            raise UnreadablePhoto(
                f"{str(path)!r} announces {header.width}x{header.height} pixels; both must be at least 1"
            )
        if header.width * header.height > max_pixels:
            raise PhotoTooLarge(
                f"{str(path)!r} announces {header.width}x{header.height} pixels, "
                f"{header.width * header.height:,}; the limit is {max_pixels:,}",
                cure="If you trust the file, raise max_pixels (--max-pixels)",
            )
        file.seek(0)
        return replace(assemble(kind.read(file)), path=path)


def file_hash(path: str | Path) -> str:
    """Return the SHA-256, in hex, of a file's bytes. Raises UnreadablePhoto where it cannot be read."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _refusal(path, error) from error


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, PhotoFormat]]:
    """Open a file and find its format; whatever a decoder raises inside becomes one UnreadablePhoto."""
    try:
        with path.open("rb") as file:
            head = file.read(32)
            name = sniff(head, path.suffix.lower())
            if name is None:
                raise UnreadablePhoto(
                    f"{str(path)!r} is {_description(head)}, not a photo we know; JPEG, PNG, WebP, TIFF, HEIC, GIF, "
                    "BMP and camera raw are read",
                    cure="Check that the file is what its name says",
                )
            file.seek(0)
            yield file, FORMATS[name]
    except (VeraRetouchError, MemoryError):
        raise
    except OSError as error:
        raise _refusal(path, error) from error
    except Exception as error:  # decoders raise dozens of unrelated classes for a damaged file
        raise _refusal(path, error) from error


def _description(head: bytes) -> str:
    if not head:
        return "empty"
    return "text" if all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head) else "of an unknown format"


def _refusal(path: Path, error: Exception) -> UnreadablePhoto:
    """Say in our words why a file could not be read."""
    name = repr(str(path))
    if isinstance(error, FileNotFoundError):
        return UnreadablePhoto(f"{name} does not exist", cure="Check the path")
    if isinstance(error, IsADirectoryError):
        return UnreadablePhoto(f"{name} is a folder; a photo file is needed", cure="Name the files in it")
    if isinstance(error, PermissionError):
        return UnreadablePhoto(f"{name} may not be read (permission denied)", cure="Check the file's permissions")
    if isinstance(error, Image.DecompressionBombError):
        return PhotoTooLarge(
            f"{name}: {str(error).rstrip('.')}", cure="If you trust the file, raise PIL.Image.MAX_IMAGE_PIXELS"
        )
    reason = " ".join(str(error).split()) or type(error).__name__
    reason = reason.rstrip(".")
    return UnreadablePhoto(f"{name} is damaged or incomplete: {reason}", cure="Copy or export the photo again")
