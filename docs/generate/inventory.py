"""The public names: those of the modules below, and the members of their classes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, Final

# What guides and plugins use of modules that are otherwise internal: these names and no others are for them.
SINGLE: Final = {
    "veraretouch.core.color.ciede2000": ("ciede2000", "smooth_ciede2000"),
    "veraretouch.core.color.srgb": ("linear_to_srgb", "luminance", "srgb_to_linear"),
    "veraretouch.core.contract.area": ("positions", "sides"),
    "veraretouch.core.photo": ("file_hash", "open_photo"),
    "veraretouch.core.plugins.requirements": ("CONTRACT",),
    "veraretouch.planners.rules.testing.lexicon": ("LEXICON_CHECKS", "check_lexicon"),
    "veraretouch.planners.scene.scene": ("Scene", "scene_of"),
    "veraretouch.planners.training.loop": ("TrainingSettings", "TrainingTask", "train"),
    "veraretouch.zoo.fetch": ("fetch",),
}
MODULES = (
    "veraretouch",
    "veraretouch.errors",
    "veraretouch.registry",
    "veraretouch.core.plugins.catalogue",
    "veraretouch.zoo",
    "veraretouch.zoo.testing",
    "veraretouch.core.testing",
    *SINGLE,
)
# Names of the face that are modules or objects with names of their own.
ALIASES = {"veraretouch.errors": "veraretouch.core.errors", "veraretouch.registry": "veraretouch.core.plugins.registry"}


def public() -> dict[str, Any]:
    """Every public name, fully spelled, with what it stands for; sorted within each module."""
    found: dict[str, Any] = {}
    for name in MODULES:
        module = import_module(ALIASES.get(name, name))
        for short in names(module):
            thing = getattr(module, short)
            if inspect.ismodule(thing):
                continue
            found[f"{name}.{short}"] = thing
            if inspect.isclass(thing):
                found |= {f"{name}.{short}.{member}": value for member, value in members(thing)}
    return found


def names(module: ModuleType) -> list[str]:
    """What a module gives out: single names, its `__all__`, or what it defines itself without an underscore."""
    if module.__name__ in SINGLE:
        return list(SINGLE[module.__name__])
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    own = [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]
    return sorted(own)


def members(thing: type) -> Iterator[tuple[str, Any]]:
    """Methods, properties and fields that a class declares itself or inherits from classes of ours,
    `__call__` among them.
    """
    seen: dict[str, Any] = {}
    for base in reversed(thing.__mro__):
        if not base.__module__.startswith("veraretouch"):
            continue
        for name, value in vars(base).items():
            if name == "__call__" or not name.startswith("_"):
                seen[name] = value
        for name in inspect.get_annotations(base):
            if not name.startswith("_"):
                seen.setdefault(name, Field)
    yield from sorted(seen.items())


class Field:
    """Stands for a field that has an annotation and no value."""
