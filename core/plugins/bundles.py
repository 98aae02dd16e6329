"""Bundles, for rooms below the zoo: they are opened, packed and listed by hooks, which the zoo answers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..contract.bundle import OpenedBundle
from ..contract.planner import Planner
from ..errors import UnknownBundle
from .registry import registry


def bundle_names() -> frozenset[str]:
    """The names of every bundle that a listener of `bundle_names` knows. Nothing is fetched."""
    return frozenset(name for names in registry.announce("bundle_names") for name in names)


def open_bundle(name: str, *, variant: str | None = None) -> OpenedBundle:
    """A bundle by name, `owner/repo[@revision]` or folder: fetched where it is missing, and verified.

    Args:
        variant: which of its variants; `torch` by default.

    Raises:
        UnknownBundle: nobody knows the name. And what the listener refuses, such as a licence nobody has agreed to.
    """
    for found in registry.announce("open_bundle", name=name, variant=variant):
        opened: OpenedBundle = found
        return opened
    raise _nobody(f"no bundle {name!r} can be opened")


def pack_planner(
    planner: Planner | Any,
    folder: str | os.PathLike[str],
    *,
    name: str,
    licence: Mapping[str, Any],
    facts: Mapping[str, Any] | None = None,
    files: Mapping[str, str | os.PathLike[str]] | None = None,
) -> Path:
    """Pack a planner, or a network that planners consult, into an empty folder, as `veraretouch.zoo.pack` does.

    Args:
        name: the bundle's name, of lower-case letters, digits, '.', '-' and '_'.
        licence: `spdx`, `commercial_use`, and where needed `file` and `note`.
        facts: other keys of bundle.json, such as `summary`, `training_data`, `metrics`, `provenance`.
        files: further files, name in the bundle -> path here.

    Raises:
        BrokenPlugin: the planner has no `save_bundle`. InvalidDocument: a fact breaks a rule.
        UnreachableBundle: the folder is not empty or cannot be written to. UnknownBundle:
            nothing installed packs bundles.
    """
    given = {
        "planner": planner,
        "folder": Path(folder),
        "name": name,
        "licence": licence,
        "facts": facts,
        "files": files,
    }
    for found in registry.announce("pack_planner", **given):
        packed: Path = found
        return packed
    raise _nobody("no bundle can be packed")


def _nobody(problem: str) -> UnknownBundle:
    return UnknownBundle(
        f"{problem}: no plugin listens", cure="The zoo's listener is blocked: see veraretouch plugins list."
    )
