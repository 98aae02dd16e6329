"""Contact sheets: the edited photos of a selection, small and with their names, on as many pages as they need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from veraretouch_serve.jobs import Job

import veraretouch as vr
from veraretouch.core.atomic_write import write_file
from veraretouch.core.photo import SaveOptions
from veraretouch.core.photo.color.encoding import to_depth

from ..views import edit_of, renderer

SHEET: Final = "sheet"
"""What the format is called among the suffixes of others."""

COLUMNS: Final = 5
ROWS: Final = 6
CELL: Final = 480
_GAP: Final = 24
_LINE: Final = 40  # pixels of a name
_PAPER: Final = (255, 255, 255)
_INK: Final = (30, 30, 30)
_QUALITY: Final = 90

Photos = Sequence[tuple[Path, Mapping[str, Any] | None]]


def write_sheets(job: Job, photos: Photos, folder: Path, wish: Mapping[str, Any]) -> None:
    """Write the pages into a folder, as JPEG in sRGB: `contact-sheet.jpg`, `contact-sheet-2.jpg` ...

    Args:
        wish: `quality`; `max_size`, the pages' long side in pixels; `overwrite`.

    Raises:
        VeraRetouchError: a page that is there already, without `overwrite`; a folder that cannot be written to.
    """
    folder.mkdir(exist_ok=True)
    for number, start in enumerate(range(0, len(photos), COLUMNS * ROWS), start=1):
        page = photos[start : start + COLUMNS * ROWS]
        cells = list(_cells(job, page))
        if job.cancel.is_set():
            return
        if not cells:
            continue
        sheet = vr.Photo(np.asarray(arranged(cells)))
        sheet = sheet.resized(wish["max_size"]) if wish.get("max_size") else sheet
        path = folder / ("contact-sheet.jpg" if number == 1 else f"contact-sheet-{number}.jpg")
        data = sheet.encode("jpeg", options=SaveOptions(quality=wish.get("quality") or _QUALITY))
        write_file(path, data, overwrite=bool(wish.get("overwrite")))
        job.files.append(str(path))


def _cells(job: Job, page: Photos) -> Iterator[tuple[str, Image.Image]]:
    """The name and the small picture of each photo that can be read."""
    for path, plan in page:
        if job.cancel.is_set():
            return
        with job.trying(path.name):
            photo = vr.open_photo(path).resized(2 * CELL)
            done = renderer().render(photo, edit_of(plan), color_space="srgb").resized(CELL)
            yield path.name, Image.fromarray(to_depth(done.pixels, np.uint8))


def arranged(cells: Sequence[tuple[str, Image.Image]]) -> Image.Image:
    """One page of pictures in rows, each centred in its cell with its name below."""
    columns = min(COLUMNS, len(cells))
    rows = -(-len(cells) // columns)
    size = _GAP + columns * (CELL + _GAP), _GAP + rows * (CELL + _LINE + _GAP)
    sheet = Image.new("RGB", size, _PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=22)
    for place, (name, picture) in enumerate(cells):
        left = _GAP + place % columns * (CELL + _GAP)
        top = _GAP + place // columns * (CELL + _LINE + _GAP)
        sheet.paste(picture, (left + (CELL - picture.width) // 2, top + (CELL - picture.height) // 2))
        pen.text((left + CELL // 2, top + CELL + _LINE // 2), _short(name, font), _INK, font, "mm")
    return sheet


def _short(name: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """A name that fits below its picture: its middle left out where it is long."""
    kept = len(name)
    while kept > 6 and font.getlength(shown := _cut(name, kept)) > CELL:
        kept -= 1
    return shown if kept < len(name) else name


def _cut(name: str, kept: int) -> str:
    return name if kept >= len(name) else f"{name[: kept // 2]}…{name[-(kept - kept // 2) :]}"
