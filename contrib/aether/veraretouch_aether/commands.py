"""The command `veraretouch aether`. Only Typer is imported here; everything else inside the commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="aether",
    help="Make training data for planners.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def build(
    photos: Annotated[list[Path], typer.Argument(help="Good photos: files and folders.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder of the dataset; an interrupted build in it is resumed.")],
    per_photo: Annotated[int, typer.Option(min=1, help="Examples per photo.")] = 10,
    size: Annotated[int, typer.Option(min=16, help="Long side in pixels.")] = 512,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 0,
    recipe: Annotated[Path | None, typer.Option(help="JSON file of distributions. Default: the package's own.")] = None,
    presets: Annotated[Path | None, typer.Option(help="Lightroom presets that style prompts may ask for.")] = None,
    pairs: Annotated[Path | None, typer.Option(help="Experts' pairs, to undo their work on other photos.")] = None,
    pair_planner: Annotated[str, typer.Option(help="Planner that reads the pairs: fit or vera-reference.")] = "fit",
    lossless: Annotated[bool, typer.Option("--lossless", help="Write PNG instead of JPEG.")] = False,
    workers: Annotated[int, typer.Option(min=0, help="Number of Ray processes; 0 works in this process.")] = 0,
    address: Annotated[str | None, typer.Option(help="A Ray cluster, which sees the same folders.")] = None,
    vlm: Annotated[str | None, typer.Option(help="A chat API of OpenAI's form that writes the reasoning.")] = None,
    model: Annotated[str | None, typer.Option(help="Name of the model at --vlm.")] = None,
) -> None:
    """Build a dataset from good photos.

    It has spoilt photos to repair, styles and exact values, with reasoning.
    """
    from .dataset import build as build_dataset
    from .examples.vlm import Writer

    if (vlm is None) != (model is None):
        raise typer.BadParameter("--vlm and --model go together")
    document = build_dataset(
        photos,
        out,
        per_photo=per_photo,
        size=size,
        seed=seed,
        recipe=recipe,
        presets=presets,
        pairs=pairs,
        pair_planner=pair_planner,
        lossless=lossless,
        workers=workers,
        address=address,
        writer=Writer(vlm, model) if vlm and model else None,
        say=lambda text: typer.echo(text, err=True),
    )
    typer.echo(f"{out}: " + ", ".join(f"{count} {split}" for split, count in document["counts"].items()))


@app.command()
def photos(
    out: Annotated[Path, typer.Option(help="Folder for the photos and their table of licences.")],
    size: Annotated[int, typer.Option(min=16, help="Long side in pixels.")] = 1024,
    only: Annotated[
        str | None, typer.Option(help="Only packages whose name contains this: pypi:, debian:, opencv.")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="Take the photos of --names from this folder instead.")] = None,
    names: Annotated[Path | None, typer.Option(help="A CSV file whose column `file` names the photos to keep.")] = None,
) -> None:
    """Collect licensed photos out of published software packages.

    Each was looked at; its source and licence stand in a table.
    """
    from .photos.collect import collect, copy_kept

    if (folder is None) != (names is None):
        raise typer.BadParameter("--folder and --names go together")
    if folder and names:
        count = copy_kept(folder, names, out)
    else:
        count = collect(out, size=size, only=only, say=lambda text: typer.echo(text, err=True))
    typer.echo(f"{out}: {count} photos")


@app.command()
def pairs(
    root: Annotated[
        Path, typer.Argument(help="Folder of FiveK, of PPR10K, or one with before/ and after/.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Folder of the dataset.")],
    expert: Annotated[
        str, typer.Option(help="Expert of FiveK (a to e, default c) or PPR10K (a to c, default a).")
    ] = "",
    size: Annotated[int, typer.Option(min=16, help="Long side in pixels.")] = 512,
    lossless: Annotated[bool, typer.Option("--lossless", help="Write PNG instead of JPEG.")] = False,
    workers: Annotated[int, typer.Option(min=0, help="Number of Ray processes; 0 works in this process.")] = 0,
    address: Annotated[str | None, typer.Option(help="A Ray cluster, which sees the same folders.")] = None,
) -> None:
    """Turn experts' before/after pairs into a dataset, in the published split."""
    from .imported import import_pairs

    document = import_pairs(
        root,
        out,
        expert=expert,
        size=size,
        lossless=lossless,
        workers=workers,
        address=address,
        say=lambda text: typer.echo(text, err=True),
    )
    typer.echo(f"{out}: " + ", ".join(f"{count} {split}" for split, count in document["counts"].items()))
