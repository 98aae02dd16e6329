"""Old names of plugins: the entry-point group `veraretouch.aliases`, `"acme.old_name" = "acme.new_name"`.

An alias is metadata, so that a renamed plugin is found without importing its package. It holds for every kind in which
the new id is a plugin and the old one is not.
"""

from __future__ import annotations

from collections.abc import Mapping

from .entry import PluginEntry, PluginState, judge
from .installed import Installed
from .policy import policy_rules

GROUP = "veraretouch.aliases"

PluginEntries = Mapping[str, PluginEntry]
"""The plugins of one kind, by id."""


class Aliases:
    """The aliases of all installed distributions, by old id."""

    def __init__(self, installed: Installed) -> None:
        self._installed = installed

    def entries(self, plugins: Mapping[str, PluginEntries]) -> dict[str, PluginEntry]:
        """Every alias by old id, sorted; those that lead nowhere, in a circle, or hide a plugin, with the reason.

        Args:
            plugins: what an alias may lead to, by kind ("op").
        """
        found = self._judged()
        for entry in found.values():
            if entry.state is PluginState.AVAILABLE:
                _check(entry, found, plugins)
        return dict(sorted(found.items()))

    def follow(self, id: str) -> str:
        """The newest name of an id; the id itself where nobody renamed it, or the names go round in a circle."""
        return _end(id, self._judged()) or id

    def _judged(self) -> dict[str, PluginEntry]:
        claims = self._installed.claims(GROUP)
        if not claims:
            return {}
        rules = policy_rules()
        return {name: judge(name, points, rules) for name, points in claims.items()}


def _end(id: str, aliases: PluginEntries) -> str | None:
    """Where the names lead; None for a circle."""
    seen = {id}
    while id in aliases and aliases[id].state is PluginState.AVAILABLE:
        id = aliases[id].target
        if id in seen:
            return None
        seen.add(id)
    return id


def _check(entry: PluginEntry, aliases: PluginEntries, plugins: Mapping[str, PluginEntries]) -> None:
    end = _end(entry.id, aliases)
    homes = [kind for kind, entries in plugins.items() if end in entries]
    hidden = [kind for kind in homes if entry.id in plugins[kind]]
    if end is None:
        entry.fail(
            PluginState.BROKEN, f"{entry.id} -> {entry.target} goes round in a circle", f"Report it to {entry.owner}."
        )
    elif not homes:
        entry.fail(PluginState.BROKEN, f"no plugin {end!r} is installed", f"Install what provides {end}.")
    elif hidden:
        kind = hidden[0]
        real = plugins[kind][entry.id]
        reason = f"claimed by {real.owner} ({kind}) and {entry.owner} (alias); the {kind} stands"
        entry.fail(PluginState.COLLISION, reason, f"Uninstall {entry.distribution} or {real.distribution}.")
