"""From a name to a verified bundle on disk."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from ..core import strict_json
from ..core.errors import TamperedBundle, UnknownBundle, UnreachableBundle, VeraRetouchError
from .bundles.bundle import Bundle
from .bundles.manifest import MANIFEST, Manifest
from .bundles.verified import Verify, forget
from .hub.client import Hub
from .hub.sources import Folder, HubRepository
from .licence import require_consent
from .names import Listing, find

# Of the index: repositories of Core ML packages, which no planner reads.
PACKAGES = "vera-mobile"


def fetch(
    name: str,
    *,
    variant: str | None = None,
    revision: str | None = None,
    verify: Verify = "stamp",
    accept_license: bool = False,
    hub: Hub | None = None,
) -> Bundle:
    """The files of one variant of a bundle, fetched where they are missing, each verified.

    Raises:
        UnknownBundle, UnreachableBundle, LicenceNotAccepted
        InvalidDocument, InvalidSchema: bundle.json breaks a rule.
        TamperedBundle: a file is not what bundle.json says; what was fetched of it is removed.
    """
    listing = find(name, revision=revision)
    if variant is not None and variant in listing.variants:  # which lies in a repository of its own
        listing = find(listing.variants[variant])
    if isinstance(listing.source, Folder):
        return _local(listing, listing.source, variant, verify, accept_license)
    return _remote(listing, listing.source, variant, verify, accept_license, hub or Hub.from_environment())


def fetch_asset(asset: Mapping[str, str]) -> Bundle:
    """The bundle that a plan names by `Bundle.asset`.

    Raises:
        TamperedBundle: its files are not those that the plan was made with. And as `fetch`.
    """
    name = asset.get("bundle", "")
    bundle = fetch(name, revision=asset.get("revision") or None)
    if bundle.asset["sha256"] != asset.get("sha256"):
        raise TamperedBundle(
            f"bundle {name!r} is not the one that the plan was made with: its files have SHA-256 {bundle.asset['sha256'][:12]}...",
            cure="Make the plan again, or fetch the bundle that it names.",
        )
    return bundle


def _local(listing: Listing, source: Folder, variant: str | None, verify: Verify, accept: bool) -> Bundle:
    folder = source.path
    if not (folder / MANIFEST).is_file():
        raise UnknownBundle(
            f"{str(folder)!r} holds no {MANIFEST}", cure="Give the folder that a bundle was packed into."
        )
    manifest = _manifest(listing, folder / MANIFEST)
    bundle = Bundle(manifest, manifest.variant(variant), folder, str(folder), verify=verify)
    _ask(bundle, accept)
    return bundle.check()


def _remote(
    listing: Listing, source: HubRepository, variant: str | None, verify: Verify, accept: bool, hub: Hub
) -> Bundle:
    if listing.published is not None:
        if listing.published == PACKAGES:
            from .coreml.published_packages import fetch_packages

            return fetch_packages(listing, source, variant, verify, accept, hub)
        from .conversion import fetch_published  # with planners and torch, which other fetches do without

        return fetch_published(listing, source, variant, verify, accept, hub)
    path = hub.file(source, MANIFEST)
    pinned = HubRepository(source.id, hub.snapshot(source, path).name)
    try:
        manifest = _manifest(listing, path)
    except VeraRetouchError:
        hub.discard(source, path)
        raise
    chosen = manifest.variant(variant)
    bundle = Bundle(manifest, chosen, path.parent, source.id, pinned.revision, verify)
    licence = manifest.licence.file
    if licence is not None:
        _fetched(bundle, pinned, licence, hub)
    _ask(bundle, accept)
    _check_sizes(bundle, pinned, hub)
    for name in manifest.files(chosen):
        _fetched(bundle, pinned, name, hub)
    return bundle


def _check_sizes(bundle: Bundle, source: HubRepository, hub: Hub) -> None:
    """Refuse files that are not as large as bundle.json says before they fill the disk."""
    files = bundle.manifest.files(bundle.variant)
    if hub.offline or all((bundle.folder / name).exists() for name in files):
        return
    for name, size in hub.names(source).items():
        if name in files and size is not None and size != files[name].size:
            raise TamperedBundle(
                f"{name} of {source} has {size} bytes; its manifest says {files[name].size}",
                cure="Do not use it; tell whoever made the bundle.",
            )


def _fetched(bundle: Bundle, source: HubRepository, name: str, hub: Hub) -> None:
    """Fetch a file and verify it; one that is wrong leaves the cache."""
    path = hub.file(source, name)
    try:
        bundle.open(name).close()
    except TamperedBundle:
        forget(path)
        hub.discard(source, path)
        raise


def _manifest(listing: Listing, path: Path) -> Manifest:
    data = path.read_bytes() if path.stat().st_size <= strict_json.LARGEST else b""
    if listing.sha256 is not None and hashlib.sha256(data).hexdigest() != listing.sha256:
        raise TamperedBundle(
            f"{MANIFEST} of {listing.source} is not the one that the index of {listing.origin} names",
            cure="Do not use it; tell whoever keeps that index.",
        )
    return Manifest(data or path)


def _ask(bundle: Bundle, accept: bool) -> None:
    file = bundle.manifest.licence.file
    text = b""
    if file is not None:
        with bundle.open(file) as opened:
            text = opened.read()
    require_consent(bundle.manifest.name, bundle.manifest.licence, text, accept=accept)


def copy_to(bundle: Bundle, folder: Path) -> Path:
    """Copy a bundle's manifest, and the files of its variant, to a folder that does not exist or is empty.

    Raises:
        UnreachableBundle: the folder holds something, or cannot be written to.
        TamperedBundle
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UnreachableBundle(f"{str(folder)!r} is not empty", cure="Name another folder.")
        for name in bundle.manifest.files(bundle.variant):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with bundle.open(name) as source, target.open("xb") as copy:
                shutil.copyfileobj(source, copy, 2**22)
        # Last: a folder without it is no bundle.
        shutil.copyfile(bundle.folder / MANIFEST, folder / MANIFEST)
    except OSError as error:
        raise UnreachableBundle(
            f"{str(folder)!r} cannot be written: {os.strerror(error.errno or 0)}", cure="Check it."
        ) from None
    return folder
