"""Pieces of Markdown that several pages are made of."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from wrapping import wrapped

ROOT = Path(__file__).parents[2]
NOTE = "<!-- Written by docs/build.py (make docs); do not edit. -->"


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table; bars in cells are escaped."""
    yield "| " + " | ".join(heading) + " |"
    yield "|" + "---|" * len(heading)
    for row in rows:
        yield "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in row) + " |"


def fence(language: str, text: str) -> Iterator[str]:
    """A block of code."""
    yield from (f"```{language}", *text.rstrip().splitlines(), "```")


def quoted(text: str) -> Iterator[str]:
    """A quotation."""
    for line in text.splitlines():
        yield f"> {line}".rstrip()


def summary(thing: Any) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def page(*lines: str) -> str:
    """The text of a page; the note that it is generated stands below its title. Lines end at 120 characters."""
    title, *rest = lines
    return wrapped("\n".join((title, "", NOTE, "", *rest)) + "\n")
