"""The steps of one photo: what it was made into, and at which of them it stands."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from veraretouch.core.plan.plan import Plan

STEPS: Final = 200
"""How many steps of a photo are kept."""


@dataclass(frozen=True)
class Step:
    """What a photo was made into: the plan's document, None for the photo as it is."""

    name: str
    time: float
    plan: Mapping[str, Any] | None

    @cached_property
    def document(self) -> bytes | None:
        """The plan as a file of its own; None for the photo as it is."""
        return None if self.plan is None else Plan.load(dict(self.plan)).json().encode()


@dataclass
class History:
    """The steps of one photo, and at which it stands; -1 for before the first.

    Attributes:
        xmp_kept: whether it is known what XMP the photo had before the studio wrote one: `xmp_before`, None for none.
        said: what has to be said about the sidecars of the latest edit.
    """

    revision: int = 0
    steps: list[Step] = field(default_factory=list)
    at: int = -1
    xmp_kept: bool = False
    xmp_before: bytes | None = None
    said: list[str] = field(default_factory=list)

    @property
    def plan(self) -> Mapping[str, Any] | None:
        """What the photo is made into now."""
        return self.steps[self.at].plan if self.at >= 0 else None

    @property
    def document(self) -> bytes | None:
        """That plan as a file of its own; None where nothing is done to the photo."""
        return self.steps[self.at].document if self.edited else None

    @property
    def edited(self) -> bool:
        """Whether anything is done to the photo; a plan whose values were all taken back does nothing."""
        return self.plan is not None and any(self.plan.get(part) for part in ("edits", "local", "frame"))

    def apply(self, line: Mapping[str, Any]) -> None:
        """Take a line of the journal: a new step, which ends whatever was undone, a move among the steps, or the XMP
        that was there before the studio's.
        """
        if "xmp" in line:
            self.xmp_kept, self.xmp_before = True, None if line["xmp"] is None else b64decode(line["xmp"])
            return
        self.revision = int(line["revision"])
        if "at" in line:
            self.at = min(max(int(line["at"]), -1), len(self.steps) - 1)  # as far as there are steps
            return
        kept = self.steps[: self.at + 1]
        self.steps = [*kept, Step(str(line["name"]), float(line["time"]), line["plan"])][-STEPS:]
        self.at = len(self.steps) - 1

    def facts(self) -> dict[str, Any]:
        """What the page is told."""
        undone = self.at + 1 < len(self.steps)
        return {
            "revision": self.revision,
            "plan": self.plan,
            "can_undo": self.at >= 0,
            "can_redo": undone,
            "undo_name": self.steps[self.at].name if self.at >= 0 else None,
            "redo_name": self.steps[self.at + 1].name if undone else None,
            "said": self.said,
        }
