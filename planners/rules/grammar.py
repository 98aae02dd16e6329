"""From words to asks: which term, how much, of what; and which colours to leave as they are.

Degrees and negations go to the next term; behind a term ("brighter, a bit") to the one before. A term goes to the
region beside it ("teal shadows", "the sky bluer"). `and` carries a negation only from colour to colour ("less green and
magenta").
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from .lexicon import BREAK, Lexicon, Phrase, Region, Term, Word

STRONGEST: Final = 2.0


@dataclass
class Ask:
    """A term or a region that is to be moved, by a factor of its full degree; a term may be said of a region."""

    what: Term | Region
    factor: float
    said: str
    region: Region | None = None
    words: list[str] = field(default_factory=list)  # the degrees that stood before it
    moved: bool = False  # a region that a verb moves


@dataclass
class Understanding:
    """What a prompt asks for."""

    asks: list[Ask] = field(default_factory=list)
    protected: dict[str, Region] = field(default_factory=dict)
    unknown: dict[str, None] = field(default_factory=dict)  # in order of appearance
    beyond: dict[str, str] = field(default_factory=dict)
    idle: list[str] = field(default_factory=list)
    restraint: float = 1.0


def understand(prompt: str, lexicon: Lexicon, seen: Collection[str] = ()) -> Understanding:
    """Read a prompt; of regions whose ids are `seen`, since an area shows them, any term can be said."""
    reader = _Reader(lexicon, frozenset(seen))
    for text, meaning in _entries(list(lexicon.words(prompt)), lexicon):
        reader.take(text, meaning)
    reader.end_clause()
    return reader.found


def _entries(words: list[str], lexicon: Lexicon) -> Iterator[tuple[str, Term | Region | Word]]:
    """The longest phrases that the vocabulary has, from left to right."""
    at = 0
    while at < len(words):
        if words[at] == BREAK:
            yield "", Word("breaks")
            at += 1
            continue
        for length in range(min(lexicon.longest, len(words) - at), 0, -1):
            phrase: Phrase = tuple(words[at : at + length])
            meaning = lexicon.vocabulary.get(phrase)
            if meaning is not None:
                yield " ".join(phrase), meaning
                at += length
                break
        else:
            yield words[at], Word("unknown")
            at += 1


class _Reader:
    """Holds what is open while a prompt is read: degrees that wait for a term, a region that waits for one."""

    def __init__(self, lexicon: Lexicon, seen: frozenset[str]) -> None:
        self.lexicon = lexicon
        self.seen = seen
        self.found = Understanding()
        self.last: Ask | None = None
        self.carry: tuple[str, Ask] | None = None
        self._open()

    def _open(self) -> None:
        """Begin a clause."""
        self.degree = 1.0
        self.move: float | None = None
        self.degree_words: list[str] = []
        self.beside: list[Ask] = []  # terms since the last conjunction, which a region that follows may take
        self.place: Region | None = None
        self.place_used = False
        self.keep: float | None = None
        self.kept = False
        self.closer: tuple[str, float] | None = None
        self.keep_word = ""

    def take(self, text: str, meaning: Term | Region | Word) -> None:
        """Read one entry."""
        if isinstance(meaning, Term):
            self._take_term(text, meaning)
        elif isinstance(meaning, Region):
            self._take_region(text, meaning)
        elif meaning.role == "degree":
            self._take_degree(text, meaning)
        elif meaning.role in ("breaks", "joins", "alternatives"):
            self._take_conjunction(meaning.role)
        elif meaning.role == "keep":
            self.end_clause()
            self.keep, self.keep_word = meaning.factor, text
        elif meaning.role == "closer":
            self._take_closer(text, meaning.factor)
        elif meaning.role in ("beyond", "unknown"):
            # 'Very flurbish warm' is not very warm.
            self._forget_degrees()
            self.beside = []
            if meaning.role == "beyond":
                self.found.beyond[text] = meaning.text
            else:
                self.found.unknown[text] = None

    def _take_degree(self, text: str, word: Word) -> None:
        self.degree = max(-STRONGEST, min(STRONGEST, self.degree * word.factor))
        move = self.lexicon.verbs.get(tuple(text.split()))
        if move is not None:
            self.move = move
        self.degree_words.append(text)

    def _take_term(self, text: str, term: Term) -> None:
        if self.keep is not None:
            region = self.lexicon.regions.get(term.region or "")
            if self.kept:
                # What a colour is kept as ("the sky blue"); anything else would be a wish that nothing fulfils.
                if region is None:
                    self.found.idle.append(text)
                return
            if region is not None and self._is_coloured(region):
                self._protect(region)
                return
        degree = self.degree if self.keep is None else self.degree * self.keep
        words = " ".join([*([self.keep_word] if self.keep is not None else []), *self.degree_words, text])
        ask = Ask(term, degree, words, words=self.degree_words)
        if self.carry is not None and not ask.words:
            role, before = self.carry
            alike = isinstance(before.what, Term) and before.what.region is not None and term.region is not None
            if role == "alternatives" or (alike and before.factor < 0):
                ask.factor, ask.said = before.factor, " ".join([*before.words, text])
                ask.words = before.words
        if self.place is not None and self._can_say(term, self.place):
            ask.region, self.place_used = self.place, True
            ask.said = f"{self.place.name} {ask.said}"
        else:
            self.beside.append(ask)
        self.found.asks.append(ask)
        self.last, self.carry = ask, None
        self._forget_degrees()

    def _take_region(self, text: str, region: Region) -> None:
        if self.keep is not None and self._is_coloured(region):
            self._protect(region)
            return
        if self.closer is not None and self._is_coloured(region) and not self.beside:
            self._protect(region)
            self.closer = None
            return
        self._settle_place()
        bound, described = False, bool(self.beside) or self.closer is not None
        while self.beside and isinstance(self.beside[-1].what, Term) and self._can_say(self.beside[-1].what, region):
            ask = self.beside.pop()
            ask.region, bound = region, True
            ask.said = f"{ask.said} {text}"
        self.beside = []
        words = " ".join([*self.degree_words, text])
        if bound:
            self._forget_degrees()
        elif self.degree_words and self._is_coloured(region) and not region.edits and self.degree < 0:
            self._protect(region)
        elif self.degree_words and region.edits:
            self._ask_region(Ask(region, self.degree, words, words=self.degree_words))
        elif self.move is not None and region.moved:
            self._ask_region(Ask(region, self.move * self._strength(), words, words=self.degree_words, moved=True))
        elif region.tints or self._is_coloured(region) or not described:
            self.place, self.place_used = region, False

    def _can_say(self, term: Term, region: Region) -> bool:
        """Whether a term can be said of a region."""
        return region.id in self.seen or means_something(term, region, self.lexicon)

    def _is_coloured(self, region: Region) -> bool:
        """Whether a region is told from others, by its bands of hue or by sight."""
        return bool(region.bands) or region.id in self.seen

    def _strength(self) -> float:
        """How strongly a verb is meant: the degrees that stand beside it."""
        strength = 1.0
        for text in self.degree_words:
            phrase = tuple(text.split())
            word = self.lexicon.vocabulary[phrase]
            if phrase not in self.lexicon.verbs and isinstance(word, Word):
                strength *= abs(word.factor)
        return min(strength, STRONGEST)

    def _ask_region(self, ask: Ask) -> None:
        self.found.asks.append(ask)
        self.last = ask
        self._forget_degrees()

    def _take_conjunction(self, role: str) -> None:
        if role == "breaks" or (self.keep is not None and self.closer is not None):
            last = self.last
            self.end_clause()
            self.last = last if role == "breaks" else None
            return
        self._settle_degrees()
        self.beside, self.kept = [], False
        if self.place_used:
            self.place = None
        self.carry = (role, self.last) if self.last is not None else None

    def _take_closer(self, text: str, factor: float) -> None:
        if self.place is not None and self.place.bands and not self.place_used:
            self._protect(self.place)
            self.place = None
        elif not (self.keep is not None and self.kept):
            self.closer = (text, factor)
            return
        self.closer = None if self.keep is None else (text, 1.0)

    def _protect(self, region: Region) -> None:
        self.found.protected[region.id] = region
        self.kept = True
        self._forget_degrees()

    def _settle_degrees(self) -> None:
        """Degrees that no term followed go to the one before them."""
        place = self.place if not self.place_used else None
        if self.move is not None and place is not None and place.moved:
            words = " ".join([place.name, *self.degree_words])
            self._ask_region(Ask(place, self.move * self._strength(), words, words=self.degree_words, moved=True))
            self.place_used = True
        elif self.degree_words and place is not None and place.edits:
            words = " ".join([place.name, *self.degree_words])
            self._ask_region(Ask(place, self.degree, words, words=self.degree_words))
            self.place_used = True
        elif self.degree_words and self.last is not None and (self.last.moved or not self.last.words):
            self.last.factor = max(-STRONGEST, min(STRONGEST, self.last.factor * self.degree))
            self.last.said += " " + " ".join(self.degree_words)
            self.last.words = self.degree_words
        elif self.degree_words:
            self.found.idle.append(" ".join(self.degree_words))
        self._forget_degrees()

    def _settle_place(self) -> None:
        if self.place is not None and not self.place_used:
            self._settle_degrees()
            if not self.place_used:
                self.found.idle.append(self.place.name)

    def end_clause(self) -> None:
        """Settle what is open."""
        self._settle_place()
        self._settle_degrees()
        if self.closer is not None and not (self.keep is not None and self.kept):
            self.found.restraint = min(self.found.restraint, self.closer[1])
            if self.closer[1] == 1:
                self.found.idle.append(self.closer[0])
        self.carry = None
        self._open()

    def _forget_degrees(self) -> None:
        self.degree, self.move, self.degree_words = 1.0, None, []


def means_something(term: Term, region: Region, lexicon: Lexicon) -> bool:
    """Whether a term can be said of a region."""
    if region.id in term.within or (region.tints and term.tint is not None) or (region.bands and term.bands):
        return True
    other = lexicon.vocabulary.get(term.opposite or ())
    return not term.edits and isinstance(other, Term) and means_something(other, region, lexicon)
