"""The command `train`: trains a planner on pictures and packs it as a bundle."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from .scene.stages import SceneStage
from .vera.stages import TrainingStage

app = typer.Typer(
    help="Train a planner on pictures and pack it as a bundle.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Device(StrEnum):
    """Device to train on."""

    AUTO = "auto"
    CPU = "cpu"


class Precision(StrEnum):
    """Mixed precision for the network; pixels are rendered in float32."""

    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


Out = Annotated[Path, typer.Option(help="Folder for checkpoints, log and bundle; a run in it is resumed.")]
Steps = Annotated[int, typer.Option(min=1, help="Training steps.")]
BatchSize = Annotated[int, typer.Option(min=1, help="Examples per step, over all processes.")]
LearningRate = Annotated[float, typer.Option(min=0.0, help="Peak learning rate.")]
Warmup = Annotated[int, typer.Option(min=0, help="Warm-up steps of the learning rate.")]
Seed = Annotated[int, typer.Option(min=0, help="Random seed.")]
SaveEvery = Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")]
Accumulate = Annotated[
    int, typer.Option(min=1, help="Gradient accumulation: parts each process divides its batch into, to save memory.")
]
Where = Annotated[Device, typer.Option(help="Device to train on; auto uses a GPU where there is one.")]
Arithmetic = Annotated[Precision, typer.Option(help="Mixed precision for the network.")]
Name = Annotated[str, typer.Option(help="Name of the bundle.")]
Spdx = Annotated[str, typer.Option(help="SPDX licence of the weights.")]
Facts = Annotated[Path | None, typer.Option(help="A JSON file of further keys for bundle.json.")]


def _read(facts: Path | None) -> dict[str, Any]:
    from ...core.errors import InvalidDocument
    from ...core.strict_json import LARGEST, parse, read_bytes, shorten

    found = {} if facts is None else parse(read_bytes(facts, LARGEST), name=str(facts))
    if not isinstance(found, dict):
        raise InvalidDocument(f"{shorten(found)} is no object", path=str(facts), cure="Give keys of bundle.json.")
    return found


def _say(bundle: Path) -> None:
    """Name the bundle, once for all processes."""
    from ...core.cli.terminal import say
    from .loop import is_first

    if is_first():
        say(str(bundle))


@app.callback()
def train() -> None:
    """Train a planner on pictures and pack it as a bundle."""


@app.command()
def tiny(
    data: Annotated[
        Path,
        typer.Option(
            help="A dataset of aether, photos by source (index.csv beside tars or files), or a folder of finished "
            "photos. Faults are added to photos."
        ),
    ],
    out: Out,
    steps: Steps = 3000,
    batch: BatchSize = 96,
    lr: LearningRate = 2.5e-3,
    seed: Seed = 0,
    save_every: SaveEvery = 500,
    copies: Annotated[int, typer.Option(min=1, help="Examples per photo.")] = 4,
    per_source: Annotated[int, typer.Option(min=1, help="Maximum number of photos of one source.")] = 70,
    without: Annotated[
        list[int] | None, typer.Option(min=0, max=4, help="Fold of sources to hold out, 0 to 4. Repeatable.")
    ] = None,
    device: Where = Device.AUTO,
    precision: Arithmetic = Precision.FP32,
    name: Name = "tiny",
    spdx: Spdx = "Apache-2.0",
    facts: Facts = None,
) -> None:
    """Train `tiny`, a small network, by the pixels that its edits make.

    The same command resumes an interrupted run from its last checkpoint and reaches the same weights.
    """
    from .loop import TrainingSettings
    from .runs import train_tiny
    from .tiny_examples import ExampleRecipe

    settings = TrainingSettings(steps, batch, lr, seed=seed, save_every=save_every, precision=precision.value)
    recipe = ExampleRecipe(copies, per_source, seed)
    made = train_tiny(
        data,
        out,
        settings,
        recipe,
        without=without or (),
        device=device.value,
        name=name,
        spdx=spdx,
        facts=_read(facts),
    )
    _say(made)


@app.command()
def scene(
    data: Annotated[Path, typer.Option(help="A folder of photos with pixel labels: a tar per source and index.csv.")],
    out: Out,
    stage: Annotated[
        SceneStage, typer.Option(help="imagenet: from ImageNet's weights; tuning: from an earlier scene network.")
    ] = SceneStage.IMAGENET,
    start: Annotated[
        str | None,
        typer.Option(
            help="Weights to start from: EfficientNet-Lite0 (.pth, .safetensors), or a bundle of this command."
        ),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="Source to keep away for judging; repeat it for several.")
    ] = None,
    configuration: Annotated[
        Path | None, typer.Option(help="A JSON file of stages, in place of the one that comes with veraretouch.")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Training steps; the stage's own by default.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Pictures per step; the stage's own by default.")] = None,
    lr: Annotated[float | None, typer.Option(min=0.0, help="Peak learning rate; the stage's own by default.")] = None,
    seed: Seed = 0,
    save_every: SaveEvery = 100,
    accumulate: Accumulate = 1,
    device: Where = Device.AUTO,
    precision: Arithmetic = Precision.FP32,
    name: Name = "scene",
    spdx: Spdx = "Apache-2.0",
    facts: Facts = None,
) -> None:
    """Train the scene network, which tells sky, foliage, people and skin, on photos with pixel labels.

    Sources may label different classes. The same command resumes an interrupted run from its last checkpoint.
    """
    from .loop import TrainingSettings
    from .runs import train_scene
    from .scene.recipe import read_stage

    chosen, recipe = read_stage(stage, configuration)
    given = {"steps": steps, "batch": batch, "lr": lr, "seed": seed, "save_every": save_every}
    chosen |= {key: value for key, value in given.items() if value is not None}
    settings = TrainingSettings(**chosen, accumulate=accumulate, precision=precision.value)
    made = train_scene(
        data,
        out,
        settings,
        recipe,
        start=start,
        without=without or (),
        device=device.value,
        name=name,
        spdx=spdx,
        facts=_read(facts),
    )
    _say(made)


@app.command()
def neural(
    data: Annotated[
        Path, typer.Option(help="A dataset of aether, a folder with before/ and after/, or one of good photos.")
    ],
    out: Out,
    steps: Steps = 20_000,
    batch: BatchSize = 32,
    lr: LearningRate = 5e-4,
    warmup: Warmup = 100,
    seed: Seed = 0,
    save_every: SaveEvery = 500,
    image_size: Annotated[
        int, typer.Option(min=32, max=4096, help="Side in pixels of the pictures given to the encoder.")
    ] = 512,
    copies: Annotated[int, typer.Option(min=1, help="Pairs per photo, for a folder of good photos.")] = 24,
    renderer_pretrain_steps: Annotated[
        int,
        typer.Option(min=0, help="Steps that pre-train the renderer on pairs whose edit parameters are known."),
    ] = 3000,
    accumulate: Accumulate = 1,
    device: Where = Device.AUTO,
    precision: Arithmetic = Precision.FP32,
    name: Name = "reference",
    spdx: Spdx = "Apache-2.0",
) -> None:
    """Train the renderer `neural` and the reference encoder together, groups masked at random.

    The bundle is a planner for references. Plans and `train vera --renderer` use its renderer.
    """
    from .loop import TrainingSettings
    from .runs import train_neural

    settings = TrainingSettings(
        steps, batch, lr, warmup, seed=seed, save_every=save_every, precision=precision.value, accumulate=accumulate
    )
    made = train_neural(
        data,
        out,
        settings,
        image_size=image_size,
        copies=copies,
        renderer_pretrain_steps=renderer_pretrain_steps,
        device=device.value,
        name=name,
        spdx=spdx,
    )
    _say(made)


@app.command()
def vera(
    bundle: Annotated[str, typer.Option(help="Bundle to start from: a name or a folder.")],
    data: Annotated[Path, typer.Option(help="A dataset of aether, with reasoning.")],
    out: Out,
    stage: Annotated[
        TrainingStage,
        typer.Option(
            help="alignment: all but the tower; reasoning: the language model alone; seeing: the tower, to tell light"
            " and colour; whole: everything."
        ),
    ],
    renderer: Annotated[str | None, typer.Option(help="Bundle to take the renderer from instead.")] = None,
    configuration: Annotated[
        Path | None, typer.Option(help="A JSON file of stages, in place of the one that comes with veraretouch.")
    ] = None,
    alpha: Annotated[
        float | None,
        typer.Option(min=0.0, help="The text's weight in alpha * CE(text) + L1(pixels); the stage's own by default."),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Training steps; the stage's own by default.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Examples per step; the stage's own by default.")] = None,
    lr: Annotated[float | None, typer.Option(min=0.0, help="Peak learning rate; the stage's own by default.")] = None,
    warmup: Annotated[int | None, typer.Option(min=0, help="Warm-up steps; the stage's own by default.")] = None,
    average: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Decay of the moving average of the weights; 0 keeps none.")
    ] = None,
    seed: Seed = 0,
    save_every: Annotated[int | None, typer.Option(min=1, help="Steps between checkpoints.")] = None,
    image_size: Annotated[
        int | None, typer.Option(min=8, max=128, help="Side in pixels of the pictures that the loss compares.")
    ] = None,
    accumulate: Annotated[
        int | None, typer.Option(min=1, help="Gradient accumulation: parts each process divides its batch into.")
    ] = None,
    checkpointing: Annotated[
        bool, typer.Option(help="Gradient checkpointing: recompute activations in the backward pass, to save memory.")
    ] = True,
    device: Where = Device.AUTO,
    precision: Arithmetic = Precision.FP32,
    name: Name = "vera-trained",
) -> None:
    """Train `vera` end to end: photo, tower, language model, latents, renderer, pixels.

    Several devices: accelerate launch $(which veraretouch) train vera ...
    The trained bundle keeps the licence of the bundle it started from.
    """
    from dataclasses import replace

    from .runs import train_vera
    from .vera.recipe import read_stage

    given = {"steps": steps, "batch": batch, "lr": lr, "warmup": warmup, "average": average, "alpha": alpha}
    given |= {"save_every": save_every, "image_size": image_size, "accumulate": accumulate}
    settings, recipe = read_stage(stage, configuration, given)
    made = train_vera(
        bundle,
        data,
        out,
        replace(settings, seed=seed, precision=precision.value),
        recipe,
        stage=stage,
        checkpointing=checkpointing,
        device=device.value,
        name=name,
        renderer=renderer,
    )
    _say(made)


@app.command()
def vera_start(
    configuration: Annotated[Path, typer.Option(help="A JSON file with `model`, the sizes, and `pieces`.")],
    data: Annotated[Path, typer.Option(help="A dataset of aether: the vocabulary is learnt on its sentences.")],
    out: Annotated[Path, typer.Option(help="Folder for the bundle.")],
    tower: Annotated[
        Path | None, typer.Option(help="Weights of the tower to start from: EfficientNet-Lite0 (.pth, .safetensors).")
    ] = None,
    seed: Seed = 0,
    name: Name = "vera-untrained",
    spdx: Spdx = "Apache-2.0",
) -> None:
    """Make an untrained bundle of vera's architecture, of any size, for `train vera` to start from."""
    from .runs import start_vera

    _say(start_vera(configuration, data, out, tower=tower, seed=seed, name=name, spdx=spdx))
