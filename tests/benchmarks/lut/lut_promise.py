"""The LUT promise on every pixel: plans as planners make them and random ones, on ordinary and adversarial pictures.

    python lut_promise.py [--plans 300] [--strong 60] [--every 1] [--json OUT] [--markdown OUT]

Measures, for each picture, the worst 99th percentile of CIEDE2000 on all pixels beside the tolerance, and how often the
exact engine was taken, by the sampler of the engine and by the one before it. Fails where a promise is broken.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from lut_plans import DATA, Case, Picture, ordinary, strong
from numpy.typing import NDArray
from PIL import Image

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.lut import engine
from veraretouch.core.lut.cube import Cube, nodes

Whole = NDArray[Any]
Values = NDArray[np.float32]

HEIGHT, WIDTH = 240, 360
TOLERANCES = (0.3, 1.0)
BEFORE = 99.2  # percentile of the sampler before
CHECKED = 5  # one plan of so many is rendered by the renderer itself, too
PHOTOS = (
    "buddiesofbudgie-beacon-street-sunset",
    "buddiesofbudgie-blue-periwinkle",
    "buddiesofbudgie-the-spices-of-life",
    "kodak-03",
    "kodak-13",
    "kodak-21",
    "pop-os-ng-32703",
    "skimage-astronaut",
)


class Run(NamedTuple):
    """One plan on one picture at one tolerance.

    `lattice`: points an axis of the table that is taken, None for the exact engine; `before`: by the sampler before.
    `worst` and `worst_before`: the 99th percentile of CIEDE2000 on all pixels, 0 for the exact engine.
    """

    kind: str
    picture: str
    tolerance: float
    lattice: int | None
    before: int | None
    worst: float
    worst_before: float


def photos() -> dict[str, Picture]:
    """Eight photos of other people, of all kinds of light and colour."""
    opened = ((name, Image.open(DATA / "photos" / f"{name}.jpg").convert("RGB")) for name in PHOTOS)
    return {name: np.array(image.resize((WIDTH, HEIGHT))) for name, image in opened}


def adversarial() -> dict[str, Picture]:
    """Grey where a regular grid of a period from 2 to 8 looks and vivid elsewhere; rows, columns, dots; single hues."""
    generator = np.random.default_rng(1)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    vivid = generator.integers(0, 2, (HEIGHT, WIDTH, 3)).astype(np.uint8) * 255
    vivid[generator.random((HEIGHT, WIDTH)) < 0.5] = (250, 10, 90)
    grey = np.repeat(((x + y) % 256).astype(np.uint8)[..., None], 3, axis=2)
    made = {}
    for step in range(2, 9):
        seen = (y % step == step // 2) & (x % step == step // 2)
        made[f"grid of {step}"] = np.where(seen[..., None], grey, vivid)
    for step in (2, 3):
        made[f"rows of {step}"] = np.where((y % step == step // 2)[..., None], grey, vivid)
        made[f"columns of {step}"] = np.where((x % step == step // 2)[..., None], grey, vivid)
    corner = (y < HEIGHT // 8) & (x < WIDTH // 8)
    made["vivid corner"] = np.where(corner[..., None], vivid, grey)
    for share in (0.009, 0.011, 0.015):  # around the hundredth that may lie above the tolerance
        dots = generator.random((HEIGHT, WIDTH)) < share
        made[f"vivid dots, {share:.1%}"] = np.where(dots[..., None], vivid, grey)
    made["extremes"] = generator.integers(0, 2, (HEIGHT, WIDTH, 3)).astype(np.uint8) * 255
    made["noise"] = generator.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    value, least = (255 * x / WIDTH)[..., None], (y / HEIGHT)[..., None]
    for name, hue in (("red", (1, 0, 0)), ("orange", (1, 0.5, 0)), ("green", (0, 1, 0)), ("blue", (0, 0, 1))):
        made[f"only {name}"] = (value * (least + (1 - least) * np.array(hue))).round().astype(np.uint8)
    return made


def sample_before(pixels: Picture) -> Picture:
    """The sampler until November 2026: a regular grid of about 16,000 pixels, and extremes on a finer one."""
    height, width = pixels.shape[:2]
    step = max(1, int((height * width / 2**14) ** 0.5))
    even = pixels[step // 2 :: step, step // 2 :: step].reshape(-1, 3)
    finer = pixels[:: max(1, step // 4), :: max(1, step // 4)].reshape(-1, 3)
    spread = finer.max(axis=1).astype(np.int32) - finer.min(axis=1)
    ends = [finer[pick(finer[:, channel])] for channel in range(3) for pick in (np.argmin, np.argmax)]
    vivid = finer[np.argpartition(spread, -min(64, len(finer)))[-64:]]
    return np.ascontiguousarray(np.concatenate([even, np.stack(ends), vivid])[None])


class Colours(NamedTuple):
    """A picture's own colours (1, N, 3), how many pixels have each, and which of them each sampler draws."""

    values: Picture
    counts: Whole
    samples: dict[str, Whole]

    @classmethod
    def of(cls, picture: Picture) -> Colours:
        """All of a picture's colours, each once."""
        keys, counts = np.unique(_keys(picture), return_counts=True)
        values = np.stack([keys >> 16, keys >> 8 & 255, keys & 255], axis=1).astype(np.uint8)[None]
        samplers = {"now": engine.sample, "before": sample_before}
        drawn = {name: np.searchsorted(keys, _keys(draw(picture))) for name, draw in samplers.items()}
        return cls(values, counts, drawn)


def _keys(picture: Picture) -> Whole:
    wide = picture.reshape(-1, 3).astype(np.int64)
    return wide[:, 0] << 16 | wide[:, 1] << 8 | wide[:, 2]


class Tried:
    """A plan's tables on one picture, all of its pixels at once; each is judged as `engine.bake_for` judges it."""

    def __init__(self, case: Case, colours: Colours, renderer: vr.Renderer, cubes: dict[int, Cube]) -> None:
        self.colours, self.cubes = colours, cubes
        self.exact = renderer.render(colours.values, case.plan, engine="exact")
        self.apart: dict[int, Values] = {}

    def lattice(self, tolerance: float, sampler: str) -> int | None:
        """The lattice that holds the tolerance on a sampler's colours; None for the exact engine."""
        drawn = self.colours.samples[sampler]
        judged_at = BEFORE if sampler == "before" else engine.percentile(int(self.colours.counts.sum()))
        return next((n for n in engine.LATTICES if np.percentile(self._apart(n)[drawn], judged_at) <= tolerance), None)

    def worst(self, n: int | None) -> float:
        """The 99th percentile of CIEDE2000 on all pixels."""
        return 0.0 if n is None else float(np.percentile(np.repeat(self._apart(n), self.colours.counts), 99))

    def _apart(self, n: int) -> Values:
        if n not in self.apart:
            made = self.cubes[n].apply(self.colours.values)
            both = (torch.from_numpy(one.astype(np.float32) / 255) for one in (self.exact, made))
            self.apart[n] = ciede2000(*both).numpy().ravel()
        return self.apart[n]


def cubes_of(plan: vr.Plan, renderer: vr.Renderer) -> dict[int, Cube]:
    """The tables of a plan: all pictures are sRGB of 8 bits, and share them."""
    made = {}
    for n in engine.LATTICES:
        lattice = torch.from_numpy(nodes(n)).permute(2, 0, 1)[None]
        done = renderer.render(lattice, plan, engine="exact")[0].permute(1, 2, 0).numpy()
        made[n] = Cube(np.ascontiguousarray(done).reshape(n, n, n, 3))
    return made


def measure(pictures: dict[str, Colours], case: Case, cubes: dict[int, Cube]) -> Iterator[Run]:
    """One plan on every picture at every tolerance."""
    renderer = vr.Renderer()
    for name, colours in pictures.items():
        tried = Tried(case, colours, renderer, cubes)
        for tolerance in TOLERANCES:
            n, before = (tried.lattice(tolerance, sampler) for sampler in ("now", "before"))
            yield Run(case.kind, name, tolerance, n, before, tried.worst(n), tried.worst(before))


def agrees(picture: Picture, case: Case, run: Run) -> bool:
    """Whether the renderer itself takes the same table, and the same 99th percentile comes of its picture."""
    renderer = vr.Renderer()
    made, report = renderer.render_reported(picture, case.plan, engine="lut", tolerance=run.tolerance)
    if report.engine != "lut" or report.lattice != run.lattice:
        return report.engine == "exact" and run.lattice is None
    exact = renderer.render(picture, case.plan, engine="exact")
    apart = ciede2000(*(torch.from_numpy(one.astype(np.float32) / 255) for one in (exact, made))).numpy()
    return bool(abs(np.percentile(apart, 99) - run.worst) < 0.01)


def main() -> None:
    """Measure, write, and fail where a promise is broken."""
    from lut_report import Record, broken

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plans", type=int, default=300, help="ordinary ones")
    parser.add_argument("--strong", type=int, default=60, help="random ones, far beyond what planners make")
    parser.add_argument("--every", type=int, default=1, help="adversarial pictures under one plan of so many")
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument("--markdown", type=Path, help="write the page there")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    began, runs, renderer = time.perf_counter(), list[Run](), vr.Renderer()
    cases = ordinary(chosen.plans) + strong(chosen.strong)
    ordinary_pictures = photos()
    pictures = ordinary_pictures | adversarial()
    colours = {name: Colours.of(picture) for name, picture in pictures.items()}
    few = {name: colours[name] for name in ordinary_pictures}
    checked = 0
    for number, case in enumerate(cases):
        found = list(measure(few if number % chosen.every else colours, case, cubes_of(case.plan, renderer)))
        runs += found
        if number % CHECKED == 0:  # beside the renderer itself, another picture each time
            run = found[number // CHECKED % len(found)]
            checked += agrees(pictures[run.picture], case, run)
        if number % 10 == 9:
            spent = time.perf_counter() - began
            print(f"{number + 1} of {len(cases)} plans, {spent:.0f} s, {len(broken(runs))} broken", flush=True)
    record = Record(runs, PHOTOS, time.perf_counter() - began, checked, -(-len(cases) // CHECKED))
    record.write(chosen.json, chosen.markdown)
    if not record.passed:
        raise SystemExit(f"promises broken: {broken(runs)[:3]}; {checked} of {record.asked} checks agree")


if __name__ == "__main__":
    main()
