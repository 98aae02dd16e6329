"""The command `train`: planners trained on pictures, and packed as bundles that the zoo loads."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..vera.training.stages import TrainingStage

app = typer.Typer(
    help="Train planners through the renderer.",
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


Out = Annotated[Path, typer.Option(help="Where checkpoints, the log and the bundle go; a run that is there goes on.")]
Steps = Annotated[int, typer.Option(min=1, help="Steps in all.")]
BatchSize = Annotated[int, typer.Option(min=1, help="Examples a step, over all processes.")]
Rate = Annotated[float, typer.Option(min=0.0, help="The highest learning rate.")]
Warmup = Annotated[int, typer.Option(min=0, help="Steps until it is reached.")]
Seed = Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")]
Every = Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")]
Accumulate = Annotated[int, typer.Option(min=1, help="Parts that a process divides its batch into, to save memory.")]
Where = Annotated[Device, typer.Option(help="auto takes a GPU that is there; cpu does not.")]
Arithmetic = Annotated[Precision, typer.Option(help="Of the network.")]
Name = Annotated[str, typer.Option(help="The bundle's name.")]
Spdx = Annotated[str, typer.Option(help="The licence of the weights.")]


def _say(bundle: Path) -> None:
    """Name the bundle, once for all processes."""
    from ...core.terminal import say
    from .loop import is_first

    if is_first():
        say(str(bundle))


@app.callback()
def train() -> None:
    """Train planners through the renderer."""


@app.command()
def tiny(
    data: Annotated[Path, typer.Option(help="A dataset of aether, or a folder of good photos, which are spoilt here.")],
    out: Out,
    steps: Steps = 3000,
    batch: BatchSize = 64,
    rate: Rate = 2e-3,
    seed: Seed = 0,
    every: Every = 500,
    copies: Annotated[int, typer.Option(min=1, help="Examples a photo, for a folder of photos.")] = 24,
    clean: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of them that is left unspoilt.")] = 0.3,
    styled: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of them with a style prompt.")] = 0.15,
    device: Where = Device.AUTO,
    precision: Arithmetic = Precision.FULL,
    name: Name = "tiny",
    spdx: Spdx = "Apache-2.0",
    facts: Annotated[Path | None, typer.Option(help="A JSON file of further keys of bundle.json.")] = None,
) -> None:
    """Train `tiny`: a small network whose edits are judged by the pixels that they make.

    Killed or stopped, the same command goes on from the last checkpoint, to the same weights; once done, it packs the bundle again.
    """
    from ...core.strict_json import parse
    from ..tiny.examples import ExampleRecipe
    from .loop import TrainingSettings
    from .runs import train_tiny

    settings = TrainingSettings(steps, batch, rate, seed=seed, every=every, precision=precision.value)
    recipe = ExampleRecipe(copies, clean, styled, seed)
    given = parse(facts.read_bytes(), name=str(facts)) if facts else {}
    _say(train_tiny(data, out, settings, recipe, device=device.value, name=name, spdx=spdx, facts=given))


@app.command()
def neural(
    data: Annotated[
        Path, typer.Option(help="A dataset of aether, a folder with before/ and after/, or one of good photos.")
    ],
    out: Out,
    steps: Steps = 20_000,
    batch: BatchSize = 32,
    rate: Rate = 5e-4,
    warmup: Warmup = 100,
    seed: Seed = 0,
    every: Every = 500,
    side: Annotated[int, typer.Option(min=32, max=4096, help="Pixels a side of the pictures that are encoded.")] = 512,
    copies: Annotated[int, typer.Option(min=1, help="Pairs a photo, for a folder of good photos.")] = 24,
    told: Annotated[
        int,
        typer.Option(
            min=0, help="Steps of the renderer alone before, told by numbers what was done, where that is known."
        ),
    ] = 3000,
    accumulate: Accumulate = 1,
    device: Where = Device.AUTO,
    precision: Arithmetic = Precision.FULL,
    name: Name = "reference",
    spdx: Spdx = "Apache-2.0",
) -> None:
    """Train the renderer `neural` and the reference encoder together, groups masked at random.

    The bundle is a planner for references, and opens as the renderer of plans and of `train vera --renderer`.
    """
    from .loop import TrainingSettings
    from .runs import train_neural

    settings = TrainingSettings(
        steps, batch, rate, warmup, seed=seed, every=every, precision=precision.value, accumulate=accumulate
    )
    where = device.value
    _say(train_neural(data, out, settings, side=side, copies=copies, told=told, device=where, name=name, spdx=spdx))


@app.command()
def vera(
    bundle: Annotated[str, typer.Option(help="The bundle to begin with: a name or a folder.")],
    data: Annotated[Path, typer.Option(help="A dataset of aether, with reasoning.")],
    out: Out,
    stage: Annotated[
        TrainingStage,
        typer.Option(help="alignment: all but the tower; reasoning: the language model alone; whole: everything."),
    ],
    renderer: Annotated[str | None, typer.Option(help="Another bundle, whose renderer to take.")] = None,
    alpha: Annotated[float, typer.Option(min=0.0, help="The text's weight in alpha * CE(text) + L1(pixels).")] = 0.1,
    steps: Steps = 2000,
    batch: BatchSize = 8,
    rate: Rate = 1e-5,
    warmup: Warmup = 100,
    average: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Of the moving average that is kept; 0 keeps none.")
    ] = 0.0,
    seed: Seed = 0,
    every: Every = 500,
    side: Annotated[int, typer.Option(min=8, max=128, help="Pixels a side that an example is judged by.")] = 64,
    accumulate: Accumulate = 1,
    checkpointing: Annotated[
        bool, typer.Option(help="Compute what is in between again on the way back, to save memory.")
    ] = True,
    device: Where = Device.AUTO,
    precision: Arithmetic = Precision.FULL,
    name: Name = "vera-trained",
) -> None:
    """Train `vera` end to end: photo, tower, language model, latents, renderer, pixels.

    Several devices: accelerate launch $(which veraretouch) train vera ... The bundle stays under the licence that it came with.
    """
    from .loop import TrainingSettings
    from .runs import train_vera

    settings = TrainingSettings(
        steps,
        batch,
        rate,
        warmup,
        average=average,
        seed=seed,
        every=every,
        precision=precision.value,
        accumulate=accumulate,
    )
    made = train_vera(
        bundle,
        data,
        out,
        settings,
        stage=stage,
        alpha=alpha,
        side=side,
        checkpointing=checkpointing,
        device=device.value,
        name=name,
        renderer=renderer,
    )
    _say(made)
