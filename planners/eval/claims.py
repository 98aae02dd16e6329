"""Whether reasoning says what the edit does: directions that the words name, against the rendered change.

The words of a group's plan are judged by what that group alone makes of the photo: the means of OkLab's L (lightness),
b (warmth) and chroma, and the deviation of L (contrast). What the words say of single tones or single colours is not
judged, nor are problems, prompts and hopes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from torch import Tensor

from ...core import strict_json
from ...core.color.oklab import chroma, oklab
from ...core.contract.planner import Reasoning

# A claim holds where the measure moves its way by at least this: a tenth of a step of 8 bit.
LEAST: Final = 4e-4


@dataclass(frozen=True)
class ReasoningClaim:
    """A direction (+1, -1) that a group's words give a measure, the words, and how far the measure moved."""

    group: str
    measure: str
    sign: int
    words: str
    moved: float

    @property
    def holds(self) -> bool:
        """Whether the picture moved as the words say."""
        return self.moved * self.sign >= LEAST


def claims(reasoning: Reasoning, rgb: Tensor, rendered: Mapping[str, Tensor]) -> list[ReasoningClaim]:
    """The claims of the groups' plans, with what became of them.

    Args:
        rgb: the photo (1, 3, H, W) in [0, 1].
        rendered: group -> the photo by that group alone, see `separation.alone`.
    """
    before = measures(rgb)
    found = []
    for group, made in rendered.items():
        said = list(directions(reasoning.get(group, {}).get("plan", "")))
        after = measures(made.clamp(0, 1)) if said else before
        found += [ReasoningClaim(group, what, sign, words, after[what] - before[what]) for what, sign, words in said]
    return found


def directions(text: str) -> Iterator[tuple[str, int, str]]:
    """What a text claims: measure, sign, words.

    >>> list(directions("Raise exposure by 0.30 EV, and make it warmer."))
    [('lightness', 1, 'raise exposure'), ('warmth', 1, 'warmer')]
    """
    for measure, sign, pattern in _patterns():
        for match in pattern.finditer(text.lower()):
            yield measure, sign, match[0]


def measures(rgb: Tensor) -> dict[str, float]:
    """Mean lightness, contrast, warmth and chroma of pixels (1, 3, H, W) in [0, 1]."""
    seen = oklab(rgb)
    return {
        "lightness": float(seen.L.mean()),
        "contrast": float(seen.L.std(correction=0)),
        "warmth": float(seen.b.mean()),
        "chroma": float(chroma(seen).mean()),
    }


@cache
def _patterns() -> list[tuple[str, int, re.Pattern[str]]]:
    table = strict_json.packaged(__name__, "claims.json")
    found = []
    for measure, words in table["measures"].items():
        for way, sign, mark in (("up", 1, r"\+"), ("down", -1, "[-−]")):
            pattern = (
                rf"\b(?:{table['verbs'][way]}) (?:the |overall |global )*(?:{words['things']})\b"
                rf"|\b(?:{words['signed']}) {mark}[\d.]*\d|\b(?:{words[way]})\b"
            )
            found.append((measure, sign, re.compile(pattern)))
    return found
