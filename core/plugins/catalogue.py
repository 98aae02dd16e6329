"""The catalogue of one kind of plugin, by id. Listing reads metadata and imports nothing.

A plugin is judged first (blocked, collision) and imported on first use.
One that breaks then is named with its reason, and the others go on.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from threading import RLock
from typing import Any

import pluggy

from ..errors import (
    BlockedPlugin,
    BrokenPlugin,
    DeprecatedPlugin,
    IncompatiblePlugin,
    PluginCollision,
    UnknownPlugin,
    nearest,
)
from .aliases import Aliases
from .entry import USABLE, PluginEntry, PluginState, judge
from .installed import Installed
from .policy import policy_rules

_ERRORS = {
    PluginState.COLLISION: PluginCollision,
    PluginState.BLOCKED: BlockedPlugin,
    PluginState.BROKEN: BrokenPlugin,
    PluginState.INCOMPATIBLE: IncompatiblePlugin,
}


class Catalogue:
    """All plugins of one kind, by id. Every method that takes an id also takes an old name that has an alias.

    Args:
        kind: what one is called in messages ("op").
        group: its entry-point group.
        check: judges a freshly imported object; raises what is wrong with it.
        installed: what the distributions announce, shared by catalogues so that it is read once.
    """

    def __init__(
        self, kind: str, group: str, check: Callable[[str, Any], None], installed: Installed | None = None
    ) -> None:
        self.kind, self.group, self._check = kind, group, check
        self.manager = pluggy.PluginManager(group)
        self._installed = installed or Installed()
        self._aliases = Aliases(self._installed)
        self._added: dict[str, PluginEntry] = {}
        self._found: dict[str, PluginEntry] | None = None
        self._warned: set[str] = set()
        self._lock = RLock()

    def entries(self) -> dict[str, PluginEntry]:
        """Every plugin by its own id, sorted, imported or not."""
        with self._lock:
            if self._found is None:
                rules, claims = policy_rules(), self._installed.claims(self.group)
                self._found = {name: judge(name, points, rules) for name, points in claims.items()}
            return dict(sorted((self._found | self._added).items()))

    def ids(self) -> list[str]:
        """The ids of all plugins that can be used or have not been tried, sorted."""
        return [id for id, entry in self.entries().items() if entry.state in USABLE]

    def resolve(self, id: str) -> str:
        """The id that a plugin has now: what an alias leads to, or the id itself."""
        entries = self.entries()
        now = id if id in entries else self._aliases.follow(id)
        return now if now in entries else id

    def find(self, id: str) -> PluginEntry | None:
        """The plugin of an id or of an old name; None where there is none. Nothing is imported."""
        return self.entries().get(self.resolve(id))

    def load(self, id: str) -> Any:
        """Import, check and register the plugin of this id, or return it where that is done.

        Warns:
            DeprecatedPlugin: once a process, where the id is an old name or the plugin says that it is deprecated.

        Raises:
            UnknownPlugin, PluginCollision, BlockedPlugin, BrokenPlugin, IncompatiblePlugin
        """
        entry = self.find(id)
        if entry is None:
            raise self._unknown(id)
        with self._lock:
            if entry.state is PluginState.AVAILABLE:
                self._import(entry)
        if entry.state in _ERRORS:
            raise _ERRORS[entry.state](
                f"{self.kind} {entry.id!r} of {entry.owner} is {entry.standing}: {entry.reason}", cure=entry.cure
            )
        if entry.id != id:
            self._warn(id, f"{self.kind} {id!r} is now {entry.id!r} (says {entry.owner}). Use the new id.")
        deprecated = getattr(entry._object, "deprecated", "")
        if deprecated and isinstance(deprecated, str):
            self._warn(entry.id, f"{self.kind} {entry.id!r} of {entry.owner} is deprecated: {deprecated}")
        return entry._object

    def _unknown(self, id: str) -> UnknownPlugin:
        known = self.ids()
        alias = self._aliases.entries({self.kind: self.entries()}).get(id)
        why = f" ({alias.owner} has it as an alias that is {alias.standing}: {alias.reason})" if alias else ""
        return UnknownPlugin(
            f"no {self.kind} {id!r} is installed{why}",
            cure=f"{nearest(id, known)} Install the distribution that provides it, or choose one of: "
            f"{', '.join(known) or 'none'}.".lstrip(),
        )

    def _warn(self, id: str, text: str) -> None:
        if id not in self._warned:
            self._warned.add(id)
            warnings.warn(text, DeprecatedPlugin, stacklevel=3)

    def _import(self, entry: PluginEntry) -> None:
        start = time.perf_counter()
        try:
            assert entry._point is not None
            plugin = entry._point.load()
            self._check(entry.id, plugin)
            self._register(entry.id, plugin)
        except KeyboardInterrupt:
            raise
        except IncompatiblePlugin as error:
            entry.fail(PluginState.INCOMPATIBLE, error.problem, error.cure)
        except BaseException as error:
            # A plugin may fail with anything at all; its reason is kept and shown wherever the plugin is named.
            cure = "Report it to its author, or uninstall it."
            entry.fail(PluginState.BROKEN, f"{type(error).__name__}: {error}", cure)
        else:
            entry.state, entry._object = PluginState.LOADED, plugin
        entry.load_seconds = time.perf_counter() - start

    def _register(self, name: str, plugin: Any) -> None:
        """Register with pluggy wholly or not at all: a listener to an unknown hook would otherwise never be called."""
        try:
            self.manager.register(plugin, name=name)
            self.manager.check_pending()
        except pluggy.PluginValidationError:
            self.manager.unregister(name=name)
            raise

    def add(self, plugin: Any, *, id: str | None = None) -> Any:
        """Put a plugin in the catalogue by hand, for notebooks and tests; adding another of the same id replaces it.

        Raises:
            PluginCollision: an installed distribution has a plugin of this id.
            InvalidOp, BrokenPlugin, IncompatiblePlugin: what was added breaks the contract of its kind,
                or needs another.
        """
        name = str(getattr(plugin, "id", "")) if id is None else id
        self._check(name, plugin)
        if not name:
            raise BrokenPlugin(f"{self.kind} {plugin!r} has no id", cure='Give one: add(plugin, id="...").')
        with self._lock:
            held = self.entries().get(name)
            if held is not None and name not in self._added:
                raise PluginCollision(
                    f"{self.kind} {name!r} is provided by {held.distribution}", cure="Use another id."
                )
            self.remove(name)
            self._register(name, plugin)
            target = f"{getattr(plugin, '__module__', '?')}:{getattr(plugin, '__qualname__', name)}"
            self._added[name] = PluginEntry(name, "(added by hand)", "", target, PluginState.LOADED, _object=plugin)
        return plugin

    def remove(self, id: str) -> None:
        """Take a plugin that was added by hand out of the catalogue; others stay."""
        with self._lock:
            if self._added.pop(id, None) is not None:
                self.manager.unregister(name=id)

    def by_hand(self) -> dict[str, Any]:
        """The plugins that were added by hand, by id."""
        with self._lock:
            return {id: entry._object for id, entry in self._added.items()}

    def refresh(self) -> None:
        """Forget what was found, so that the next use reads the installed distributions again."""
        with self._lock:
            self._installed.refresh()
            self._found = None
            for name, _ in self.manager.list_name_plugin():
                if name not in self._added:
                    self.manager.unregister(name=name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids())

    def __contains__(self, id: object) -> bool:
        """Whether a plugin of this id, or old name, is installed, usable or not."""
        return isinstance(id, str) and self.find(id) is not None
