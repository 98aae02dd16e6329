"""The zoo's answers to hooks: names of bundles, retouchers and weights by name, and packing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.plugins.hooks import hookimpl

if TYPE_CHECKING:
    from ..core.contract.planner import Planner
    from .bundles.bundle import Bundle


@hookimpl
def bundle_names() -> Collection[str]:
    """Every name of an index."""
    from .names import listings

    return listings().keys()


@hookimpl
def open_bundle(name: str, variant: str | None) -> Bundle:
    """A bundle, fetched and verified."""
    from .fetch import fetch

    return fetch(name, variant=variant)


@hookimpl
def pack_planner(
    planner: Planner,
    folder: Path,
    name: str,
    licence: Mapping[str, Any],
    facts: Mapping[str, Any] | None,
    files: Mapping[str, Any] | None,
) -> Path:
    """A bundle of a planner's weights."""
    from .bundles.packing import pack_planner as pack

    return pack(planner, folder, name=name, licence=licence, facts=facts, files=files)


@hookimpl
def prepare_retoucher(name: str) -> Any:
    """Fetch and verify the bundle, once for all processes that will open it."""
    from .fetch import fetch

    fetch(name)
    return True


@hookimpl
def open_retoucher(name: str, device: Any, dtype: Any) -> Any:
    """A retoucher made of a bundle."""
    from .retouchers import load

    return load(name, device=device, dtype=dtype)


@hookimpl
def open_asset(asset: dict[str, Any]) -> Any:
    """The bundle that a plan names, and no other: its manifest has the SHA-256 that the plan says."""
    from .fetch import fetch_asset

    return fetch_asset(asset)
