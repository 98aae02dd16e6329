"""Block and allow lists: which plugins may be imported, by the environment and by the configuration file.

A list names ids and distributions. A plugin stays out where any list keeps it out; the built-ins pass every allow list.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .config import config_path, read_config

ALLOW_VARIABLE = "VERARETOUCH_ALLOW"
BLOCK_VARIABLE = "VERARETOUCH_BLOCK"


@dataclass(frozen=True)
class PolicyRule:
    """One list in force.

    Attributes:
        place: where it stands, as reasons name it.
        allows: whether it lets in only what it names, or keeps out what it names.
        names: as they are written there.
    """

    place: str
    allows: bool
    names: frozenset[str]

    def keeps_out(self, id: str, distribution: str) -> str:
        """Why this list keeps a plugin out, or an empty string."""
        distribution = normal(distribution)
        named = id in self.names or distribution in map(normal, self.names)
        if self.allows:
            return "" if named or distribution == "veraretouch" else f"{self.place} does not name it"
        return f"{self.place} names it" if named else ""


def policy_rules() -> tuple[PolicyRule, ...]:
    """Every list that names anything, block lists first.

    Raises:
        InvalidDocument: the configuration file cannot be read.
    """
    found = (PolicyRule(place, allows, frozenset(names)) for place, allows, names in _written() if names)
    return tuple(sorted(found, key=lambda each: each.allows))


def _written() -> Iterator[tuple[str, bool, list[str]]]:
    for variable in (BLOCK_VARIABLE, ALLOW_VARIABLE):
        names = [name.strip() for name in os.environ.get(variable, "").split(",")]
        yield variable, variable == ALLOW_VARIABLE, [name for name in names if name]
    for key, names in read_config().get("plugins", {}).items():
        yield f"plugins.{key} in {config_path()}", key == "allow", names


def normal(distribution: str) -> str:
    """A distribution's name as pip compares it (PEP 503).

    >>> normal("Acme_Film")
    'acme-film'
    """
    return re.sub(r"[-_.]+", "-", distribution).lower()
