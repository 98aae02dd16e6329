"""The commands on photos: auto, style, param, plan, render; and the list of planners.

Only Typer is imported here; everything else inside the commands, so that help and completion stay quick.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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

if TYPE_CHECKING:
    pass

_Prompt = Annotated[
    str, typer.Argument(help='The look in words, quoted: "dreamy bright pink".', metavar="PROMPT", show_default=False)
]
_Style = Annotated[str | None, typer.Option(help="Plan for this look in words.")]
_Params = Annotated[
    Path | None,
    typer.Option(help='A JSON file of exact values: {"exposure.ev": 0.35}, or a published parameter file (-100..100).'),
]
_Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="One exact value, OP.SLOT=VALUE: exposure.ev=0.35. After --in it is local to that area. Repeatable.",
    ),
]
_In = Annotated[
    list[str] | None,
    typer.Option(
        "--in",
        help='Where the --set after it apply: "skin", "not sky", "linear: from top to 0.4", "sky - person". '
        "`veraretouch areas` lists areas. Repeatable.",
        metavar="AREA",
    ),
]
_Lut = Annotated[
    Path | None,
    typer.Option(help="A look-up table: .cube, .3dl, .csp, .spi1d, .spi3d, .clf, or a HALD picture."),
]
_Preset = Annotated[Path | None, typer.Option(help="A preset of Lightroom or Camera Raw: .xmp or .lrtemplate.")]
_Partial = Annotated[
    bool, typer.Option("--partial", help="Render the part of a preset that can be rendered, and leave the rest.")
]
_Cdl = Annotated[
    str | None, typer.Option(help="A colour decision list: .cc, .ccc or .cdl; of a collection FILE#ID.", metavar="FILE")
]
_Styles = Annotated[Path | None, typer.Option(help="A folder of presets; the prompt may call them by name.")]
_OF_PRESET = "preset"  # as --frame: the frame of the --preset
# Planners that read prompts by the lexicon alone.
_BY_LEXICON = ("rules", "tiny")
_Asset = Annotated[
    list[str] | None,
    typer.Option(
        "--asset", help="Weights of an op that has some, OP=BUNDLE: acme.look=./bundle. Goes with --set. Repeatable."
    ),
]
_PlanFile = Annotated[Path | None, typer.Option("--plan", help="Plan whose values to use; - reads it from stdin.")]


@takes
def auto(photos: Photos, planning: PlanOptions, writing: WriteOptions, series: SeriesOptions) -> None:
    """Retouch photos as the planner sees fit."""
    _retouch(photos, planning, writing, series)


@takes
def style(
    prompt: _Prompt,
    photos: Photos,
    planning: PlanOptions,
    writing: WriteOptions,
    series: SeriesOptions,
    styles: _Styles = None,
    partial: _Partial = False,
) -> None:
    """Retouch photos to a look described in words."""
    if not prompt.strip():
        raise typer.BadParameter(
            "it is empty. Describe the look in words, or use: veraretouch auto", param_hint="PROMPT"
        )
    if _is_file(prompt):
        raise typer.BadParameter(
            f'{prompt!r} is a file. The words come first: veraretouch style "dreamy bright pink" PHOTOS...',
            param_hint="PROMPT",
        )
    if styles is not None:
        from .styles import plan_by_name

        named = plan_by_name(prompt, styles, partial=partial)
        if named is not None:
            _retouch(photos, planning, writing, series, plan=named.document())
            return
    _check_words(prompt, planning.planner)
    _retouch(photos, planning, writing, series, style=prompt)


@takes
def param(
    ctx: typer.Context,
    photos: Photos,
    planning: PlanOptions,
    writing: WriteOptions,
    series: SeriesOptions,
    params: _Params = None,
    settings: _Set = None,
    areas: _In = None,
    plan: _PlanFile = None,
    lut: _Lut = None,
    preset: _Preset = None,
    cdl: _Cdl = None,
    partial: _Partial = False,
    assets: _Asset = None,
) -> None:
    """Retouch photos by exact values, a preset, or a look-up table."""
    settings, local = _placed(ctx, settings, areas)
    framed = planning.frame is not None and planning.frame.strip() == _OF_PRESET
    if framed and preset is None:
        raise typer.BadParameter("'preset' is the frame of a --preset, and none is given", param_hint="--frame")
    planning = replace(planning, frame=None) if framed else planning
    wish = (
        _with_assets(settings, assets, planning)
        if assets
        else _wish(
            params=params,
            settings=settings,
            plan=plan,
            lut=lut,
            preset=preset,
            cdl=cdl,
            partial=partial,
            framed=framed,
        )
    )
    wish = _with_local(wish, local)
    if not wish:
        raise typer.BadParameter(
            "no values are given. Use --set exposure.ev=0.35, --params, --plan, --preset, --cdl or --lut FILE"
        )
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
    params: _Params = None,
    settings: _Set = None,
    areas: _In = None,
    assets: _Asset = None,
) -> None:
    """Print the plan of a photo as JSON; nothing is rendered."""
    from ..core.cli.batch.planning import make_plan
    from ..core.cli.batch.request import BatchRequest
    from ..core.cli.terminal import json_text, say
    from ..core.photo import MAX_PIXELS, open_photo

    if style is not None:
        _check_words(style, planning.planner)
    if assets and (style is not None or params is not None):
        raise typer.BadParameter("it goes with --set alone", param_hint="--asset")
    settings, local = _placed(ctx, settings, areas)
    wish = _with_assets(settings, assets, planning) if assets else _wish(style=style, params=params, settings=settings)
    wish = _with_local(wish, local, alone=style is None and params is None and not settings)
    request = BatchRequest.of(planning, **wish)
    made = make_plan(request, open_photo(photo, max_pixels=planning.max_pixels or MAX_PIXELS, salvage=planning.salvage))
    say(json_text(made.document()))


def planners(json: Json = False) -> None:
    """List the installed planners."""
    from ..core.cli.listing import show_catalogue
    from ..core.plugins.registry import registry

    show_catalogue(registry.planners, json=json)


def _is_file(prompt: str) -> bool:
    try:
        return Path(prompt).is_file()
    except OSError:  # longer than a file's name may be
        return False


def _check_words(prompt: str, planner: str) -> None:
    """Refuse a prompt of which a planner understands nothing by the lexicon: it would give the photos back."""
    if planner not in _BY_LEXICON:
        return
    from .rules.style import is_understood, read_style

    if not is_understood(prompt):
        said = read_style(prompt).reasoning["request"]["problem"]
        raise typer.BadParameter(
            f"nothing of it was understood. {said} "
            "Use English words for looks, such as: warmer, moody, brighter shadows",
            param_hint="PROMPT",
        )


def _placed(
    ctx: typer.Context, settings: list[str] | None, areas: list[str] | None
) -> tuple[list[str] | None, dict[str, dict[str, Any]]]:
    """The settings that stand before any area, and those of each area."""
    from ..core.cli.batch.request import read_settings
    from ..core.cli.shell import options_in_order

    rest, names = iter(settings or ()), iter(areas or ())
    everywhere: list[str] = []
    held: dict[str, list[str]] = {}
    here = everywhere
    for option in options_in_order(ctx, "settings", "areas"):
        if option == "settings":
            here.append(next(rest))
            continue
        area = next(names)
        if area in held:
            raise typer.BadParameter(f"{area!r} was given twice. Put its values after one of them", param_hint="--in")
        here = held.setdefault(area, [])
    for area, given in held.items():
        if not given:
            raise typer.BadParameter(f"{area!r} has no values. Put --set OP.SLOT=VALUE after it", param_hint="--in")
    return everywhere or None, {area: read_settings(given) for area, given in held.items()}


def _with_local(wish: dict[str, Any], local: dict[str, dict[str, Any]], *, alone: bool = True) -> dict[str, Any]:
    """A wish with local values beside it; where there is no other, they are exact values alone."""
    if not local:
        return wish
    from ..core.plan.addresses import read_adjustments

    read_adjustments(local)  # what is wrong is said once, before any photo is opened
    if "plan" in wish:
        raise typer.BadParameter("it does not go with --asset", param_hint="--in")
    return (wish or ({"params": {}} if alone else {})) | {"local": local}


def _with_assets(settings: list[str] | None, assets: list[str], planning: PlanOptions) -> dict[str, Any]:
    """The plan of exact values for ops with weights."""
    if not settings:
        raise typer.BadParameter("it goes with --set, whose op has weights", param_hint="--asset")
    from ..core.cli.batch.request import read_settings
    from .params import plan_with_assets

    return {"plan": plan_with_assets(read_settings(settings), assets, groups=planning.chosen_groups()).document()}


def _wish(
    *,
    style: str | None = None,
    params: Path | None = None,
    settings: list[str] | None = None,
    plan: Path | None = None,
    lut: Path | None = None,
    preset: Path | None = None,
    cdl: str | None = None,
    partial: bool = False,
    framed: bool = False,
) -> dict[str, Any]:
    """The one wish among options of which only one may be given."""
    from ..core.cli.batch.request import read_params, read_settings

    given = {
        "--style": style,
        "--params": params,
        "--set": settings or None,
        "--plan": plan,
        "--lut": lut,
        "--preset": preset,
        "--cdl": cdl,
    }
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise typer.BadParameter(f"{' and '.join(named)} were given together. Choose one of them")
    if settings:
        return {"params": read_settings(settings)}
    if params is not None:
        return {"params": read_params(params)}
    if lut is not None:
        from ..core.lut.files import read_table

        return {"params": read_table(lut).params}
    if preset is not None:
        from .styles import preset_params

        return {"params": preset_params(preset, partial=partial, framed=framed)}
    if cdl is not None:
        from ..core.lut.cdl_files import read_decision

        file, _, id = cdl.partition("#")
        return {"params": read_decision(Path(file), id=id or None).params}
    if plan is not None:
        return {"params": load_plan(plan).document()}
    return {} if style is None else {"style": style}


def _retouch(
    photos: list[Path], editing: EditOptions, writing: WriteOptions, series: SeriesOptions, **wish: Any
) -> None:
    from ..core.cli.batch.request import BatchRequest
    from ..core.cli.batch.session import retouch_all

    if not retouch_all(photos, BatchRequest.of(editing, **wish), writing, series):
        raise typer.Exit(1)
