"""The lexicon that style prompts are read by: the built-in one with the words of plug-ins.

An entry point of `veraretouch.lexicons` names an object in the form of `schemas/lexicon.schema.json`, or the path of
such a file.
"""

from __future__ import annotations

import warnings
from typing import Any

from ....core import strict_json
from ....core.errors import InvalidDocument, VeraRetouchError
from ....core.plugins.entry import PluginState
from ....core.plugins.registry import registry
from ..lexicon import Lexicon

_last: tuple[list[tuple[str, Any]], Lexicon] | None = None


def installed() -> Lexicon:
    """The built-in lexicon and the words that plug-ins add to it, in the order of their ids; made once.

    Warns:
        RuntimeWarning: a plug-in's lexicon cannot be read, and is left out; or it has words that mean something
            already, and keep that meaning.
    """
    global _last
    given = list(_given())
    if _last is None or not _same(given, _last[0]):
        _last = given, _merged(given)
    return _last[1]


def extended(lexicon: Lexicon, id: str, document: Any) -> tuple[Lexicon, list[str]]:
    """A lexicon with the words of one plug-in, and those that mean something already; see `Lexicon.extended`.

    Raises:
        InvalidDocument
    """
    name = f"the lexicon {id!r}"
    return lexicon.extended(strict_json.load(document, "lexicon", name=name), name)


def _given() -> list[tuple[str, Any]]:
    """What each entry point names."""
    found = []
    for id in registry.lexicons.ids():
        try:
            found.append((id, registry.lexicons.load(id)))
        except VeraRetouchError as error:
            warnings.warn(str(error), RuntimeWarning, stacklevel=4)
    return found


def _same(given: list[tuple[str, Any]], before: list[tuple[str, Any]]) -> bool:
    return len(given) == len(before) and all(
        id == old_id and document is old for (id, document), (old_id, old) in zip(given, before, strict=True)
    )


def _merged(given: list[tuple[str, Any]]) -> Lexicon:
    lexicon = Lexicon.builtin()
    for id, document in given:
        entry = registry.lexicons.entries()[id]
        try:
            lexicon, taken = extended(lexicon, id, document)
        except InvalidDocument as error:
            entry.fail(PluginState.BROKEN, error.problem, error.cure)
            warnings.warn(f"the words of {entry.owner} are left out: {error}", RuntimeWarning, stacklevel=4)
        else:
            if taken:
                words = ", ".join(map(repr, taken))
                said = f"lexicon {id!r} of {entry.owner}: {words} mean something already, and keep that meaning"
                warnings.warn(said, RuntimeWarning, stacklevel=4)
    return lexicon
