"""The zoo's answers to hooks: retouchers and weights by name."""

from __future__ import annotations

from typing import Any

from ..core.plugins.hooks import hookimpl


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
