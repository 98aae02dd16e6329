"""Load a retoucher by name."""

from __future__ import annotations

from typing import Any

from ..core.errors import UnknownBundle, nearest
from ..core.registry import registry
from ..core.renderer import Renderer
from ..core.retoucher import Retoucher, load_planner


def list_names() -> list[str]:
    """The names that `load` knows: the installed planners, which need no weights."""
    return registry.planners.ids()


def load(name: str, *, device: Any = None) -> Retoucher:
    """A retoucher by name.

    Raises:
        UnknownBundle: no installed planner has this name.

    >>> load("rules").planner.id
    'rules'
    """
    known = list_names()
    if name not in known:
        raise UnknownBundle(
            f"no bundle {name!r}",
            cure=f"{nearest(name, known)} zoo.list() shows all {len(known)}: {', '.join(known)}.".lstrip(),
        )
    return Retoucher(load_planner(name), Renderer(device=device))
