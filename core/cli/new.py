"""The command `new`: a package for an op, area or planner of one's own, from the template that the wheel brings."""

from __future__ import annotations

import keyword
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..errors import MissingExtra, VeraRetouchError

TEMPLATE = Path(__file__).parents[2] / "contrib" / "template"
_ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\.[a-z][a-z0-9]*(_[a-z0-9]+)*")
_WORDS = frozenset(map(str.lower, keyword.kwlist))


class CannotStart(VeraRetouchError):
    """A package cannot be made: its id or its folder does not do."""


class PluginKind(StrEnum):
    """What can be made."""

    OP = "op"
    AREA = "area"
    PLANNER = "planner"


class PackageLicence(StrEnum):
    """The licence of a new package."""

    APACHE = "Apache-2.0"
    MIT = "MIT"


def new(
    kind: Annotated[PluginKind, typer.Argument(help="Kind of plugin to make.")],
    id: Annotated[str, typer.Argument(help="Id of the plugin: a vendor, a dot and a name, such as acme.my_op.")],
    into: Annotated[Path, typer.Option(help="Folder to make the package's folder in.")] = Path("."),
    spatial: Annotated[
        bool, typer.Option("--spatial/--pointwise", help="Whether the op looks at neighbouring pixels.")
    ] = False,
    licence: Annotated[PackageLicence, typer.Option(help="Licence of the package.")] = PackageLicence.APACHE,
) -> None:
    """Make a package for an op, an area or a planner of your own.

    Its tests pass at once.
    """
    from .terminal import printable, say

    made = make(kind, id, into=into, spatial=spatial, licence=licence)
    say(f"cd {printable(str(made))}")
    say("pip install -e '.[test]'")
    say("pytest")


def make(
    kind: PluginKind, id: str, *, into: Path, spatial: bool = False, licence: PackageLicence = PackageLicence.APACHE
) -> Path:
    """The folder of a new package in `into`; it appears whole or not at all.

    Raises:
        CannotStart
        MissingExtra: Copier is not installed.
    """
    import os
    import tempfile

    _check_id(kind, id)
    if spatial and kind is not PluginKind.OP:
        raise CannotStart("Only an op can be spatial", cure="Leave --spatial out")
    place = into / id.replace(".", "-").replace("_", "-")
    if os.path.lexists(place):
        raise CannotStart(f"{str(place)!r} exists already", cure="Choose another id, or another folder with --into")
    try:
        from copier import run_copy
    except ImportError as error:
        raise MissingExtra(
            "the command 'new' needs the package copier", cure="pip install 'veraretouch[authors]'"
        ) from error
    try:
        into.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=into) as folder:
            half = Path(folder) / place.name
            answers = {"kind": kind.value, "id": id, "spatial": spatial, "licence": licence.value}
            run_copy(str(TEMPLATE), half, data=answers, defaults=True, quiet=True, unsafe=False)
            half.rename(place)
    except OSError as error:
        raise CannotStart(f"{str(place)!r} cannot be written: {error}", cure="Choose a folder with --into") from error
    return place


def _check_id(kind: PluginKind, id: str) -> None:
    from importlib.util import find_spec

    from ..plugins.registry import registry

    if not _ID.fullmatch(id):
        raise CannotStart(
            f"{id!r} is no id for a plugin",
            cure="Write a vendor's name, a dot and a name: acme.my_op, in a-z, 0-9 and single _ between them",
        )
    name = id.partition(".")[2]
    if name in _WORDS:
        raise CannotStart(f"the name in {id!r} is a word of Python, {name}", cure="Choose another id")
    catalogue = registry.catalogues()[f"{kind}s"]
    if (taken := catalogue.entries().get(id)) is not None:
        article = "a" if kind is PluginKind.PLANNER else "an"
        raise CannotStart(f"{taken.distribution} has {article} {kind} {id!r} already", cure="Choose another id")
    module = id.replace(".", "_")
    if find_spec(module) is not None:
        raise CannotStart(f"a module {module} is installed already", cure="Choose another id")
