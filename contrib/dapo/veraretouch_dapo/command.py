"""The command `veraretouch train dapo`. Only Typer is imported here; everything else inside the command."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Device(StrEnum):
    """Device to train on."""

    AUTO = "auto"
    CPU = "cpu"


def dapo(
    bundle: Annotated[
        str, typer.Option(help="Bundle of the planner vera that is trained further: a name or a folder.")
    ],
    data: Annotated[Path, typer.Option(help="Dataset of `veraretouch aether build`.")],
    out: Annotated[Path, typer.Option(help="Folder for checkpoints, log and bundle; a run in it is resumed.")],
    config: Annotated[
        Path | None, typer.Option(help="JSON file of settings and rewards. Default: the package's own.")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Training steps, in place of the configuration's.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Random seed, in place of the configuration's.")] = None,
    device: Annotated[Device, typer.Option(help="Device to train on.")] = Device.AUTO,
    name: Annotated[str, typer.Option(help="Name of the bundle.")] = "dapo",
) -> None:
    """Post-train the planner vera by reinforcement.

    Answers are drawn, rendered and rewarded; the planner moves towards the better ones (DAPO).
    """
    from .run import train_dapo
    from .settings import DapoSettings

    settings = DapoSettings.load(config or {}, steps=steps, seed=seed)

    def say(text: str) -> None:
        typer.echo(text, err=True)

    typer.echo(train_dapo(bundle, data, out, settings, device=device.value, name=name, say=say))
