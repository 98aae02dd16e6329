"""The zoo: names -> bundles -> retouchers. The names below are imported on first use."""

from __future__ import annotations

import builtins
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bundles.bundle import Bundle
    from .bundles.packing import pack
    from .coreml.exporting import export
    from .manage import Info, info, pull, remove, table, verify
    from .names import all_names as list
    from .publishing import push
    from .retouchers import load, open_bundle

__all__ = [
    "Bundle",
    "Info",
    "export",
    "info",
    "list",
    "load",
    "open_bundle",
    "pack",
    "pull",
    "push",
    "remove",
    "table",
    "verify",
]

_HOMES = {
    "Bundle": "bundles.bundle",
    "Info": "manage",
    "info": "manage",
    "pull": "manage",
    "remove": "manage",
    "table": "manage",
    "verify": "manage",
    "export": "coreml.exporting",
    "pack": "bundles.packing",
    "push": "publishing",
    "list": "names",
    "load": "retouchers",
    "open_bundle": "retouchers",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(f".{_HOMES[name]}", __name__)
    return getattr(home, "all_names" if name == "list" else name)


def __dir__() -> builtins.list[str]:
    return sorted(__all__)
