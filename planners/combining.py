"""Plans from plans: `combine blend`, `combine average`, `combine difference`, `combine sum`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.cli.plan_files import STDIN, load_plan

if TYPE_CHECKING:
    from ..core.plan.plan import Plan

app = typer.Typer(
    help="Make one plan of several plans or presets.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_Plan = Annotated[
    Path, typer.Argument(help="A plan (.json; - reads it from stdin), or a preset (.xmp, .lrtemplate).", metavar="PLAN")
]
_Plans = Annotated[
    list[Path],
    typer.Argument(help="Plans (.json; - reads one from stdin) or presets (.xmp, .lrtemplate).", metavar="PLANS"),
]
_Out = Annotated[Path | None, typer.Option("--out", "-o", help="The file to write; by default the plan is printed.")]
_Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")]
_Partial = Annotated[
    bool, typer.Option("--partial", help="Use the part of a preset that can be rendered, and leave the rest.")
]


@app.command()
def blend(
    plan: _Plan,
    other: _Plan,
    weight: Annotated[
        float,
        typer.Option("--weight", "-w", min=0, max=1, help="Mix between the plans: 0 is the first plan, 1 the second."),
    ] = 0.5,
    out: _Out = None,
    overwrite: _Overwrite = False,
    partial: _Partial = False,
) -> None:
    """Go from one plan towards another."""
    first, second = _read([plan, other], partial)
    _put(first.blend(second, weight), out, overwrite)


@app.command()
def average(
    plans: _Plans,
    weights: Annotated[str, typer.Option(help="Weight of each plan, comma-separated: 2,1,1; equal by default.")] = "",
    out: _Out = None,
    overwrite: _Overwrite = False,
    partial: _Partial = False,
) -> None:
    """Take the mean of plans."""
    from ..core.plan.plan import Plan

    shares = _numbers(weights)
    _put(Plan.average(_read(plans, partial), shares), out, overwrite)


@app.command()
def difference(
    before: _Plan, after: _Plan, out: _Out = None, overwrite: _Overwrite = False, partial: _Partial = False
) -> None:
    """Take what the second plan does beyond the first."""
    first, second = _read([before, after], partial)
    _put(second - first, out, overwrite)


@app.command("sum")
def total(plan: _Plan, more: _Plan, out: _Out = None, overwrite: _Overwrite = False, partial: _Partial = False) -> None:
    """Put the second plan on top of the first."""
    first, second = _read([plan, more], partial)
    _put(first + second, out, overwrite)


def _read(paths: list[Path], partial: bool) -> list[Plan]:
    if paths.count(STDIN) > 1:
        raise typer.BadParameter("- stands for two plans, and stdin holds one. Save one of them to a file")
    return [_read_one(path, partial) for path in paths]


def _read_one(path: Path, partial: bool) -> Plan:
    if path.suffix.lower() in (".xmp", ".lrtemplate"):
        from .styles import preset_plan

        return preset_plan(path, partial=partial)
    return load_plan(path)


def _numbers(text: str) -> list[float] | None:
    """The weights; None for none."""
    try:
        return [float(part) for part in text.split(",")] if text else None
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not numbers such as 2,1,1", param_hint="--weights") from None


def _put(plan: Plan, out: Path | None, overwrite: bool) -> None:
    """Print the plan, or write it."""
    from ..core.atomic_write import write_file
    from ..core.cli.terminal import complain, json_text, printable, say

    if out is None:
        say(json_text(plan.document()))
    else:
        write_file(out, plan.json().encode(), overwrite=overwrite)
        say(printable(out))
    told = plan.reasoning.get("request", {}).get("plan", "")
    if "bounds" in told:
        complain(told, what="Note")
