"""The checks of lexicons, as the command `check` runs them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ....core.plugins.registry import registry
from ....core.plugins.summary import first_paragraph
from ....core.testing.suites import CheckSuite

if TYPE_CHECKING:
    from ....core.testing import CheckOutcome


def _promises() -> dict[str, str]:
    from .lexicon import LEXICON_CHECKS

    return {name: first_paragraph(function.__doc__) for name, function in LEXICON_CHECKS.items()}


def _outcomes(id: str, only: list[str] | None, accept_licence: bool) -> Iterator[CheckOutcome]:
    from .lexicon import lexicon_outcomes

    return lexicon_outcomes(id, only=only)


LEXICONS = CheckSuite(
    knows=lambda id: id in registry.lexicons,
    ids=registry.lexicons.ids,
    promises=_promises,
    outcomes=_outcomes,
    place=25,
)
