"""Put a packed bundle on the Hub."""

from __future__ import annotations

import os
from pathlib import Path

from ..core.errors import InvalidRequest
from .bundles.bundle import Bundle
from .bundles.manifest import MANIFEST, Manifest
from .hub import Hub
from .sources import HubRepository, parse_source


def push(folder: str | os.PathLike[str], repository: str, *, private: bool = False, hub: Hub | None = None) -> str:
    """Upload every file that bundle.json names, and the model card; returns `owner/repo@commit`.

    The repository is made if it is not there. All files go into one commit: readers see the old state or the new one.

    Raises:
        InvalidRequest: no repository's name.
        InvalidDocument, TamperedBundle: the folder is no bundle, or not what its manifest says.
        UnreachableBundle: no token, no network.
    """
    source = parse_source(f"hf://{repository.removeprefix('hf://')}")
    if not isinstance(source, HubRepository):
        raise InvalidRequest(f"{repository!r} names no repository", cure="Write owner/repository.")
    place = Path(folder)
    manifest = Manifest(place / MANIFEST)
    names = {MANIFEST}
    for variant in manifest.variants:
        names |= set(Bundle(manifest, variant, place, str(place), verify="always").check().manifest.files(variant))
    if (place / "README.md").is_file():
        names.add("README.md")
    commit = (hub or Hub.from_environment()).upload(
        source, place, sorted(names), private=private, message=f"{manifest.name} {manifest.version}"
    )
    return f"{source.id}@{commit}"
