"""Areas in words, as the command line and `local=` take them.

An area is a part or several: `sky`, `not skin`, `sky + foliage`, `sky - linear: from bottom to 0.3`, `person & skin`.
`+` adds what follows, `-` takes it away, `&` keeps what both cover; `not` covers what a part leaves out. A part is an
area's id, then perhaps a colon and its slots, `ellipse: x=0.4 y=0.3 feather=0.8`, or words of the area's own,
`linear: from top to 0.4`. JSON, the list of parts that a plan has, is taken as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .. import strict_json
from ..contract.local import Combine
from ..contract.slots import FloatArray
from ..errors import InvalidDocument, InvalidRequest, OutOfBounds, nearest
from ..plugins.registry import registry
from .edit import provider_of
from .local import AreaPart, area_of, read_adjustment

_JOINS: Final[Mapping[str, Combine]] = {"+": "add", "-": "subtract", "&": "intersect"}
_JOIN: Final = re.compile(r"\s+([+\-&])\s+")
_SLOT: Final = re.compile(r"([a-z_][a-z0-9_]*)\s*=\s*(\[[^=]*\]|[^\s,=]+)[\s,]*")
_LONGEST: Final = 10_000  # characters of words; JSON may be longer


def read_area(text: str) -> tuple[AreaPart, ...]:
    """The parts of an area in words.

    Raises:
        InvalidRequest: what was not understood, with the nearest name. OutOfBounds: a value beyond its slot's bounds.
        InvalidPlan: JSON whose parts are not right.
    """
    if text.lstrip().startswith(("[", "{")):
        return _of_json(text)
    if len(text) > _LONGEST:
        raise InvalidRequest(
            f"an area of {len(text)} characters", cure=f"At most {_LONGEST}; strokes are given as JSON."
        )
    pieces = _JOIN.split(text.strip())
    joins: list[Combine] = ["add", *(_JOINS[sign] for sign in pieces[1::2])]
    return tuple(_part(words, join, text) for words, join in zip(pieces[::2], joins, strict=True))


def _of_json(text: str) -> tuple[AreaPart, ...]:
    try:
        parts = strict_json.parse(text, name="area")
    except InvalidDocument as error:
        raise InvalidRequest(f"area: {error.problem}", cure=error.cure) from None
    return read_adjustment({"name": "x", "edits": {}, "area": parts if isinstance(parts, list) else [parts]}).area


def _part(words: str, combine: Combine, whole: str) -> AreaPart:
    name, _, rest = (piece.strip() for piece in words.partition(":"))
    invert = name.startswith("not ")
    id = registry.areas.resolve(name.removeprefix("not ").strip())
    if id not in registry.areas:
        known = registry.areas.ids()
        raise InvalidRequest(
            f"area {strict_json.shorten(whole)}: no area {strict_json.shorten(id)} is installed",
            cure=f"{nearest(id, known)} There are {', '.join(known)}.".lstrip(),
        )
    area = area_of(id)
    own = area.from_words(rest) if rest else {}
    values = dict(_slots(rest, whole)) if own is None else own
    params: dict[str, FloatArray] = {}
    for slot, value in values.items():
        if slot not in area.slots:
            raise InvalidRequest(
                f"area {strict_json.shorten(whole)}: {id} has no slot {slot!r}",
                cure=f"{nearest(slot, area.slots)} Its slots: {', '.join(area.slots)}.".lstrip(),
            )
        declared = area.slots[slot].sized_for(value)
        try:
            params[slot] = declared.check(value, path=f"{id}.{slot}")
        except OutOfBounds as error:
            raise OutOfBounds(f"area {strict_json.shorten(whole)}: {error.problem}", cure=error.cure) from None
    return AreaPart(id, params, area.version, combine, invert, provider_of(id, registry.areas))


def _slots(text: str, whole: str) -> Iterator[tuple[str, Any]]:
    """The pairs of `x=0.4 y=0.3`; values are numbers, or lists in JSON."""
    place, seen = 0, set()
    while place < len(text):
        match = _SLOT.match(text, place)
        if match is None or match[1] in seen:
            cure = "Write SLOT=VALUE, each slot once, such as ellipse: x=0.4 feather=0.8."
            raise InvalidRequest(
                f"area {strict_json.shorten(whole)}: {strict_json.shorten(text[place:])} is not understood", cure=cure
            )
        seen.add(match[1])
        yield match[1], _number(match[2], whole)
        place = match.end()


def _number(text: str, whole: str) -> Any:
    try:
        return float(text) if not text.startswith("[") else json.loads(text)
    except ValueError:
        raise InvalidRequest(
            f"area {strict_json.shorten(whole)}: {strict_json.shorten(text)} is no number", cure="Write x=0.4."
        ) from None
