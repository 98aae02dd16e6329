"""Times on a CUDA device: the renderer, its gradients, answers of `vera` and training steps. Medians, with the machine they are of.

    python tests/benchmarks/speed/gpu_timings.py [--seconds 330] [--out timings.json]

It runs from a bare checkout: without an installed `veraretouch` it makes a folder with a link to the checkout and the entry points of
pyproject.toml. Each part runs by itself; one that fails, or lacks a package, says so, and the rest go on. What does not fit into the
time is left out. Weights are random: they decide no time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("torch", "triton", "transformers", "timm", "kornia", "accelerate", "opencolorio", "numpy")
TOKENS = 100


@dataclass(frozen=True)
class Scale:
    """How large everything is, and where it runs."""

    device: str = "cuda"
    photo: tuple[int, int] = (3000, 4000)
    batch: int = 4
    side: int = 512
    steps: int = 20
    model: Mapping[str, int] = field(default_factory=dict)
    answer: int = 512


# On a CPU, in a minute or two: whether every part runs at all.
REHEARSAL = Scale(
    device="cpu",
    photo=(30, 40),
    batch=2,
    side=64,
    model={
        "vocab_size": 512,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_size": 48,
    },
    answer=80,
)
SCALE = [Scale()]

Figures = dict[str, float]
PARTS: dict[str, tuple[int, Callable[[], Figures]]] = {}


def part(name: str, *, seconds: int) -> Callable[[Callable[[], Figures]], Callable[[], Figures]]:
    """Register a part, with the most seconds that it may take."""

    def register(measure: Callable[[], Figures]) -> Callable[[], Figures]:
        PARTS[name] = seconds, measure
        return measure

    return register


def make_importable() -> None:
    """Make `veraretouch` and its plugins importable, whatever is installed, and the benchmarks' own modules."""
    for folder in ("speed", "networks"):
        sys.path.insert(0, str(ROOT / "tests" / "benchmarks" / folder))
    try:
        distribution("veraretouch")
        return
    except PackageNotFoundError:
        pass
    place = Path(tempfile.mkdtemp(prefix="veraretouch-"))
    (place / "veraretouch").symlink_to(ROOT, target_is_directory=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    about = place / f"veraretouch-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: veraretouch\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    lines = [line for group, points in groups for line in (f"[{group}]", *(f"{k} = {v}" for k, v in points.items()))]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")
    sys.path.insert(0, str(place))


def machine() -> dict[str, str]:
    """What the times are of."""
    import torch

    found = {"python": platform.python_version(), "system": platform.platform(), "cores": str(os.cpu_count())}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    if torch.cuda.is_available():
        facts = torch.cuda.get_device_properties(0)
        memory = f"{facts.total_memory / 2**30:.0f} GiB, {facts.multi_processor_count} multiprocessors"
        found |= {"gpu": f"{facts.name}, {memory}", "cuda": str(torch.version.cuda)}
    return found


def timed(run: Callable[[], Any], *, times: int = 9, warm: int = 3) -> float:
    """The median of seconds that a call takes on the GPU, by CUDA events."""
    import torch

    for _ in range(warm):
        run()
    seconds = []
    for _ in range(times):
        if SCALE[0].device == "cpu":
            began = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - began)
            continue
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        run()
        end.record()
        torch.cuda.synchronize()
        seconds.append(begin.elapsed_time(end) / 1e3)
    return median(seconds)


def five_of_kornia() -> Callable[[Any], Any]:
    """Brightness, contrast, gamma, saturation and hue, as test_speed.py asks for them."""
    import kornia.enhance as kornia

    def run(rgb: Any) -> Any:
        rgb = kornia.adjust_brightness(rgb, 0.05)
        rgb = kornia.adjust_contrast(rgb, 1.1)
        rgb = kornia.adjust_gamma(rgb, 0.9)
        return kornia.adjust_hue(kornia.adjust_saturation(rgb, 1.2), 0.05)

    return run


def edit() -> Any:
    """The ten ops of the speed benchmarks, on the GPU."""
    from scenes import ten_ops

    return ten_ops().to(SCALE[0].device)


def pixels(shape: tuple[int, ...], *, gradient: bool = False) -> Any:
    """Random pixels on the GPU."""
    import torch

    device = SCALE[0].device
    generator = torch.Generator(device).manual_seed(0)
    return torch.rand(shape, device=device, generator=generator).requires_grad_(gradient)


def forward(run: Callable[[Any], Any]) -> float:
    """Seconds for 12 megapixels, without gradients."""
    import torch

    rgb = pixels((1, 3, *SCALE[0].photo))
    with torch.no_grad():
        return timed(lambda: run(rgb))


def backward(run: Callable[[Any], Any]) -> float:
    """Seconds for four pictures of 512 pixels a side, forwards and back to the pixels."""
    rgb = pixels((SCALE[0].batch, 3, SCALE[0].side, SCALE[0].side), gradient=True)
    return timed(lambda: run(rgb).mean().backward())


def peak_memory() -> float:
    """The most gigabytes that tensors took on the GPU since the part began."""
    import torch

    return torch.cuda.max_memory_allocated() / 1e9 if SCALE[0].device == "cuda" else 0.0


def training_device() -> str | None:
    """What the training loop is to keep to: None takes the GPU."""
    return "cpu" if SCALE[0].device == "cpu" else None


@part("render, exact", seconds=30)
def exact() -> Figures:
    from veraretouch import Renderer

    renderer, latents = Renderer(), edit()
    return {
        "ten ops, 12 MP, s": forward(lambda rgb: _applied(renderer, rgb, latents)),
        "ten ops, forwards and back, 4x3x512x512, s": backward(
            lambda rgb: _applied(renderer, rgb, latents, clamp=False)
        ),
    }


@part("render, kornia", seconds=30)
def kornia() -> Figures:
    run = five_of_kornia()
    return {"five ops, 12 MP, s": forward(run), "five ops, forwards and back, 4x3x512x512, s": backward(run)}


@part("render, lut", seconds=30)
def lut() -> Figures:
    import torch
    from scenes import ten_ops

    from veraretouch import Renderer
    from veraretouch.core.lut import Cube
    from veraretouch.core.lut.interpolation import tetrahedral

    color_map = Renderer(device=SCALE[0].device).color_map(ten_ops(), clamp=False)
    lattice = (
        torch.from_numpy(Cube.of(color_map, 33).values)
        .to(SCALE[0].device)
        .permute(2, 1, 0, 3)
        .unsqueeze(0)
        .contiguous()
    )
    return {
        "baking 33 points, s": timed(lambda: Cube.of(color_map, 33), times=5),
        "applying them, 12 MP on the GPU, s": forward(lambda rgb: tetrahedral(rgb, lattice)),
    }


@part("render, lut, array to array", seconds=40)
def lut_of_an_array() -> Figures:
    import numpy as np
    from scenes import ten_ops

    from veraretouch import Renderer

    photo = np.random.default_rng(0).integers(0, 256, (*SCALE[0].photo, 3), np.uint8)
    renderer, latents = Renderer(device=SCALE[0].device), ten_ops()
    return {
        f"12 MP, engine {engine}, s": timed(
            lambda engine=engine: renderer.render(photo, latents, engine=engine), times=3, warm=1
        )
        for engine in ("lut", "exact")
    }


@part("vera, answers", seconds=100)
def answers() -> Figures:
    """100 tokens after a photo at the published size, in bfloat16: single launches, and one CUDA graph a token."""
    import torch

    from veraretouch.planners.vera.model import VeraConfig, VeraModel
    from veraretouch.planners.vera.writing.cuda_graphs import GraphWriter
    from veraretouch.planners.vera.writing.sampling import Forced
    from veraretouch.planners.vera.writing.writer import StopCriterion, Writer

    with torch.device(SCALE[0].device):
        model = VeraModel(VeraConfig(**SCALE[0].model)).to(torch.bfloat16).eval().requires_grad_(False)
    picture = pixels((1, 3, 1024, 1024))
    prompt = torch.randn(90, model.config.hidden_size, device=SCALE[0].device, dtype=torch.bfloat16) * 0.03
    stop = StopCriterion((1, 2, 3), (0,), TOKENS)
    with torch.inference_mode():
        found = {"tower and projector, s": timed(lambda: model.see(picture), times=5)}
        seen = torch.cat([prompt, model.see(picture)[0]])
        for name, make in (("eager", Writer), ("CUDA graphs", GraphWriter)):
            writer = make(model, stop)
            seconds = timed(lambda writer=writer: writer.write([], [seen], [Forced([100])]), times=3, warm=2)
            found |= {f"{TOKENS} tokens, {name}, s": seconds, f"{name}, tokens/s": TOKENS / seconds}
    return found | {"peak memory, GB": peak_memory()}


@part("training, tiny", seconds=50)
def training_tiny() -> Figures:
    import torch
    from vera_steps import throughput

    from veraretouch.planners.tiny.latents import own_schema
    from veraretouch.planners.tiny.statistics import SIZE
    from veraretouch.planners.training.tiny_examples import LOSS, Examples
    from veraretouch.planners.training.tiny_task import TinyTask

    count, schema = 1024, own_schema()

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randint(0, 256, (count, *shape), dtype=torch.uint8)

    sample = torch.zeros(count, schema.size)
    photos = torch.arange(count)
    examples = Examples(
        torch.randn(count, SIZE), drawn(3, 64, 64), sample, drawn(3, LOSS, LOSS), drawn(3, LOSS, LOSS), photos
    )
    return {
        f"batch {batch}, examples/s": batch
        / throughput(TinyTask.fresh(examples, schema), batch=batch, device=training_device(), steps=SCALE[0].steps)
        for batch in (64, 512)
    }


@part("training, neural", seconds=60)
def training_neural() -> Figures:
    import torch
    from vera_steps import throughput

    from veraretouch.planners.training.pairs import of_photos
    from veraretouch.planners.training.reference_task import PairTask

    photos = torch.randint(0, 256, (32, 3, SCALE[0].side, SCALE[0].side), dtype=torch.uint8)
    task = PairTask(of_photos(photos, copies=4, seed=0))
    batch = 8 * SCALE[0].batch
    return {
        f"batch {batch} of {SCALE[0].side} pixels, pairs/s": batch
        / throughput(task, batch=batch, device=training_device(), steps=SCALE[0].steps)
    }


@part("training, vera whole", seconds=90)
def training_vera() -> Figures:
    from vera_steps import Lectures, throughput

    from veraretouch.planners.training.vera.stages import TrainingStage
    from veraretouch.planners.vera.model import VeraConfig

    lectures = Lectures(
        VeraConfig(**SCALE[0].model), answer=SCALE[0].answer, stage=TrainingStage.WHOLE, device=SCALE[0].device
    )
    batch = 2 * SCALE[0].batch
    seconds = throughput(lectures, batch=batch, device=training_device(), precision="bf16", steps=SCALE[0].steps)
    return {
        f"batch {batch}, {SCALE[0].answer} tokens, bf16, examples/s": batch / seconds,
        "peak memory, GB": peak_memory(),
    }


@part("render, fused by torch.compile", seconds=150)
def fused() -> Figures:
    """Last, since compiling may take all the time that is left."""
    from veraretouch import Renderer

    renderer, latents = Renderer(compile=True), edit()
    began = time.perf_counter()
    found = {"ten ops, 12 MP, s": forward(lambda rgb: _applied(renderer, rgb, latents))}
    found["compiling and measuring, s"] = time.perf_counter() - began
    print("   ", found, flush=True)
    return found | {
        "ten ops, forwards and back, 4x3x512x512, s": backward(
            lambda rgb: _applied(renderer, rgb, latents, clamp=False)
        )
    }


def _applied(renderer: Any, rgb: Any, latents: Any, **options: Any) -> Any:
    """The renderer's pixels, under whichever name this version has for its forward pass."""
    return getattr(renderer, "apply", renderer)(rgb, latents, **options)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Interrupt what takes longer."""

    def stop(number: int, frame: Any) -> None:
        raise TimeoutError(f"took longer than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run_part(name: str, left: float) -> dict[str, Any]:
    """The figures of a part, or why there are none."""
    import torch

    seconds, measure = PARTS[name]
    began = time.perf_counter()
    try:
        with at_most(min(seconds, left)):
            found: dict[str, Any] = dict(measure())
    except ModuleNotFoundError as error:
        found = {"not measured": f"the package {error.name} is missing"}
    except BaseException as error:  # a part that fails costs no other part
        if isinstance(error, KeyboardInterrupt):
            raise
        found = {"not measured": f"{type(error).__name__}: {str(error)[:400]}"}
    if SCALE[0].device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    return found | {"seconds in all": time.perf_counter() - began}


def main() -> int:
    """Measure each part, print each as it is done, and write all of them where asked."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--seconds", type=float, default=330, help="Time for the whole run.")
    asked.add_argument("--out", type=Path, help="A JSON file for the figures.")
    asked.add_argument("--only", nargs="*", choices=list(PARTS), help="Only these parts.")
    asked.add_argument("--rehearse", action="store_true", help="On the CPU and small: whether each part runs.")
    given = asked.parse_args()
    if given.rehearse:
        SCALE[0] = REHEARSAL
    until = time.perf_counter() + given.seconds
    make_importable()
    import torch

    report: dict[str, Any] = {"machine": machine(), "parts": {}}
    print(json.dumps(report["machine"], indent=1), flush=True)
    if not given.rehearse and not torch.cuda.is_available():
        print("There is no CUDA device here: nothing is measured.")
        return 1
    for name in given.only or PARTS:
        left = until - time.perf_counter()
        report["parts"][name] = run_part(name, left) if left > 5 else {"not measured": "no time was left"}
        print(f"{name}:", flush=True)
        for what, value in report["parts"][name].items():
            print(f"    {what}: {value if isinstance(value, str) else f'{value:.6g}'}", flush=True)
        if given.out is not None:  # after each part, so that an end from outside loses none
            given.out.write_text(json.dumps(report, indent=1) + "\n")
    return int(given.rehearse and any("not measured" in found for found in report["parts"].values()))


if __name__ == "__main__":
    sys.exit(main())
