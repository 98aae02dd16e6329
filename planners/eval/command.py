"""The command `eval`: judges a planner on pictures before and after. Only Typer is imported here,
everything else inside, so that help stays quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...core.cli.options import Json, takes
from ...core.contract.planner import DEFAULT_PLANNER

if TYPE_CHECKING:
    from .run import Progress, Spread


@dataclass(frozen=True)
class EvalOptions:
    """What a planner is judged on, and what is reported; for `takes`."""

    data: Annotated[Path, typer.Option(help="Dataset: of aether, FiveK, PPR10K, or a folder of before/after pairs.")]
    planner: Annotated[
        str, typer.Option(help="Planner to evaluate: a planner's name, or a bundle's name or folder.")
    ] = DEFAULT_PLANNER
    split: Annotated[str, typer.Option(help="Split of a dataset: test, validation or train.")] = "test"
    expert: Annotated[str, typer.Option(help="Expert of FiveK (a to e, default c) or PPR10K (a to c, default a).")] = ""
    size: Annotated[
        int, typer.Option(min=0, help="Long side in pixels; 0 keeps the original size. PPR10K keeps its own.")
    ] = 512
    limit: Annotated[int | None, typer.Option(min=1, help="Maximum number of cases, taken evenly.")] = None
    peers: Annotated[bool, typer.Option("--peers", help="Evaluate other automatic corrections as well.")] = False
    oracle: Annotated[
        bool,
        typer.Option("--oracle", help="Also report the best result that the ops can reach (some seconds per case)."),
    ] = False
    out: Annotated[
        Path | None, typer.Option(help="Folder for report.md, .json, .html, cases.csv and the worst cases.")
    ] = None
    worst: Annotated[int, typer.Option(min=0, help="Number of worst cases to show.")] = 6
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing report.")] = False
    json: Json = False


@takes
def evaluate(options: EvalOptions) -> None:
    """Evaluate a planner on pictures before and after an edit.

    The report has confidence intervals and the worst cases.
    """
    report(options)


def report(options: EvalOptions, spread: Callable[[Progress], Spread] | None = None) -> None:
    """Judge as ordered, by whoever `spread` makes, and write and say the report."""
    from ...core.cli.terminal import complain, json_text, say
    from ...core.render.loading import load_retoucher
    from .data import read_cases
    from .run import evaluate as judge
    from .run_report import check_out, text, write
    from .summary import document

    out = options.out
    if out is not None:
        check_out(out, overwrite=options.overwrite)
    cases = read_cases(
        options.data, split=options.split, expert=options.expert, size=options.size or None, limit=options.limit
    )
    retoucher = load_retoucher(options.planner)
    with _progress() as progress:
        evaluation = judge(
            retoucher,
            cases,
            peers=options.peers,
            with_oracle=options.oracle,
            progress=progress,
            spread=spread and spread(progress),
        )
    found = document(evaluation)
    if out is not None:
        write(out, evaluation, found, retoucher, worst=options.worst)
    say(json_text(found) if options.json else text(found))
    if out is not None and not options.json:
        complain(str(out / "report.md"), what="written")


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on stderr that goes when the run ends."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    parts = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    console = Console(stderr=True)
    with Progress(*parts, console=console, transient=True, disable=not console.is_terminal) as bar:
        line = bar.add_task("eval", total=None)
        yield lambda what, done, total: bar.update(line, description=what, completed=done, total=total)
