"""The commands on photos: auto, style, param, plan, render; and the list of planners.

Only Typer is imported here; everything else inside the commands, so that help and completion stay quick.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from ..core.cli.options import (
    AllowBundle,
    EditOptions,
    Json,
    Photo,
    Photos,
    PlanOptions,
    SeriesOptions,
    WriteOptions,
    takes,
)
from ..core.cli.plan_files import load_plan
from .wishes import (
    Areas,
    Assets,
    ExactOptions,
    Params,
    Prompt,
    Settings,
    StyleOptions,
    check_words,
    exact_wish,
    placed,
    style_wish,
    wish_of,
    with_assets,
    with_local,
)

_Style = Annotated[str | None, typer.Option(help="Plan for this look in words.")]


@takes
def auto(photos: Photos, planning: PlanOptions, writing: WriteOptions, series: SeriesOptions) -> None:
    """Retouch photos as the planner sees fit."""
    _retouch(photos, planning, writing, series)


@takes
def style(
    prompt: Prompt,
    photos: Photos,
    planning: PlanOptions,
    writing: WriteOptions,
    series: SeriesOptions,
    naming: StyleOptions,
) -> None:
    """Retouch photos to a look described in words."""
    _retouch(photos, planning, writing, series, **style_wish(prompt, planning.planner, naming))


@takes
def param(
    ctx: typer.Context,
    photos: Photos,
    planning: PlanOptions,
    writing: WriteOptions,
    series: SeriesOptions,
    exact: ExactOptions,
) -> None:
    """Retouch photos by exact values, a preset, or a look-up table."""
    planning, wish = exact_wish(ctx, planning, exact)
    _retouch(photos, planning, writing, series, **wish)


@takes
def render(
    photos: Photos,
    editing: EditOptions,
    writing: WriteOptions,
    series: SeriesOptions,
    plan: Annotated[Path, typer.Option("--plan", help="Plan to render; - reads it from stdin.")],
    allow_bundle: AllowBundle = None,
) -> None:
    """Render photos by an existing plan; no planner runs."""
    _retouch(photos, editing, writing, series, plan=load_plan(plan).document())


@takes
def plan(
    ctx: typer.Context,
    photo: Photo,
    planning: PlanOptions,
    style: _Style = None,
    params: Params = None,
    settings: Settings = None,
    areas: Areas = None,
    assets: Assets = None,
) -> None:
    """Print the plan of a photo as JSON; nothing is rendered."""
    from ..core.cli.batch.planning import make_plan
    from ..core.cli.batch.remote.sending import plan_via
    from ..core.cli.batch.remote.server import chosen_server
    from ..core.cli.batch.request import BatchRequest
    from ..core.cli.terminal import json_text, say
    from ..core.photo import MAX_PIXELS, open_photo

    if style is not None:
        check_words(style, planning.planner)
    if assets and (style is not None or params is not None):
        raise typer.BadParameter("it goes with --set alone", param_hint="--asset")
    settings, local = placed(ctx, settings, areas)
    wish = with_assets(settings, assets, planning) if assets else wish_of(style=style, params=params, settings=settings)
    wish = with_local(wish, local, alone=style is None and params is None and not settings)
    request = BatchRequest.of(planning, **wish)
    server = chosen_server()
    if server is not None:
        say(json_text(plan_via(server, request, photo)))
        return
    made = make_plan(request, open_photo(photo, max_pixels=planning.max_pixels or MAX_PIXELS, salvage=planning.salvage))
    say(json_text(made.document()))


def planners(json: Json = False) -> None:
    """List the installed planners."""
    from ..core.cli.listing import show_catalogue
    from ..core.plugins.registry import registry

    show_catalogue(registry.planners, json=json)


def _retouch(
    photos: list[Path], editing: EditOptions, writing: WriteOptions, series: SeriesOptions, **wish: Any
) -> None:
    from ..core.cli.light_torch import begin_loading
    from ..core.cli.shell import VIA_VARIABLE

    if len(photos) == 1 and photos[0].is_file() and not (writing.dry_run or os.environ.get(VIA_VARIABLE)):
        begin_loading()  # beside the imports that follow; several photos are work for other processes
    from ..core.cli.batch.request import BatchRequest
    from ..core.cli.batch.session import retouch_all

    if not retouch_all(photos, BatchRequest.of(editing, **wish), writing, series):
        raise typer.Exit(1)
