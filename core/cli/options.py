"""The options that commands on photos share, each declared once.

A command takes them as one argument, which `takes` spreads over the command line:

    @takes
    def mine(photos: Photos, editing: EditOptions, writing: WriteOptions) -> None: ...
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from ..contract.planner import DEFAULT_PLANNER

_EDIT = "What is changed"
_WRITE = "What is written, and where"
_RUN = "How it is done"


class RawJpegPairs(StrEnum):
    """Which photos of a raw and JPEG pair are taken."""

    RAW = "raw"
    JPEG = "jpeg"
    BOTH = "both"


class Strip(StrEnum):
    """Which metadata is removed."""

    GPS = "gps"
    ALL = "all"


class EngineName(StrEnum):
    """What renders."""

    AUTO = "auto"
    EXACT = "exact"
    LUT = "lut"


class Space(StrEnum):
    """The colour space that is written."""

    KEEP = "keep"
    SRGB = "srgb"
    P3 = "p3"


Photos = Annotated[list[Path], typer.Argument(help="Photos and folders of photos.", metavar="PHOTOS")]
Photo = Annotated[Path, typer.Argument(help="A photo.", metavar="PHOTO")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


@dataclass(frozen=True)
class EditOptions:
    """What a photo gets, whoever plans it."""

    groups: Annotated[
        list[str] | None,
        typer.Option(
            help="Edit only these groups: lighting, global_color, specific_color or a plugin's own; comma-separated.",
            rich_help_panel=_EDIT,
        ),
    ] = None
    strength: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Blend with the input: 0 gives it back, 1 is the full edit.", rich_help_panel=_EDIT
        ),
    ] = None
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of whatever is random.", rich_help_panel=_EDIT)] = None
    max_pixels: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Refuse photos with more pixels than this, by their header, before memory is taken; by default 300 million.",
            rich_help_panel=_RUN,
        ),
    ] = None

    def chosen_groups(self) -> frozenset[str] | None:
        """The groups by name; None for all."""
        if not self.groups:
            return None
        return frozenset(name for item in self.groups for name in item.replace(" ", "").split(",") if name)


@dataclass(frozen=True)
class PlanOptions(EditOptions):
    """What a photo gets, and which planner decides."""

    planner: Annotated[str, typer.Option(help="Who plans; see `planners`.", rich_help_panel=_EDIT)] = DEFAULT_PLANNER
    dtype: Annotated[
        str | None,
        typer.Option(
            help="How precisely a planner with weights of its own computes: float32, bfloat16, int8 or int4, as it offers.",
            rich_help_panel=_RUN,
        ),
    ] = None


@dataclass(frozen=True)
class SeriesOptions:
    """What photos of one series have in common."""

    consistent: Annotated[
        bool,
        typer.Option(
            "--consistent",
            help="One plan for all photos, that of the one of median lightness.",
            rich_help_panel=_EDIT,
        ),
    ] = False
    match: Annotated[
        bool,
        typer.Option(
            "--match",
            help="As --consistent, and each photo's exposure and white balance are brought to that one's.",
            rich_help_panel=_EDIT,
        ),
    ] = False
    match_to: Annotated[
        Path | None,
        typer.Option(help="As --match, to this photo.", metavar="PHOTO", rich_help_panel=_EDIT),
    ] = None


@dataclass(frozen=True)
class WriteOptions:
    """How pictures are written, and how a batch of them is worked through."""

    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="A file, or a folder; by default 'retouched' beside each photo.",
            rich_help_panel=_WRITE,
        ),
    ] = None
    name: Annotated[
        str | None,
        typer.Option(
            help="Name of each picture, of {stem} {ext} {source} {style} {planner} {index}; by default {stem}.{ext}.",
            rich_help_panel=_WRITE,
        ),
    ] = None
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that exist.", rich_help_panel=_WRITE)
    ] = False
    quality: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            help="Quality of JPEG, WebP and HEIC; by default the source's, at least 92.",
            rich_help_panel=_WRITE,
        ),
    ] = None
    max_size: Annotated[
        int | None,
        typer.Option(min=1, help="Long side of the written picture at most, in pixels.", rich_help_panel=_WRITE),
    ] = None
    preview: Annotated[
        int | None,
        typer.Option(min=1, help="Render at this long side, in pixels: quick, for a look.", rich_help_panel=_WRITE),
    ] = None
    color_space: Annotated[
        Space, typer.Option(help="Keep the photo's profile, or convert.", rich_help_panel=_WRITE)
    ] = Space.KEEP
    strip: Annotated[Strip | None, typer.Option(help="Remove positions, or all metadata.", rich_help_panel=_WRITE)] = (
        None
    )
    compare: Annotated[
        bool,
        typer.Option(
            "--compare", help="Write before and after side by side, too: {stem}_compare.jpg.", rich_help_panel=_WRITE
        ),
    ] = False
    save_plan: Annotated[
        bool, typer.Option("--save-plan", help="Write the plan, too: {stem}.plan.json.", rich_help_panel=_WRITE)
    ] = False
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Go down into the folders of folders.", rich_help_panel=_RUN)
    ] = False
    pairs: Annotated[
        RawJpegPairs, typer.Option(help="Of a raw and a JPEG of one name, take this one.", rich_help_panel=_RUN)
    ] = RawJpegPairs.BOTH
    engine: Annotated[
        EngineName,
        typer.Option(
            help="lut: by a look-up table made for each photo, quick; exact: by the ops; auto: lut from a megapixel.",
            rich_help_panel=_RUN,
        ),
    ] = EngineName.AUTO
    tolerance: Annotated[
        float,
        typer.Option(
            min=0.01,
            help="What a look-up table may err by: CIEDE2000, 99th percentile of the photo's pixels; else the ops themselves render.",
            rich_help_panel=_RUN,
        ),
    ] = 1.0
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, help="Photos at a time; by default one a processor core.", rich_help_panel=_RUN
        ),
    ] = None
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with an earlier run: leave what is done from the same photo, request, options and versions.",
            rich_help_panel=_RUN,
        ),
    ] = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be written; write nothing.", rich_help_panel=_RUN)
    ] = False
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print the reasoning of every photo.", rich_help_panel=_RUN)
    ] = False
    timings: Annotated[
        bool, typer.Option("--timings", help="Print the seconds of each photo's stages.", rich_help_panel=_RUN)
    ] = False
    json: Annotated[
        bool,
        typer.Option("--json", help="Print one line of JSON a photo and nothing else.", rich_help_panel=_RUN),
    ] = False


def takes(command: Callable[..., None]) -> Callable[..., None]:
    """Spread a command's options objects over its command line, field by field; Typer sees the fields."""
    hints = get_type_hints(command, include_extras=True)
    own = {
        name: parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in inspect.signature(command).parameters.items()
    }
    bundles = {name: hints[name] for name in own if is_dataclass(hints[name])}
    spread: list[inspect.Parameter] = []
    for name, parameter in own.items():
        spread += _parameters(bundles[name]) if name in bundles else [parameter]

    @wraps(command)
    def flat(**given: Any) -> None:
        made = {
            name: bundle(**{field.name: given.pop(field.name) for field in fields(bundle)})
            for name, bundle in bundles.items()
        }
        command(**given, **made)

    flat.__signature__ = inspect.Signature(spread)  # type: ignore[attr-defined]
    flat.__annotations__ = {parameter.name: parameter.annotation for parameter in spread}
    return flat


def _parameters(bundle: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(bundle, include_extras=True)
    return [
        inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=hints[f.name])
        for f in fields(bundle)
    ]
