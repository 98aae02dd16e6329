"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .errors import InvalidRequest


@contextmanager
def new_file(path: Path, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Write under a temporary name in the same folder, and give the file its name once it is whole.

    Raises:
        FileExistsError: without `overwrite`, something has the name already; it stays as it is.
        OSError
    """
    temporary = path.with_name(f".{secrets.token_hex(6)}.tmp")
    try:
        with temporary.open("x+b") as file:
            yield file
        if overwrite:
            os.replace(temporary, path)
        else:
            _name_once(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_file(path: Path, data: bytes, *, overwrite: bool = True) -> None:
    """Write a whole file that somebody asked for by name, or nothing.

    Raises:
        InvalidRequest: without `overwrite`, something has the name already; or it cannot be written.
    """
    try:
        with new_file(path, overwrite=overwrite) as file:
            file.write(data)
    except FileExistsError:
        cure = "Choose another name, or allow overwriting."
        raise InvalidRequest(f"{str(path)!r} exists already", cure=cure) from None
    except OSError as error:
        raise InvalidRequest(f"{str(path)!r} cannot be written: {error.strerror}", cure="Check the folder.") from None


def _name_once(temporary: Path, path: Path) -> None:
    """Give a file its name unless something has it already, in one step."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: claim the name first, then take it
        path.open("xb").close()
        os.replace(temporary, path)
