"""The registry: a catalogue for each kind of plugin, the aliases of all, and the hooks.

Built-ins come in by the same door as everybody else: entry points, whose names are the ids.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

import pluggy

from .. import strict_json
from ..errors import BrokenPlugin, IncompatiblePlugin, InvalidArea, InvalidOp, InvalidReward, VeraRetouchError
from .aliases import Aliases
from .catalogue import Catalogue as Catalogue
from .entry import PluginEntry as PluginEntry
from .entry import PluginState as PluginState
from .hooks import HookSpecs, call
from .installed import Installed
from .requirements import check_requirements


class Registry:
    """The catalogues and the hooks."""

    def __init__(self) -> None:
        installed = Installed()
        self.ops = Catalogue("op", "veraretouch.ops", self._check_op, installed)
        self.areas = Catalogue("area", "veraretouch.areas", self._check_area, installed)
        self.planners = Catalogue("planner", "veraretouch.planners", self._check_planner, installed)
        self.rewards = Catalogue("reward", "veraretouch.rewards", self._check_reward, installed)
        self.scorers = Catalogue("scorer", "veraretouch.scorers", _check_scorer, installed)
        self.lexicons = Catalogue("lexicon", "veraretouch.lexicons", _check_lexicon, installed)
        self.bundles = Catalogue("bundle", "veraretouch.bundles", _check_anything, installed)
        self.commands = Catalogue("command", "veraretouch.commands", _check_command, installed)
        self.hooks = Catalogue("hook", "veraretouch.hooks", _check_anything, installed)
        self.hooks.manager = pluggy.PluginManager("veraretouch")
        self.hooks.manager.add_hookspecs(HookSpecs)
        self.checks = Catalogue("check", "veraretouch.checks", _check_suite, installed)
        self.examinations = Catalogue("examination", "veraretouch.examinations", _check_examination, installed)
        self._aliases = Aliases(installed)

    def catalogues(self) -> dict[str, Catalogue]:
        """Every catalogue by its plural name."""
        return {name: catalogue for name, catalogue in vars(self).items() if isinstance(catalogue, Catalogue)}

    def aliases(self) -> dict[str, PluginEntry]:
        """Every alias by old id; an entry's `target` is the new id."""
        return self._aliases.entries({each.kind: each.entries() for each in self.catalogues().values()})

    def announce(self, hook: str, **arguments: Any) -> list[Any]:
        """Call a lifecycle hook's listeners, importing them on first use."""
        for id, entry in self.hooks.entries().items():
            if entry.state is PluginState.AVAILABLE:
                try:
                    self.hooks.load(id)
                except (BrokenPlugin, IncompatiblePlugin) as error:
                    warnings.warn(str(error), RuntimeWarning, stacklevel=2)
        return call(self.hooks.manager, hook, **arguments)

    def _check_op(self, id: str, plugin: Any) -> None:
        from ..contract.op import Op

        self._check_class(id, plugin, Op, "op", InvalidOp)

    def _check_area(self, id: str, plugin: Any) -> None:
        from ..contract.area import Area

        self._check_class(id, plugin, Area, "area", InvalidArea)

    def _check_reward(self, id: str, plugin: Any) -> None:
        from ..contract.reward import Reward

        self._check_class(id, plugin, Reward, "reward", InvalidReward)

    def _check_class(self, id: str, plugin: Any, base: type, kind: str, error: type[VeraRetouchError]) -> None:
        if not (isinstance(plugin, type) and issubclass(plugin, base) and "id" in vars(plugin)):
            raise error(
                f"{plugin!r} is not a subclass of veraretouch.{base.__name__} with an id",
                cure='State id = "vendor.name".',
            )
        named: Any = plugin
        if named.id != id:
            raise error(
                f"the entry point is named {id!r} but the {kind}'s id is {named.id!r}", cure="Make them the same."
            )
        self._check_requirements(plugin)

    def _check_planner(self, id: str, plugin: Any) -> None:
        missing = [name for name in ("id", "version", "modes", "plan") if not hasattr(plugin, name)]
        if missing:
            raise BrokenPlugin(f"{plugin!r} lacks {', '.join(missing)}", cure="See veraretouch.Planner.")
        if plugin.id != id:
            raise BrokenPlugin(
                f"the entry point is named {id!r} but the planner's id is {plugin.id!r}", cure="Make them the same."
            )
        self._check_requirements(plugin)

    def _check_requirements(self, plugin: Any) -> None:
        requires = getattr(plugin, "requires", None)
        if requires:
            check_requirements(requires, self._op_version)

    def _op_version(self, id: str) -> int | None:
        try:
            version: int = self.ops.load(id).version
        except VeraRetouchError:
            return None
        return version


def _check_command(id: str, plugin: Any) -> None:
    if not callable(plugin):
        raise BrokenPlugin(f"{plugin!r} is neither a function nor a Typer app", cure="Name a function.")


def _check_lexicon(id: str, plugin: Any) -> None:
    if not isinstance(plugin, dict | str | os.PathLike):
        raise BrokenPlugin(f"{plugin!r} is no lexicon", cure="Name an object of the lexicon's form, or a file's path.")
    strict_json.load(plugin, "lexicon", name=f"the lexicon {id!r}")


def _check_scorer(id: str, plugin: Any) -> None:
    missing = [name for name in ("licence", "commercial_use") if not hasattr(plugin, name)]
    if not callable(plugin) or missing:
        raise BrokenPlugin(
            f"{plugin!r} lacks {', '.join(missing) or 'a call'}", cure="See core.contract.reward.Scorer."
        )


def _check_suite(id: str, plugin: Any) -> None:
    missing = [name for name in ("knows", "ids", "promises", "outcomes", "hint", "place") if not hasattr(plugin, name)]
    if missing:
        raise BrokenPlugin(f"{plugin!r} lacks {', '.join(missing)}", cure="See core.testing.suites.CheckSuite.")


def _check_examination(id: str, plugin: Any) -> None:
    if not callable(plugin):
        raise BrokenPlugin(f"{plugin!r} is no function", cure="Name a function that yields core.cli.doctor.Finding.")


def _check_anything(id: str, plugin: Any) -> None:
    """Bundles and hooks are judged where they are used."""


registry = Registry()
