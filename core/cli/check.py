"""The command `check`: whether an op, an area, a planner, a reward, a lexicon or a bundle keeps its contract, one line
a check.

What can be judged are the kinds of the installed `CheckSuite`s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UnknownPlugin, VeraRetouchError, nearest
from .options import Json

if TYPE_CHECKING:
    from ..testing import CheckOutcome
    from ..testing.suites import CheckSuite


class AmbiguousName(VeraRetouchError):
    """A name is that of several kinds of plugin, and nothing says which is meant."""


def check(
    id: Annotated[
        str | None,
        typer.Argument(help="Op, area, planner, reward, lexicon or bundle to check: its id, name or folder."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="What the name means, where it means several: op, area, planner, reward, lexicon or bundle.",
            show_default=False,
        ),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Run only this check. Repeatable.", metavar="CHECK", show_default=False)
    ] = None,
    list_checks: Annotated[
        bool, typer.Option("--list", help="List the checks and what each looks at; run nothing.")
    ] = False,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Agree to a bundle's licence that does not allow commercial use.")
    ] = False,
    json: Json = False,
) -> None:
    """Check that an op, area, planner, reward, lexicon or bundle keeps its contract.

    A failure says what helps.
    """
    from .terminal import json_text, printable, say

    suites = check_suites()
    if kind is not None and kind not in suites:
        raise typer.BadParameter(f"{kind!r} is none of {', '.join(suites)}", param_hint="--kind")
    if list_checks:
        _list(kind, json=json)
        return
    if id is None:
        raise typer.BadParameter(
            "name an op, an area, a planner, a reward, a lexicon or a bundle, or give --list", param_hint="ID"
        )
    found = kind or kind_of(id)
    done: list[CheckOutcome] = []
    for outcome in suites[found].outcomes(id, only, accept_licence):
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
        say(json_text({"id": id, "kind": found, "failed": failed, "checks": rows}))
    elif failed:
        say(f"{found} {printable(id)} fails {failed} of {len(done)} checks.")
    else:
        say(f"{found} {printable(id)} passes all {len(done)} checks.")
    if failed:
        raise typer.Exit(1)


def check_suites() -> dict[str, CheckSuite]:
    """The suite of each kind that can be checked, in the order of lists;
    one that cannot be imported is left out, with a warning.
    """
    from ..plugins.registry import registry
    from .terminal import complain

    found: dict[str, CheckSuite] = {}
    for kind in registry.checks.ids():
        try:
            found[kind] = registry.checks.load(kind)
        except VeraRetouchError as error:
            complain(error, what="Warning")
    return dict(sorted(found.items(), key=lambda item: (item[1].place, item[0])))


def kind_of(id: str) -> str:
    """What a name means: an installed op, area planner or lexicon, or a bundle of an index, the Hub or a folder.

    Raises:
        UnknownPlugin: it means nothing here.
        AmbiguousName: it means several.
    """
    suites = check_suites()
    meant = [kind for kind, suite in suites.items() if suite.knows(id)]
    if len(meant) > 1:
        raise AmbiguousName(
            f"{id!r} is {' and '.join(map(_with_article, meant))}",
            cure=f"Say which: --kind {' or --kind '.join(meant)}.",
        )
    if not meant:
        known = sorted({name for suite in suites.values() for name in suite.ids()})
        hints = [hint for suite in suites.values() if (hint := suite.hint(id))]
        cure = hints[0] if hints else f"{nearest(id, known)} There are: {', '.join(known)}.".lstrip()
        *others, last = suites
        raise UnknownPlugin(f"no {', '.join(others)} or {last} {id!r} is known", cure=cure)
    return meant[0]


def _list(kind: str | None, *, json: bool) -> None:
    """Every check and the promise that it holds a plugin to, read from source: torch is not imported."""
    from .terminal import columns, json_text, say

    rows = [
        {"kind": each, "check": name, "promise": promise}
        for each, suite in check_suites().items()
        if kind in (None, each)
        for name, promise in suite.promises().items()
    ]
    if json:
        say(json_text({"checks": rows}))
    else:
        say(columns([("KIND", "CHECK", "PROMISE"), *(tuple(row.values()) for row in rows)]))


def _with_article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
