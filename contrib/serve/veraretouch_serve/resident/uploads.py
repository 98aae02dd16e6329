"""Forms, taken in part by part: photos go to files, and nothing else is kept of them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from anyio import to_thread
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from ..answers import Refused
from ..interface import FORM, Operation

REQUEST_LIMIT: Final = 16 * 2**20
"""Bytes of the part `request`."""

_LONGEST_NAME: Final = 200  # bytes; file systems take 255


async def take_form(request: Request, operation: Operation, folder: Path) -> dict[str, Path]:
    """The parts of a form as files in a folder, each in a folder of its own under the name that it was sent by.

    Raises:
        Refused: no form, or not the parts that the operation has.
        TooLarge: the body goes on beyond its limit. ClientDisconnect
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Refused(415, f"the body has to be {FORM}, with the parts {_listed(operation)}")
    most = len(operation.files) + 1
    try:
        async with request.form(max_files=most, max_fields=most, max_part_size=REQUEST_LIMIT) as form:
            return await _kept(form.multi_items(), operation, folder)
    except (MultiPartException, HTTPException) as error:
        raise Refused(400, f"the form cannot be read: {getattr(error, 'detail', error)}") from None


async def _kept(parts: Sequence[tuple[str, UploadFile | str]], operation: Operation, folder: Path) -> dict[str, Path]:
    given = [name for name, _ in parts]
    if len(set(given)) != len(given) or not set(operation.files) <= set(given) <= {"request", *operation.files}:
        sent = ", ".join(given)[:200] or "nothing"
        raise Refused(400, f"the form has the parts {_listed(operation)}, each once; {sent} was sent")
    files = {}
    for name, part in parts:
        place = folder / name
        place.mkdir()
        if isinstance(part, UploadFile):
            files[name] = place / plain_name(part.filename or "")
            await to_thread.run_sync(_write, part, files[name])
        elif name == "request":
            files[name] = place / "request"
            files[name].write_bytes(part.encode("utf-8", "surrogateescape"))
        else:
            raise Refused(400, f"the part {name} has to be sent as a file, with a file's name")
    return files


def _listed(operation: Operation) -> str:
    return ", ".join((*operation.files, "request (JSON, may be left out)"))


def _write(part: UploadFile, path: Path) -> None:
    with path.open("xb") as file:
        shutil.copyfileobj(part.file, file, 2**20)


def plain_name(sent: str) -> str:
    """A file's own name, whatever folders and characters it was sent with."""
    name = "".join(each for each in sent.replace("\\", "/").rpartition("/")[2] if each.isprintable())
    while len(name.encode("utf-8", "replace")) > _LONGEST_NAME:
        name = name[1:]  # its end says what kind of file it is
    return name if name.strip(".") and name.isprintable() else "photo"
