"""Whose code failed: the plugin in which an unexpected exception arose."""

from __future__ import annotations

from traceback import walk_tb

from .registry import PluginEntry, registry


def blamed_plugin(error: BaseException) -> str:
    """Name the innermost plugin on an exception's way: "op 'acme.fade' of acme-film 1.2"; empty where there is none.

    Where no plugin's own class or function was on the way, but code of a stranger's package was: the distribution.
    """
    calls = [
        (str(frame.f_globals.get("__name__", "")), frame.f_code.co_qualname)
        for frame, _ in walk_tb(error.__traceback__)
    ]
    plugins = [
        (catalogue.kind, entry)
        for catalogue in registry.catalogues().values()
        for entry in catalogue.entries().values()
    ]
    for module, function in reversed(calls):
        for kind, entry in plugins:
            if _is(entry, module, function):
                return f"{kind} {entry.id!r} of {entry.distribution} {entry.version}"
    strangers = {_package(entry.target): entry for _, entry in plugins if _package(entry.target) != _package(__name__)}
    for module, _ in reversed(calls):
        if _package(module) in strangers:
            entry = strangers[_package(module)]
            return f"plugin package {entry.distribution} {entry.version}"
    return ""


def _is(entry: PluginEntry, module: str, function: str) -> bool:
    home, _, name = entry.target.partition(":")
    return module == home and (function == name or function.startswith(f"{name}."))


def _package(module: str) -> str:
    return module.partition(":")[0].partition(".")[0]
