"""Pairs of unfinished and finished photos from raw files: each developed neutrally, beside a finished rendering of the
same frame. For measuring only; the pairs belong to whom the raw files belong to.

    python tests/benchmarks/auto/unfinished_set.py RAWS OUT

RAWS holds a folder for each source, named OWNER__REPOSITORY, with its raw files and perhaps a LICENCE.txt of one line.
The finished rendering is a JPEG of the raw file's name beside it, or else the JPEG that the camera put into the raw
file. Neutral is: the camera's white balance, no automatic brightness, sRGB's own curve and no other (rawpy).

OUT gets PNG pairs of 256 pixels and index.csv. Frames whose renderings do not show the same thing are left out, and
said so.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rawpy
import torch
from PIL import Image, ImageOps

from veraretouch.planners.training.cases.unfinished import distribution, shifts

SIDE = 256
# As cameras name them.
RAW = "3fr arw cr2 cr3 crw dcr dng erf kdc mrw nef nrw orf pef raf raw rw2 rwl sr2 srf srw x3f"
SUFFIXES = {f".{name}" for name in RAW.split()}
COLUMNS = ("before", "after", "source", "path", "licence", "rendering", "alike")
ALIKE = 0.8  # correlation of lightness, below which two renderings are not of one frame


class NoPair(Exception):
    """A raw file of which no pair can be made."""


@dataclass(frozen=True)
class Pair:
    """A frame developed neutrally and finished, the finished one `beside` the raw file or `embedded`."""

    before: Image.Image
    after: Image.Image
    rendering: str
    alike: float


def pair_of(path: Path) -> Pair:
    """The pair of a raw file.

    Raises:
        NoPair: it cannot be read, has no rendering, or one of something else.
    """
    try:
        with rawpy.imread(str(path)) as raw:
            developed = raw.postprocess(
                use_camera_wb=True,
                no_auto_bright=True,
                gamma=(2.4, 12.92),
                output_color=rawpy.ColorSpace.sRGB,
                output_bps=8,
            )
            finished, rendering = _finished(path, raw)
    except rawpy.LibRawError as error:
        raise NoPair(f"unreadable: {error}") from None
    before, after = _framed_alike(Image.fromarray(developed), finished)
    alike = _correlation(before, after)
    if alike < ALIKE:
        raise NoPair(f"the renderings differ (correlation {alike:.2f})")
    return Pair(before, after, rendering, alike)


def pairs_of(folder: Path) -> Iterator[tuple[Path, Pair | NoPair]]:
    """Each raw file below a folder, with its pair or why there is none."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            try:
                yield path, pair_of(path)
            except NoPair as error:
                yield path, error


def _finished(path: Path, raw: rawpy.RawPy) -> tuple[Image.Image, str]:
    for suffix in (".jpg", ".JPG", ".jpeg"):
        if path.with_suffix(suffix).is_file():
            return _upright(path.with_suffix(suffix).read_bytes()), "beside"
    try:
        thumb = raw.extract_thumb()
    except (rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError):
        raise NoPair("no rendering beside or within it") from None
    if thumb.format is not rawpy.ThumbFormat.JPEG:
        raise NoPair("its own rendering is no JPEG")
    image = _upright(thumb.data)
    if max(image.size) < SIDE:
        raise NoPair(f"its own rendering has {max(image.size)} pixels")
    return image, "embedded"


def _upright(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def _framed_alike(before: Image.Image, after: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Both in the middle crop of the narrower shape, at one size; the finished one is turned where it lies."""
    if (before.width > before.height) != (after.width > after.height) and before.width != before.height:
        turned = [after.transpose(way) for way in (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270)]
        after = max(turned, key=lambda image: _correlation(before.resize(image.size), image))
    ratio = before.width / before.height
    width, height = after.size
    width, height = min(width, round(height * ratio)), min(height, round(width / ratio))
    shown = ImageOps.fit(after, (width, height), Image.Resampling.BOX)
    size = (SIDE, max(1, round(SIDE / ratio))) if ratio >= 1 else (max(1, round(SIDE * ratio)), SIDE)
    return before.resize(size, Image.Resampling.BOX), shown.resize(size, Image.Resampling.BOX)


def _correlation(one: Image.Image, two: Image.Image) -> float:
    grey = [np.asarray(image.convert("L").resize((48, 48)), dtype=np.float64).ravel() for image in (one, two)]
    # Ranks: a curve between two renderings, however steep, is no difference of what they show.
    ranks = [values.argsort().argsort() for values in grey]
    return float(np.corrcoef(*ranks)[0, 1])


def main() -> None:
    """Write the set, and what finishing does in it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raws", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    rows, moved = [], []
    for path, pair in pairs_of(given.raws):
        if isinstance(pair, NoPair):
            print(f"left out {path}: {pair}")
            continue
        folder = given.raws / path.relative_to(given.raws).parts[0]
        licence = folder / "LICENCE.txt"
        names = [f"{len(rows):04d}-{which}.png" for which in ("before", "after")]
        for name, image in zip(names, (pair.before, pair.after), strict=True):
            image.save(given.out / name)
        said = licence.read_text().strip() if licence.is_file() else "unstated"
        source = folder.name.replace("__", "/")
        rows.append((*names, source, str(path.relative_to(folder)), said, pair.rendering, f"{pair.alike:.3f}"))
        planes = [torch.from_numpy(np.array(image)).permute(2, 0, 1)[None] for image in (pair.before, pair.after)]
        moved.append(shifts(*planes))
    with (given.out / "index.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    print(f"{len(rows)} pairs of {len({row[2] for row in rows})} sources")
    for name, (mean, deviation) in distribution()["shifts"].items() if moved else ():
        found = torch.cat([shift[name] for shift in moved])
        print(f"{name}: {found.mean():+.1f} ({found.std(correction=0):.1f}); experts {mean:+.1f} ({deviation:.1f})")


if __name__ == "__main__":
    main()
