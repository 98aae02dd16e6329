"""The lexicon: what the words of a style prompt do to slots. Data: `lexicon.json` beside this file, users' files after
it, and what plug-ins bring (`lexicons`).
"""

from __future__ import annotations

import math
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from ...core import strict_json
from ...core.errors import InvalidDocument, nearest

Cell = tuple[str, int]  # a slot's address and the index within it
Moves = dict[Cell, float]
Phrase = tuple[str, ...]

# Hues of the HSL wheel and the OkLab hues of the same pure colours: the sRGB primaries, secondaries, orange and purple.
_WHEEL: Final = (0.0, 30.0, 60.0, 120.0, 180.0, 240.0, 270.0, 300.0, 360.0)
_OKLAB: Final = (29.2, 52.8, 109.8, 142.5, 194.8, 264.1, 293.8, 328.4, 389.2)
BREAK: Final = ","
_MARKS: Final = str.maketrans({"‐": "-", "‑": "-", "−": "-", "–": ",", "—": ",", "'": None, "’": None})
_WORD: Final = re.compile(r"[^\s,;.!?:|•…。、&+/()\[\]{}<>\"“”„«»_*=~^#@\\-]+|[,;.!?|•…。、]|[&+/]|-")


@dataclass(frozen=True)
class SlotWords:
    """One slot as words see it: how far they may move it and how it is called."""

    address: str
    group: str
    name: str
    low: float
    high: float
    unit: str = ""
    start: float = 0.0
    hard: bool = False
    bands: tuple[str, ...] = ()
    curve: int = 0
    tint: tuple[str, ...] = ()


@dataclass(frozen=True)
class Term:
    """A word that asks for something; `tint` is an OkLab vector, `within` holds what it means in a region."""

    name: str
    edits: Moves
    less: Moves | None
    opposite: Phrase | None
    tint: tuple[float, float] | None
    bands: Mapping[str, float]
    within: Mapping[str, Moves]
    region: str | None


@dataclass(frozen=True)
class Region:
    """Something words are said of: tones with tint slots, or colours with bands; each with weights."""

    id: str
    name: str
    tints: Mapping[str, float]
    bands: Mapping[str, float]
    edits: Moves
    moved: Moves
    area: str = ""  # the id of the area that shows where it is in a photo


@dataclass(frozen=True)
class Word:
    """A word of grammar: its role, and the factor or text that belongs to it."""

    role: str
    factor: float = 1.0
    text: str = ""


@dataclass
class Lexicon:
    """What words mean. Made by `Lexicon.load`; `lexicons.plugged.installed` has the words of plug-ins too."""

    slots: dict[str, SlotWords] = field(default_factory=dict)
    regions: dict[str, Region] = field(default_factory=dict)
    vocabulary: dict[Phrase, Term | Region | Word] = field(default_factory=dict)
    verbs: dict[Phrase, float] = field(default_factory=dict)
    articles: set[str] = field(default_factory=set)
    spellings: dict[str, str] = field(default_factory=dict)
    drops: tuple[str, ...] = ()
    instead: dict[str, dict[str, float]] = field(default_factory=dict)
    holds: dict[str, float] = field(default_factory=dict)
    against: dict[str, dict[Cell, dict[str, float]]] = field(default_factory=dict)
    longest: int = 1

    @classmethod
    def load(cls, *paths: str | os.PathLike[str]) -> Lexicon:
        """The built-in lexicon with these files merged over it: a later file's word wins.

        Raises:
            InvalidDocument: a file that cannot be read, breaks the schema, says a word twice, or names a slot,
                band, region or opposite that no lexicon has.
        """
        lexicon = cls()
        lexicon._merge(strict_json.packaged(__name__, "lexicon.json"), "lexicon.json")
        for path in paths:
            lexicon._merge(strict_json.load(Path(path), "lexicon", name=str(path)), str(path))
        return lexicon

    @classmethod
    @cache
    def builtin(cls) -> Lexicon:
        """The built-in lexicon, read once."""
        return cls.load()

    def extended(self, document: Mapping[str, Any], source: str) -> tuple[Lexicon, list[str]]:
        """This lexicon with a judged document's words, and a list of those that keep the meaning that they have here.
        Words that are only known as beyond reach take the new one.

        Raises:
            InvalidDocument: as `load`.
        """
        lexicon = Lexicon(**{name: copy(value) for name, value in vars(self).items()})
        return lexicon, lexicon._merge(document, source, keeps=True)

    def words(self, text: str) -> Iterator[str]:
        """The words and breaks of a text, spelt as the lexicon spells them, articles left out."""
        text = unicodedata.normalize("NFKC", text).casefold().translate(_MARKS)
        text = "".join(
            " " if unicodedata.category(c) == "Cc" and c != "\n" else c for c in text if unicodedata.category(c) != "Cf"
        )
        for line in text.split("\n"):
            for match in _WORD.finditer(line):
                word, start, end = match[0], match.start(), match.end()
                if word == "-":
                    before, after = line[start - 1 : start], line[end : end + 1]
                    # A hyphen joins, a dash breaks, a sign takes away.
                    if not before.strip() and after.strip():
                        yield "minus"
                    elif not before.strip():
                        yield BREAK
                elif word in "&/":
                    yield "and"
                elif word == "+":
                    yield "and" if line[end : end + 1].isspace() else "plus"
                elif word in ",;.!?|•…。、":
                    yield BREAK
                elif word not in self.articles:
                    yield self.spellings.get(word, word)
            yield BREAK

    def phrase(self, name: str) -> Phrase:
        """A name as the vocabulary holds it."""
        return tuple(word for word in self.words(name) if word != BREAK)

    def _merge(self, document: Mapping[str, Any], source: str, *, keeps: bool = False) -> list[str]:
        """Take a judged document's entries over those there are, or `keeps` these and names what is not taken."""
        reader = _Reader(self, source, keeps)
        for address, entry in document.get("slots", {}).items():
            slot = reader.slot(address, entry)
            if reader.is_free(self.slots.get(address, slot) != slot, address):
                self.slots[address] = slot
        reader.spelling(document)
        for index, entry in enumerate(document.get("regions", ())):
            region = reader.region(entry, f"regions[{index}]")
            if reader.is_free(region.id in self.regions, region.id):
                self.regions[region.id] = region
                reader.name_all(entry["names"], region, f"regions[{index}].names")
        for index, entry in enumerate(document.get("terms", ())):
            reader.name_all(entry["names"], reader.term(entry, f"terms[{index}]"), f"terms[{index}].names")
        for section, role, sign in (
            ("degrees", "degree", 1),
            ("negations", "degree", -1),
            ("closers", "closer", 1),
            ("keeps", "keep", 1),
        ):
            for name, factor in document.get(section, {}).items():
                reader.name_all([name], Word(role, sign * factor, name), section)
        for section in ("joins", "alternatives", "breaks", "ignored"):
            for name in document.get(section, ()):
                reader.name_all([name], Word(section), section)
        for name, why in document.get("beyond", {}).items():
            reader.name_all([name], Word("beyond", 0, why), "beyond")
        for name, factor in document.get("verbs", {}).items():
            verb = self.phrase(name)
            if reader.is_free(verb in self.verbs, name):
                self.verbs[verb] = factor
                self.vocabulary.setdefault(verb, Word("degree", factor, name))
        reader.protection(document.get("protection", {}))
        for index, entry in enumerate(document.get("terms", ())):
            reader.check_references(entry, f"terms[{index}]")
        self.longest = max(map(len, self.vocabulary), default=1)
        return reader.left


class _Reader:
    """Reads one document into a lexicon; errors name the document and the place in it."""

    def __init__(self, lexicon: Lexicon, source: str, keeps: bool) -> None:
        self.lexicon, self.source, self.keeps = lexicon, source, keeps
        self.said: dict[Phrase, str] = {}
        self.regions: list[Region] = []
        self.left: list[str] = []

    def is_free(self, is_there: bool, name: str) -> bool:
        """Whether a name is to be taken: not where it is there and is to be kept."""
        if self.keeps and is_there:
            self.left.append(name)
        return not (self.keeps and is_there)

    def spelling(self, document: Mapping[str, Any]) -> None:
        """Articles and spellings; words that phrases are made of stay as they are."""
        known = {word for phrase in self.lexicon.vocabulary for word in phrase} | self.lexicon.spellings.keys()
        self.lexicon.articles |= {name for name in document.get("articles", ()) if self.is_free(name in known, name)}
        spellings = document.get("spellings", {}).items()
        self.lexicon.spellings |= {name: right for name, right in spellings if self.is_free(name in known, name)}

    def name_all(self, names: Iterable[str], meaning: Term | Region | Word, place: str) -> None:
        for index, name in enumerate(names):
            path = f"{place}[{index}]" if place.endswith("names") else place
            phrase = self.lexicon.phrase(name)
            if not phrase:
                raise self.error(path, f"{name!r} holds no word", "Give a word of letters.")
            if phrase in self.said:
                raise self.error(path, f"{name!r} stands there and in {self.said[phrase]}", "Keep one of them.")
            self.said[phrase] = path
            there = self.lexicon.vocabulary.get(phrase)
            beyond = isinstance(there, Word) and there.role == "beyond"
            if self.is_free(there is not None and not beyond, " ".join(phrase)):
                self.lexicon.vocabulary[phrase] = meaning

    def slot(self, address: str, entry: Mapping[str, Any]) -> SlotWords:
        fields: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
        }
        slot = SlotWords(address, **fields)
        if not slot.low <= 0 <= slot.high or slot.low == slot.high:
            raise self.error(
                f"slots.{address}",
                f"low {slot.low:g} and high {slot.high:g} leave no room about 0",
                "Give low <= 0 <= high.",
            )
        if sum(map(bool, (slot.bands, slot.curve, slot.tint))) > 1:
            raise self.error(f"slots.{address}", "has more than one of bands, curve and tint", "Keep one.")
        return slot

    def region(self, entry: Mapping[str, Any], place: str) -> Region:
        if any(region.id == entry["id"] for region in self.regions):
            raise self.error(f"{place}.id", f"{entry['id']!r} stands there twice", "Keep one of them.")
        for slot in entry.get("tints", {}):
            if not self.known(slot, f"{place}.tints").tint:
                raise self.error(f"{place}.tints", f"{slot!r} is no tint", "Name a slot declared with 'tint'.")
        edits = self.moves(entry.get("edits", {}), f"{place}.edits")
        moved = self.moves(entry.get("moved", {}), f"{place}.moved")
        tints, bands = entry.get("tints", {}), entry.get("bands", {})
        region = Region(entry["id"], entry["names"][0], tints, bands, edits, moved, entry.get("area", ""))
        self.regions.append(region)
        return region

    def term(self, entry: Mapping[str, Any], place: str) -> Term:
        if "edits" not in entry and "opposite" not in entry:
            raise self.error(place, "has neither edits nor opposite", "Say what the word does.")
        for slot in entry.get("bands", {}):
            if not self.known(slot, f"{place}.bands").bands:
                raise self.error(
                    f"{place}.bands", f"{slot!r} has no bands", "Name a slot of bands, such as hsl.saturation."
                )
        less = self.moves(entry["less"], f"{place}.less") if "less" in entry else None
        opposite = self.lexicon.phrase(entry["opposite"]) if "opposite" in entry else None
        tint = tint_vector(*entry["tint"]) if "tint" in entry else None
        within = {region: self.moves(edits, f"{place}.in.{region}") for region, edits in entry.get("in", {}).items()}
        edits = self.moves(entry.get("edits", {}), f"{place}.edits")
        return Term(entry["names"][0], edits, less, opposite, tint, entry.get("bands", {}), within, entry.get("region"))

    def check_references(self, entry: Mapping[str, Any], place: str) -> None:
        """Opposites and regions may stand later in the file than the term that names them."""
        for region in [*entry.get("in", {}), *([entry["region"]] if "region" in entry else [])]:
            if region not in self.lexicon.regions:
                raise self.error(
                    place,
                    f"no region {region!r}",
                    f"{nearest(region, self.lexicon.regions)} Known: {', '.join(self.lexicon.regions)}.".lstrip(),
                )
        if "opposite" in entry:
            other = self.lexicon.vocabulary.get(self.lexicon.phrase(entry["opposite"]))
            if not isinstance(other, Term) or not other.edits:
                raise self.error(
                    f"{place}.opposite",
                    f"{entry['opposite']!r} is no term with edits of its own",
                    "Name a term that has edits.",
                )

    def protection(self, entry: Mapping[str, Any]) -> None:
        for section in ("drops", "instead", "holds"):
            for slot in entry.get(section, ()):
                self.known(slot, f"protection.{section}")
        drops = tuple(entry.get("drops", self.lexicon.drops))
        self.lexicon.drops = tuple(dict.fromkeys((*self.lexicon.drops, *drops))) if self.keeps else drops
        for section in ("instead", "holds"):
            there: dict[str, Any] = getattr(self.lexicon, section)
            there |= {
                slot: value
                for slot, value in entry.get(section, {}).items()
                if self.is_free(slot in there, f"protection.{section}.{slot}")
            }
        for band, rows in entry.get("against", {}).items():
            if not self.is_free(band in self.lexicon.against, f"protection.against.{band}"):
                continue
            cells: dict[Cell, dict[str, float]] = {}
            for address, undo in rows.items():
                slot, _, part = address.rpartition(".")
                cells[
                    (slot, "ab".index(part)) if part in ("a", "b") and slot in self.lexicon.slots else (address, 0)
                ] = undo
            self.lexicon.against[band] = cells

    def moves(self, edits: Mapping[str, Any], place: str) -> Moves:
        """Addresses and amounts as cells of slots; tints as OkLab vectors, curves at all their knots."""
        found: Moves = {}
        for address, amount in edits.items():
            path = f"{place}.{address}"
            name, _, band = address.partition("[")
            slot = self.known(name, path)
            if slot.bands:
                if band.rstrip("]") not in slot.bands:
                    raise self.error(
                        path, f"no band {band.rstrip(']')!r}", f"Write {name}[band]; bands: {', '.join(slot.bands)}."
                    )
                found[name, slot.bands.index(band.rstrip("]"))] = self.number(amount, path)
            elif band:
                raise self.error(path, f"{name} has no bands", f"Write {name}.")
            elif slot.tint:
                if not isinstance(amount, list) or len(amount) != 2:
                    raise self.error(path, f"{amount!r} is not [hue, strength]", "Give for example [185, 0.3].")
                found[name, 0], found[name, 1] = tint_vector(*amount)
            elif slot.curve:
                if not isinstance(amount, list):
                    raise self.error(
                        path, f"{amount!r} is not a list", "Give departures such as [0.1, 0, 0, 0, -0.05]."
                    )
                found |= {(name, index): value for index, value in enumerate(resample(amount, slot.curve))}
            else:
                found[name, 0] = self.number(amount, path)
        return found

    def number(self, amount: Any, path: str) -> float:
        if isinstance(amount, list):
            raise self.error(path, f"{amount!r} is not a number", "Give one number.")
        return float(amount)

    def known(self, address: str, path: str) -> SlotWords:
        if address not in self.lexicon.slots:
            hint = nearest(address, self.lexicon.slots)
            raise self.error(
                path, f"no slot {address!r}.{hint}", "Declare it under 'slots', or take one that is there."
            )
        return self.lexicon.slots[address]

    def error(self, place: str, problem: str, cure: str) -> InvalidDocument:
        return InvalidDocument(problem, path=f"{self.source}.{place}", cure=cure)


def tint_vector(hue: float, strength: float) -> tuple[float, float]:
    """A tint of the HSL wheel as a vector in OkLab's a-b plane, where tints add up."""
    angle = math.radians(_interpolate(hue % 360, _WHEEL, _OKLAB))
    return strength * math.cos(angle), strength * math.sin(angle)


def tint_of(a: float, b: float) -> tuple[float, float]:
    """The hue on the HSL wheel and the strength of a vector; the inverse of `tint_vector`."""
    angle = math.degrees(math.atan2(b, a)) % 360
    return _interpolate(angle if angle >= _OKLAB[0] else angle + 360, _OKLAB, _WHEEL) % 360, math.hypot(a, b)


def resample(values: list[float], knots: int) -> list[float]:
    """A curve's departures at `knots` uniform positions, by a cubic through those given (Catmull and Rom 1974)."""
    last = len(values) - 1
    found = []
    for knot in range(knots):
        place = knot * last / (knots - 1)
        i = min(int(place), last - 1)
        t = place - i
        p0, p1, p2, p3 = (values[min(max(j, 0), last)] for j in range(i - 1, i + 3))
        bend = (2 * p0 - 5 * p1 + 4 * p2 - p3) * t + (3 * (p1 - p2) + p3 - p0) * t * t
        found.append(p1 + 0.5 * t * ((p2 - p0) + bend))
    return found


def _interpolate(x: float, at: tuple[float, ...], values: tuple[float, ...]) -> float:
    for (x0, x1), (y0, y1) in zip(pairwise(at), pairwise(values), strict=True):
        if x0 <= x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return values[-1]
