"""What a photo's file says beside EXIF and XMP: IPTC's datasets, a comment, texts by keyword, the resolution."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from .exif import Exif
from .iptc import without_places
from .places import tells_a_place

LONGEST: Final = 2**16
"""Characters of a comment or text that are carried on."""

_NAMED: Final = 5  # texts that a warning names
# PNG's keywords (PNG, third edition, 11.3.3.1) and what EXIF calls the same.
_IN_EXIF: Final = {"author": 0x013B, "artist": 0x013B, "copyright": 0x8298, "description": 0x010E, "title": 0x010E}
_AS_COMMENT: Final = ("comment", "parameters")


@dataclass(frozen=True)
class Annotations:
    """A file's smaller kinds of metadata.

    Attributes:
        iptc: the datasets of IIM, as a Photoshop resource holds them.
        comment: a JPEG's comment, or a text of that keyword.
        texts: keyword and text, as PNG holds them, in the file's order.
        resolution: pixels an inch, across and down.
    """

    iptc: bytes | None = None
    comment: str = ""
    texts: tuple[tuple[str, str], ...] = ()
    resolution: tuple[float, float] | None = None

    def stripped(self, what: str) -> Annotations:
        """What remains for SaveOptions' `strip`: nothing that tells a place, or no words at all."""
        if what == "none":
            return self
        if what == "all":
            return Annotations(resolution=self.resolution)
        texts = tuple((key, text) for key, text in self.texts if not tells_a_place(key))
        return replace(self, iptc=without_places(self.iptc) or None if self.iptc else None, texts=texts)

    def put_into(self, exif: Exif, held: frozenset[str]) -> tuple[Annotations, list[str]]:
        """Write into an EXIF block what the file's format has no place for, and say what is left out.

        `held`: the names of the fields that the format holds itself. Returns what it is to write.
        """
        lost: list[str] = []
        texts: list[str] = []
        if self.resolution and "resolution" not in held:
            exif.set_resolution(*self.resolution)
        if self.comment and "comment" not in held:
            exif.set_comment(self.comment)
        if "texts" not in held:
            for key, text in self.texts:
                word = key.casefold()
                if word in _IN_EXIF:
                    exif.set_text(_IN_EXIF[word], text)
                elif word in _AS_COMMENT:
                    exif.set_comment(text)
                elif not word.startswith("date:"):  # the file's own dates, which ImageMagick notes
                    texts.append(f"the text {key!r}")
        lost += [*texts[:_NAMED], f"{len(texts) - _NAMED} other texts"] if len(texts) > _NAMED + 1 else texts
        if self.iptc and "iptc" not in held:
            lost.append("IPTC's block")
        empty: dict[str, Any] = {"iptc": None, "comment": "", "texts": (), "resolution": None}
        return replace(self, **{name: value for name, value in empty.items() if name not in held}), lost

    def __bool__(self) -> bool:
        return self != Annotations()


def comment_text(comment: bytes) -> str:
    """A comment's letters, which formats from before Unicode do not name: UTF-8, else Latin-1."""
    plain = comment.rstrip(b"\0")[:LONGEST]
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError:
        return plain.decode("latin-1")


def resolution_of(dpi: Any) -> tuple[float, float] | None:
    """Pixels an inch as a decoder states them; None for what no picture has."""
    try:
        across, down = (float(value) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 0.01 < across < 1e6 and 0.01 < down < 1e6 else None
