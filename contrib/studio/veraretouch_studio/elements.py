"""Controls of plug-ins: an ES module that a plug-in brings for a slot of its own, or for a kind of slot of its own.

An entry point of `veraretouch.studio_controls` is named by the slot's address (`acme.halo.strokes`) or by the kind, and
leads to a module's file in a package: `acme_halo.page:strokes.js`. Blocked plug-ins bring none. Files are served from
the folders that such entry points name, and from nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from veraretouch.core.contract import slot_kinds
from veraretouch.core.errors import BrokenPlugin
from veraretouch.core.plugins.catalogue import Catalogue
from veraretouch.core.plugins.entry import USABLE, PluginEntry
from veraretouch.core.plugins.policy import normal
from veraretouch.core.plugins.registry import registry

GROUP: Final = "veraretouch.studio_controls"
LARGEST: Final = 2**20
"""Bytes of a file."""

_MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class ElementFile:
    """A file of a plug-in's controls."""

    data: bytes
    media_type: str


def own_controls(broken: list[dict[str, str]]) -> dict[str, str]:
    """The addresses of modules by the slot or kind that they are for; what cannot be used is added to `broken`."""
    found: dict[str, str] = {}
    for entry in _catalogue().entries().values():
        try:
            if entry.state not in USABLE:
                raise BrokenPlugin(f"{entry.standing}: {entry.reason}", cure=entry.cure)
            folder, file = _place(entry)
            if not (folder / file).is_file():
                raise BrokenPlugin(f"{entry.target!r} names no file", cure="Put it among the package's data.")
            _check_owner(entry)
        except BrokenPlugin as error:
            broken.append({"id": entry.id, "reason": f"control of {entry.owner}: {error}"})
        else:
            found[entry.id] = f"/plugins/{normal(entry.distribution)}/{file}"
    return found


def element_file(distribution: str, file: str) -> ElementFile | None:
    """A file beside a module that a usable plug-in of this distribution names; None for all else."""
    wanted = Path(file)
    if wanted.suffix not in _MEDIA_TYPES or wanted.is_absolute() or "\\" in file or "\0" in file:
        return None
    for folder in _folders(distribution):
        path = (folder / wanted).resolve()
        if path.is_relative_to(folder.resolve()) and path.is_file() and path.stat().st_size <= LARGEST:
            return ElementFile(path.read_bytes(), _MEDIA_TYPES[wanted.suffix])
    return None


def _catalogue() -> Catalogue:
    """What is installed, judged by the lists of what is allowed and blocked; nothing is imported."""
    return Catalogue("studio control", GROUP, lambda id, plugin: None)


def _folders(distribution: str) -> Iterator[Path]:
    for entry in _catalogue().entries().values():
        if entry.state in USABLE and normal(entry.distribution) == normal(distribution):
            try:
                yield _place(entry)[0]
            except BrokenPlugin:
                continue


def _place(entry: PluginEntry) -> tuple[Path, str]:
    """The folder of a module, and its file's name.

    Raises:
        BrokenPlugin: the entry point leads to no package.
    """
    package, _, file = entry.target.partition(":")
    cure = "Name a package and a file in it: acme.page:pad.js."
    try:
        spec = find_spec(package.strip())
    except (ImportError, ValueError) as error:
        raise BrokenPlugin(f"{entry.target!r}: {error}", cure=cure) from None
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    if not folders or not file.strip().endswith((".js", ".mjs")):
        raise BrokenPlugin(f"{entry.target!r} leads to no module of a package", cure=cure)
    return Path(folders[0]), file.strip()


def _check_owner(entry: PluginEntry) -> None:
    """A plug-in has controls for its own slots and kinds alone.

    Raises:
        BrokenPlugin
    """
    if entry.id in _BUILT_IN:
        raise BrokenPlugin(f"slots of the kind {entry.id!r} have a control", cure="Name a slot: op.slot.")
    catalogues: tuple[Any, ...] = (registry.ops, registry.areas)
    for catalogue in catalogues:
        held = catalogue.find(entry.id.rpartition(".")[0])
        if held is not None and normal(held.distribution) != normal(entry.distribution):
            raise BrokenPlugin(f"{held.id!r} belongs to {held.distribution}", cure="Name a slot of your own op.")


_BUILT_IN: Final = {
    value.kind
    for value in vars(slot_kinds).values()
    if isinstance(value, type) and isinstance(getattr(value, "kind", None), str)
}
