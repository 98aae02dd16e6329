"""From a name to a verified bundle on disk.

Resolve the name, fetch bundle.json, ask for the licence, fetch and verify each file. A published repository,
which has no bundle.json, is converted instead.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..core.errors import TamperedBundle, UnknownBundle, UnreachableBundle, UntrustedBundle, VeraRetouchError
from ..core.plugins.config import ALLOW_BUNDLES_VARIABLE, read_config
from .bundles.bundle import Bundle
from .bundles.fetch_options import FetchOptions
from .bundles.manifest import LARGEST, MANIFEST, Manifest
from .bundles.verified import Verify, forget
from .hub import Hub
from .licence import require_consent_to
from .names import Listing, find, is_listed
from .sources import Folder, HubRepository

# Of the index: repositories of Core ML packages, which no planner reads.
PACKAGES = "vera-mobile"


def fetch(
    name: str | os.PathLike[str],
    *,
    variant: str | None = None,
    revision: str | None = None,
    verify: Verify = "stamp",
    accept_licence: bool = False,
    hub: Hub | None = None,
) -> Bundle:
    """The files of one variant of a bundle, fetched where they are missing, each verified.

    Args:
        name: a name of an index, `owner/repo[@revision]`, `hf://...`, or a folder.

    Raises:
        UnknownBundle, UnreachableBundle, LicenceNotAccepted
        InvalidDocument, InvalidSchema: bundle.json breaks a rule.
        TamperedBundle: a file is not what bundle.json says; what was fetched of it is removed.
    """
    options = FetchOptions(variant, verify, accept_licence)
    return fetch_listed(find(name, variant=variant, revision=revision), options, hub or Hub.from_environment())


def fetch_listed(listing: Listing, options: FetchOptions, hub: Hub) -> Bundle:
    """The same, of a name that has been resolved.

    Raises:
        As `fetch`.
    """
    source = listing.source
    if isinstance(source, Folder):
        return _open_folder(listing, source, options)
    if listing.published == PACKAGES:
        from .published_packages import fetch_packages

        return fetch_packages(listing, source, options, hub)
    if listing.published is not None:
        from .conversion import fetch_published  # with planners and torch, which other fetches do without

        return fetch_published(listing, source, options, hub)
    return _fetch_bundle(listing, source, options, hub)


def fetch_asset(asset: Mapping[str, str], *, hub: Hub | None = None) -> Bundle:
    """The bundle that a plan names by `Bundle.asset`.

    A plan comes from anywhere: what it names is fetched only from repositories that an index lists or the user allows.
    Others are taken from the cache, where the user has fetched them before. No token is sent, and bundle.json is
    compared before any weights are fetched.

    Raises:
        UntrustedBundle: no index lists the repository, and nobody has allowed or fetched it.
        TamperedBundle: its files are not those that the plan was made with. And as `fetch`.
    """
    name, revision = asset.get("bundle", ""), asset.get("revision") or None
    listing = find(name, revision=revision)
    hub = replace(hub or Hub.from_environment(), token=None)
    options = FetchOptions(content=asset.get("sha256", ""))
    source = listing.source
    if isinstance(source, Folder) and str(source.path).startswith(("//", "\\\\")):
        raise UntrustedBundle(
            f"a plan names the folder {name!r} of another machine: it was not asked for",
            cure="Copy the bundle here, and edit the plan's asset.bundle.",
        )
    if isinstance(source, Folder) or is_listed(source) or not _allowed_bundles().isdisjoint((name, source.id)):
        return fetch_listed(listing, options, hub)
    if hub.folder(source).is_dir():  # else the client is not even asked: it may have questions of its own to the Hub
        with suppress(UnreachableBundle):
            return fetch_listed(listing, options, replace(hub, offline=True))
    raise UntrustedBundle(
        f"a plan names the bundle {str(source)!r}, which no index lists: nothing was fetched",
        cure=f"If you trust its owner: --allow-bundle {source.id}, {ALLOW_BUNDLES_VARIABLE}={source.id}, "
        f"or fetch it first: veraretouch zoo pull {source}",
    )


def _allowed_bundles() -> frozenset[str]:
    """The repositories that plans may name: of the environment variable and of the configuration file."""
    named = os.environ.get(ALLOW_BUNDLES_VARIABLE, "").replace(",", " ").split()
    return frozenset([*named, *read_config().get("bundles", {}).get("allow", [])])


def _open_folder(listing: Listing, source: Folder, options: FetchOptions) -> Bundle:
    folder = source.path
    if not (folder / MANIFEST).is_file():
        raise UnknownBundle(
            f"{str(folder)!r} holds no {MANIFEST}", cure="Give the folder that a bundle was packed into."
        )
    manifest = _manifest(listing, folder / MANIFEST)
    # Absolute, so that a plan that names it can be rendered from anywhere.
    bundle = Bundle(manifest, manifest.variant(options.variant), folder, str(folder.absolute()), verify=options.verify)
    bundle.check_content(options.content)
    require_consent_to(bundle, options)
    return bundle.check()


def _fetch_bundle(listing: Listing, source: HubRepository, options: FetchOptions, hub: Hub) -> Bundle:
    path = hub.file(source, MANIFEST, most_bytes=LARGEST)
    pinned = HubRepository(source.id, hub.snapshot(source, path).name)
    try:
        manifest = _manifest(listing, path)
    except VeraRetouchError:
        hub.discard(source, path)
        raise
    bundle = Bundle(
        manifest, manifest.variant(options.variant), path.parent, source.id, pinned.revision, options.verify
    )
    bundle.check_content(options.content)
    files = manifest.files(bundle.variant)
    missing = [name for name in files if not (bundle.folder / name).exists()]
    if manifest.licence.file is not None:
        _fetch_file(bundle, pinned, manifest.licence.file, hub)
    require_consent_to(bundle, replace(options, use=options.use or bool(missing)))
    if missing and not hub.offline:
        _check_sizes(bundle, pinned, hub)
    for name in files:
        _fetch_file(bundle, pinned, name, hub)
    return bundle


def _check_sizes(bundle: Bundle, source: HubRepository, hub: Hub) -> None:
    """Refuse files that are not as large as bundle.json says before they fill the disk."""
    files = bundle.manifest.files(bundle.variant)
    for name, size in hub.names(source).items():
        if name in files and size is not None and size != files[name].size:
            raise TamperedBundle(
                f"{name} of {source} has {size} bytes; its manifest says {files[name].size}",
                cure="Do not use it; tell whoever made the bundle.",
            )


def _fetch_file(bundle: Bundle, source: HubRepository, name: str, hub: Hub) -> None:
    """Fetch a file and verify it; one that is wrong leaves the cache."""
    path = hub.file(source, name, most_bytes=bundle.manifest.files(bundle.variant)[name].size)
    try:
        bundle.open(name).close()
    except TamperedBundle:
        forget(path)
        hub.discard(source, path)
        raise


def _manifest(listing: Listing, path: Path) -> Manifest:
    data = path.read_bytes() if path.stat().st_size <= LARGEST else b""
    if listing.sha256 is not None and hashlib.sha256(data).hexdigest() != listing.sha256:
        raise TamperedBundle(
            f"{MANIFEST} of {listing.source} is not the one that the index of {listing.origin} names",
            cure="Do not use it; tell whoever keeps that index.",
        )
    return Manifest(data or path)


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
