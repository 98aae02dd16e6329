"""What travels between a command and a resident process: an order (JSON) with the photo there, an archive back.

The archive is a zip file whose entries are stored as they are: `outcome.json`, as `PhotoOutcome.document` has it, and
the files that were made, named by what they are: `picture`, `compare`, `plan`.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO, Final

from ....contract.planner import DEFAULT_PLANNER
from ....errors import InvalidDocument, InvalidRequest
from ....strict_json import judge, parse
from ...options import EngineName, OutputSharpeningName, Space, Strip, WriteOptions
from ..inputs import Source
from ..outputs import Products, name_products
from ..request import BatchRequest
from ..task import PhotoOutcome, PhotoTask

FORMAT: Final = "veraretouch.retouch/1"
ARCHIVE: Final = "application/zip"
"""The media type of the archive."""

_SCHEMA: Final = "retouch"
_OUTCOME: Final = "outcome.json"
_KINDS: Final = {
    "color_space": Space,
    "output_sharpening": OutputSharpeningName,
    "strip": Strip,
    "engine": EngineName,
}
_BESIDE: Final = ("compare", "save_plan")


def order_for(request: BatchRequest) -> dict[str, Any]:
    """The order that asks for an edit; nothing is said of how a picture is written."""
    order = {f.name: getattr(request, f.name) for f in fields(BatchRequest)}
    if not request.planner:
        del order["planner"]  # a plan's alone
    order["groups"] = None if request.groups is None else sorted(request.groups)
    return {"schema": FORMAT} | order


def order_of(task: PhotoTask) -> dict[str, Any]:
    """The order that asks for a task's work: everything but where the photo and its products lie."""
    picture = {"suffix": task.products.picture.suffix.lower()} | task.options.picture_options()
    picture |= {"compare": task.products.compare is not None, "save_plan": task.products.plan is not None}
    return order_for(task.request) | {"picture": picture}


def task_of(order: Any, photo: Path, folder: Path) -> PhotoTask:
    """The task that an order asks for.

    Args:
        order: a document of the format `veraretouch.retouch/1`; whatever is left out has its usual value.
        photo: the file that was sent along.
        folder: in which its products are made; no journal is kept there.

    Raises:
        InvalidDocument, InvalidRequest: an order that breaks a rule.
        UnwritablePhoto: a format that is not written.
    """
    judge(order, _SCHEMA, name="request")
    picture = dict(order.get("picture", {}))
    suffix = picture.pop("suffix", ".{ext}")
    beside = {name: picture.pop(name, False) for name in _BESIDE}
    try:
        writing: dict[str, Any] = {
            name: _KINDS[name](value) if name in _KINDS and value else value for name, value in picture.items()
        }
    except ValueError as error:
        raise InvalidRequest(f"the request's picture: {error}", cure="See the help of `veraretouch auto`.") from None
    options = WriteOptions(**writing, **beside)
    (products,) = name_products([Source(photo)], out=folder, name=f"retouched{suffix}", **beside)
    return PhotoTask(0, photo, products, _request(order), options, journal=False)


def _request(order: Mapping[str, Any]) -> BatchRequest:
    given = {f.name: order[f.name] for f in fields(BatchRequest) if f.name in order}
    if given.get("plan") is None:
        given.setdefault("planner", DEFAULT_PLANNER)
    given.setdefault("planner", "")
    if given.get("groups") is not None:
        given["groups"] = frozenset(given["groups"])
    if given.get("tones") is not None:
        given["tones"] = tuple(map(tuple, given["tones"]))
    return BatchRequest(**given)


def write_archive(outcome: PhotoOutcome, into: BinaryIO) -> None:
    """Write what came of a task that was done into a file, from its beginning."""
    with zipfile.ZipFile(into, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_OUTCOME, json.dumps(outcome.document()))
        for name, path in _named(outcome.products or Products(Path())).items():
            archive.write(path, name)


def read_archive(archive: BinaryIO, outcome: PhotoOutcome) -> None:
    """Take what an archive says into the outcome of a task; its files stay where they are, for `take_files`.

    Raises:
        InvalidDocument: it is not what `write_archive` writes for these products.
    """
    with _opened(archive) as held:
        entries = {entry.filename: entry for entry in held.infolist()}
        expected = {_OUTCOME, *_named(_products(outcome))}
        if set(entries) != expected or len(held.infolist()) != len(expected):
            raise _broken(f"it holds {', '.join(sorted(entries))[:200]}, not {', '.join(sorted(expected))}")
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries.values()):
            raise _broken("its entries are compressed")
        told = parse(held.read(_OUTCOME), name="the answer")
    try:
        outcome.plan, outcome.engine, outcome.error = dict(told["plan"]), told["engine"] or "", told["color_error"]
        outcome.warnings += map(str, told["warnings"])
        outcome.timings |= {str(stage): float(seconds) for stage, seconds in told["timings"].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _broken(f"{_OUTCOME} is no outcome") from None


def take_files(archive: BinaryIO, products: Products, files: Mapping[Path, Path]) -> None:
    """Copy an archive's files to where `files` says that each product is made.

    Raises:
        InvalidDocument: a file that was changed on its way.
    """
    with _opened(archive) as held:
        try:
            for name, path in _named(products).items():
                with held.open(name) as given, files[path].open("wb") as made:
                    shutil.copyfileobj(given, made, 2**20)
        except zipfile.BadZipFile as error:
            raise _broken(str(error)) from None


def _named(products: Products) -> dict[str, Path]:
    """The products that there are, by what they are."""
    named = {f.name: getattr(products, f.name) for f in fields(Products)}
    return {name: path for name, path in named.items() if path is not None}


def _products(outcome: PhotoOutcome) -> Products:
    assert outcome.products is not None  # of whoever asked
    return outcome.products


def _opened(archive: BinaryIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(archive)
    except zipfile.BadZipFile as error:
        raise _broken(str(error)) from None


def _broken(why: str) -> InvalidDocument:
    return InvalidDocument(f"is no archive of a picture: {why}", path="the server's answer", cure="Update the server.")
