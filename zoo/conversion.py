"""Repositories that are not in our format.

A planner that knows their files makes a bundle of them, once, on this machine.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock
from platformdirs import user_cache_path

from ..core.errors import IncompatibleBundle, UnreachableBundle
from ..core.plugins.registry import registry
from ..core.render.retoucher import Retoucher
from .bundles.bundle import Bundle
from .bundles.fetch_options import FetchOptions
from .bundles.manifest import MANIFEST, Licence, Manifest
from .bundles.packing import pack
from .hub import Hub
from .licence import require_consent, require_consent_to
from .names import Listing
from .sources import HubRepository

_LICENCES = ("LICENSE", "LICENSE.txt", "LICENSE.md")


def fetch_published(listing: Listing, source: HubRepository, options: FetchOptions, hub: Hub) -> Bundle:
    """The bundle that a published repository makes: fetched and converted where that has not been done.

    Raises:
        IncompatibleBundle: no planner reads it, or its files are not those that the planner expects: what it holds is
            told.
        UnreachableBundle, UnknownBundle, LicenceNotAccepted, InvalidDocument
    """
    pinned = HubRepository(source.id, hub.commit(source))
    accept = options.accept_licence
    return made_once(
        listing,
        pinned,
        options,
        lambda folder: _convert(listing, pinned, _planner(listing, pinned, hub), folder, accept, hub),
    )


def made_once(listing: Listing, source: HubRepository, options: FetchOptions, make: Callable[[Path], None]) -> Bundle:
    """The bundle of a repository at its commit, which `make` writes into the cache where it is not there yet.

    Raises:
        UnreachableBundle, UnknownBundle, LicenceNotAccepted, TamperedBundle, and whatever `make` raises.
    """
    folder = user_cache_path("veraretouch") / "published" / source.id.replace("/", "--") / source.revision
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):
            if not (folder / MANIFEST).is_file():
                make(folder)
    except OSError as error:
        raise UnreachableBundle(
            f"{folder} cannot be written: {error.strerror}", cure="Set XDG_CACHE_HOME to a folder of yours."
        ) from None
    manifest = Manifest(folder / MANIFEST)
    bundle = Bundle(manifest, manifest.variant(options.variant), folder, source.id, source.revision, options.verify)
    bundle.check_content(options.content)
    require_consent_to(bundle, options)
    return bundle.check()


def _planner(listing: Listing, source: HubRepository, hub: Hub) -> Any:
    """The planner that reads such repositories."""
    name = listing.published or ""
    plugin = registry.planners.load(name) if name in registry.planners else None
    if not hasattr(plugin, "from_published"):
        raise report(listing, source, hub, "nothing here reads such files yet")
    return plugin


def _convert(listing: Listing, source: HubRepository, planner: Any, folder: Path, accept: bool, hub: Hub) -> None:
    names = hub.names(source)
    try:
        wanted = planner.published_files(list(names))
    except IncompatibleBundle as error:
        raise report(listing, source, hub, error.problem) from None
    given = listing.licence or Licence("other", commercial_use=False)
    found = [name for name in _LICENCES if name in names]
    text = hub.file(source, found[0]).read_bytes() if found else f"{given.note or given.spdx}\n".encode()
    require_consent(listing.name, given, text, accept=accept)
    retoucher = Retoucher(planner.from_published({name: hub.file(source, name) for name in wanted}))
    licence = folder.with_suffix(".licence")
    licence.write_bytes(text)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        pack(
            retoucher,
            folder,
            name=listing.name,
            version=source.revision[:12],
            licence={"spdx": given.spdx, "commercial_use": given.commercial_use, "note": given.note, "file": "LICENSE"},
            facts={"summary": listing.summary, "provenance": {"repository": source.id, "revision": source.revision}},
            files={"LICENSE": licence},
        )
    finally:
        licence.unlink(missing_ok=True)


def report(listing: Listing, source: HubRepository, hub: Hub, reason: str) -> IncompatibleBundle:
    """What a repository holds whose files nobody here has seen: no guesses are made."""
    files = hub.names(source)
    shown = ", ".join(f"{name} ({size or 0:,} bytes)" for name, size in sorted(files.items())[:40])
    return IncompatibleBundle(
        f"{listing.name!r} ({source}) cannot be read: {reason}; it holds {len(files)} files: {shown}",
        cure="Send this list to the project: nobody there has seen it.",
    )
