"""The options that commands on photos share, each declared once.

A command takes them as one argument, which `takes` spreads over the command line:

    @takes
    def mine(photos: Photos, editing: EditOptions, writing: WriteOptions) -> None: ...
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final, get_args, get_type_hints

import typer

from ..contract.planner import DEFAULT_PLANNER
from ..contract.request import TASTES, Taste
from ..plugins.config import ALLOW_BUNDLES_VARIABLE
from .shell import WORKS_VIA

_EDIT = "Edit"
_WRITE = "Output"
_RUN = "Processing"

RUN_ONLY: Final = object()
"""Marks an option that never changes what is in a picture. `--resume` compares all others: none is forgotten."""


def _allow_bundles(named: list[str] | None) -> list[str] | None:
    """Put the names where this process and its workers find them."""
    if named:
        held = os.environ.get(ALLOW_BUNDLES_VARIABLE, "")
        os.environ[ALLOW_BUNDLES_VARIABLE] = ",".join(filter(None, [held, *named]))
    return named


AllowBundle = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-bundle",
        metavar="OWNER/REPO",
        help="Fetch weights from this repository, which the plan names and no index lists. Repeatable.",
        callback=_allow_bundles,
        rich_help_panel=_EDIT,
        show_default=False,
    ),
]
"""For commands that render by a plan from elsewhere."""


class RawJpegPairs(StrEnum):
    """Which files of a RAW+JPEG pair are processed."""

    RAW = "raw"
    JPEG = "jpeg"
    BOTH = "both"


class Strip(StrEnum):
    """Metadata to remove."""

    GPS = "gps"
    ALL = "all"


class TasteName(StrEnum):
    """How far a planner goes."""

    FAITHFUL = "faithful"
    NATURAL = "natural"
    VIVID = "vivid"


class EngineName(StrEnum):
    """The rendering engine."""

    AUTO = "auto"
    EXACT = "exact"
    LUT = "lut"


class OutputSharpeningName(StrEnum):
    """What the written picture is sharpened for, and how strongly."""

    SCREEN_LOW = "screen-low"
    SCREEN = "screen"
    SCREEN_HIGH = "screen-high"
    MATTE_LOW = "matte-low"
    MATTE = "matte"
    MATTE_HIGH = "matte-high"
    GLOSSY_LOW = "glossy-low"
    GLOSSY = "glossy"
    GLOSSY_HIGH = "glossy-high"


class Space(StrEnum):
    """The colour space of the written picture."""

    KEEP = "keep"
    SRGB = "srgb"
    P3 = "p3"


Photos = Annotated[list[Path], typer.Argument(help="Photos and folders of photos.", metavar="PHOTOS")]
Photo = Annotated[Path, typer.Argument(help="A photo.", metavar="PHOTO")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


@dataclass(frozen=True)
class EditOptions:
    """How photos are edited, whichever planner is used."""

    groups: Annotated[
        list[str] | None,
        typer.Option(
            help="Groups to edit, comma-separated: lighting, global_color, specific_color or a plugin's own.",
            rich_help_panel=_EDIT,
        ),
    ] = None
    strength: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Blend with the input: 0 gives it back, 1 is the full edit.", rich_help_panel=_EDIT
        ),
    ] = None
    seed: Annotated[int | None, typer.Option(min=0, help="Random seed.", rich_help_panel=_EDIT)] = None
    frame: Annotated[
        str | None,
        typer.Option(
            help='What to keep, and from where: "crop: 0.1 0 0.9 1; angle: -1.2; flip: horizontal; '
            "perspective: vertical=-20; lens: auto\". Default: the whole photo, or the plan's frame.",
            rich_help_panel=_EDIT,
        ),
    ] = None
    max_pixels: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Maximum number of pixels of a photo; larger ones are refused unread. Default: 300 million.",
            rich_help_panel=_RUN,
        ),
    ] = None
    salvage: Annotated[
        bool,
        typer.Option(
            "--salvage",
            help="Take what is left of a damaged photo, with a warning, instead of refusing it.",
            rich_help_panel=_RUN,
        ),
    ] = False

    def chosen_groups(self) -> frozenset[str] | None:
        """The groups by name; None for all."""
        if not self.groups:
            return None
        return frozenset(name for item in self.groups for name in item.replace(" ", "").split(",") if name)


@dataclass(frozen=True)
class PlanOptions(EditOptions):
    """How photos are edited, and by which planner."""

    planner: Annotated[str, typer.Option(help="Planner to use; `planners` lists them.", rich_help_panel=_EDIT)] = (
        DEFAULT_PLANNER
    )
    taste: Annotated[
        TasteName | None,
        typer.Option(
            help="How far to go. faithful: repair faults; natural: finish the photo too; vivid: go on. "
            "Default: the planner's, natural where it has tastes.",
            rich_help_panel=_EDIT,
            show_default=False,
        ),
    ] = None
    level: Annotated[
        bool, typer.Option("--level", help="Make horizons level that the planner is sure of.", rich_help_panel=_EDIT)
    ] = False
    dtype: Annotated[
        str | None,
        typer.Option(
            help="Number format of the planner's weights, where it has some: float32, bfloat16, int8 or int4.",
            rich_help_panel=_RUN,
        ),
    ] = None

    def chosen_taste(self) -> Taste | None:
        """The taste as requests name it; None for the planner's default."""
        return next((taste for taste in TASTES if taste == self.taste), None)


@dataclass(frozen=True)
class SeriesOptions:
    """Options for photos of one series."""

    consistent: Annotated[
        bool,
        typer.Option(
            "--consistent",
            help="Use one plan for all photos: that of the photo with the median lightness.",
            rich_help_panel=_EDIT,
        ),
    ] = False
    match: Annotated[
        bool,
        typer.Option(
            "--match",
            help="Like --consistent, and match the exposure and white balance of all photos to that photo's.",
            rich_help_panel=_EDIT,
        ),
    ] = False
    match_to: Annotated[
        Path | None,
        typer.Option(help="Like --match, but match to this photo.", metavar="PHOTO", rich_help_panel=_EDIT),
    ] = None


@dataclass(frozen=True)
class WriteOptions:
    """How pictures are written, and how a batch of photos is processed."""

    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="File or folder to write to. Default: the folder 'retouched' beside each photo.",
            rich_help_panel=_WRITE,
        ),
        RUN_ONLY,
    ] = None
    name: Annotated[
        str | None,
        typer.Option(
            help="Template of file names, with {stem} {ext} {source} {style} {planner} {index}. Default: {stem}.{ext}.",
            rich_help_panel=_WRITE,
        ),
        RUN_ONLY,
    ] = None
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that exist.", rich_help_panel=_WRITE), RUN_ONLY
    ] = False
    lossy: Annotated[
        bool,
        typer.Option(
            "--lossy",
            help="With --overwrite: also replace a photo by a file that holds less, such as one page of several.",
            rich_help_panel=_WRITE,
        ),
        RUN_ONLY,
    ] = False
    quality: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            help="Quality of JPEG, WebP, HEIC, AVIF and JPEG XL. Default: the source's, at least 92.",
            rich_help_panel=_WRITE,
        ),
    ] = None
    max_size: Annotated[
        int | None,
        typer.Option(min=1, help="Maximum long side of the written picture, in pixels.", rich_help_panel=_WRITE),
    ] = None
    preview: Annotated[
        int | None,
        typer.Option(min=1, help="Render a small version with this long side, in pixels.", rich_help_panel=_WRITE),
    ] = None
    color_space: Annotated[
        Space,
        typer.Option(
            help="Colour space of the written picture: the photo's own, sRGB or Display P3.", rich_help_panel=_WRITE
        ),
    ] = Space.KEEP
    output_sharpening: Annotated[
        OutputSharpeningName | None,
        typer.Option(
            help="Sharpen the written picture, at its size, for a screen or for prints on matte or glossy paper.",
            rich_help_panel=_WRITE,
        ),
    ] = None
    strip: Annotated[
        Strip | None,
        typer.Option(help="Metadata to remove: positions (gps) or everything (all).", rich_help_panel=_WRITE),
    ] = None
    compare: Annotated[
        bool,
        typer.Option(
            "--compare", help="Also write before and after side by side: {stem}_compare.jpg.", rich_help_panel=_WRITE
        ),
        RUN_ONLY,
    ] = False
    save_plan: Annotated[
        bool,
        typer.Option("--save-plan", help="Also write the plan: {stem}.plan.json.", rich_help_panel=_WRITE),
        RUN_ONLY,
    ] = False
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Include photos in subfolders.", rich_help_panel=_RUN), RUN_ONLY
    ] = False
    pairs: Annotated[
        RawJpegPairs, typer.Option(help="Which file of a RAW+JPEG pair to process.", rich_help_panel=_RUN), RUN_ONLY
    ] = RawJpegPairs.BOTH
    engine: Annotated[
        EngineName,
        typer.Option(
            help="Rendering engine. lut: a look-up table per photo; exact: the ops; auto: lut from one megapixel.",
            rich_help_panel=_RUN,
        ),
    ] = EngineName.AUTO
    tolerance: Annotated[
        float,
        typer.Option(
            min=0.01,
            help="Maximum LUT error (99th percentile, CIEDE2000); above it the exact engine is used.",
            rich_help_panel=_RUN,
        ),
    ] = 1.0
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            help="Number of photos to process at a time. Default: the number of processor cores.",
            rich_help_panel=_RUN,
        ),
        RUN_ONLY,
    ] = None
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Continue an earlier run: skip pictures made from the same photo, request, options and versions.",
            rich_help_panel=_RUN,
        ),
        RUN_ONLY,
    ] = False
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print what would be written; write nothing.", rich_help_panel=_RUN),
        RUN_ONLY,
    ] = False
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Print the reasoning for every photo.", rich_help_panel=_RUN),
        RUN_ONLY,
    ] = False
    timings: Annotated[
        bool,
        typer.Option("--timings", help="Print how long each stage took, photo by photo.", rich_help_panel=_RUN),
        RUN_ONLY,
    ] = False
    json: Annotated[
        bool,
        typer.Option("--json", help="Print one line of JSON per photo and nothing else.", rich_help_panel=_RUN),
        RUN_ONLY,
    ] = False

    def picture_options(self) -> dict[str, Any]:
        """The options that decide what is in the written picture, by name: all but those marked `RUN_ONLY`."""
        hints = get_type_hints(type(self), include_extras=True)
        return {f.name: getattr(self, f.name) for f in fields(self) if RUN_ONLY not in get_args(hints[f.name])}


def takes(command: Callable[..., None], *, without: Collection[str] = ()) -> Callable[..., None]:
    """Spread a command's options objects over its command line, field by field; Typer sees the fields. Those `without`
    which it goes keep their defaults.
    """
    hints = get_type_hints(command, include_extras=True)
    own = {
        name: parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in inspect.signature(command).parameters.items()
    }
    bundles = {name: _parameters(hints[name], without) for name in own if is_dataclass(hints[name])}
    spread = [parameter for name in own for parameter in bundles.get(name, [own[name]])]

    @wraps(command)
    def flat(**given: Any) -> None:
        made = {
            name: hints[name](**{option.name: given.pop(option.name) for option in options})
            for name, options in bundles.items()
        }
        command(**given, **made)

    setattr(flat, WORKS_VIA, any(issubclass(hints[name], EditOptions) for name in bundles))
    flat.__signature__ = inspect.Signature(spread)  # type: ignore[attr-defined]
    flat.__annotations__ = {parameter.name: parameter.annotation for parameter in spread}
    return flat


def _parameters(bundle: Any, without: Collection[str]) -> list[inspect.Parameter]:
    hints = get_type_hints(bundle, include_extras=True)
    own = (each for each in inspect.signature(bundle).parameters.values() if each.name not in without)
    return [each.replace(annotation=hints[each.name], kind=inspect.Parameter.KEYWORD_ONLY) for each in own]
