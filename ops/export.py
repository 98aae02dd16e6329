"""Export a plan for other programs: `export cube`, `export hald`, `export xmp`, `export cdl`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.cli.plan_files import STDIN, load_plan

if TYPE_CHECKING:
    from ..core.lut import ColorMap, Cube
    from ..core.plan.plan import Plan

app = typer.Typer(
    help="Export a plan or a bundle for other programs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_PlanFile = Annotated[Path, typer.Argument(help="The plan; - reads it from stdin.", metavar="PLAN")]
_Out = Annotated[Path, typer.Argument(help="The file to write.", metavar="OUT")]
_Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")]


@app.command()
def cube(
    plan: _PlanFile,
    out: _Out,
    size: Annotated[
        int, typer.Option(min=2, max=129, help="Number of lattice points per axis; 33 and 65 are usual.")
    ] = 33,
    title: Annotated[str, typer.Option(help="Title that programs show. Default: the file's name.")] = "",
    overwrite: _Overwrite = False,
) -> None:
    """Write a .cube file (Iridas, Resolve), and print its difference from the plan."""
    from ..core.lut.files import write_cube

    made = _baked(plan, size)
    write_cube(made, out, title=title or out.stem, overwrite=overwrite)


@app.command()
def hald(
    plan: _PlanFile,
    out: _Out,
    level: Annotated[int, typer.Option(min=2, max=11, help="Level: 8 is 512x512 pixels for 64 points an axis.")] = 8,
    overwrite: _Overwrite = False,
) -> None:
    """Write a HALD picture, 16 bit, and print its difference from the plan."""
    from ..core.lut.files import write_hald

    write_hald(_baked(plan, level**2), out, overwrite=overwrite)


@app.command()
def xmp(
    plan: _PlanFile,
    out: Annotated[
        Path | None,
        typer.Argument(
            help=(
                "A preset to write, or a photo: beside a raw file its sidecar is merged, beside others a preset is"
                " written."
            ),
            metavar="OUT",
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="Name that Lightroom shows. Default: the file's name.")] = "",
    partial: Annotated[bool, typer.Option("--partial", help="Leave out edits that XMP cannot express.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a preset that exists, or values that a sidecar has.")
    ] = False,
    backup: Annotated[bool, typer.Option("--backup", help="Keep the sidecar as it was: IMG.xmp.bak.")] = False,
) -> None:
    """Write a preset for Lightroom and Camera Raw (XMP), or merge the plan into a raw file's sidecar.

    Adobe's picture of these settings differs from ours.
    """
    from ..core.cli.terminal import complain, printable, say
    from ..core.photo import EXTENSIONS, is_raw
    from .presets import write_preset
    from .presets.sidecar import is_sidecar, merge_sidecar, sidecar_of

    if out is None and plan == STDIN:
        raise typer.BadParameter("a plan from stdin has no name to write a preset by: name the file", param_hint="OUT")
    made, target = load_plan(plan), out or plan.with_suffix(".xmp")
    if is_raw(target):
        target = sidecar_of(target)
        merging = True
    else:
        merging = is_sidecar(target)
    if merging:
        merge = merge_sidecar(made, target, partial=partial, overwrite=overwrite, backup=backup)
        beyond: Sequence[str] = merge.beyond
        for change in merge.changes:
            say(f"{printable(target)}: {printable(change)}")
        say(f"{printable(target)}: {len(merge.changes)} settings written, {merge.kept} kept as they were")
        if merge.backup is not None:
            say(f"{printable(merge.backup)}: the sidecar as it was")
    else:
        if target.suffix.lower() in EXTENSIONS.readable:
            # Lightroom reads no sidecar beside such a file: the preset's name says that it is none.
            target = target.with_name(f"{target.stem}-preset.xmp")
        beyond = write_preset(made, target, name=name, partial=partial, overwrite=overwrite)
    for item in beyond:
        complain(f"{item} is not in it", what="Note")
    say(f"{printable(target)}: Camera Raw's settings of this plan; Adobe's rendering of them is not ours")


@app.command()
def cdl(plan: _PlanFile, out: _Out, overwrite: _Overwrite = False) -> None:
    """Write a colour decision list (.cc, .ccc, .cdl) of a plan that holds the op cdl alone."""
    from ..core.errors import InvalidRequest
    from ..core.lut.cdl_files import ColorDecision, write_decision

    made = load_plan(plan)
    latents = made.latents()
    others = [op for op in made.edits if op != "cdl" and bool(latents.present[op][0])]
    others += [f"local adjustment {entry.name!r}" for entry in made.local]
    if "cdl" not in made.edits or others or made.strength != 1:
        raise InvalidRequest(
            f"{str(plan)!r} is more than the op cdl: {', '.join(others) or 'none of it, or strength'}",
            cure="A look-up table says all: veraretouch export cube.",
        )
    values = {name: value[0].double().numpy() for name, value in latents.values["cdl"].items()}
    slope, offset, power = (tuple(values[name].round(7).tolist()) for name in ("slope", "offset", "power"))
    _tell_of_frame(made)
    decision = ColorDecision(slope, offset, power, float(values["saturation"]))
    write_decision(decision, out, overwrite=overwrite)


def _baked(path: Path, size: int) -> Cube:
    """The plan's cube; how far it is from the plan is printed."""
    from ..core.cli.terminal import say
    from ..core.lut import Cube
    from ..core.render.renderer import Renderer

    plan = load_plan(path)
    _tell_of_frame(plan)
    color_map = Renderer().color_map(plan)
    made = Cube.of(color_map, size)
    median, high, worst = _deviation(made, color_map)
    say(f"{size} points an axis; CIEDE2000 from the plan: median {median:.2f}, 99 % {high:.2f}, worst {worst:.2f}")
    return made


def _tell_of_frame(plan: Plan) -> None:
    """A frame changes no colours: what is written is right without it."""
    if plan.frame is None:
        return
    from ..core.cli.terminal import complain
    from ..core.plan.frame import frame_text

    complain(f"the plan's frame ({frame_text(plan.frame)}) is not in it", what="Note")


def _deviation(made: Cube, color_map: ColorMap) -> list[float]:
    """Median, 99th percentile and maximum of CIEDE2000 over 50,000 colours and the greys."""
    import numpy as np
    import torch

    from ..core.color.ciede2000 import ciede2000

    colours = np.random.default_rng(0).random((1, 50_000, 3), dtype=np.float32)
    greys = np.repeat(np.linspace(0, 1, 1000, dtype=np.float32)[None, :, None], 3, axis=2)
    some = np.concatenate([colours, greys], axis=1)
    apart = ciede2000(torch.from_numpy(color_map(some)), torch.from_numpy(made.apply(some).clip(0, 1))).numpy()
    return [float(np.percentile(apart, place)) for place in (50, 99, 100)]
