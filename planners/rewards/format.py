"""The reward `format`: an answer in the form in which the planner `vera` is taught to answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

import torch
from torch import Tensor

from ...core.contract.request import Mode
from ...core.contract.reward import Reward, Rollouts
from ..vera.answer import RETOUCH_TOKENS

_GROUPS: Final = ("light", "globalcolor", "specificcolor")
_PROBLEMS: Final = tuple(f"problem_{group}" for group in _GROUPS)
_PLANS: Final = tuple(f"plan_{group}" for group in _GROUPS)
_TAG: Final = re.compile(r"<(?:problem|plan)_(?:light|globalcolor|specificcolor)_(?:start|end)>|<retouch_[^<>]{1,40}>")
# What ends an answer stands after its last piece.
_END: Final = re.compile(r"<\|[a-z_]{1,40}\|>\s*\Z")
STRAY: Final = "?"
"""What `pieces` calls words outside of a block, a tag without its other half, and a block without words."""


class Format(Reward):
    """Judge whether an answer has one well-formed block of each kind, then the three retouch tokens, in their order.

    In the mode auto these are a problem and a plan of each group. In other modes problems may be left out. The score is
    the share of pieces that stand where they belong: twice the longest matches over both lengths, as `difflib` counts.
    It is 1 for a well-formed answer alone.
    """

    id = "format"
    version = 1
    judges_malformed = True

    def score(self, rollouts: Rollouts) -> Tensor:
        """(B,) from 0 to 1; 1 where `is_well_formed`."""
        pairs = zip(rollouts.texts, rollouts.requests, strict=True)
        return torch.tensor([_agreement(list(pieces(text)), request.mode) for text, request in pairs])


def is_well_formed(text: str, mode: Mode) -> bool:
    """Whether an answer to a request of a mode has all of its pieces in order, and nothing else.

    >>> is_well_formed("<retouch_light><retouch_color&temp>", "style")
    False
    """
    found = list(pieces(text))
    return found == _wanted(found, mode)


def pieces(text: str) -> Iterator[str]:
    """The pieces of an answer in their order: `problem_light` for such a block with words in it, retouch tokens as they
    are, and `STRAY` for each thing that is neither.

    >>> list(pieces("<plan_light_start>Raise it.<plan_light_end> so <retouch_light>"))
    ['plan_light', '?', '<retouch_light>']
    """
    text = _END.sub("", text)
    tags = list(_TAG.finditer(text))
    place, index = 0, 0
    while index < len(tags):
        tag = tags[index]
        if text[place : tag.start()].strip():
            yield STRAY
        name = tag[0].strip("<>")
        after = tags[index + 1] if index + 1 < len(tags) else None
        if name.startswith("retouch_"):
            yield tag[0]
        elif name.endswith("_start") and after is not None and after[0] == f"<{name.removesuffix('_start')}_end>":
            yield name.removesuffix("_start") if text[tag.end() : after.start()].strip() else STRAY
            tag, index = after, index + 1
        else:
            yield STRAY
        place, index = tag.end(), index + 1
    if text[place:].strip():
        yield STRAY


def _wanted(found: Sequence[str], mode: Mode) -> list[str]:
    """The pieces of a well-formed answer; problems in auto, or where there is any."""
    problems = _PROBLEMS if mode == "auto" or set(_PROBLEMS) & set(found) else ()
    return [*problems, *_PLANS, *RETOUCH_TOKENS]


def _agreement(found: list[str], mode: Mode) -> float:
    return SequenceMatcher(None, found, _wanted(found, mode), autojunk=False).ratio()
