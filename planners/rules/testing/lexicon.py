"""`check_lexicon`: whether the words of a plug-in reach what they name, and leave others' words alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from ....core import strict_json
from ....core.errors import InvalidDocument
from ....core.plugins.registry import registry
from ....core.testing.verdict import CheckOutcome, advice, chosen, demand, judge
from ..lexicon import Lexicon, Region, Term
from ..lexicons.plugged import extended
from ..style import read_style


class LexiconBench:
    """A lexicon under test, as an object of the form of `schemas/lexicon.schema.json`, or the path of such a file.

    Raises:
        InvalidDocument: it breaks the schema.
    """

    def __init__(self, lexicon: Any) -> None:
        self.lexicon = lexicon
        self.document: dict[str, Any] = strict_json.load(lexicon, "lexicon", name="the lexicon")

    def read(self) -> tuple[Lexicon, list[str]]:
        """The built-in lexicon with its words, and those that are not taken."""
        return extended(Lexicon.builtin(), "the lexicon", self.document)

    def own(self, kind: type[Any]) -> Iterator[tuple[str, Any]]:
        """Each phrase that it adds of a kind, with its meaning."""
        before, (read, _) = Lexicon.builtin().vocabulary, self.read()
        for phrase, meaning in read.vocabulary.items():
            if isinstance(meaning, kind) and before.get(phrase) is not meaning:
                yield " ".join(phrase), meaning


def refers(bench: LexiconBench) -> Iterator[str]:
    """Slots, bands, regions and opposites that it names are there."""
    try:
        bench.read()
    except InvalidDocument as error:
        yield advice("names that are declared", error.problem, str(error.path), error.cure)


def adds(bench: LexiconBench) -> Iterator[str]:
    """Words, slots and regions of its own: those that are there already keep their meaning."""
    _, taken = bench.read()
    for name in taken:
        yield advice("a new word", "one that has a meaning", repr(name), "Take it out, or choose another.")


def slots(bench: LexiconBench) -> Iterator[str]:
    """Each slot that it declares is a slot of an installed op, with its group, and moved within its bounds."""
    for address, words in bench.document.get("slots", {}).items():
        op, _, name = address.rpartition(".")
        if op not in registry.ops:
            yield advice("the slot of an installed op", f"no op {op!r}", address, "Install it, or take the slot out.")
            continue
        found = registry.ops.load(op).slots
        for part in words.get("tint", [name]):
            if part not in found:
                yield advice("a slot of the op", f"no {part!r}", address, f"There are {', '.join(found)}.")
            elif found[part].group != words["group"]:
                yield advice(f"group {found[part].group!r}", repr(words["group"]), address, "Write the slot's group.")
            elif "curve" not in words and "tint" not in words:
                yield from _within_bounds(address, words, found[part])


def _within_bounds(address: str, words: Mapping[str, Any], slot: Any) -> Iterator[str]:
    start = words.get("start", 0.0)
    for end, bound, beyond in (("low", slot.low, np.less), ("high", slot.high, np.greater)):
        if bound is not None and np.any(beyond(start + words[end], bound)):
            cure = f"Write {end} so that start + {end} stays within the slot's {end}."
            yield advice(f"reach within {bound}", f"{start + words[end]:g}", f"{address}.{end}", cure)


def reaches(bench: LexiconBench) -> Iterator[str]:
    """Each of its terms moves a slot; each of its regions has hues, tones or an installed area."""
    read, _ = bench.read()
    for phrase, term in bench.own(Term):
        seen = [region for region in term.within if read.regions[region].area]
        said = [f"{phrase} {read.regions[region].name}" for region in term.within] or [phrase]
        if not any((reading := read_style(text, read, seen=seen)).edits or reading.local for text in (phrase, *said)):
            yield advice("an edit", "none", repr(phrase), "Give it edits, or an opposite that has some.")
    for phrase, region in bench.own(Region):
        if region.area and region.area not in registry.areas:
            cure = "Install the package that brings it, or write the id of one that is there."
            yield advice("an installed area", f"no area {region.area!r}", repr(phrase), cure)
        elif not (region.area or region.bands or region.tints or region.edits or region.moved):
            yield advice("a place, hues or tones", "none", repr(phrase), "Give it an area, bands, tints or edits.")


LEXICON_CHECKS: Final[Mapping[str, Callable[[LexiconBench], Iterator[str]]]] = MappingProxyType(
    {check.__name__: check for check in (refers, adds, slots, reaches)}
)


def check_lexicon(lexicon: Any, *, only: Collection[str] | None = None) -> None:
    """Check the words of a plug-in, given as an object, a file's path or the id of an installed lexicon.

    Args:
        only: the names of the checks to run; all of `LEXICON_CHECKS` by default.

    Raises:
        ConformanceError: one failure a broken promise. InvalidDocument: it breaks the schema of lexicons.
        UnknownCheck: no check has a name in `only`.

    >>> term = {"names": ["sunlit room"], "doc": "Light from a window.", "edits": {"exposure.ev": 0.2}}
    >>> check_lexicon({"schema": "veraretouch.lexicon/1", "terms": [term]})
    """
    demand("the lexicon", lexicon_outcomes(lexicon, only=only))


def lexicon_outcomes(lexicon: Any, *, only: Collection[str] | None = None) -> Iterator[CheckOutcome]:
    """The same, check by check, each as soon as it is done; nothing is raised for a broken promise."""
    if isinstance(lexicon, str) and lexicon in registry.lexicons:
        lexicon = registry.lexicons.load(lexicon)
    bench = LexiconBench(lexicon)
    for name in chosen(LEXICON_CHECKS, only):
        yield judge(name, LEXICON_CHECKS[name], bench, "lexicon")
