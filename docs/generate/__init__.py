"""The reference, written from the code: slots, schemas, signatures, docstrings and the command line's own help."""

from __future__ import annotations

from . import api, areas, checks, commands, ops, planners, schemas

HOME = "veraretouch"


def pages(distribution: str = HOME) -> dict[str, str]:
    """Path below docs/reference -> text of every page on what a distribution provides.

    The examples that the pages show in Python and JSON are run on the way: a page with a broken one is not made.
    """
    found = {**ops.pages(distribution), **areas.pages(distribution), **planners.pages(distribution)}
    if distribution == HOME:
        found |= {**schemas.pages(), **api.pages(), "checks.md": checks.page(), "commands.md": commands.page()}
    return found
