"""The answer that the model is to write: `answer.read_answer` the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ....core.contract.planner import Thought
from ....core.errors import InvalidDocument
from ...vera.answer import RETOUCH_TOKENS, read_answer

_TAGS: Final = {"lighting": "light", "global_color": "globalcolor", "specific_color": "specificcolor"}


def write_answer(reasoning: Mapping[str, Thought], *, where: str = "reasoning") -> str:
    """Every problem, then every plan, each between its tags, then the three retouch tokens.

    Raises:
        InvalidDocument: words that hold tags of their own, or are too long to be read again.

    >>> write_answer({"lighting": {"problem": "Dark.", "plan": "Brighten it."}})[:58]
    '<problem_light_start>Dark.<problem_light_end><plan_light_s'
    """
    said: dict[str, dict[str, str]] = {}
    passages = []
    for part in ("problem", "plan"):
        for group, tag in _TAGS.items():
            words = " ".join(str(reasoning.get(group, {}).get(part, "")).split())
            if words:
                said.setdefault(group, {})[part] = words
                passages.append(f"<{part}_{tag}_start>{words}<{part}_{tag}_end>")
    answer = "".join([*passages, *RETOUCH_TOKENS])
    if read_answer(answer) != said:
        raise InvalidDocument("holds tags of the answer, or is too long", path=where, cure="Leave this example out.")
    return answer
