"""What a command asks for beside its options: words, exact values, a plan; declared once, for every command with them.

Only Typer is imported here, as in `commands`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ..core.cli.options import PlanOptions
from ..core.cli.plan_files import load_plan

Prompt = Annotated[
    str, typer.Argument(help='The look in words, quoted: "dreamy bright pink".', metavar="PROMPT", show_default=False)
]
Params = Annotated[
    Path | None,
    typer.Option(help='A JSON file of exact values: {"exposure.ev": 0.35}, or a published parameter file (-100..100).'),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="One exact value, OP.SLOT=VALUE: exposure.ev=0.35. After --in it is local to that area. Repeatable.",
    ),
]
Areas = Annotated[
    list[str] | None,
    typer.Option(
        "--in",
        help='Where the --set after it apply: "skin", "not sky", "linear: from top to 0.4", "sky - person". '
        "`veraretouch areas` lists areas. Repeatable.",
        metavar="AREA",
    ),
]
Assets = Annotated[
    list[str] | None,
    typer.Option(
        "--asset", help="Weights of an op that has some, OP=BUNDLE: acme.look=./bundle. Goes with --set. Repeatable."
    ),
]
_Partial = Annotated[
    bool, typer.Option("--partial", help="Render the part of a preset that can be rendered, and leave the rest.")
]
_OF_PRESET: Final = "preset"  # as --frame: the frame of the --preset
# Planners that read prompts by the lexicon alone.
_BY_LEXICON: Final = ("rules", "tiny")


@dataclass(frozen=True)
class StyleOptions:
    """Where the looks come from that a prompt names."""

    styles: Annotated[Path | None, typer.Option(help="A folder of presets; the prompt may call them by name.")] = None
    partial: _Partial = False


@dataclass(frozen=True)
class ExactOptions:
    """Exact values, of which one kind is given."""

    params: Params = None
    settings: Settings = None
    areas: Areas = None
    plan: Annotated[Path | None, typer.Option("--plan", help="Plan whose values to use; - reads it from stdin.")] = None
    lut: Annotated[
        Path | None,
        typer.Option(help="A look-up table: .cube, .3dl, .csp, .spi1d, .spi3d, .clf, or a HALD picture."),
    ] = None
    preset: Annotated[Path | None, typer.Option(help="A preset of Lightroom or Camera Raw: .xmp or .lrtemplate.")] = (
        None
    )
    cdl: Annotated[
        str | None,
        typer.Option(help="A colour decision list: .cc, .ccc or .cdl; of a collection FILE#ID.", metavar="FILE"),
    ] = None
    partial: _Partial = False
    assets: Assets = None


def style_wish(prompt: str, planner: str, options: StyleOptions) -> dict[str, Any]:
    """The wish for a look in words, or for the preset that is called so.

    Raises:
        typer.BadParameter: no words, a file, or words of which the planner understands nothing.
    """
    if not prompt.strip():
        raise typer.BadParameter(
            "it is empty. Describe the look in words, or use: veraretouch auto", param_hint="PROMPT"
        )
    if _is_file(prompt):
        raise typer.BadParameter(
            f'{prompt!r} is a file. The words come first: veraretouch style "dreamy bright pink" PHOTOS...',
            param_hint="PROMPT",
        )
    if options.styles is not None:
        from .styles import plan_by_name

        named = plan_by_name(prompt, options.styles, partial=options.partial)
        if named is not None:
            return {"plan": named.document()}
    check_words(prompt, planner)
    return {"style": prompt}


def exact_wish(ctx: typer.Context, planning: PlanOptions, exact: ExactOptions) -> tuple[PlanOptions, dict[str, Any]]:
    """The wish for exact values, and the options on plans that remain.

    Raises:
        typer.BadParameter: no values, or two kinds of them.
    """
    settings, local = placed(ctx, exact.settings, exact.areas)
    framed = planning.frame is not None and planning.frame.strip() == _OF_PRESET
    if framed and exact.preset is None:
        raise typer.BadParameter("'preset' is the frame of a --preset, and none is given", param_hint="--frame")
    planning = replace(planning, frame=None) if framed else planning
    wish = (
        with_assets(settings, exact.assets, planning)
        if exact.assets
        else wish_of(
            params=exact.params,
            settings=settings,
            plan=exact.plan,
            lut=exact.lut,
            preset=exact.preset,
            cdl=exact.cdl,
            partial=exact.partial,
            framed=framed,
        )
    )
    wish = with_local(wish, local)
    if not wish:
        raise typer.BadParameter(
            "no values are given. Use --set exposure.ev=0.35, --params, --plan, --preset, --cdl or --lut FILE"
        )
    return planning, wish


def check_words(prompt: str, planner: str) -> None:
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


def placed(
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


def with_local(wish: dict[str, Any], local: dict[str, dict[str, Any]], *, alone: bool = True) -> dict[str, Any]:
    """A wish with local values beside it; where there is no other, they are exact values alone."""
    if not local:
        return wish
    from ..core.plan.addresses import read_adjustments

    read_adjustments(local)  # what is wrong is said once, before any photo is opened
    if "plan" in wish:
        raise typer.BadParameter("it does not go with --asset", param_hint="--in")
    return (wish or ({"params": {}} if alone else {})) | {"local": local}


def with_assets(settings: list[str] | None, assets: list[str], planning: PlanOptions) -> dict[str, Any]:
    """The plan of exact values for ops with weights."""
    if not settings:
        raise typer.BadParameter("it goes with --set, whose op has weights", param_hint="--asset")
    from ..core.cli.batch.request import read_settings
    from .params import plan_with_assets

    return {"plan": plan_with_assets(read_settings(settings), assets, groups=planning.chosen_groups()).document()}


def wish_of(
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


def _is_file(prompt: str) -> bool:
    try:
        return Path(prompt).is_file()
    except OSError:  # longer than a file's name may be
        return False
