"""Python names that were renamed or moved: the old one works, with a warning,
until the version that it promised to go in.

RELEASING.md has the policy. A function or class that goes for good is marked by `typing_extensions.deprecated` instead.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Renamed:
    """Where a name went.

    `to`: its new place, `package.module:name`. `since`: the version that renamed it. `gone`: the version that drops the
    old name, at least two minor versions later.
    """

    to: str
    since: str
    gone: str


class RenamedNames:
    """A module's `__getattr__` that answers for old names; see `renamed`."""

    def __init__(self, module: str, names: Mapping[str, Renamed], otherwise: Callable[[str], Any] | None) -> None:
        self.module = module
        self.names = dict(names)
        self._otherwise = otherwise

    def __call__(self, name: str) -> Any:
        if name not in self.names:
            if self._otherwise is not None:
                return self._otherwise(name)
            raise AttributeError(f"module {self.module!r} has no attribute {name!r}")
        old = self.names[name]
        place, _, new = old.to.partition(":")
        warnings.warn(
            f"{self.module}.{name} is now {place}.{new} (since {old.since}); the old name goes in {old.gone}",
            DeprecationWarning,
            stacklevel=2,
        )
        return getattr(import_module(place), new)


def renamed(
    module: str, names: Mapping[str, Renamed], *, otherwise: Callable[[str], Any] | None = None
) -> RenamedNames:
    """A `__getattr__` for a module, under which its old names go on working.

    Args:
        module: the module's `__name__`.
        names: old name -> where it went.
        otherwise: the `__getattr__` that the module had before; None raises AttributeError for other names.

    In a module:

        __getattr__ = renamed(__name__, {"encode": Renamed("veraretouch.core.color.srgb:linear_to_srgb", "0.2", "0.4")})
    """
    return RenamedNames(module, names, otherwise)
