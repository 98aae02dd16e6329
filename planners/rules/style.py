"""Style mode: a prompt in plain English becomes edits, by the lexicon alone; the photo is not looked at. What is to be
kept is protected by its usual hues; `protection` knows it by sight.

Amounts of all asks add up per slot, so that contradictions cancel; from half of a slot's reach on they slow down.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from ...core.contract.planner import Thought
from ...core.errors import nearest
from .grammar import Ask, Understanding, understand
from .lexicon import Lexicon, Moves, Region, SlotWords, Term, Word, tint_of
from .lexicons.plugged import installed

Edits = dict[str, dict[str, float | list[float]]]

GROUPS: Final = ("lighting", "global_color", "specific_color")
_NOTHING: Final = 5e-4
_LISTED: Final = 20
_SUGGESTED: Final = 5


@dataclass(frozen=True)
class StyleReading:
    """What a prompt was read as.

    Attributes:
        edits: op id -> slot -> value within the op's bounds; only what is moved.
        reasoning: for each group what was asked and what is done; under `request` what was understood and what was not.
        unknown: words that the lexicon does not know, in order.
        protected: names of the colours that are kept.
        kept: the ids of the lexicon's regions that are kept.
        asked: as `edits`, with nothing kept.
        local: the ids of regions -> what is asked of them alone, as edits for where they are.
        spared: the ids of regions that are kept by sight: no edit but `local` is to reach them.
    """

    edits: Edits
    reasoning: dict[str, Thought]
    unknown: tuple[str, ...] = ()
    protected: tuple[str, ...] = field(default=())
    kept: tuple[str, ...] = field(default=(), compare=False)
    asked: Edits = field(default_factory=dict, compare=False, repr=False)
    local: Mapping[str, Edits] = field(default_factory=dict)
    spared: tuple[str, ...] = ()
    _told: _Told | None = field(default=None, compare=False, repr=False)

    def held(self, edits: Edits, how: str) -> StyleReading:
        """This reading with other edits, by which what is kept was held back, and how in words."""
        return self if self._told is None else replace(self, edits=edits, reasoning=self._told.reasoning(edits, how))


@dataclass(frozen=True)
class _Told:
    """What the reasoning is made of, besides the edits."""

    found: Understanding
    asked: Mapping[str, list[str]]  # group -> what was asked of it
    lexicon: Lexicon
    spared: tuple[str, ...] = ()

    def reasoning(
        self, edits: Edits, how: str = "held against the other edits", *, moved: bool | None = None
    ) -> dict[str, Thought]:
        """The thoughts on edits that these asks led to; `how` what is kept was held back; `moved`, whether anything is
        done at all, by default by these edits.
        """
        done: dict[str, list[str]] = {}
        for slot in self.lexicon.slots.values():
            op, _, name = slot.address.rpartition(".")
            values = edits.get(op, {})
            said = _said(slot, values) if (slot.tint[1] if slot.tint else name) in values else ""
            if said:
                done.setdefault(slot.group, []).append(said)
        reasoning: dict[str, Thought] = {
            "request": _request_thought(self.found, bool(edits) if moved is None else moved, self.lexicon)
        }
        kept = [region.name for region in self.found.protected.values() if region.id not in self.spared]
        for group in dict.fromkeys([*GROUPS, *self.asked, *done]):
            holds = kept if group == "specific_color" else []
            reasoning[group] = _group_thought(self.asked.get(group, []), done.get(group, []), holds, how)
        return reasoning


def read_style(prompt: str, lexicon: Lexicon | None = None, *, seen: Collection[str] = ()) -> StyleReading:
    """Read a style prompt.

    Args:
        lexicon: what words mean; by default the built-in lexicon with the words of plug-ins.
        seen: the ids of regions that the photo is known to have, where an area shows them: what is asked of these alone
            is `local`, and what of them is to be kept is `spared`; other regions are told by their usual hues.

    >>> read_style("slightly warmer").edits
    {'white_balance': {'temperature': 0.112}}
    >>> read_style("flurbish").unknown
    ('flurbish',)
    """
    lexicon = lexicon or installed()
    found = understand(prompt, lexicon, seen)
    total: Moves = {}
    asked: dict[str, list[str]] = {}
    within: dict[str, Moves] = {}
    for ask in _once(found.asks):
        if ask.region is not None and ask.region.id in seen:
            _add(within.setdefault(ask.region.id, {}), _locally(ask, lexicon), found.restraint)
            continue
        moves = _effect(ask, lexicon)
        _add(total, moves, found.restraint)
        for group in dict.fromkeys(lexicon.slots[address].group for address, _ in moves):
            asked.setdefault(group, []).append(ask.said)
    unheld = _written(total, lexicon)
    regions = [region for region in found.protected.values() if region.id not in seen]
    spared = tuple(region.id for region in found.protected.values() if region.id in seen)
    local = {id: edits for id, moves in within.items() if (edits := _written(moves, lexicon))}
    _protect(total, regions, lexicon)
    edits, told = _written(total, lexicon), _Told(found, asked, lexicon, spared)
    names, ids = (tuple(getattr(region, part) for region in regions) for part in ("name", "id"))
    thoughts = told.reasoning(edits, moved=bool(edits or local))
    return StyleReading(edits, thoughts, tuple(found.unknown), names, ids, unheld, local, spared, told)


def _add(total: Moves, moves: Moves, share: float) -> None:
    for cell, amount in moves.items():
        total[cell] = total.get(cell, 0.0) + amount * share


def _locally(ask: Ask, lexicon: Lexicon) -> Moves:
    """What a term does where its region is: what it means of that region, else what it does to a whole photo."""
    term, region = ask.what, ask.region
    if isinstance(term, Region) or region is None or region.id in term.within:
        return _effect(ask, lexicon)
    return _of_term(term, ask.factor, None, lexicon)


def _written(total: Moves, lexicon: Lexicon) -> Edits:
    """The edits of amounts, within each slot's reach."""
    edits: Edits = {}
    for address, row in _settle(total, lexicon).items():
        _write(lexicon.slots[address], row, edits)
    return edits


def is_understood(prompt: str, lexicon: Lexicon | None = None) -> bool:
    """Whether the lexicon understands anything of a prompt, even what cannot be done or what is to be kept.

    >>> is_understood("a bit warmer, please"), is_understood("wärmer")
    (True, False)
    """
    found = understand(prompt, lexicon or installed())
    return bool(found.asks or found.protected or found.beyond or found.restraint < 1)


def _once(asks: list[Ask]) -> list[Ask]:
    """The same wish said twice counts once, at its strongest."""
    strongest: dict[tuple[str, str, bool, bool], Ask] = {}
    for ask in asks:
        key = (ask.what.name, ask.region.id if ask.region else "", ask.factor > 0, ask.moved)
        if key not in strongest or abs(ask.factor) > abs(strongest[key].factor):
            strongest[key] = ask
    return list(strongest.values())


def _effect(ask: Ask, lexicon: Lexicon) -> Moves:
    if isinstance(ask.what, Region):
        return _scaled(ask.what.moved if ask.moved else ask.what.edits, ask.factor)
    return _of_term(ask.what, ask.factor, ask.region, lexicon)


def _of_term(term: Term, factor: float, region: Region | None, lexicon: Lexicon) -> Moves:
    """What a term does, of a region or of all; a term without edits is its opposite turned round."""
    opposite = lexicon.vocabulary.get(term.opposite or ())
    other = opposite if isinstance(opposite, Term) and opposite is not term else None
    if not term.edits and other is not None:
        return _of_term(other, -factor, region, lexicon) if other.edits else {}
    if region is not None:
        return _scaled(_within(term, region, lexicon), factor)
    if factor < 0 and term.less is not None:
        return _scaled(term.less, -factor)
    if factor < 0 and other is not None:
        return _scaled(other.edits, -factor)
    return _scaled(term.edits, factor)


def _within(term: Term, region: Region, lexicon: Lexicon) -> Moves:
    """What a term means in a region: as told, else its tint, else its bands."""
    if region.id in term.within:
        return term.within[region.id]
    if region.tints and term.tint is not None:
        return {
            (address, part): term.tint[part] * weight for address, weight in region.tints.items() for part in (0, 1)
        }
    return {
        (address, lexicon.slots[address].bands.index(band)): amount * weight
        for address, amount in term.bands.items()
        for band, weight in region.bands.items()
        if band in lexicon.slots[address].bands
    }


def _scaled(moves: Moves, factor: float) -> Moves:
    return {cell: amount * factor for cell, amount in moves.items()}


def _protect(total: Moves, regions: list[Region], lexicon: Lexicon) -> None:
    """Keep colours: what moves every colour alike acts through bands instead, protected bands stay, and tints are
    undone there.
    """
    if not regions:
        return
    weight: dict[str, float] = {}
    for region in regions:
        for band, share in region.bands.items():
            weight[band] = max(weight.get(band, 0.0), share)
    for source, targets in lexicon.instead.items():
        amount = total.pop((source, 0), 0.0)
        for address, share in targets.items():
            for index in range(len(lexicon.slots[address].bands)):
                total[address, index] = total.get((address, index), 0.0) + share * amount
    for (address, index), amount in total.items():
        total[address, index] = amount * lexicon.holds.get(address, 1.0)
    for address in lexicon.drops:
        for index, band in enumerate(lexicon.slots[address].bands):
            if (address, index) in total:
                total[address, index] *= 1 - weight.get(band, 0.0)
    undo: Moves = {}
    for band, share in weight.items():
        for cell, targets in lexicon.against.get(band, {}).items():
            for address, rate in targets.items():
                at = (address, lexicon.slots[address].bands.index(band))
                undo[at] = undo.get(at, 0.0) + share * rate * total.get(cell, 0.0)
    for at, amount in undo.items():
        total[at] = total.get(at, 0.0) + amount


def _settle(total: Moves, lexicon: Lexicon) -> dict[str, list[float]]:
    """Amounts within their reach, by address in the lexicon's order; slots that nothing moves are left out."""
    rows: dict[str, list[float]] = {}
    for address, slot in lexicon.slots.items():
        size = len(slot.bands) or slot.curve or (2 if slot.tint else 1)
        row = [total.get((address, index), 0.0) for index in range(size)]
        if slot.tint:
            length = math.hypot(*row)
            gain = _reach(length, slot) / length if length > _NOTHING else 0.0
            row = [part * gain for part in row]
        else:
            row = [_reach(amount, slot) for amount in row]
        if any(abs(amount) > _NOTHING for amount in row):
            rows[address] = row
    return rows


def _reach(amount: float, slot: SlotWords) -> float:
    """The amount, slowing down from half of the slot's reach on."""
    end = slot.high if amount > 0 else -slot.low
    if slot.hard or end == 0:
        return max(-end, min(end, amount))
    half = end / 2
    size = abs(amount)
    return math.copysign(size if size <= half else half + half * math.tanh((size - half) / half), amount)


def _write(slot: SlotWords, row: list[float], edits: Edits) -> None:
    """Put a slot's values into the edits."""
    op, _, name = slot.address.rpartition(".")
    values = edits.setdefault(op, {})
    if slot.tint:
        hue, strength = tint_of(*row)
        values[slot.tint[0]], values[slot.tint[1]] = round(hue, 2), round(strength, 4)
    elif slot.curve:
        curve: list[float] = []
        for index, amount in enumerate(row):
            # A curve that fell would turn tones round.
            line = min(1.0, max(0.0, index / (slot.curve - 1) + amount))
            curve.append(round(max(line, curve[-1] if curve else 0.0), 5))
        values[name] = curve
    elif slot.bands:
        values[name] = [round(slot.start + amount, 4) for amount in row]
    else:
        values[name] = round(slot.start + row[0], 4)


def _said(slot: SlotWords, values: Mapping[str, float | list[float]]) -> str:
    """A slot's values in words."""
    if slot.tint:
        hue, strength = (values[part] for part in slot.tint)
        return f"{slot.name} {hue:.0f}° by {strength:.2f}"
    value = values[slot.address.rpartition(".")[2]]
    if not isinstance(value, list):
        return f"{slot.name} {value - slot.start:+.2f}{' ' + slot.unit if slot.unit else ''}"
    if slot.curve:
        last = len(value) - 1
        black, middle, white = (value[at] - at / last for at in (0, len(value) // 2, last))
        return f"{slot.name} {black:+.2f} at black, {middle:+.2f} in the middle, {white:+.2f} at white"
    away = ((band, amount - slot.start) for band, amount in zip(slot.bands, value, strict=True))
    moved = ", ".join(f"{band} {amount:+.2f}" for band, amount in away if abs(amount) >= 0.005)
    return f"{slot.name} of {moved}" if moved else ""


def _group_thought(asked: list[str], done: list[str], kept: list[str], how: str) -> Thought:
    problem = f"Asked for: {_list(asked)}." if asked else "Nothing was asked for here."
    plan = list(done)
    if kept:
        problem += f" To be kept: {_list(kept)}."
        plan += [f"{_list(kept)} {how}"] if done else []
    words = "; ".join(plan)
    return {"problem": problem, "plan": f"{words[:1].upper()}{words[1:]}." if words else "Left as it is."}


def _request_thought(found: Understanding, moved: bool, lexicon: Lexicon) -> Thought:
    """What was understood, what was not, and what follows."""
    said = []
    if found.asks:
        said.append(f"Understood: {_list([ask.said for ask in found.asks])}.")
    if found.protected:
        said.append(f"Kept as they are: {_list([region.name for region in found.protected.values()])}.")
    if found.restraint < 1:
        said.append(f"Everything in a natural measure ({found.restraint:g} of the full degree).")
    if found.beyond:
        said.append(
            "Understood, but not to be done here: "
            + _list([f"{word} ({why})" for word, why in found.beyond.items()])
            + "."
        )
    if found.idle:
        said.append(f"Said of nothing: {_list(found.idle)}.")
    if found.unknown:
        said.append(f"Not known: {_list(_with_suggestions(list(found.unknown), lexicon))}.")
    if not said:
        said.append("Nothing was asked for.")
    return {"problem": " ".join(said), "plan": "The groups below say what is done." if moved else "Nothing is changed."}


def _with_suggestions(unknown: list[str], lexicon: Lexicon) -> list[str]:
    """Unknown words, the first few with the nearest known one, which is never acted on."""
    single = [
        phrase[0]
        for phrase, meaning in lexicon.vocabulary.items()
        if len(phrase) == 1 and not (isinstance(meaning, Word) and meaning.role == "ignored")
    ]
    listed = []
    for index, word in enumerate(unknown):
        hint = ""
        if index < _SUGGESTED and 3 < len(word) <= 24:
            near = (known for known in single if abs(len(known) - len(word)) <= 2 and known[0] == word[0])
            hint = nearest(word, near)
        listed.append(f"{_short(word)!r}{f' ({hint.strip()})' if hint else ''}")
    return listed


def _list(items: list[str]) -> str:
    items = list(dict.fromkeys(_short(item) for item in items))
    more = f" and {len(items) - _LISTED} more" if len(items) > _LISTED else ""
    return ", ".join(items[:_LISTED]) + more


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:97] + "..."
