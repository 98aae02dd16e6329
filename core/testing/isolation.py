"""The registry for the length of a test: what a test adds to it, blocks or allows ends with the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..plugins.registry import Registry, registry


@contextmanager
def isolated_registry() -> Iterator[Registry]:
    """The registry, of which every catalogue is as it was after the block;
    installed plugins are discovered anew at both ends.

    >>> with isolated_registry() as isolated:
    ...     _ = isolated.commands.add(print, id="acme.hello")
    >>> "acme.hello" in registry.commands
    False
    """
    before = {name: catalogue.by_hand() for name, catalogue in registry.catalogues().items()}
    _refresh()
    try:
        yield registry
    finally:
        for name, catalogue in registry.catalogues().items():
            for id in catalogue.by_hand():
                catalogue.remove(id)
            for id, plugin in before[name].items():
                catalogue.add(plugin, id=id)
        _refresh()


def _refresh() -> None:
    for catalogue in registry.catalogues().values():
        catalogue.refresh()
