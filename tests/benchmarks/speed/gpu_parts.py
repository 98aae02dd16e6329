"""What is timed on a CUDA device, part by part; `gpu_timings.py` runs them. Weights are random: they decide no time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

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
        "ten ops, 12 MP, s": forward(lambda rgb: renderer(rgb, latents)),
        "ten ops, forwards and back, 4x3x512x512, s": backward(lambda rgb: renderer(rgb, latents, clamp=False)),
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
    from veraretouch.planners.tiny.network import FEATURES
    from veraretouch.planners.training.tiny_examples import LOSS, Examples
    from veraretouch.planners.training.tiny_task import TinyTask

    count, schema = 1024, own_schema()

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randint(0, 256, (count, *shape), dtype=torch.uint8)

    pictures = [drawn(3, LOSS, LOSS) for _ in range(3)]
    every = torch.ones(count, dtype=torch.bool)
    photos = torch.arange(count)
    examples = Examples(torch.randn(count, FEATURES), *pictures, drawn(LOSS, LOSS), every, ~every, photos, photos % 5)
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

    renderer, latents = Renderer(fused=True), edit()
    began = time.perf_counter()
    found = {"ten ops, 12 MP, s": forward(lambda rgb: renderer(rgb, latents))}
    found["compiling and measuring, s"] = time.perf_counter() - began
    print("   ", found, flush=True)
    return found | {
        "ten ops, forwards and back, 4x3x512x512, s": backward(lambda rgb: renderer(rgb, latents, clamp=False))
    }
