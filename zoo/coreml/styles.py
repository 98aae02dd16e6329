"""A table of styles for phones, where the lexicon is not: what each of its phrases asks of `tiny`,
and how several add up.

Of one phrase the table holds the very vector that the desktop makes of it. Several are added up as
`planners.rules.style` adds up wishes, as far as that can be done with vectors; the rest of the grammar (degrees,
negations, regions, colours to keep) stays with the desktop.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from torch import Tensor

from ...core.contract.schema import Schema
from ...planners.rules.lexicon import Lexicon, SlotWords, Term, tint_vector
from ...planners.tiny.latents import wish_of_prompt

FILE: Final = "styles.json"
FORMAT: Final = "veraretouch.styles/1"


def table(schema: Schema, lexicon: Lexicon | None = None) -> dict[str, Any]:
    """The table as a JSON object.

    Returns:
        `slots`: names in the order of a style vector, whose length is `size`.
        `plain`: [place, count, low, high] of numbers that words move, and how far:
            from half of that on a sum slows down; `hard`: places
        of those whose sums stop there at once.
        `tints`: [place of the hue in degrees, of the saturation, high],
            where a sum is one of vectors in OkLab's plane; `wheel`: hues and
        the angles that they have there, straight lines between.
        `curves`: [place, knots, ...] whose sums must not fall.
        `styles`: `phrases` that mean the same, in lower case, and `values`, place -> number, of their vector;
            other numbers are 0.
    """
    lexicon = lexicon or Lexicon.builtin()
    found: dict[str, dict[str, Any]] = {}
    for phrase, meaning in lexicon.vocabulary.items():
        if not isinstance(meaning, Term):
            continue
        values = sparse(wish_of_prompt(schema, " ".join(phrase), lexicon))
        if values:
            found.setdefault(meaning.name, {"phrases": [], "values": values})["phrases"].append(" ".join(phrase))
    return {
        "format": FORMAT,
        "slots": names(schema),
        "size": schema.size,
        **_sums(schema, lexicon),
        "styles": list(found.values()),
    }


def names(schema: Schema) -> list[str]:
    """What stands where in a vector: `op.slot`, with the count of its numbers where there are several."""
    return [f"{op}.{name}" if slot.size == 1 else f"{op}.{name}[{slot.size}]" for op, name, slot in schema]


def sparse(vector: Tensor) -> dict[str, float]:
    """The numbers of a vector (D,) that are not 0, by place; in as few digits as give the same float32.

    Not `str`: its text depends on `numpy.set_printoptions`, which colour-science calls for one.
    """
    return {
        str(place): float(np.format_float_positional(value)) for place, value in enumerate(vector.numpy()) if value != 0
    }


def write(folder: Path, schema: Schema) -> None:
    """Write the table into a folder."""
    rows = table(schema)
    styles = ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in rows.pop("styles"))
    head = "".join(f' "{key}": {json.dumps(value)},\n' for key, value in rows.items())
    (folder / FILE).write_text(f'{{\n{head} "styles": [\n{styles}\n ]\n}}\n', encoding="utf-8")


def _sums(schema: Schema, lexicon: Lexicon) -> dict[str, Any]:
    """How sums of vectors are kept within what words may do."""
    first = dict(_places(schema))
    plain, hard, tints, curves = [], [], [], []
    for address, slot in lexicon.slots.items():
        op = address.rpartition(".")[0]
        if op not in schema.specs:
            continue
        if slot.tint:
            tints.append([*(first[f"{op}.{part}"] for part in slot.tint), slot.high])
            continue
        at = first[address]
        plain.append([at, _size(slot), slot.low, slot.high])
        if slot.hard:
            hard += list(range(at, at + _size(slot)))
        if slot.curve:
            curves.append([at, slot.curve])
    return {"plain": sorted(plain), "hard": hard, "tints": tints, "curves": curves, "wheel": _wheel()}


def _wheel() -> list[list[float]]:
    """Hues of the wheel, every 30 degrees, and their angles in OkLab, rising."""
    found: list[list[float]] = []
    for hue in range(0, 361, 30):
        a, b = tint_vector(hue, 1)
        angle = math.degrees(math.atan2(b, a)) % 360
        found.append([hue, round(angle + 360 if hue == 360 else angle, 4)])
    return found


def _places(schema: Schema) -> Iterator[tuple[str, int]]:
    """Where each slot begins in a vector."""
    ends = np.cumsum([slot.size for _, _, slot in schema])
    for (op, name, slot), end in zip(schema, ends, strict=True):
        yield f"{op}.{name}", int(end) - slot.size


def _size(slot: SlotWords) -> int:
    return len(slot.bands) or slot.curve or 1
