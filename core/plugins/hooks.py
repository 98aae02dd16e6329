"""Lifecycle hooks: ordinary pluggy plugins in the entry-point group `veraretouch.hooks` listen to these.

A listener that raises is reported as a warning and the rest go on: nobody's photo is lost to somebody's listener. Where
one is asked for a thing (`firstresult`), an error of veraretouch's own is its answer.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pluggy

from ..errors import VeraRetouchError

if TYPE_CHECKING:
    from ..contract.bundle import OpenedBundle
    from ..contract.planner import Planner

# What listeners are shown and may not change.
_COPIED: Final = frozenset({"plan"})

hookspec = pluggy.HookspecMarker("veraretouch")
hookimpl = pluggy.HookimplMarker("veraretouch")


class HookSpecs:
    """What a listener can hear."""

    @hookspec
    def plan_made(self, plan: Any) -> None:
        """A planner has made this `Plan`: a copy, so that what a listener changes in it does not stand,
        and is reported.
        """

    @hookspec
    def render_begins(self, latents: Any, size: tuple[int, int]) -> None:
        """A photo of (height, width) is about to be rendered with these `Latents`."""

    @hookspec
    def render_done(self, latents: Any, report: Any) -> None:
        """A photo has been rendered; `report` says how."""

    @hookspec(firstresult=True)
    def prepare_retoucher(self, name: str) -> Any:
        """Make sure that `open_retoucher` can make this one, fetching what it needs; True,
        or None to leave it to others.
        """

    @hookspec(firstresult=True)
    def open_retoucher(self, name: str, device: Any, dtype: Any) -> Any:
        """Make a retoucher of this name, which no installed planner has, for a device and a dtype (None: the CPU,
        its own choice).

        Return None to leave it to others.
        """

    @hookspec
    def bundle_names(self) -> Collection[str] | None:
        """The names of the bundles that this listener knows."""

    @hookspec(firstresult=True)
    def open_bundle(self, name: str, variant: str | None) -> OpenedBundle | None:
        """Open a bundle by name, fetched and verified; return None to leave it to others."""

    @hookspec(firstresult=True)
    def pack_planner(
        self,
        planner: Planner,
        folder: Path,
        name: str,
        licence: Mapping[str, Any],
        facts: Mapping[str, Any] | None,
        files: Mapping[str, Any] | None,
    ) -> Path | None:
        """Write a bundle of a planner's weights into a folder and return the folder, or None to leave it to others."""

    @hookspec(firstresult=True)
    def open_asset(self, asset: dict[str, Any]) -> Any:
        """Open the asset that an edit names; return None to leave it to others."""


def call(manager: pluggy.PluginManager, hook: str, **arguments: Any) -> list[Any]:
    """Call every listener of a hook and return what they gave; one that raises becomes a warning.

    For a hook with `firstresult` the list holds at most one item.
    """
    caller = getattr(manager.hook, hook)
    first = bool(caller.spec and caller.spec.opts.get("firstresult"))
    results = []
    for listener in reversed(caller.get_hookimpls()):
        try:
            if listener.wrapper or listener.hookwrapper:
                raise TypeError("wrappers are not called here; use a plain @hookimpl")
            handed = {name: deepcopy(value) if name in _COPIED else value for name, value in arguments.items()}
            result = listener.function(*(handed[name] for name in listener.argnames))
            for name in _COPIED & handed.keys():
                if handed[name] != arguments[name]:
                    warnings.warn(
                        f"hook {hook}: listener {listener.plugin_name!r} changed the {name}; its change is not taken. "
                        "Change plans where they are made, by a planner.",
                        RuntimeWarning,
                        stacklevel=2,
                    )
        except KeyboardInterrupt:
            raise  # the user's
        except BaseException as error:
            if first and isinstance(error, VeraRetouchError):
                raise  # an answer: no, and why
            warnings.warn(
                f"hook {hook}: listener {listener.plugin_name!r} failed: {error!r}", RuntimeWarning, stacklevel=2
            )
            continue
        if result is not None:
            results.append(result)
            if first:
                break
    return results
