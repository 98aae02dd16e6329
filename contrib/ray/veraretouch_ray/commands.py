"""The commands on photos, on a cluster: `ray auto`, `ray style`, `ray param`, `ray render`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from veraretouch.core.cli.options import AllowBundle, EditOptions, PlanOptions, WriteOptions, takes
from veraretouch.core.cli.plan_files import load_plan
from veraretouch.planners.wishes import ExactOptions, Prompt, StyleOptions, exact_wish, style_wish

from .options import NOT_HERE, RunOptions
from .session import ClusterOptions

Places = Annotated[
    list[str],
    typer.Argument(
        help="Folders, quoted patterns, photos, shards (.tar), Parquet files, by path or URL (s3://, gs://); the last "
        "one is the folder to write to.",
        metavar="PLACE",
        show_default=False,
    ),
]
_takes = partial(takes, without=NOT_HERE)


@_takes
def auto(
    places: Places, planning: PlanOptions, writing: WriteOptions, running: RunOptions, cluster: ClusterOptions
) -> None:
    """Retouch photos on a cluster as the planner sees fit."""
    _retouch(places, planning, writing, running, cluster)


@_takes
def style(
    prompt: Prompt,
    places: Places,
    planning: PlanOptions,
    writing: WriteOptions,
    running: RunOptions,
    cluster: ClusterOptions,
    naming: StyleOptions,
) -> None:
    """Retouch photos on a cluster to a look described in words."""
    _retouch(places, planning, writing, running, cluster, **style_wish(prompt, planning.planner, naming))


@_takes
def param(
    ctx: typer.Context,
    places: Places,
    planning: PlanOptions,
    writing: WriteOptions,
    running: RunOptions,
    cluster: ClusterOptions,
    exact: ExactOptions,
) -> None:
    """Retouch photos on a cluster by exact values, a preset, or a look-up table."""
    planning, wish = exact_wish(ctx, planning, exact)
    _retouch(places, planning, writing, running, cluster, **wish)


@_takes
def render(
    places: Places,
    editing: EditOptions,
    writing: WriteOptions,
    running: RunOptions,
    cluster: ClusterOptions,
    plan: Annotated[Path, typer.Option("--plan", help="Plan to render; - reads it from stdin.")],
    allow_bundle: AllowBundle = None,
) -> None:
    """Render photos on a cluster by an existing plan; no planner runs."""
    _retouch(places, editing, writing, running, cluster, plan=load_plan(plan).document())


def _retouch(
    places: list[str],
    editing: EditOptions,
    writing: WriteOptions,
    running: RunOptions,
    cluster: ClusterOptions,
    **wish: Any,
) -> None:
    from veraretouch.core.cli.batch.request import BatchRequest

    from .pipeline import retouch_places, show

    *given, out = places
    if not given:
        raise typer.BadParameter("name what is to be retouched, and last of all the folder to write to")
    report = retouch_places(given, out, BatchRequest.of(editing, **wish), writing, running, cluster)
    show(report, out, json=writing.json)
    if report.failed:
        raise typer.Exit(1)
