"""What the installed distributions announce: their entry points, read in one pass over the metadata."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, entry_points
from threading import Lock


@dataclass(frozen=True)
class Claim:
    """An entry point and whose it is."""

    point: EntryPoint
    distribution: str
    version: str

    @property
    def owner(self) -> str:
        """Distribution and version, as messages name it."""
        return f"{self.distribution} {self.version}".rstrip()


class Installed:
    """The claims of each entry-point group. The folders are searched once for all groups, until `refresh`."""

    def __init__(self) -> None:
        self._claims: dict[str, list[Claim]] | None = None
        self._lock = Lock()

    def claims(self, group: str) -> dict[str, list[Claim]]:
        """By name, each distribution's claim once: it may be seen twice,
        through a stale egg-info beside an editable install.
        """
        with self._lock:
            if self._claims is None:
                self._claims = _search()
            found: dict[str, list[Claim]] = {}
            for claim in self._claims.get(group, ()):
                known = found.setdefault(claim.point.name, [])
                if not any((k.point.value, k.owner) == (claim.point.value, claim.owner) for k in known):
                    known.append(claim)
        return found

    def refresh(self) -> None:
        """Forget what was found."""
        with self._lock:
            self._claims = None


def _search() -> dict[str, list[Claim]]:
    found: dict[str, list[Claim]] = {}
    owners: dict[int, tuple[str, str]] = {}
    announced = entry_points()
    for group in announced.groups:
        for point in announced.select(group=group) if group.startswith("veraretouch.") else ():
            # A distribution's whole metadata, its readme too, is parsed for its name: once, not once an entry point.
            if id(point.dist) not in owners:
                owners[id(point.dist)] = _owner(point.dist)
            found.setdefault(group, []).append(Claim(point, *owners[id(point.dist)]))
    return found


def _owner(distribution: Distribution | None) -> tuple[str, str]:
    if distribution is None:
        return "(unknown)", ""
    metadata = distribution.metadata
    # Damaged metadata may lack either.
    facts = {fact: metadata[fact] for fact in ("Name", "Version") if fact in metadata}
    return facts.get("Name") or "(unknown)", facts.get("Version") or ""
