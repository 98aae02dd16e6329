"""The zoo's answers to hooks: retouchers by name."""

from __future__ import annotations

from typing import Any

from ..core.hooks import hookimpl


@hookimpl
def open_retoucher(name: str) -> Any:
    """A retoucher made of a bundle."""
    from .retouchers import load

    return load(name)
