"""Whether `fit` finds a darkened sky, and leaves pairs without one alone.

    python tests/benchmarks/speed/fit_areas.py [--photos 20] [--markdown OUT]

Pairs are made by plain numpy, nothing of ours: exposure in linear light and a gamma for the whole photo; on top of it
the upper part darkened by a gradient, or the lights by a range of luminance, in turn; and the same photo without.
Afters are JPEG files of quality 90. Errors are mean CIEDE2000 against the unencoded truth.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000

PHOTOS = Path(__file__).parents[2] / "data" / "photos"
Values = NDArray[np.float32]


class Pair(NamedTuple):
    """What became of one pair."""

    kind: str
    photo: str
    moved: float
    without: float
    error: float
    found: int
    seconds: float


def encoded(light: Values) -> Values:
    """Linear light (H, W, 3) as sRGB."""
    light = light.clip(0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055).astype(np.float32)


def truth(before: Values, kind: str, generator: np.random.Generator) -> Values:
    """The after of one kind: `gradient`, `range` or `none`."""
    light = np.where(before <= 0.04045, before / 12.92, ((before + 0.055) / 1.055) ** 2.4)
    stops = np.full(before.shape[:2], generator.uniform(-0.2, 0.4))
    if kind == "gradient":
        reach, y = generator.uniform(0.35, 0.6), np.linspace(0, 1, len(before))[:, None]
        stops = stops - generator.uniform(0.9, 1.5) * np.clip((reach - y) / (0.8 * reach), 0, 1)
    elif kind == "range":
        luma = before @ np.array([0.2126, 0.7152, 0.0722])
        stops = stops - generator.uniform(0.9, 1.5) * np.clip((luma - np.quantile(luma, 0.6)) / 0.15, 0, 1)
    return encoded(light * 2 ** stops[..., None]) ** np.float32(generator.uniform(0.92, 1.08))


def apart(a: Values, b: Values) -> float:
    """Mean CIEDE2000."""
    return float(ciede2000(torch.from_numpy(np.ascontiguousarray(a)), torch.from_numpy(b)).mean())


def measure(path: Path, kind: str, side: int, seed: int) -> Pair:
    """Fit one pair with areas."""
    with Image.open(path) as image:
        image.thumbnail((side, side))
        before = np.asarray(image.convert("RGB"), np.float32) / 255
    after, file = truth(before, kind, np.random.default_rng(seed)), io.BytesIO()
    Image.fromarray(np.uint8(after * 255 + 0.5)).save(file, "JPEG", quality=90, subsampling=2)
    start = time.process_time()
    made = vr.fit(before, np.asarray(Image.open(file)), areas="auto")
    seconds, renderer = time.process_time() - start, vr.Renderer()
    with_areas = apart(np.asarray(renderer.render(before, made.plan)), after)
    without = made.report.error_without_areas or with_areas
    return Pair(kind, path.stem, apart(before, after), without, with_areas, len(made.plan.local), seconds)


def page(pairs: list[Pair]) -> Iterator[str]:
    """The figures as Markdown."""
    yield "| pairs | number | moved by | error, sliders alone | with areas | worst | found in | processor seconds |"
    yield "|---|---|---|---|---|---|---|---|"
    for kind in dict.fromkeys(pair.kind for pair in pairs):
        some = [pair for pair in pairs if pair.kind == kind]
        moved, without, error, seconds = (
            statistics.median(getattr(pair, name) for pair in some) for name in ("moved", "without", "error", "seconds")
        )
        worst, found = max(pair.error for pair in some), sum(pair.found > 0 for pair in some)
        yield (
            f"| {kind} | {len(some)} | {moved:.2f} | {without:.2f} | {error:.2f} | {worst:.2f} | "
            f"{found} of {len(some)} | {seconds:.1f} |"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Whether fit finds a darkened sky.")
    parser.add_argument("--photos", type=int, default=20)
    parser.add_argument("--side", type=int, default=480)
    parser.add_argument("--markdown", type=Path)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    paths = sorted(PHOTOS.glob("*.jpg"))
    pairs = []
    for place in range(min(chosen.photos, len(paths))):
        path = paths[place * len(paths) // chosen.photos]
        for kind in (("gradient", "range")[place % 2], "none"):
            pairs.append(measure(path, kind, chosen.side, place))
            print(pairs[-1], flush=True)
    lines = "\n".join(page(pairs))
    print(lines)
    if chosen.markdown:
        chosen.markdown.write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
