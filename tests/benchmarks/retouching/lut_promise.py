"""The LUT promise on every pixel: random plans on ordinary and adversarial pictures.

    python tests/benchmarks/retouching/lut_promise.py --plans 300

Prints, for each picture, the worst 99th percentile of CIEDE2000 on all pixels beside the tolerance, and how often the
exact engine was taken.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000

Picture = NDArray[np.uint8]
PHOTOS = Path(vr.__file__).parent / "core/testing/photos"
TOLERANCES = (0.3, 1.0)
OPS = (
    "white_balance",
    "exposure",
    "contrast",
    "tone_regions",
    "vibrance",
    "saturation",
    "hsl",
    "color_grading",
    "tone_curve",
)


def ordinary(height: int = 360, width: int = 480) -> dict[str, Picture]:
    """The photos that come with the conformance kit."""
    return {
        path.stem: np.array(Image.open(path).convert("RGB").resize((width, height)))
        for path in sorted(PHOTOS.glob("*.jpg"))
    }


def adversarial(height: int = 360, width: int = 480) -> dict[str, Picture]:
    """Grey where a regular grid of any period from 2 to 8 looks, vivid elsewhere; stripes; vivid corners, noise."""
    generator = np.random.default_rng(1)
    y, x = np.mgrid[:height, :width]
    vivid = generator.integers(0, 2, (height, width, 3)).astype(np.uint8) * 255
    vivid[generator.random((height, width)) < 0.5] = (250, 10, 90)
    grey = np.repeat(((x + y) % 256).astype(np.uint8)[..., None], 3, axis=2)
    made = {}
    for step in range(2, 9):
        seen = (y % step == step // 2) & (x % step == step // 2)
        made[f"grid of {step}"] = np.where(seen[..., None], grey, vivid)
    for step in (2, 3, 5):
        made[f"rows of {step}"] = np.where((y % step == step // 2)[..., None], grey, vivid)
        made[f"columns of {step}"] = np.where((x % step == step // 2)[..., None], grey, vivid)
    corner = (y < height // 8) & (x < width // 8)
    made["vivid corner"] = np.where(corner[..., None], vivid, grey)
    sparse = generator.random((height, width)) < 0.015
    made["vivid dots"] = np.where(sparse[..., None], vivid, grey)
    made["noise"] = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return made


def plans(count: int, seed: int = 0) -> Iterator[vr.Plan]:
    """Random plans of the usual ops, from weak to strong."""
    schema = vr.Schema.of([vr.registry.ops.load(id) for id in OPS])
    generator = torch.Generator().manual_seed(seed)
    for _ in range(count):
        raw = torch.randn(1, schema.size, generator=generator) * (0.05 + 0.3 * torch.rand(1, 1, generator=generator))
        present = torch.rand(1, len(OPS), generator=generator) < 0.5
        yield vr.Plan.of(vr.Latents.squash(schema, 0.5 * raw, present=present), mode="param")


def measure(picture: Picture, plan: vr.Plan, tolerance: float) -> tuple[float, str, float]:
    """The 99th percentile of CIEDE2000 on all pixels, the engine that was taken, and the error that was reported."""
    renderer = vr.Renderer()
    made, report = renderer.render_reported(picture, plan, engine="lut", tolerance=tolerance)
    if report.engine != "lut":
        return 0.0, report.engine, report.error or 0.0
    exact = renderer.render(picture, plan, engine="exact")
    apart: Any = ciede2000(*(torch.from_numpy(one.astype(np.float32) / 255) for one in (exact, made)))
    return float(np.percentile(apart.numpy(), 99)), report.engine, report.error or 0.0


def judge(pictures: dict[str, Picture], count: int) -> list[tuple[str, float, float, float]]:
    """For each picture and tolerance: the worst percentile, and the share of plans that went to the exact engine."""
    found = []
    for name, picture in pictures.items():
        for tolerance in TOLERANCES:
            done = [measure(picture, plan, tolerance) for plan in plans(count)]
            exact = sum(engine == "exact" for _, engine, _ in done) / count
            found.append((name, tolerance, max(worst for worst, _, _ in done), exact))
    return found


def main() -> None:
    """Print a table, and fail where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plans", type=int, default=300)
    parser.add_argument("--kind", choices=("ordinary", "adversarial", "both"), default="both")
    chosen = parser.parse_args()
    broken = 0
    for kind, pictures in (("ordinary", ordinary()), ("adversarial", adversarial())):
        if chosen.kind not in (kind, "both"):
            continue
        for name, tolerance, worst, exact in judge(pictures, chosen.plans):
            broken += worst > tolerance
            print(
                f"{kind:12} {name:14} tolerance {tolerance}: worst p99 {worst:.3f}, exact engine {exact:.1%}",
                flush=True,
            )
    if broken:
        raise SystemExit(f"{broken} promises broken")


if __name__ == "__main__":
    main()
