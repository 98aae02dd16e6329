"""One plugin as its distribution's metadata announces it, and where it stands before anything is imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import EntryPoint
from typing import Any

from .installed import Claim
from .policy import BLOCK_VARIABLE, PolicyRule


class PluginState(StrEnum):
    """Where a plugin stands between its metadata and use."""

    AVAILABLE = "available"
    LOADED = "loaded"
    BLOCKED = "blocked"
    COLLISION = "collision"
    BROKEN = "broken"
    INCOMPATIBLE = "incompatible"


USABLE = frozenset({PluginState.AVAILABLE, PluginState.LOADED})


@dataclass
class PluginEntry:
    """One plugin. `reason` and `cure` say why one that cannot be used cannot;
    `load_seconds` is there once it was tried.
    """

    id: str
    distribution: str
    version: str
    target: str
    state: PluginState = PluginState.AVAILABLE
    reason: str = ""
    cure: str = ""
    load_seconds: float | None = None
    _point: EntryPoint | None = field(default=None, repr=False)
    _object: Any = field(default=None, repr=False)

    @property
    def owner(self) -> str:
        """Distribution and version, as messages name it."""
        return f"{self.distribution} {self.version}".rstrip()

    @property
    def standing(self) -> str:
        """The state, as it follows "is" in messages."""
        return "in collision" if self.state is PluginState.COLLISION else str(self.state)

    def fail(self, state: PluginState, reason: str, cure: str) -> None:
        """Take it out of use."""
        self.state, self.reason, self.cure = state, reason, cure


def judge(name: str, claims: Sequence[Claim], rules: Sequence[PolicyRule]) -> PluginEntry:
    """The entry of an id that one distribution or several claim; blocking one of two ends their collision."""
    kept_out = {claim: _kept_out(name, claim.distribution, rules) for claim in claims}
    free = [claim for claim in claims if kept_out[claim] is None]
    first = (free or claims)[0]
    entry = PluginEntry(name, first.distribution, first.version, first.point.value, _point=first.point)
    held = kept_out[first]
    if held is not None:
        entry.fail(PluginState.BLOCKED, held.keeps_out(name, first.distribution), f"Change {held.place}.")
    elif len(free) > 1:
        owners = " and ".join(claim.owner for claim in free)
        cure = f"Uninstall one of them, or name it in {BLOCK_VARIABLE}."
        entry.fail(PluginState.COLLISION, f"claimed by {owners}", cure)
    return entry


def _kept_out(name: str, distribution: str, rules: Sequence[PolicyRule]) -> PolicyRule | None:
    return next((each for each in rules if each.keeps_out(name, distribution)), None)
