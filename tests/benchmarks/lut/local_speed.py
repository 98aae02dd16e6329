"""What local adjustments cost at 12 megapixels by the engine `lut`, as multiples of the whole photo's table alone.

    python tests/benchmarks/lut/local_speed.py [--rounds 9] [--markdown OUT]

Processor seconds, making the tables and applying them, in turns with the whole photo's alone; medians.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median

import torch

import veraretouch as vr

sys.path.insert(0, str(Path(__file__).parents[1] / "speed"))
from scenes import mosaic

WHOLE = {"exposure.ev": 0.3, "contrast.amount": 0.2, "vibrance.amount": 0.3}
SKY, LIGHTS = "linear: from top to 0.5", "luminance: low=0.6, high=1, feather=0.2"
SLANTED = "linear: full_x=0.4, full_y=0, zero_x=0.6, zero_y=0.5"
LEFT = "ellipse: x=0.25, y=0.75, radius_x=0.2, radius_y=0.2, feather=0.5"
MIDDLE = "ellipse: x=0.5, y=0.5, radius_x=0.3, radius_y=0.3, feather=0.5"
DARKER, WARMER, BRIGHTER = {"exposure.ev": -0.5}, {"white_balance.temperature": 0.2}, {"exposure.ev": 0.3}
CASES: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "the whole photo's table alone": {},
    "a gradient and a range of lights": {SKY: DARKER, LIGHTS: WARMER},
    "the same, the gradient slanted": {SLANTED: DARKER, LIGHTS: WARMER},
    "one gradient": {SKY: DARKER},
    "one range of lights": {LIGHTS: WARMER},
    "a gradient and an ellipse below it": {SKY: DARKER, LEFT: BRIGHTER},
    "a gradient and an ellipse that reaches into it": {SKY: DARKER, MIDDLE: BRIGHTER},
    "these two and the range of lights": {SKY: DARKER, MIDDLE: BRIGHTER, LIGHTS: WARMER},
}


def run_of(photo: vr.Photo, local: Mapping[str, Mapping[str, float]]) -> Callable[[], str]:
    """Render by the whole photo's edit and some adjustments; which engine did it."""
    plan = vr.retouch(vr.Photo(photo.pixels[:8, :8]), params=WHOLE, local=local).plan
    renderer = vr.Renderer()
    return lambda: renderer.render_reported(photo, plan, engine="lut")[1].engine


def measured(rounds: int) -> dict[str, float]:
    """Median processor seconds of each case, run in turns after a turn that does not count."""
    photo = vr.Photo(mosaic())
    runs = {name: run_of(photo, local) for name, local in CASES.items()}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            began = time.process_time()
            engine = run()
            if turn:
                seconds[name].append(time.process_time() - began)
            elif engine != "lut":
                raise SystemExit(f"{name}: no table was good enough")
    return {name: median(found) for name, found in seconds.items()}


def page(seconds: Mapping[str, float], threads: int) -> Iterator[str]:
    """The figures as Markdown."""
    alone, *_ = seconds.values()
    yield f"12 megapixels, {threads} threads, processor seconds:"
    yield ""
    yield "| adjustments | seconds | times the whole photo's table |"
    yield "|---|---|---|"
    for name, found in seconds.items():
        yield f"| {name} | {found:.3f} | {found / alone:.2f} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What local adjustments cost.")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--markdown", type=Path)
    chosen = parser.parse_args()
    lines = "\n".join(page(measured(chosen.rounds), torch.get_num_threads()))
    print(lines)
    if chosen.markdown:
        chosen.markdown.write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
