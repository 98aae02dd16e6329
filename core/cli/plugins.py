"""The command `plugins`: every plugin of every kind, whose it is and whether it can be used."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from .options import Json

FAULTY = frozenset({"broken", "collision", "incompatible"})
"""The states that make `plugins --check` and `doctor` fail; a blocked plugin is as somebody wants it."""


def plugins(
    check: Annotated[bool, typer.Option("--check", help="Import each plugin in a process of its own.")] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that one import may take, with --check.")] = 10.0,
    kind: Annotated[
        str | None,
        typer.Option(
            help="Only plugins of this kind: op, area, planner, reward, scorer, lexicon, bundle, command, hook, check,"
            " examination or alias.",
            show_default=False,
        ),
    ] = None,
    distribution: Annotated[
        str | None, typer.Option(help="Only plugins of this distribution.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """List the plugins of every kind, and whether each can be used.

    Nothing is imported without --check.
    """
    from ..plugins.trial import NOT_TRIED
    from .terminal import columns, json_text, say

    rows = plugin_rows(kind=kind, distribution=distribution, timeout=timeout if check else None)
    faulty = sum(row["state"] in FAULTY for row in rows)
    untried = sum(row["reason"].startswith(NOT_TRIED) for row in rows)
    if json:
        say(json_text({"faulty": faulty, "plugins": rows}))
    else:
        heading = ("ID", "KIND", "DISTRIBUTION", "STATE", "LOAD", "REMARK")
        say(columns([heading, *map(_cells, rows)]))
        if check and untried:
            say(f"{untried} of {len(rows)} were not tried.")
        if check and (faulty or not untried):
            say(f"{faulty} of {len(rows)} cannot be used." if faulty else f"All {len(rows)} are in order.")
    if check and (faulty or untried):
        raise typer.Exit(1)


def plugin_rows(
    *, kind: str | None = None, distribution: str | None = None, timeout: float | None = None
) -> list[dict[str, Any]]:
    """What is known of each plugin, by metadata alone; with a timeout in seconds, by importing it in another process.

    `load_seconds` is None where a plugin has not been imported. An alias's `target` is the new id.
    """
    from ..plugins.policy import normal
    from ..plugins.registry import registry
    from .listing import all_entries

    entries = all_entries()
    kinds = {"alias", *(catalogue.kind for catalogue in registry.catalogues().values())}
    if kind is not None and kind not in kinds:
        raise typer.BadParameter(f"{kind!r} is none of {', '.join(sorted(kinds))}", param_hint="--kind")
    rows: list[dict[str, Any]] = [
        {
            "id": id,
            "kind": its_kind,
            "distribution": entry.distribution,
            "version": entry.version,
            "target": entry.target,
            "state": str(entry.state),
            "load_seconds": entry.load_seconds,
            "reason": entry.reason,
            "cure": entry.cure,
        }
        for (its_kind, id), entry in entries.items()
        if kind in (None, its_kind) and (distribution is None or normal(distribution) == normal(entry.distribution))
    ]
    if timeout is not None:
        _try(rows, timeout)
    return rows


def _try(rows: list[dict[str, Any]], timeout: float) -> None:
    """Put what a trial shows into the rows of those which nothing keeps out."""
    from ..plugins.entry import USABLE
    from ..plugins.registry import registry
    from ..plugins.trial import try_plugins

    catalogues = {catalogue.kind: name for name, catalogue in registry.catalogues().items()}
    trials = {
        (catalogues[row["kind"]], row["id"]): row
        for row in rows
        if row["kind"] in catalogues and row["state"] in USABLE
    }
    for name, tried in try_plugins(list(trials), timeout=timeout).items():
        trials[name] |= {
            "state": str(tried.state),
            "load_seconds": tried.seconds,
            "reason": tried.reason,
            "cure": tried.cure,
        }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    seconds = row["load_seconds"]
    remark = f"now {row['target']}" if row["kind"] == "alias" and not row["reason"] else row["reason"]
    return (
        row["id"],
        row["kind"],
        f"{row['distribution']} {row['version']}".rstrip(),
        row["state"],
        "" if seconds is None else f"{seconds:.2f} s",
        remark,
    )
