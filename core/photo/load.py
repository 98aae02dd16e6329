"""Open a photo file: what it is, how large it is, and only then its pixels."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, TypeAlias

from PIL import Image

from ..errors import InvalidPhoto, PhotoTooLarge, UnreadablePhoto, VeraRetouchError
from .assemble import assemble
from .decoded import DamagedPixels
from .formats.table import FORMATS, PhotoFormat, is_text, sniff
from .hashing import opened, unreadable
from .header import Header
from .photo import Photo

MAX_PIXELS = 300_000_000
PhotoSource: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO"
_LARGEST_STREAM = 4 * 2**30  # bytes: an open file is read into memory, and some have no end


def read_header(source: PhotoSource) -> Header:
    """Read a photo file's size and format without decoding a pixel.

    Raises UnreadablePhoto for what is no photo, MissingExtra for a format without its package.
    """
    with _opened(source) as (file, kind):
        return kind.header(file)


def open_photo(source: PhotoSource, *, max_pixels: int = MAX_PIXELS, salvage: bool = False) -> Photo:
    """Read a photo file: pixels upright, at their own depth, in their own profile.

    `source`: a path, a file's bytes, or a file opened for reading bytes, which is read from its start. `salvage`:
    take what is left of a damaged photo, with a warning, instead of refusing it.

    Raises PhotoTooLarge, before memory is taken, where the header announces more than `max_pixels`; UnreadablePhoto for
    what is missing, damaged, truncated or no photo; MissingExtra for a format without its package; InvalidPhoto for a
    `source` of another type.
    """
    with _opened(source, salvage=salvage) as (file, kind):
        header = kind.header(file)
        name, pixels = _name_of(source), header.width * header.height
        if header.width < 1 or header.height < 1:
            raise UnreadablePhoto(f"{name} announces {header.width}x{header.height} pixels; both must be at least 1")
        if pixels > max_pixels:
            raise PhotoTooLarge(
                f"{name} announces {header.width}x{header.height} pixels, {pixels:,}; the limit is {max_pixels:,}",
                cure="If you trust the file, raise max_pixels (--max-pixels)",
            )
        file.seek(0)
        photo = assemble(kind.read(file, salvage=salvage))
    return replace(photo, path=Path(source)) if isinstance(source, str | os.PathLike) else photo


@contextmanager
def _opened(source: PhotoSource, *, salvage: bool = False) -> Iterator[tuple[BinaryIO, PhotoFormat]]:
    """Open a file and find its format; whatever a decoder raises inside becomes one UnreadablePhoto."""
    name, kind = _name_of(source), None
    try:
        with _stream(source) as file:
            head = file.read(32)
            kind = sniff(head, _suffix_of(source))
            if kind is None:
                raise UnreadablePhoto(
                    f"{name} is {_description(head)}, not a photo we know; {', '.join(FORMATS)} are read",
                    cure="Check that the file is what its name says",
                )
            file.seek(0)
            yield file, FORMATS[kind]
    except UnreadablePhoto as error:
        if type(error) is not UnreadablePhoto or name in error.problem:
            raise
        raise UnreadablePhoto(f"{name}: {error.problem}", cure=error.cure) from error
    except (VeraRetouchError, MemoryError):
        raise
    except Exception as error:  # decoders raise dozens of unrelated classes for a damaged file
        raise _refusal(name, error, salvaged=kind if salvage else None) from error


def _stream(source: PhotoSource) -> BinaryIO:
    """The source as a file of bytes that can be sought in."""
    if isinstance(source, str | os.PathLike):
        return opened(Path(source))
    if isinstance(source, bytes | bytearray | memoryview):
        return io.BytesIO(source)
    try:
        if source.seekable():
            source.seek(0)
        data = source.read(_LARGEST_STREAM + 1)
    except (ValueError, AttributeError, io.UnsupportedOperation) as error:
        raise InvalidPhoto(
            f"the open file cannot be read: {error}", cure="Open it for reading: open(path, 'rb')"
        ) from error
    if not isinstance(data, bytes):
        raise InvalidPhoto(
            "the open file gives text; a photo's gives bytes", cure="Open it in binary: open(path, 'rb')"
        )
    if len(data) > _LARGEST_STREAM:
        raise PhotoTooLarge(f"the open file has more than {_LARGEST_STREAM:,} bytes", cure="Open it by its path")
    return io.BytesIO(data)


def _path_of(source: PhotoSource) -> str:
    """The path of a source; empty for bytes."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    found = getattr(source, "name", "")
    return found if isinstance(found, str) else ""


def _name_of(source: PhotoSource) -> str:
    return repr(_path_of(source)) if _path_of(source) else "the photo"


def _suffix_of(source: PhotoSource) -> str:
    return Path(_path_of(source)).suffix.lower()


def _description(head: bytes) -> str:
    if not head:
        return "empty"
    return "text" if is_text(head) else "of an unknown format"


def _refusal(name: str, error: Exception, *, salvaged: str | None = None) -> UnreadablePhoto:
    """Say in our words why a file could not be read, although, if so, of its format something was to be `salvaged`."""
    if isinstance(error, FileNotFoundError | IsADirectoryError | PermissionError):
        return unreadable(name, error)
    if isinstance(error, OSError) and error.filename is not None:  # a decoder's errors name no file
        return unreadable(name, error)
    if isinstance(error, Image.DecompressionBombError):
        return PhotoTooLarge(
            f"{name}: {str(error).rstrip('.')}", cure="If you trust the file, raise PIL.Image.MAX_IMAGE_PIXELS"
        )
    reason = " ".join(str(error).split())
    if not re.search(r"[A-Za-z]{3}", reason):  # a bare number, a tuple of what was read
        reason = f"the decoder gave up ({type(error).__name__})"
    reason, cure = reason.rstrip("."), "Copy or export the photo again"
    if salvaged is not None:
        reason += f"; nothing of this {salvaged} could be salvaged"
    elif isinstance(error, DamagedPixels):
        cure += ", or take what is left of it by --salvage"
    return UnreadablePhoto(f"{name} is damaged or incomplete: {reason}", cure=cure)
