"""The registry: shelves of plugins over entry points. Listing reads metadata and imports nothing.

The entry point's name is the id. Built-ins come in by the same door as everybody else. A shelf judges first (blocked,
collision) and imports on first use; what then breaks is named with its reason and the rest of the shelf goes on.
"""

from __future__ import annotations

import os
import re
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from threading import RLock
from typing import Any

import pluggy

from .errors import BlockedPlugin, BrokenPlugin, InvalidOp, PluginCollision, UnknownPlugin, nearest
from .hooks import HookSpecs, call

ALLOW_VARIABLE = "VERARETOUCH_ALLOW"
BLOCK_VARIABLE = "VERARETOUCH_BLOCK"


class State(StrEnum):
    """Where a plugin stands between its metadata and use."""

    AVAILABLE = "available"
    LOADED = "loaded"
    BLOCKED = "blocked"
    COLLISION = "collision"
    BROKEN = "broken"


@dataclass
class Entry:
    """One plugin as its distribution's metadata announces it."""

    id: str
    distribution: str
    version: str
    target: str
    state: State = State.AVAILABLE
    reason: str = ""
    load_seconds: float | None = None
    _points: list[EntryPoint] = field(default_factory=list, repr=False)
    _object: Any = field(default=None, repr=False)


class Shelf:
    """All plugins of one kind, by id.

    Args:
        kind: what one is called in messages ("op").
        group: its entry-point group.
        check: judges a freshly imported object; raises what is wrong with it.
    """

    def __init__(self, kind: str, group: str, check: Callable[[str, Any], None]) -> None:
        self.kind, self.group, self._check = kind, group, check
        self.manager = pluggy.PluginManager(group)
        self._added: dict[str, Entry] = {}
        self._found: dict[str, Entry] | None = None
        self._lock = RLock()

    def entries(self) -> dict[str, Entry]:
        """Every plugin by id, sorted, imported or not."""
        with self._lock:
            if self._found is None:
                self._found = self._discover()
            return dict(sorted((self._found | self._added).items()))

    def _discover(self) -> dict[str, Entry]:
        claims: dict[str, list[EntryPoint]] = {}
        for point in entry_points(group=self.group):
            # The same distribution may be seen twice, through a stale egg-info beside an editable install.
            known = claims.setdefault(point.name, [])
            if not any((p.value, _owner(p)) == (point.value, _owner(point)) for p in known):
                known.append(point)
        return {name: self._judge(name, points) for name, points in claims.items()}

    def _judge(self, name: str, points: list[EntryPoint]) -> Entry:
        # Blocking one of two claimants ends their collision.
        free = [point for point in points if not _blocked(name, _owner(point)[0])]
        judged = free or points
        entry = Entry(name, *_owner(judged[0]), judged[0].value, _points=judged)
        if not free:
            entry.state, entry.reason = State.BLOCKED, _blocked(name, entry.distribution)
        elif len(free) > 1:
            owners = " and ".join(f"{owner} {version}" for owner, version in map(_owner, free))
            entry.state, entry.reason = State.COLLISION, f"claimed by {owners}"
        return entry

    def ids(self) -> list[str]:
        """The ids of all plugins that can be used or have not been tried, sorted."""
        return [id for id, entry in self.entries().items() if entry.state in (State.AVAILABLE, State.LOADED)]

    def load(self, id: str) -> Any:
        """Import, check and register the plugin of this id, or return it where that is done.

        Raises:
            UnknownPlugin, PluginCollision, BlockedPlugin, BrokenPlugin
        """
        entry = self.entries().get(id)
        if entry is None:
            known = self.ids()
            raise UnknownPlugin(
                f"no {self.kind} {id!r} is installed",
                cure=f"{nearest(id, known)} Install the distribution that provides it, or choose one of: "
                f"{', '.join(known) or 'none'}.".lstrip(),
            )
        with self._lock:
            if entry.state is State.AVAILABLE:
                self._import(entry)
        errors = {
            State.COLLISION: (PluginCollision, f"Uninstall one of them, or name it in {BLOCK_VARIABLE}."),
            State.BLOCKED: (BlockedPlugin, f"Change {BLOCK_VARIABLE} or {ALLOW_VARIABLE}."),
            State.BROKEN: (BrokenPlugin, "Report it to its author, or uninstall it."),
        }
        if entry.state in errors:
            error, cure = errors[entry.state]
            raise error(
                f"{self.kind} {id!r} of {entry.distribution} {entry.version} is {entry.state}: {entry.reason}",
                cure=cure,
            )
        return entry._object

    def _import(self, entry: Entry) -> None:
        start = time.perf_counter()
        try:
            plugin = entry._points[0].load()
            self._check(entry.id, plugin)
            self._register(entry.id, plugin)
        except (Exception, SystemExit) as error:
            # A plugin may fail with anything at all; its reason is kept and shown wherever the plugin is named.
            entry.state, entry.reason = State.BROKEN, f"{type(error).__name__}: {error}"
        else:
            entry.state, entry._object = State.LOADED, plugin
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
        """Put a plugin on the shelf by hand, for notebooks and tests; adding another of the same id replaces it.

        Raises:
            PluginCollision: an installed distribution has a plugin of this id.
            InvalidOp, BrokenPlugin: what was added breaks the contract of its kind.
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
            self._added[name] = Entry(name, "(added by hand)", "", target, State.LOADED, _object=plugin)
        return plugin

    def remove(self, id: str) -> None:
        """Take a plugin that was added by hand off the shelf; others stay."""
        with self._lock:
            if self._added.pop(id, None) is not None:
                self.manager.unregister(name=id)

    def refresh(self) -> None:
        """Forget what was found, so that the next use reads the installed distributions again."""
        with self._lock:
            self._found = None
            for name, _ in self.manager.list_name_plugin():
                if name not in self._added:
                    self.manager.unregister(name=name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids())

    def __contains__(self, id: object) -> bool:
        """Whether a plugin of this id is installed, usable or not."""
        return id in self.entries()


class Registry:
    """The four shelves and the hooks."""

    def __init__(self) -> None:
        self.ops = Shelf("op", "veraretouch.ops", _check_op)
        self.planners = Shelf("planner", "veraretouch.planners", _check_planner)
        self.bundles = Shelf("bundle", "veraretouch.bundles", _check_anything)
        self.commands = Shelf("command", "veraretouch.commands", _check_command)
        self.hooks = Shelf("hook", "veraretouch.hooks", _check_anything)
        self.hooks.manager = pluggy.PluginManager("veraretouch")
        self.hooks.manager.add_hookspecs(HookSpecs)

    def shelves(self) -> dict[str, Shelf]:
        """Every shelf by its plural name."""
        return {name: shelf for name, shelf in vars(self).items() if isinstance(shelf, Shelf)}

    def announce(self, hook: str, **arguments: Any) -> list[Any]:
        """Call a lifecycle hook's listeners, importing them on first use."""
        for id, entry in self.hooks.entries().items():
            if entry.state is State.AVAILABLE:
                try:
                    self.hooks.load(id)
                except BrokenPlugin as error:
                    warnings.warn(str(error), RuntimeWarning, stacklevel=2)
        return call(self.hooks.manager, hook, **arguments)


def _owner(point: EntryPoint) -> tuple[str, str]:
    # Damaged metadata may lack either.
    return (point.dist.name or "(unknown)", point.dist.version or "") if point.dist is not None else ("(unknown)", "")


def _blocked(id: str, distribution: str) -> str:
    """Why the block or allow list keeps a plugin out, or an empty string."""
    block, allow = (_names(variable) for variable in (BLOCK_VARIABLE, ALLOW_VARIABLE))
    names = {id, _normal(distribution)}
    if names & block:
        return f"{BLOCK_VARIABLE} names it"
    if allow and not names & (allow | {"veraretouch"}):
        return f"{ALLOW_VARIABLE} does not name it"
    return ""


def _names(variable: str) -> set[str]:
    """The ids and distributions of a comma-separated list, distributions in both spellings."""
    given = [name.strip() for name in os.environ.get(variable, "").split(",") if name.strip()]
    return {*given, *(_normal(name) for name in given)}


def _normal(distribution: str) -> str:
    """A distribution's name as pip compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _check_op(id: str, plugin: Any) -> None:
    from .op import Op

    if not (isinstance(plugin, type) and issubclass(plugin, Op) and "id" in vars(plugin)):
        raise InvalidOp(f"{plugin!r} is not a subclass of veraretouch.Op with an id", cure='State id = "vendor.name".')
    if plugin.id != id:
        raise InvalidOp(f"the entry point is named {id!r} but the op's id is {plugin.id!r}", cure="Make them the same.")


def _check_planner(id: str, plugin: Any) -> None:
    missing = [name for name in ("id", "version", "modes", "plan") if not hasattr(plugin, name)]
    if missing:
        raise BrokenPlugin(f"{plugin!r} lacks {', '.join(missing)}", cure="See veraretouch.Planner.")
    if plugin.id != id:
        raise BrokenPlugin(
            f"the entry point is named {id!r} but the planner's id is {plugin.id!r}", cure="Make them the same."
        )


def _check_command(id: str, plugin: Any) -> None:
    if not callable(plugin):
        raise BrokenPlugin(f"{plugin!r} is neither a function nor a Typer app", cure="Name a function.")


def _check_anything(id: str, plugin: Any) -> None:
    """Bundles and hooks are judged where they are used."""


registry = Registry()
