"""What can be asked of the zoo besides loading: info, pull, verify, remove."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any, Final

from ..core.errors import LicenceNotAccepted, UnknownBundle, UnreachableBundle
from ..core.plugins.entry import PluginEntry
from ..core.plugins.registry import registry
from ..core.plugins.summary import find_module, summary
from .bundles.bundle import Bundle
from .bundles.compatibility import check_system
from .bundles.fetch_options import FetchOptions
from .bundles.manifest import MANIFEST, Manifest
from .bundles.verified import forget
from .fetch import copy_to, fetch, fetch_listed
from .hub import Hub
from .names import all_names, find
from .sources import Folder, HubRepository

NETWORKS: Final[Mapping[str, str]] = {"scene": "veraretouch.planners.scene.reader"}
"""Networks that planners consult and that come with veraretouch, and the module beside which each has its bundle."""


@dataclass(frozen=True)
class Info:
    """What is known of a name.

    Attributes:
        name: as it was asked for; `source` and `origin`: where its files are, and whose index or package says so;
            `summary`: one sentence.
        licence: SPDX identifier, whether commercial use is allowed, and a note.
        state: `built-in` (a planner that needs no weights) or, where another distribution brings it, `installed`;
            `cached`, `remote`, `folder`, or `unverified` where nobody here has seen the files.
        figures: what the bundle's author has measured, by name with its unit.
        manifest: bundle.json, where it is on this machine.
    """

    name: str
    state: str
    source: str = ""
    origin: str = ""
    summary: str = ""
    licence: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    manifest: Mapping[str, Any] | None = None


def info(name: str, *, revision: str | None = None, hub: Hub | None = None) -> Info:
    """What is known of a name; nothing is fetched.

    Raises:
        UnknownBundle
    """
    entry = registry.planners.find(name)
    if entry is not None:
        return _installed(entry)
    listing = find(name, revision=revision)
    manifest = _at_hand(listing.source, hub or Hub.from_environment())
    state = "folder" if isinstance(listing.source, Folder) else "cached" if manifest else "remote"
    if listing.unverified and state == "remote":
        state = "unverified"
    document = manifest.document if manifest else None
    licence = document["licence"] if document else vars(listing.licence) if listing.licence else {}
    told = listing.summary or (document or {}).get("summary", "")
    figures = (document or {}).get("metrics", {})
    return Info(name, state, str(listing.source), listing.origin, told, licence, figures, document)


def installed_bundle(planner: str) -> Path | None:
    """The folder of weights that an installed planner, or a network of `NETWORKS`, comes with, beside its module.

    None: it has none. Nothing is imported.
    """
    entry = registry.planners.find(planner)
    module = entry.target.partition(":")[0].strip() if entry is not None else NETWORKS.get(planner)
    spec = find_module(module) if module is not None else None
    folder = Path(spec.origin).with_name("bundle") if spec is not None and spec.origin else None
    return folder if folder is not None and (folder / MANIFEST).is_file() else None


def _installed(entry: PluginEntry) -> Info:
    """What is known of an installed planner: what the bundle that it comes with says, else its package."""
    state = "built-in" if entry.distribution == "veraretouch" else "installed"
    folder = installed_bundle(entry.id)
    if folder is None:
        licence = {"spdx": spdx} if (spdx := _licence_of(entry.distribution)) else {}
        return Info(entry.id, state, origin=entry.distribution, summary=summary(entry.target), licence=licence)
    document = Manifest(folder / MANIFEST).document
    return Info(
        entry.id,
        state,
        origin=entry.distribution,
        summary=document.get("summary", ""),
        licence=document["licence"],
        figures=document.get("metrics", {}),
        manifest=document,
    )


def _licence_of(distribution: str) -> str:
    """The SPDX expression that a distribution's metadata state; empty where they do not, or it is not installed."""
    try:
        return str(metadata(distribution).json.get("license_expression", ""))
    except PackageNotFoundError:
        return ""


def table() -> list[Info]:
    """Every name, with what is known of it; nothing is fetched."""
    return [info(name) for name in all_names()]


def pull(
    name: str,
    *,
    variant: str | None = None,
    revision: str | None = None,
    to: Path | None = None,
    system: str | None = None,
    accept_licence: bool = False,
    hub: Hub | None = None,
) -> Path:
    """Fetch and verify a bundle, and with `to` copy it to a folder; the folder that holds it now.

    For an installed planner nothing is fetched: the bundle that it comes with is the one.

    Args:
        system: the one it is for, such as `iOS 18.0`: a variant that needs a newer one is refused.

    Raises:
        IncompatibleBundle: the system is too old. InvalidRequest: it is no system.
        UnknownBundle, UnreachableBundle, LicenceNotAccepted, TamperedBundle, InvalidDocument
    """
    bundle = fetch(_place(name), variant=variant, revision=revision, accept_licence=accept_licence, hub=hub)
    if system is not None:
        check_system(bundle, system)
    return copy_to(bundle, to) if to is not None else bundle.folder


def verify(name: str, *, variant: str | None = None, revision: str | None = None, hub: Hub | None = None) -> Bundle:
    """Hash every file of a bundle anew, whatever stamps say. Its licence is not asked about: nothing is used.

    Raises:
        LicenceNotAccepted: files are missing here, and the licence has to be agreed to before they are fetched. As
            `pull`, too.
        UnknownBundle, TamperedBundle
    """
    options = FetchOptions(variant, verify="always", use=False)
    listing = find(_place(name), variant=variant, revision=revision)
    try:
        return fetch_listed(listing, options, hub or Hub.from_environment()).check()
    except LicenceNotAccepted as error:
        raise LicenceNotAccepted(
            f"not all files are on this machine, and {error.problem}",
            cure=f"Fetch them first: veraretouch zoo pull {name} --accept-licence",
        ) from None


def remove(name: str, *, hub: Hub | None = None) -> int:
    """Remove a bundle from the cache, every revision of it; bytes that were freed. A folder of yours is not touched.

    Raises:
        UnknownBundle
        UnreachableBundle: it is a folder, came with a package, or cannot be removed.
    """
    entry = registry.planners.find(name)
    if entry is not None:
        raise UnreachableBundle(f"{name!r} came with {entry.owner}", cure="Uninstall that package.")
    source = find(name).source
    if isinstance(source, Folder):
        raise UnreachableBundle(f"{source} is a folder of yours", cure="Remove it yourself.")
    folder = (hub or Hub.from_environment()).folder(source)
    if not folder.is_dir():
        return 0
    for path in folder.glob("snapshots/*/**/*"):
        forget(path)
    size = sum(path.stat().st_size for path in (folder / "blobs").glob("*"))
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise UnreachableBundle(f"{folder} cannot be removed: {error.strerror}", cure="Remove it yourself.") from None
    return size


def _place(name: str) -> str:
    """The name of a bundle; for an installed planner the folder that it comes with.

    Raises:
        UnknownBundle: it comes without weights.
    """
    if name not in registry.planners:
        return name
    folder = installed_bundle(name)
    if folder is None:
        raise UnknownBundle(
            f"{name!r} is an installed planner without weights: there is no bundle", cure="Use it as it is."
        )
    return str(folder)


def _at_hand(source: HubRepository | Folder, hub: Hub) -> Manifest | None:
    """The manifest, if it is on this machine and can be read."""
    if isinstance(source, Folder):
        path = source.path / MANIFEST
        return Manifest(path) if path.is_file() else None
    folder = hub.folder(source)
    reference = folder / "refs" / source.revision
    commit = reference.read_text() if reference.is_file() else source.revision
    path = folder / "snapshots" / commit / MANIFEST
    return Manifest(path) if path.is_file() else None
