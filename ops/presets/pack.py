"""A folder of presets as a pack of styles: a prompt that names one gets its values,
the rest of the words go on as words.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Final

from ...core.errors import InvalidRequest
from .preset import Preset
from .reading import read_preset

_SUFFIXES: Final = (".xmp", ".lrtemplate")
_WORD: Final = re.compile(r"\w+")


class StylePack:
    """Presets by their names, as words. Made by `StylePack.of`."""

    def __init__(self, presets: dict[tuple[str, ...], Preset]) -> None:
        self.presets = presets

    @classmethod
    def of(cls, folder: Path) -> StylePack:
        """The presets of a folder.

        Raises:
            InvalidRequest: no folder, no preset in it, two of one name. InvalidDocument: a preset that cannot be read.
        """
        files = sorted(path for path in folder.glob("*") if path.suffix.lower() in _SUFFIXES)
        if not files:
            raise InvalidRequest(f"{str(folder)!r} holds no preset", cure="Give a folder of .xmp or .lrtemplate files.")
        found: dict[tuple[str, ...], Preset] = {}
        chosen: dict[tuple[str, ...], Path] = {}
        for path in files:
            preset = read_preset(path)
            words = tuple(word for _, word in _words(preset.name)) or tuple(word for _, word in _words(path.stem))
            # The same preset in both forms is one; XMP is the newer.
            if words in chosen and chosen[words].stem == path.stem:
                found[words] = preset if path.suffix.lower() == ".xmp" else found[words]
                continue
            if words in chosen:
                raise InvalidRequest(
                    f"{chosen[words].name} and {path.name} are both named {preset.name!r}", cure="Rename one of them."
                )
            found[words], chosen[words] = preset, path
        return cls(found)

    def choose(self, prompt: str) -> tuple[Preset, str] | None:
        """The preset with the longest name within the prompt, and the prompt without it; None where none is named."""
        said = _words(prompt)
        for words, preset in sorted(self.presets.items(), key=lambda item: -len(item[0])):
            for start in range(len(said) - len(words) + 1):
                part = said[start : start + len(words)]
                if words and tuple(word for _, word in part) == words:
                    rest = prompt[: part[0][0].start()] + prompt[part[-1][0].end() :]
                    return preset, rest.strip()
        return None


def _words(text: str) -> list[tuple[re.Match[str], str]]:
    return [(match, unicodedata.normalize("NFKC", match[0]).casefold()) for match in _WORD.finditer(text)]
