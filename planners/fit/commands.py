"""The commands `fit`, `explain` and `like`. Only Typer is imported here, everything else inside, so that help stays
quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...core.cli.options import EditOptions, Json, Photos, WriteOptions, takes

if TYPE_CHECKING:
    from ...core.plan.plan import Plan
    from .fit_report import FitReport

_Before = Annotated[Path, typer.Argument(help="The photo before the edit.", metavar="BEFORE")]
_After = Annotated[Path, typer.Argument(help="The same photo after it.", metavar="AFTER")]
_Edit = Annotated[
    Path, typer.Argument(help="A plan, or a look-up table: .cube, .3dl, .csp, .clf, a HALD picture.", metavar="EDIT")
]
_Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="File for the sliders: a plan (.json) or a preset (.xmp).")
]
_Ops = Annotated[str | None, typer.Option(help="Ops to use, comma-separated. Default: those of Camera Raw.")]
_Groups = Annotated[
    str | None, typer.Option(help="Only sliders of these groups: lighting, global_color, specific_color.")
]
_Areas = Annotated[
    str | None, typer.Option(help="Look for local adjustments: auto, or areas, comma-separated: linear,ellipse.")
]
_Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")]
_Planner = Annotated[
    str, typer.Option(help="Planner that works from examples: fit, or a bundle such as vera-reference.")
]


def fit(
    before: _Before,
    after: _After,
    out: _Out = None,
    ops: _Ops = None,
    groups: _Groups = None,
    areas: _Areas = None,
    overwrite: _Overwrite = False,
    json: Json = False,
) -> None:
    """Recover the sliders of an edit from a photo before and after it."""
    from .fit import fit as recover

    _check_out(out, overwrite=overwrite)
    found = recover(
        before, after, ops=_names(ops), groups=_names(groups), areas="auto" if areas == "auto" else _names(areas)
    )
    _tell(found.plan, found.report, out, overwrite=overwrite, json=json)


def explain(
    edit: _Edit,
    out: _Out = None,
    photo: Annotated[
        Path | None,
        typer.Option(help="Photo whose colours count in the error. Default: the colours of ordinary photos."),
    ] = None,
    within: Annotated[float, typer.Option(min=0.01, help="Mean CIEDE2000 at which the search stops.")] = 2.0,
    ops: _Ops = None,
    groups: _Groups = None,
    overwrite: _Overwrite = False,
    json: Json = False,
) -> None:
    """Turn a plan or a look-up table into a plan of sliders."""
    from ...core.cli.terminal import complain
    from .explain import explain as put

    _check_out(out, overwrite=overwrite)
    found = put(edit, ops=_names(ops), groups=_names(groups), within=within, photo=photo)
    _tell(found.plan, found.report, out, overwrite=overwrite, json=json)
    if not found.holds:
        complain(f"{found.report.error_after:.2f} CIEDE2000 were reached, not {within:g}; the sliders are the nearest")
        raise typer.Exit(1)


@takes
def like(
    photos: Photos,
    editing: EditOptions,
    writing: WriteOptions,
    before: Annotated[Path | None, typer.Option(help="Example before its edit.")] = None,
    after: Annotated[Path | None, typer.Option(help="Example after its edit.")] = None,
    target: Annotated[Path | None, typer.Option(help="Picture whose look to copy.")] = None,
    planner: _Planner = "fit",
) -> None:
    """Retouch photos like an example: one picture, or a pair."""
    from ...core.cli.batch.inputs import expand
    from ...core.cli.batch.outputs import is_file_name
    from ...core.cli.batch.request import BatchRequest
    from ...core.cli.batch.session import retouch_all

    if target is not None and (before is not None or after is not None):
        raise typer.BadParameter("--target and a pair were given together. Choose one of them")
    if target is None and (before is None or after is None):
        raise typer.BadParameter("no example is given. Use --before A --after B, or --target FILE")
    example: Any = target if target is not None else (before, after)
    folder = writing.out if writing.out is not None and not is_file_name(writing.out) else None
    sources = [
        source.path
        for source in expand(photos, recursive=writing.recursive, pairs=writing.pairs.value, leave_out=folder)
    ]
    if target is None:
        request = BatchRequest.of(editing, plan=_example_plan(sources[0], example, planner, editing).document())
        done = retouch_all(photos, request, writing)
    else:
        # Each photo has its own way to the target.
        if len(sources) > 1 and writing.out is not None and folder is None:
            raise typer.BadParameter(f"--out {writing.out} is one file and {len(sources)} photos are given")
        plans = ((source, _example_plan(source, example, planner, editing).document()) for source in sources)
        done = all(retouch_all([source], BatchRequest.of(editing, plan=plan), writing) for source, plan in plans)
    if not done:
        raise typer.Exit(1)


def _example_plan(photo: Path, example: Any, planner: str, editing: EditOptions) -> Plan:
    from ...core.photo import MAX_PIXELS, open_photo
    from ...core.render.loading import load_retoucher

    opened = open_photo(photo, max_pixels=editing.max_pixels or MAX_PIXELS, salvage=editing.salvage)
    return load_retoucher(planner).plan(
        opened, reference=example, groups=editing.chosen_groups(), seed=editing.seed or 0, frame=editing.frame
    )


def _names(listed: str | None) -> list[str] | None:
    return None if listed is None else [name for name in listed.replace(" ", "").split(",") if name]


def _tell(plan: Plan, report: FitReport, out: Path | None, *, overwrite: bool, json: bool) -> None:
    """Write the sliders, and say what was found."""
    from ...core.cli.terminal import columns, complain, json_text, say

    if out is not None:
        _write(plan, out, overwrite=overwrite)
    if json:
        say(json_text(report.document() | {"plan": plan.document(), "written": None if out is None else str(out)}))
        return
    say(f"CIEDE2000 {report.error_before:.2f} before, {report.error_after:.2f} after (median {report.typical:.2f})")
    if report.moves:
        say(columns([("slider", "of its reach"), *((move.slider, f"{move.share:+.0%}") for move in report.moves)]))
    for text in report.adjustments:
        say(f"local: {text}")
    for text in report.unexplained:
        complain(text, what="Unexplained")
    for text in report.warnings:
        complain(text, what="Note")
    if out is not None:
        say(f"written: {out}")


def _check_out(out: Path | None, *, overwrite: bool) -> None:
    """Refuse a file that could not be written before seconds are spent on what would go into it."""
    from ...core.errors import InvalidRequest

    if out is None:
        return
    if out.exists() and not overwrite:
        raise InvalidRequest(f"{str(out)!r} exists already", cure="Choose another name, or allow --overwrite.")
    if out.suffix.lower() not in (".json", ".xmp"):
        raise InvalidRequest(
            f"--out {str(out)!r} ends in {out.suffix!r}", cure="Use .json for a plan, .xmp for a preset."
        )


def _write(plan: Plan, out: Path, *, overwrite: bool) -> None:
    from ...core.cli.terminal import complain
    from ...ops.presets.writing import write_preset

    if out.suffix.lower() == ".json":
        plan.save(out)
        return
    for lost in write_preset(plan, out, partial=True, overwrite=overwrite):
        complain(f"XMP cannot say {lost}", what="Note")
