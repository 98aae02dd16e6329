"""Markdown with lines of at most 120 characters.

python docs/wrapping.py FILE...    # rewraps the paragraphs and list items that have a longer line

Tables, code and headings stay as they are: Markdown has no way to wrap them. Links and code within a line stay whole.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path
from typing import Final

WIDTH: Final = 120
FENCE = re.compile(r"\s*(```|~~~)")
ITEM = re.compile(r"\s*(?:[-*+]|\d+\.)\s+")
WHOLE = re.compile(r"!?\[[^\]]*\]\([^)\s]*\)|(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)")


def wrapped(text: str) -> str:
    """The text of a page with its long paragraphs and list items wrapped; other blocks as they are."""
    lines: list[str] = []
    block: list[str] = []
    verbatim = False
    for line in text.split("\n"):
        fence = bool(FENCE.match(line))
        alone = fence or verbatim or unwrappable(line, bool(block))
        if alone or ITEM.match(line):
            lines += reflowed(block)
            block = []
        if alone:
            lines.append(line)
        else:
            block.append(line)
        verbatim ^= fence
    return "\n".join([*lines, *reflowed(block)])


def unwrappable(line: str, follows: bool) -> bool:
    """Whether a line is no part of a paragraph: blank, a table's, a heading, HTML, or indented code."""
    return not line.strip() or bool(re.match(r"\s*(\||#|<)", line)) or (line.startswith("    ") and not follows)


def reflowed(block: list[str]) -> list[str]:
    """The lines of a paragraph, list item or quotation; wrapped anew if one is too long."""
    if all(len(line) <= WIDTH for line in block):
        return block
    quote = block[0].startswith(">")
    lead = "> " if quote else (found.group() if (found := ITEM.match(block[0])) else re.match(r"\s*", block[0]).group())
    parts = [line.removeprefix(">").strip() if quote else line.strip() for line in block]
    parts[0] = block[0][len(lead) :].strip()
    glued = WHOLE.sub(lambda found: found.group().replace(" ", "\0"), " ".join(parts))
    made = textwrap.wrap(
        glued,
        WIDTH,
        initial_indent=lead,
        subsequent_indent=lead if quote else " " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\0", " ") for line in made]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        before = path.read_text(encoding="utf-8")
        if (after := wrapped(before)) != before:
            path.write_text(after, encoding="utf-8")
            print(f"wrapped {name}")
