"""The checks of bundles, as the command `check` runs them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.plugins.summary import first_paragraph
from ...core.testing.suites import CheckSuite

if TYPE_CHECKING:
    from ...core.testing import CheckOutcome


def _knows(id: str) -> bool:
    from ..sources import parse_source

    return id in _ids() or parse_source(id) is not None


def _ids() -> list[str]:
    from ..names import listings

    return list(listings())


def _promises() -> dict[str, str]:
    from .bundle import BUNDLE_CHECKS

    return {name: first_paragraph(function.__doc__) for name, function in BUNDLE_CHECKS.items()}


def _outcomes(id: str, only: list[str] | None, accept_licence: bool) -> Iterator[CheckOutcome]:
    from .bundle import bundle_outcomes

    return bundle_outcomes(id, only=only, accept_licence=accept_licence)


def _hint(id: str) -> str:
    from ..bundles.manifest import MANIFEST

    return f"For the folder, write ./{id}." if Path(id, MANIFEST).is_file() else ""


BUNDLES = CheckSuite(knows=_knows, ids=_ids, promises=_promises, outcomes=_outcomes, hint=_hint, place=30)
