"""What goes to the terminal: names and texts from files and plugins as data, listings as columns, documents as JSON."""

from __future__ import annotations

import ctypes
import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any

from ..errors import VeraRetouchError

# Control and formatting characters (escape codes, line breaks, writing direction), and halves of surrogate pairs.
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_UNUSUAL = re.compile(r"[^ -~]")
_JOINERS = "\u200c\u200d"  # within words and emoji


def printable(text: object) -> str:
    r"""The text on one line, whatever a terminal would obey in it shown instead.

    >>> printable("\x1b[31mred\n.jpg")
    '\\x1b[31mred\\n.jpg'
    """
    return _UNUSUAL.sub(lambda match: _shown(match[0]), str(text))


def _shown(character: str) -> str:
    if unicodedata.category(character) in _UNPRINTABLE and character not in _JOINERS:
        return character.encode("unicode_escape").decode("ascii")
    return character


def message(text: object) -> str:
    """A message as one printable line; its own line breaks become spaces."""
    return printable(" ".join(str(text).split("\n")))


def say(text: str = "") -> None:
    """Print a line to stdout at once, even into a pipe.

    Raises:
        VeraRetouchError: stdout leads to a full disk or a broken device. BrokenPipeError: nobody reads on.
    """
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        _lead_nowhere(1)  # else what is left in its buffer fails once more when the program ends
        raise VeraRetouchError(f"stdout cannot be written to: {error.strerror}", cure="Check where it leads.") from None


def complain(text: object, *, what: str = "Error") -> None:
    """Print a message to stderr: ``Error: ...``. Where that cannot be written to, nobody can be told."""
    try:
        print(f"{what}: {message(text)}", file=sys.stderr, flush=True)
    except OSError:
        _lead_nowhere(2)


def open_closed_streams() -> None:
    """Let standard streams that are closed lead nowhere.

    Else the next file that is opened takes the number of the stream, and what is printed ends in that file.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            _lead_nowhere(number)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, closefd=False))


def _lead_nowhere(number: int) -> None:
    """Let a descriptor, open or closed, be that of the null device."""
    opened = os.open(os.devnull, os.O_RDWR)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Send to stderr whatever others write to stdout: Python code, C libraries and child processes.

    For the time that plug-ins work within a command, so that nothing gets between the command's own lines.
    """
    ours = sys.stdout
    with suppress(ValueError):  # it is closed
        ours.flush()
    try:
        kept = os.dup(1)
    except OSError:  # there is no stdout
        kept = None
    if kept is not None:
        with suppress(OSError):
            os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        with suppress(ValueError):
            ours.flush()  # what somebody wrote to it past the redirection
        if kept is not None:
            with suppress(OSError, TypeError, AttributeError):  # Windows names its C library otherwise
                ctypes.CDLL(None).fflush(None)
            os.dup2(kept, 1)
            os.close(kept)


def json_text(document: Any, *, indent: int | None = 2) -> str:
    """A document as JSON that a terminal can be shown: readable, but for characters that it would obey."""
    text = json.dumps(document, indent=indent, ensure_ascii=False, allow_nan=False)
    # Below U+0020, JSON itself has escaped all but its own line breaks.
    return _UNUSUAL.sub(lambda match: match[0] if match[0] == "\n" else _escaped(match[0]), text)


def _escaped(character: str) -> str:
    if _shown(character) == character:
        return character
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def columns(rows: Iterable[Sequence[object]]) -> str:
    """Rows as aligned columns, each cell printable."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
    return "\n".join(lines)
