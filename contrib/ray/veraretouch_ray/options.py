"""Options of `veraretouch ray` on photos, beside those that all commands on photos share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

import typer

from .session import PANEL

NOT_HERE: Final = frozenset(("out", "name", "lossy", "recursive", "pairs", "jobs", "dry_run", "verbose", "timings"))
"""The options on photos that a run on a cluster does not have: names come from the inputs, workers from the cluster."""


class Device(StrEnum):
    """Where planners compute."""

    CPU = "cpu"
    CUDA = "cuda"


@dataclass(frozen=True)
class RunOptions:
    """What a run writes beside pictures, and how its workers plan."""

    xmp: Annotated[
        bool,
        typer.Option("--xmp", help="Also write Camera Raw's settings: xmp/NAME.xmp.", rich_help_panel="Output"),
    ] = False
    pictures: Annotated[
        bool,
        typer.Option(
            "--pictures/--no-pictures",
            help="Write pictures. Without them photos are planned only, for --save-plan and --xmp.",
            rich_help_panel="Output",
        ),
    ] = True
    column: Annotated[
        str,
        typer.Option(
            help="Of Parquet files the column of photos or of their paths; of shards the suffix of the members to "
            "take, such as input.jpg. Default: found by kind and name.",
            metavar="NAME",
            show_default=False,
            rich_help_panel=PANEL,
        ),
    ] = ""
    device: Annotated[
        Device, typer.Option(help="Where planners compute; with cuda each worker has a GPU.", rich_help_panel=PANEL)
    ] = Device.CPU
    batch: Annotated[
        int,
        typer.Option(
            min=1,
            max=256,
            help="Photos that a planner is asked about at once; for vera on a GPU.",
            rich_help_panel=PANEL,
        ),
    ] = 1
