"""Export a plan as a look-up table for other programs: `export cube`, `export hald`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..core.lut import ColorMap, Cube

app = typer.Typer(
    help="Write a plan's look for other programs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_PlanFile = Annotated[Path, typer.Argument(help="The plan.", metavar="PLAN")]
_Out = Annotated[Path, typer.Argument(help="The file to write.", metavar="OUT")]
_Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")]


@app.command()
def cube(
    plan: _PlanFile,
    out: _Out,
    size: Annotated[int, typer.Option(min=2, max=129, help="Points an axis; 33 and 65 are usual.")] = 33,
    title: Annotated[str, typer.Option(help="What programs show; by default the file's name.")] = "",
    overwrite: _Overwrite = False,
) -> None:
    """Write a .cube file (Iridas, Resolve), and say how far it is from the plan itself."""
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
    """Write a HALD picture, 16 bit, and say how far it is from the plan itself."""
    from ..core.lut.files import write_hald

    write_hald(_baked(plan, level**2), out, overwrite=overwrite)


def _baked(path: Path, size: int) -> Cube:
    """The plan's cube; how far it is from the plan is printed."""
    from ..core.lut import Cube
    from ..core.plan import Plan
    from ..core.renderer import Renderer
    from ..core.terminal import say

    color_map = Renderer().color_map(Plan.load(path))
    made = Cube.of(color_map, size)
    median, high, worst = _deviation(made, color_map)
    say(f"{size} points an axis; CIEDE2000 from the plan: median {median:.2f}, 99 % {high:.2f}, worst {worst:.2f}")
    return made


def _deviation(made: Cube, color_map: ColorMap) -> list[float]:
    """Median, 99th percentile and maximum of CIEDE2000 over 50,000 colours and the greys."""
    import numpy as np
    import torch

    from ..core.difference import ciede2000

    colours = np.random.default_rng(0).random((1, 50_000, 3), dtype=np.float32)
    greys = np.repeat(np.linspace(0, 1, 1000, dtype=np.float32)[None, :, None], 3, axis=2)
    some = np.concatenate([colours, greys], axis=1)
    apart = ciede2000(torch.from_numpy(color_map(some)), torch.from_numpy(made.apply(some).clip(0, 1))).numpy()
    return [float(np.percentile(apart, place)) for place in (50, 99, 100)]
