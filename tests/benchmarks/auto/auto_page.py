"""Pages of photos to look at one by one: spoilt, repaired, the original, and the original by the planner.

    python tests/benchmarks/auto/auto_page.py OUT --photos DIR... --planner tiny [--taste natural] [--first 60]

OUT gets page-1.png and so on, twelve photos a page in three columns; under each, its name, what was done to it and how
far it was moved (mean CIEDE2000). Photos that may not be copied make pages for looking only, outside the repository.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from auto_cases import KINDS, Photos, read
from auto_mode import Retouch, contestant, difference
from PIL import Image, ImageDraw
from torch import Tensor

from veraretouch.planners.training.cases.sources import ORDINARY, RETOUCHED

COLUMNS, ROWS = 3, 4
SIDE, LINE, GAP = 128, 14, 6
# What photos suffer on the pages, in turn; the last is left as it is.
TURNS = ("strong", "unfinished", "strangers, mild", "strangers, strong")


def spoilt(photos: Photos) -> tuple[Tensor, list[str]]:
    """Photos (N, 3, S, S), uint8, each spoilt in its turn, and the kinds."""
    kinds = [TURNS[index % len(TURNS)] for index in range(len(photos))]
    made = {kind: KINDS[kind](photos) for kind in set(kinds)}
    return torch.stack([made[kind][index] for index, kind in enumerate(kinds)]), kinds


def pages(photos: Photos, retouch: Retouch) -> list[Image.Image]:
    """The pages of some photos."""
    before, kinds = spoilt(photos)
    repaired, kept = retouch(before, photos.folds), retouch(photos.rgb, photos.folds)
    from_before, left, moved = (
        difference(before, photos.rgb),
        difference(repaired, photos.rgb),
        difference(kept, photos.rgb),
    )
    cells = [
        _cell(
            (before[row], repaired[row], photos.rgb[row], kept[row]),
            f"{row} {photos.names[row][-34:]}",
            f"{kinds[row]}: {from_before[row]:.1f} to {left[row]:.1f}; original moved {moved[row]:.1f}",
        )
        for row in range(len(photos))
    ]
    each = COLUMNS * ROWS
    return [_page(cells[start : start + each]) for start in range(0, len(cells), each)]


def _cell(pictures: Sequence[Tensor], *lines: str) -> Image.Image:
    cell = Image.new("RGB", (4 * SIDE + GAP, SIDE + len(lines) * LINE + GAP), "white")
    for index, picture in enumerate(pictures):
        shown = Image.fromarray(picture.permute(1, 2, 0).numpy()).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        cell.paste(shown, (index * SIDE, 0))
    for index, line in enumerate(lines):
        ImageDraw.Draw(cell).text((0, SIDE + index * LINE), line, fill="black")
    return cell


def _page(cells: Sequence[Image.Image]) -> Image.Image:
    width, height = cells[0].size
    rows = -(-len(cells) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * width, rows * height), "white")
    for index, cell in enumerate(cells):
        page.paste(cell, (index % COLUMNS * width, index // COLUMNS * height))
    return page


def main() -> None:
    """Write the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--photos", type=Path, required=True, nargs="+")
    parser.add_argument("--planner", required=True)
    parser.add_argument("--taste")
    parser.add_argument("--tier", default=RETOUCHED, choices=[RETOUCHED, ORDINARY])
    parser.add_argument("--first", type=int, default=60)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    photos = read(given.photos, first=given.first, tier=given.tier)
    for number, page in enumerate(pages(photos, contestant(given.planner, given.taste)), start=1):
        page.save(given.out / f"page-{number}.png")
        print(given.out / f"page-{number}.png")


if __name__ == "__main__":
    main()
