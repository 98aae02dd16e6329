"""The command `check`: whether an op, a planner or a bundle keeps its contract, one line a check."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UnknownPlugin, VeraRetouchError, nearest
from .options import Json

if TYPE_CHECKING:
    from ..testing import CheckOutcome


class AmbiguousName(VeraRetouchError):
    """A name is that of several kinds of plugin, and nothing says which is meant."""


class CheckedKind(StrEnum):
    """What can be checked."""

    OP = "op"
    PLANNER = "planner"
    BUNDLE = "bundle"


def check(
    id: Annotated[str | None, typer.Argument(help="An op, a planner, or a bundle: its name or folder.")] = None,
    kind: Annotated[
        CheckedKind | None, typer.Option(help="Which of them, where a name means several.", show_default=False)
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Run this check alone. Repeatable.", metavar="CHECK", show_default=False)
    ] = None,
    list_checks: Annotated[bool, typer.Option("--list", help="Say what each check looks at; nothing is run.")] = False,
    accept_license: Annotated[
        bool, typer.Option("--accept-license", help="Agree to a bundle's licence that does not allow commercial use.")
    ] = False,
    json: Json = False,
) -> None:
    """Check that an op, a planner or a bundle keeps its contract; a failure says what helps."""
    from ..terminal import json_text, printable, say

    if list_checks:
        _list(kind, json=json)
        return
    if id is None:
        raise typer.BadParameter("name an op, a planner or a bundle, or give --list", param_hint="ID")
    found = kind or kind_of(id)
    done: list[CheckOutcome] = []
    for outcome in outcomes(id, found, only=only, accept_license=accept_license):
        done.append(outcome)
        if not json:
            say(f"{'passed' if outcome.passed else 'FAILED'}  {outcome.check}")
            for said in outcome.said:
                say(f"        {printable(said)}")
    failed = sum(not outcome.passed for outcome in done)
    if json:
        rows = [
            {"check": o.check, "passed": o.passed, "said": list(o.said), "seconds": round(o.seconds, 4)} for o in done
        ]
        say(json_text({"id": id, "kind": str(found), "failed": failed, "checks": rows}))
    elif failed:
        say(f"{found} {printable(id)} fails {failed} of {len(done)} checks.")
    else:
        say(f"{found} {printable(id)} passes all {len(done)} checks.")
    if failed:
        raise typer.Exit(1)


def kind_of(id: str) -> CheckedKind:
    """What a name means: an installed op or planner, or a bundle of an index, the Hub or a folder.

    Raises:
        UnknownPlugin: it means nothing here.
        AmbiguousName: it means several.
    """
    from pathlib import Path

    from ...zoo.bundles.manifest import MANIFEST
    from ...zoo.hub.sources import parse_source
    from ...zoo.names import listings
    from ..plugins.registry import registry

    bundles = listings()
    meant = [
        kind
        for kind, there in (
            (CheckedKind.OP, id in registry.ops),
            (CheckedKind.PLANNER, id in registry.planners),
            (CheckedKind.BUNDLE, id in bundles or parse_source(id) is not None),
        )
        if there
    ]
    if len(meant) > 1:
        raise AmbiguousName(
            f"{id!r} is {' and '.join(_with_article(kind) for kind in meant)}",
            cure=f"Say which: --kind {' or --kind '.join(meant)}.",
        )
    if not meant:
        known = sorted({*registry.ops.ids(), *registry.planners.ids(), *bundles})
        cure = f"{nearest(id, known)} There are: {', '.join(known)}.".lstrip()
        if Path(id, MANIFEST).is_file():
            cure = f"For the folder, write ./{id}."
        raise UnknownPlugin(f"no op, planner or bundle {id!r} is known", cure=cure)
    return meant[0]


def outcomes(
    id: str, kind: CheckedKind, *, only: list[str] | None = None, accept_license: bool = False
) -> Iterator[CheckOutcome]:
    """The checks of one plugin or bundle, each as soon as it is done."""
    from ...zoo.testing import bundle_outcomes
    from ..testing import op_outcomes, planner_outcomes

    if kind is CheckedKind.OP:
        return op_outcomes(id, only=only)
    if kind is CheckedKind.PLANNER:
        return planner_outcomes(id, only=only)
    return bundle_outcomes(id, only=only, accept_license=accept_license)


def _list(kind: CheckedKind | None, *, json: bool) -> None:
    """Every check and the promise that it holds a plugin to, read from source: torch is not imported."""
    from ...zoo.testing import BUNDLE_CHECKS
    from ..terminal import columns, json_text, say
    from ..testing.checks import OF_OPS, OF_PLANNERS, promises

    bundles = {name: (function.__doc__ or "").splitlines()[0] for name, function in BUNDLE_CHECKS.items()}
    tables = {CheckedKind.OP: promises(OF_OPS), CheckedKind.PLANNER: promises(OF_PLANNERS), CheckedKind.BUNDLE: bundles}
    rows = [
        {"kind": str(each), "check": name, "promise": promise}
        for each, table in tables.items()
        if kind in (None, each)
        for name, promise in table.items()
    ]
    if json:
        say(json_text({"checks": rows}))
    else:
        say(columns([("KIND", "CHECK", "PROMISE"), *(tuple(row.values()) for row in rows)]))


def _with_article(kind: CheckedKind) -> str:
    return f"an {kind}" if kind is CheckedKind.OP else f"a {kind}"
