"""The LUT promise with masks in it: random plans with one to three local adjustments, on photos and hard pictures.

    python tests/benchmarks/lut/local_promise.py [--plans 60] [--tolerance 1.0] [--minutes 20] [--markdown OUT]

Each plan has a chain for the whole photo and adjustments in gradients, ellipses, ranges of luminance and of colour,
with strengths between a half and one. The 99th percentile of CIEDE2000 between tables and ops, on all pixels, is
compared with the tolerance. Fails where it is above. After so many minutes of the processor no further plan is begun.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from lut_plans import Picture, strong
from lut_promise import TOLERANCES, adversarial, photos

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.plan.local import AreaPart, LocalAdjustment

AREAS = ("linear", "ellipse", "luminance", "color")
PICTURES = (
    "buddiesofbudgie-beacon-street-sunset",
    "buddiesofbudgie-the-spices-of-life",
    "kodak-13",
    "skimage-astronaut",
    "noise",
    "only blue",
)


class Run(NamedTuple):
    """One plan on one picture: the 99th percentile on all pixels, and whether tables made it."""

    picture: str
    tolerance: float
    adjustments: int
    worst: float
    by_tables: bool


def plans(count: int, *, seed: int = 0) -> Iterator[vr.Plan]:
    """So many plans with local adjustments, from weak to far beyond what a planner makes."""
    generator = np.random.default_rng(seed)
    chains = iter(strong(5 * count, seed=seed))
    for _ in range(count):
        whole = next(chains).plan
        local = []
        for number in range(1 + int(generator.integers(3))):
            area = vr.registry.areas.load(AREAS[int(generator.integers(len(AREAS)))])
            values = {
                name: np.asarray(generator.uniform(max(slot.low, 0.0), min(slot.high, 1.0)))
                for name, slot in area.slots.items()
                if slot.shape == () and slot.low is not None and slot.low < 1
            }
            part = AreaPart(area.id, values, area.version, invert=bool(generator.random() < 0.3))
            edits = next(chains).plan.edits
            if edits:
                local.append(LocalAdjustment(f"{area.id} {number}", (part,), edits, strength=generator.uniform(0.5, 1)))
        yield vr.Plan("param", whole.edits, local=tuple(local))


def measure(picture: Picture, name: str, plan: vr.Plan, tolerances: tuple[float, ...]) -> Iterator[Run]:
    """One plan on one picture at each tolerance."""
    renderer = vr.Renderer()
    exact = torch.from_numpy(renderer.render(picture, plan, engine="exact").astype(np.float32) / 255)
    for tolerance in tolerances:
        made, report = renderer.render_reported(picture, plan, engine="lut", tolerance=tolerance)
        apart = ciede2000(exact, torch.from_numpy(made.astype(np.float32) / 255)).numpy()
        worst = float(np.percentile(apart, 99))
        yield Run(name, tolerance, len(plan.local), worst, report.engine == "lut")


def page(runs: list[Run], count: int, seconds: float) -> Iterator[str]:
    """The figures as Markdown."""
    yield f"{count} random plans with one to three local adjustments on {len(PICTURES)} pictures,"
    yield f"{seconds:.0f} s of processor:"
    yield ""
    yield "| picture | tolerance | runs | worst 99th percentile | above it | by the ops alone |"
    yield "|---|---|---|---|---|---|"
    for name in (*PICTURES, "all"):
        for tolerance in sorted({run.tolerance for run in runs}):
            some = [run for run in runs if run.tolerance == tolerance and name in (run.picture, "all")]
            worst, above = max(run.worst for run in some), sum(run.worst > tolerance for run in some)
            exact = sum(not run.by_tables for run in some) / len(some)
            yield f"| {name} | {tolerance} | {len(some)} | {worst:.3f} | {above} | {exact:.0%} |"


def main() -> None:
    """Measure, print, and fail where a promise is broken."""
    parser = argparse.ArgumentParser(description="The LUT promise with masks in it.")
    parser.add_argument("--plans", type=int, default=60)
    parser.add_argument("--tolerance", type=float, action="append", help="repeatable; by default 0.3 and 1.0")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="of the processor, at most")
    parser.add_argument("--markdown", type=Path)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    runs = list[Run]()
    pictures = {name: picture for name, picture in (photos() | adversarial()).items() if name in PICTURES}
    number = 0
    for number, plan in enumerate(plans(chosen.plans), 1):
        for name, picture in pictures.items():
            runs += measure(picture, name, plan, tuple(chosen.tolerance or TOLERANCES))
        above = sum(run.worst > run.tolerance for run in runs)
        print(f"{number} of {chosen.plans} plans, {time.process_time():.0f} s, {above} broken", flush=True)
        if time.process_time() > 60 * chosen.minutes:
            break
    lines = "\n".join(page(runs, number, time.process_time()))
    print(lines)
    if chosen.markdown:
        chosen.markdown.write_text(lines + "\n", encoding="utf-8")
    if broken := [run for run in runs if run.worst > run.tolerance]:
        raise SystemExit(f"promises broken: {broken[:3]}")


if __name__ == "__main__":
    main()
