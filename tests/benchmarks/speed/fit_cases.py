"""What the benchmark of `fit` measures on one photo: errors against the unencoded truth, seconds,
sliders that should have stayed at rest.
"""

from __future__ import annotations

import io
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from fit_edits import STRANGERS, Drawn, Pixels, draw, moved, own_sliders
from PIL import Image

import veraretouch as vr
from veraretouch.core.photo import open_photo
from veraretouch.planners.fit.pairs import pairs_of
from veraretouch.planners.fit.solver import Problem

CASES = 30
LEAST = 1_000_000
# Larger photos are brought to this long side: 1.6 megapixels and more, and 30 cases within the hour.
SIDE = 1600
# A slider at rest can be told from a moved one where 5 % of its range changes the photo by so much,
# whatever the others make up for.
TOLD = 0.1
NEAR_REST = 0.05


@dataclass
class Case:
    """One edit of one photo, and what became of it; errors are mean CIEDE2000 against the unencoded truth."""

    photo: str
    maker: str
    moved: float
    floor: float
    error: float
    other_half: float
    seconds: float
    at_rest: int = 0
    near_rest: int = 0
    retouched: float | None = None
    settings: dict[str, float] = field(default_factory=dict)


def photos_in(folder: Path) -> list[Path]:
    """Its photos of a megapixel and more, by name."""
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png", ".tif"))
    return [path for path in paths if np.prod(Image.open(path).size) >= LEAST]


def run_case(index: int, paths: list[Path]) -> Case:
    """One of the 30 cases: the first half by our own ops, the second by strangers in turn."""
    path = paths[index * 7 % len(paths)]
    maker = "veraretouch" if index < CASES // 2 else STRANGERS[index % len(STRANGERS)]
    before = vr.Photo(open_photo(path).resized(SIDE).array()[..., :3])
    pixels = before.working()
    drawn = draw(maker, pixels, index)
    truth = drawn.render(pixels).clip(0, 1)
    after = as_jpeg(truth)
    began = time.process_time()
    found = vr.fit(before, after)
    seconds = time.process_time() - began
    half = pixels.shape[1] // 2
    on_half = vr.fit(_part(before, slice(0, half)), _part(after, slice(0, half)))
    case = Case(
        photo=path.name,
        maker=maker,
        moved=_apart(pixels, truth),
        floor=_apart(after.working(), truth),
        error=_apart(_rendered(found.plan, pixels), truth),
        other_half=_apart(_rendered(on_half.plan, pixels[:, half:]), truth[:, half:]),
        seconds=seconds,
        settings={name: round(value, 3) for name, value in drawn.settings.items()},
    )
    if maker == "veraretouch":
        case.at_rest, case.near_rest = _rested(pixels, truth, drawn, found.plan)
    if index % 3 == 0:
        found = vr.fit(before, as_jpeg(_retouched(truth, index)[2:-2, 2:-2]))
        case.retouched = _apart(_rendered(found.plan, pixels), truth)
    return case


def as_jpeg(pixels: Pixels) -> vr.Photo:
    """Quality 90, chroma at half resolution, and read again."""
    file = io.BytesIO()
    Image.fromarray(np.uint8(pixels * 255 + 0.5)).save(file, "JPEG", quality=90, subsampling=2)
    return vr.Photo(np.array(Image.open(file)))


def _part(photo: vr.Photo, columns: slice) -> vr.Photo:
    return vr.Photo(np.ascontiguousarray(photo.array()[:, columns]))


def _rendered(plan: vr.Plan, pixels: Pixels) -> Pixels:
    return np.asarray(vr.Renderer().render(np.ascontiguousarray(pixels[::2, ::2]), plan))


def _apart(a: Pixels, b: Pixels) -> float:
    """On every second pixel of every second row; `a` may be so already."""
    small = np.ascontiguousarray(b[::2, ::2])
    return moved(a if a.shape == small.shape else np.ascontiguousarray(a[::2, ::2]), small)


def _retouched(truth: Pixels, seed: int) -> Pixels:
    """An ellipse of 5 % of the picture, lightened and turned towards another colour, with a soft rim."""
    rng = np.random.default_rng(seed)
    height, width = truth.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    cy, cx = rng.uniform(0.3, 0.7, 2) * (height, width)
    radius = (0.05 * height * width / np.pi) ** 0.5
    inside = np.clip((radius - np.hypot(y - cy, x - cx)) / 8, 0, 1)[..., None]
    changed = (truth ** rng.uniform(0.4, 0.6)) * rng.uniform(0.6, 1.0, 3)
    return (truth + inside * (changed - truth)).clip(0, 1).astype(np.float32)


@cache
def _sliders() -> Any:
    return own_sliders()


def _rested(pixels: Pixels, truth: Pixels, drawn: Drawn, plan: vr.Plan) -> tuple[int, int]:
    """How many identifiable sliders were at rest, and how many of them the fit left within 5 % of their range."""
    sliders = _sliders()
    step = max(1, int((pixels.shape[0] * pixels.shape[1] / 2**19) ** 0.5))
    parts = [np.ascontiguousarray(picture[::step, ::step]) for picture in (pixels, truth)]
    problem = Problem(sliders, pairs_of(parts[0], parts[1], exact=True), sparsity=0.0, tolerance=2.5)
    _, curvature = problem.linearise(drawn.truth, 1e3, np.ones(len(sliders), dtype=bool))
    alone = 1 / np.sqrt(np.diag(np.linalg.inv(curvature + 1e-6 * np.eye(len(sliders)))))
    # Free numbers count in reaches: 5 % of a slider's range.
    small = NEAR_REST * (sliders.high - sliders.low)
    at_rest = (alone * small >= TOLD) & (drawn.truth == 0)
    known = {op: dict(slots) for op, slots in plan.latents().values.items() if op in sliders.of_op}
    found = sliders.free(vr.Latents(sliders.schema, known, batch=1))
    return int(at_rest.sum()), int((at_rest & (np.abs(found) <= small)).sum())
