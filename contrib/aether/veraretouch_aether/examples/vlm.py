"""Reasoning written by a vision-language model behind any chat API of OpenAI's form;
the template's facts are its brief.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from .asks import GROUPS

_SYSTEM = (
    "You teach photo retouching. You see a photo and the same photo as it should become, and you are given the facts:"
    " what is wrong in each of three views (lighting, global_color, specific_color) and what is done about it. Say it"
    ' in your own words, true to the facts and to what you see. Answer with one JSON object: {"content": "...",'
    ' "lighting": {"problem": "...", "plan": "..."}, "global_color": {...}, "specific_color": {...}}.'
)


class UnusableReasoning(Exception):
    """The endpoint cannot be reached, refuses, or answers with something else than the object that was asked for."""


@dataclass(frozen=True)
class Writer:
    """An endpoint, such as ``http://localhost:8000/v1``, and a model; the key is read from VERARETOUCH_VLM_KEY."""

    url: str
    model: str
    timeout: float = 60.0

    def write(self, document: Mapping[str, Any], before: bytes, after: bytes, *, kind: str) -> dict[str, Any]:
        """`content` and `reasoning` of an example, from its document and its two pictures as files.

        Raises:
            UnusableReasoning: with the reason.
        """
        facts = {name: document[name] for name in ("subset", "request", "content", "reasoning")}
        pictures = [
            {"type": "image_url", "image_url": {"url": f"data:image/{kind};base64,{base64.b64encode(data).decode()}"}}
            for data in (before, after)
        ]
        body = {
            "model": self.model,
            "temperature": 0,
            "messages": [
                {"role": "system", "content": _SYSTEM},
                {"role": "user", "content": [*pictures, {"type": "text", "text": json.dumps(facts)}]},
            ],
        }
        key = os.environ.get("VERARETOUCH_VLM_KEY")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            answer = httpx.post(
                f"{self.url.rstrip('/')}/chat/completions", json=body, headers=headers, timeout=self.timeout
            )
            answer.raise_for_status()
            return _read(answer.json()["choices"][0]["message"]["content"])
        except httpx.HTTPError as error:
            raise UnusableReasoning(f"{type(error).__name__}: {error}") from None
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise UnusableReasoning(f"an answer of another form: {type(error).__name__}: {error}") from None


def _read(text: str) -> dict[str, Any]:
    """The object in an answer, which models like to fence."""
    answer = json.loads(text[text.index("{") : text.rindex("}") + 1])
    reasoning = {group: {part: str(answer[group][part]) for part in ("problem", "plan")} for group in GROUPS}
    return {"content": str(answer["content"]), "reasoning": reasoning}
