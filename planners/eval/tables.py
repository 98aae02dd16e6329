"""A report as sections of paragraphs, tables and pictures, and the three forms that it is read in: Markdown,
HTML, the terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from ...core.cli.terminal import columns, printable

_STYLE: Final = (
    "body{font:16px/1.5 sans-serif;max-width:75em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #bbb;padding:.25em .6em;text-align:left}"
    "img{max-width:100%}"
)


@dataclass(frozen=True)
class Shown:
    """A picture's file, relative to the report, and what it shows."""

    file: str
    caption: str


@dataclass(frozen=True)
class Section:
    """A title with what stands below it; `rows` begin with the heading."""

    title: str
    paragraphs: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    pictures: Sequence[Shown] = field(default=())


def markdown(sections: Sequence[Section]) -> str:
    """As a page of Markdown; the first section's title is the page's."""
    lines: list[str] = []
    for level, section in zip(_levels(sections), sections, strict=True):
        lines += [f"{'#' * level} {_marked(section.title)}", ""]
        for paragraph in section.paragraphs:
            lines += [_marked(paragraph), ""]
        if section.rows:
            head, *rows = section.rows
            lines += [_row(head), "|" + "---|" * len(head), *map(_row, rows), ""]
        for shown in section.pictures:
            lines += [f"![{_marked(shown.caption)}]({shown.file})", "", _marked(shown.caption), ""]
    return "\n".join(lines)


def html(sections: Sequence[Section]) -> str:
    """As a page of HTML that loads nothing but its pictures."""
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f"<title>{escape(sections[0].title)}</title><style>{_STYLE}</style></head><body>",
    ]
    for level, section in zip(_levels(sections), sections, strict=True):
        parts.append(f"<h{level}>{escape(section.title)}</h{level}>")
        parts += [f"<p>{escape(paragraph)}</p>" for paragraph in section.paragraphs]
        if section.rows:
            cells = [
                "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row)
                for tag, row in zip(["th"] + ["td"] * len(section.rows), section.rows, strict=False)
            ]
            parts.append("<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>")
        parts += [
            f'<figure><img src="{escape(shown.file)}" alt=""><figcaption>{escape(shown.caption)}</figcaption></figure>'
            for shown in section.pictures
        ]
    return "\n".join([*parts, "</body></html>", ""])


def plain(sections: Sequence[Section]) -> str:
    """As text for the terminal, without pictures."""
    lines: list[str] = []
    for section in sections:
        lines += [printable(section.title), *(printable(paragraph) for paragraph in section.paragraphs)]
        if section.rows:
            lines.append(columns(section.rows))
        lines.append("")
    return "\n".join(lines).rstrip()


def _levels(sections: Sequence[Section]) -> list[int]:
    return [1] + [2] * (len(sections) - 1)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_marked(cell) for cell in cells) + " |"


def _marked(text: str) -> str:
    """Text in which Markdown sees no marks: names and prompts are data."""
    for mark in "\\|<>[]*_`":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
