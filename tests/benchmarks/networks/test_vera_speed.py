"""How fast vera's language model writes at its full size, by plain `generate`,
by torch and by ONNX Runtime; docs/benchmarks/vera-speed.md is the report.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
import torch
from full_vera import published_files
from safetensors.torch import load
from speed_report import Figures

from veraretouch import Latents, Renderer, Schema
from veraretouch.ops.neural import Neural, RetouchNetwork
from veraretouch.planners.vera import checkpoint
from veraretouch.planners.vera.model import VeraModel
from veraretouch.planners.vera.packages import package
from veraretouch.planners.vera.writing.cuda_graphs import GraphWriter
from veraretouch.planners.vera.writing.onnx.onnx_writer import OnnxWriter
from veraretouch.planners.vera.writing.sampling import Forced, Sampled, Sampling
from veraretouch.planners.vera.writing.writer import StopCriterion, Writer

RECORDS = Path(__file__).parents[3] / "docs" / "benchmarks"
PROMPT, CONTEXT, TOKENS, ROUNDS = 350, 600, 64, 1
RETOUCH = (5, 6, 7)
PLAIN = "plain generate, float32"
WRITERS = {
    "torch, float32": None,
    "ONNX Runtime, float32": "float32",
    "ONNX Runtime, int8": "int8",
    "ONNX Runtime, int4": "int4",
}

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def figures() -> Iterator[Figures]:
    made = Figures(
        "vera-0.5b: writing",
        "networks/test_vera_speed.py",
        "The language model at its published size with random weights, one answer at a time, sampling included; medians"
        " over tokens. What int8 and int4 do to answers and pixels is not measured: only the published weights can"
        " tell." + ("" if torch.cuda.is_available() else " On a GPU nothing was measured: none was at hand."),
    )
    yield made
    made.write(RECORDS / "vera-speed.json", RECORDS / "vera-speed.md")


@pytest.fixture(scope="module")
def model() -> VeraModel:
    files = published_files()
    made, _ = checkpoint.from_tensors(load(files["model.safetensors"]), json.loads(files["config.json"]))
    return made.float().eval()


class Timed:
    """A sampler of tokens that notes when it is asked, and never ends an answer."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self._choice = Sampled(Sampling(), 0)

    def next(self, logits: torch.Tensor, written: Any) -> int:
        token = max(self._choice.next(logits, written), max(RETOUCH) + 1)
        self.times.append(time.perf_counter())
        return token


def test_writing(figures: Figures, model: VeraModel) -> None:
    makers = {name: _writer(model, kind) for name, kind in WRITERS.items()} | {PLAIN: _plain(model)}
    per_token: dict[str, list[float]] = {name: [] for name in makers}
    prefill: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(ROUNDS):
        for name, write in makers.items():
            prefill[name].append(write(_prompt(PROMPT), 2)[0])
            per_token[name] += write(_prompt(CONTEXT - TOKENS // 2), TOKENS)[1]
    rates = {name: 1 / median(seconds) for name, seconds in per_token.items()}
    figures.table(f"Tokens a second at a context of {CONTEXT}", rates)
    figures.times(f"A prompt of {PROMPT} embeddings", {name: median(seconds) for name, seconds in prefill.items()})
    figures.bar("writing: int4, tokens a second", rates["ONNX Runtime, int4"], at_least=30)
    figures.bar(f"writing: int4, seconds for a prompt of {PROMPT}", median(prefill["ONNX Runtime, int4"]), at_most=3)
    figures.bar(
        "writing: float32, times as fast as plain generate", rates["ONNX Runtime, float32"] / rates[PLAIN], at_least=1.5
    )
    figures.judge("writing")


def test_latents_stay(figures: Figures, model: VeraModel) -> None:
    answer = [Forced([100, 200, RETOUCH[0], 300, RETOUCH[1], RETOUCH[2]])]
    latents = {}
    for name, kind in WRITERS.items():
        (written,) = _made(model, kind, most=10).write([], [_prompt(PROMPT)], answer)
        latents[name] = model.latent(torch.stack([written.states[token] for token in RETOUCH]).unsqueeze(0))
    whole = latents.pop("torch, float32")
    apart = {name: float((latent - whole).abs().max()) for name, latent in latents.items()}
    figures.table("Latents beside torch's in float32, random weights: largest difference", apart)
    figures.table("Latents of torch", {"standard deviation": float(whole.std())})
    figures.bar("latents: ONNX Runtime in float32 beside torch", apart["ONNX Runtime, float32"], at_most=1e-3)
    figures.judge("latents")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="not measured: no GPU")
def test_an_answer_and_a_picture_on_a_gpu(figures: Figures, model: VeraModel) -> None:
    """512 tokens after a photo, and 12 megapixels by the neural renderer, in bfloat16 and one CUDA graph a token."""
    moved = copy.deepcopy(model).to("cuda", torch.bfloat16)
    op = Neural(RetouchNetwork.untrained().cuda().eval())
    picture, photo = torch.rand(1, 3, 1024, 1024), torch.rand(1, 3, 3000, 4000, device="cuda")
    latents = Latents(Schema.of([op]), {Neural.id: {name: torch.randn(1, 896, device="cuda") for name in op.slots}})
    found = {}
    for name, writer in {
        "single launches": Writer(moved, StopCriterion(RETOUCH, (0,), 512)),
        "a CUDA graph a token": GraphWriter(moved, StopCriterion(RETOUCH, (0,), 512)),
    }.items():
        for _ in range(3):  # the last one counts: graphs are recorded in the first
            torch.cuda.reset_peak_memory_stats()
            torch.cuda.synchronize()
            began = time.perf_counter()
            with torch.inference_mode():
                seen = moved.see(picture)[0]
                writer.write([], [torch.cat([_prompt(90).to(seen), seen])], [Timed()])
                written = time.perf_counter() - began
                Renderer([op])(photo, latents)
                torch.cuda.synchronize()
            whole = time.perf_counter() - began
        found |= {f"{name}: answer": written, f"{name}: answer and picture": whole}
    figures.times(f"512 tokens and 12 megapixels on {torch.cuda.get_device_name()}", found)
    figures.table("Peak memory on the GPU", {"GB": torch.cuda.max_memory_allocated() / 1e9})
    figures.bar("GPU: answer and picture, seconds", found["a CUDA graph a token: answer and picture"], at_most=1.5)
    figures.judge("GPU")


def _prompt(length: int) -> torch.Tensor:
    return torch.randn(length, 896, generator=torch.Generator().manual_seed(length)) * 0.03


def _made(model: VeraModel, kind: str | None, most: int) -> Writer | OnnxWriter:
    stop = StopCriterion(RETOUCH, (0,), most)
    return Writer(model, stop) if kind is None else OnnxWriter(model, kind, stop)


def _writer(model: VeraModel, kind: str | None) -> Callable[[torch.Tensor, int], tuple[float, list[float]]]:
    writer = _made(model, kind, most=TOKENS)

    def write(prompt: torch.Tensor, tokens: int) -> tuple[float, list[float]]:
        """Seconds to the first token, and of each of the others."""
        writer.stop, sampler = replace(writer.stop, most=tokens), Timed()
        began = time.perf_counter()
        writer.write([], [prompt], [sampler])
        return sampler.times[0] - began, list(np.diff(sampler.times))

    return write


def _plain(model: VeraModel) -> Callable[[torch.Tensor, int], tuple[float, list[float]]]:
    transformers = package("transformers")
    with torch.device("meta"):
        plain = transformers.Qwen2ForCausalLM(model.language.config)
    plain.model, plain.lm_head = model.language, model.lm_head
    plain.generation_config.eos_token_id = None

    class Clock:
        def __init__(self) -> None:
            self.times: list[float] = []

        def put(self, tokens: torch.Tensor) -> None:
            self.times.append(time.perf_counter())

        def end(self) -> None: ...

    def write(prompt: torch.Tensor, tokens: int) -> tuple[float, list[float]]:
        clock = Clock()
        began = time.perf_counter()
        plain.generate(
            inputs_embeds=prompt.unsqueeze(0),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            max_new_tokens=tokens,
            do_sample=True,
            temperature=0.2,
            top_k=50,
            top_p=0.8,
            streamer=clock,
            pad_token_id=0,
        )
        times = clock.times[-tokens:]
        return times[0] - began, list(np.diff(times))

    return write
