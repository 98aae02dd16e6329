"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .errors import InvalidRequest

if sys.platform != "win32":
    import fcntl

_TEMPORARY = re.compile(r"\.[0-9a-f]{12}\.tmp")


@contextmanager
def new_file(path: Path, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Write under a temporary name in the same folder, and give the file its name once it is whole.

    Raises:
        FileExistsError: without `overwrite`, something has the name already; it stays as it is.
        OSError
    """
    temporary, descriptor = _temporary_file(path.parent)
    try:
        with _lock_kept(descriptor):
            with open(temporary, "w+b", opener=lambda path, flags: descriptor) as file:
                yield file
            give_name(temporary, path, overwrite=overwrite)
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


@contextmanager
def staging_folder(folder: Path) -> Iterator[Path]:
    """A hidden folder inside `folder` for files in the making; removed at the end.

    They get their names by `give_name`.

    Nobody else may look into it.

    Raises:
        OSError: `folder` is missing or cannot be written to.
    """
    try:
        staging, descriptor = _temporary_folder(folder)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from None
    try:
        yield staging
    finally:
        if descriptor is not None:
            os.close(descriptor)
        shutil.rmtree(staging, ignore_errors=True)


def give_name(temporary: Path, path: Path, *, overwrite: bool, keep_times: bool = False) -> None:
    """Give a finished file its name, in one step.

    Args:
        overwrite: a file of this name is replaced; the new one gets its mode bits and, as far as this process may, its
            owner.
        keep_times: it also gets that file's times and extended attributes.

    Raises:
        FileExistsError: without `overwrite`, something has the name already; it stays as it is.
        OSError
    """
    if overwrite:
        _take_over(path, temporary, times=keep_times)
        os.replace(temporary, path)
    else:
        _name_once(temporary, path)


def remove_abandoned(folder: Path) -> list[Path]:
    """Remove the temporary files and folders that processes which have died left in a folder; return their paths.

    Those of a living process are locked by it and stay. Where the system has no such locks, all stay.
    """
    removed: list[Path] = []
    if sys.platform == "win32":
        return removed
    try:
        found = [path for path in folder.iterdir() if _TEMPORARY.fullmatch(path.name)]
    except OSError:
        return removed
    for path in found:
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                kind = os.fstat(descriptor).st_mode
                if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                    continue
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path) if stat.S_ISDIR(kind) else path.unlink()
                removed.append(path)
            finally:
                os.close(descriptor)
    return removed


def _temporary_file(folder: Path) -> tuple[Path, int]:
    """A new file of a name nobody has, and a locked descriptor of it."""
    while True:
        path = folder / f".{secrets.token_hex(6)}.tmp"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags, 0o666)
        if _locked(path, descriptor):
            return path, descriptor


def _temporary_folder(folder: Path) -> tuple[Path, int | None]:
    """A new folder of a name nobody has, and a locked descriptor of it, where folders have descriptors."""
    while True:
        path = folder / f".{secrets.token_hex(6)}.tmp"
        path.mkdir(mode=0o700)
        if sys.platform == "win32":
            return path, None
        descriptor = os.open(path, os.O_RDONLY)
        if _locked(path, descriptor):
            return path, descriptor


def _locked(path: Path, descriptor: int) -> bool:
    """Lock a file for as long as the descriptor is open; False where `remove_abandoned` was quicker and removed it."""
    if sys.platform != "win32":
        with suppress(OSError):  # a file system without locks: then nobody removes it either
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    if os.path.lexists(path):
        return True
    os.close(descriptor)
    return False


@contextmanager
def _lock_kept(descriptor: int) -> Iterator[None]:
    """Keep a file's lock after it is closed, until it has its name. Windows has none, and renames no open file."""
    kept = None if sys.platform == "win32" else os.dup(descriptor)
    try:
        yield
    finally:
        if kept is not None:
            os.close(kept)


def _take_over(old: Path, new: Path, *, times: bool) -> None:
    """Give a file what belongs to the one that it replaces and not to its content."""
    try:
        status = os.lstat(old)
    except OSError:
        return
    if not stat.S_ISREG(status.st_mode):
        return
    if sys.platform != "win32":
        try:
            os.chown(new, status.st_uid, status.st_gid)
        except OSError:
            with suppress(OSError):
                os.chown(new, -1, status.st_gid)
    if times:
        shutil.copystat(old, new)
    else:
        shutil.copymode(old, new)


def _name_once(temporary: Path, path: Path) -> None:
    """Give a file its name unless something has it already, in one step."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: claim the name first, then take it
        path.open("xb").close()
        os.replace(temporary, path)
