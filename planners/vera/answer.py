"""The model's answer, taken apart: what it says of each group, whatever is missing or out of place."""

from __future__ import annotations

import re
from typing import Final, Literal

from ...core.contract.planner import Thought

# The retouch tokens, and the group that each edits, in the order of the latent.
RETOUCH_TOKENS: Final = {
    "<retouch_light>": "lighting",
    "<retouch_color&temp>": "global_color",
    "<retouch_colormixer>": "specific_color",
}
_GROUPS: Final = {"light": "lighting", "globalcolor": "global_color", "specificcolor": "specific_color"}
TAGS: Final = tuple(
    f"<{part}_{group}_{side}>" for part in ("problem", "plan") for group in _GROUPS for side in ("start", "end")
)
_TAG: Final = re.compile(
    r"<(?P<part>problem|plan)_(?P<group>light|globalcolor|specificcolor)_(?P<side>start|end)>"
    r"|<retouch_[^<>]{1,40}>|<\|[a-z_]{1,40}\|>"
)
_LONGEST: Final = 4000

Part = Literal["problem", "plan"]


def read_answer(text: str) -> dict[str, Thought]:
    """Group -> problem and plan, of what is there.

    A passage belongs to the tag before it, if that opens one, else to the tag after it, if that closes one: so an
    opening or closing tag that is missing loses nothing. The first passage that says something counts.

    >>> read_answer("<problem_light_start>Dark.<problem_light_end>Brighten it.<plan_light_end>")
    {'lighting': {'problem': 'Dark.', 'plan': 'Brighten it.'}}
    """
    tags = list(_TAG.finditer(text))
    found: dict[str, Thought] = {}
    ends = [None, *tags], [*tags, None]
    for before, after in zip(*ends, strict=True):
        passage = " ".join(text[before.end() if before else 0 : after.start() if after else len(text)].split())
        owner = _owner(before, "start") or _owner(after, "end")
        if owner is None or not passage:
            continue
        group, part = owner
        found.setdefault(group, {}).setdefault(part, passage[:_LONGEST])
    return {group: found[group] for group in _GROUPS.values() if group in found}


def _owner(tag: re.Match[str] | None, side: str) -> tuple[str, Part] | None:
    if tag is None or tag["side"] != side:
        return None
    return _GROUPS[tag["group"]], "problem" if tag["part"] == "problem" else "plan"
