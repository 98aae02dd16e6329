"""The command `train`: a planner trained on pictures, and packed as a bundle that the zoo loads."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Train a planner through the renderer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Device(StrEnum):
    """Where it is trained."""

    AUTO = "auto"
    CPU = "cpu"


class Precision(StrEnum):
    """Of the network's arithmetic; pixels are rendered in float32."""

    FULL = "no"
    BF16 = "bf16"
    FP16 = "fp16"


@app.callback()
def train() -> None:
    """Train a planner through the renderer."""


@app.command()
def tiny(
    data: Annotated[Path, typer.Option(help="A dataset of aether, or a folder of good photos, which are spoilt here.")],
    out: Annotated[
        Path, typer.Option(help="Where checkpoints, the log and the bundle go; a run that is there goes on.")
    ],
    steps: Annotated[int, typer.Option(min=1, help="Steps in all.")] = 3000,
    batch: Annotated[int, typer.Option(min=1, help="Examples a step.")] = 64,
    rate: Annotated[float, typer.Option(min=0.0, help="The highest learning rate.")] = 2e-3,
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")] = 0,
    every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")] = 500,
    copies: Annotated[int, typer.Option(min=1, help="Examples a photo, for a folder of photos.")] = 24,
    clean: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of them that is left unspoilt.")] = 0.3,
    styled: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of them with a style prompt.")] = 0.15,
    device: Annotated[Device, typer.Option(help="auto takes a GPU that is there; cpu does not.")] = Device.AUTO,
    precision: Annotated[Precision, typer.Option(help="Of the network.")] = Precision.FULL,
    name: Annotated[str, typer.Option(help="The bundle's name.")] = "tiny",
    spdx: Annotated[str, typer.Option(help="The licence of the weights.")] = "Apache-2.0",
    facts: Annotated[Path | None, typer.Option(help="A JSON file of further keys of bundle.json.")] = None,
) -> None:
    """Train `tiny`: a small network whose edits are judged by the pixels that they make.

    Killed or stopped, the same command goes on from the last checkpoint, to the same weights; once done, it packs the bundle again.
    """
    from ..core.documents import parse
    from ..core.terminal import say
    from ..planners.tiny.examples import Recipe
    from ..planners.training.loop import Settings
    from .trained import train_tiny

    settings = Settings(steps, batch, rate, seed=seed, every=every, precision=precision.value)
    recipe = Recipe(copies, clean, styled, seed)
    given = parse(facts.read_bytes(), name=str(facts)) if facts else {}
    say(str(train_tiny(data, out, settings, recipe, device=device.value, name=name, spdx=spdx, facts=given)))
