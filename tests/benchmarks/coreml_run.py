"""One process of the benchmark: convert packages of full size, tell seconds, sizes and peak memory in JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import torch
from qwen import words

from veraretouch.ops.neural import Neural, RetouchNetwork
from veraretouch.planners.reference.encoder import ReferenceEncoder
from veraretouch.planners.reference.planner import Reference
from veraretouch.planners.tiny.planner import Tiny
from veraretouch.planners.vera.model import VeraConfig, VeraModel
from veraretouch.zoo.coreml.exporting import judged, make
from veraretouch.zoo.coreml.packages import BITS, multifunction
from veraretouch.zoo.coreml.recipes import Recipe, decoder_of, of_neural, of_reference, of_tiny, of_vera

ABOUT = {"author": "benchmark", "license": "none", "version": "1"}


class _Planner:
    """What recipes need of the planner `vera`."""

    id = "vera"

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model = VeraModel(VeraConfig()).eval().requires_grad_(False)
        self.ops = (neural(),)


def neural() -> Neural:
    """The renderer with random weights whose pictures have contrast."""
    network = RetouchNetwork.untrained(3)
    with torch.no_grad():
        network.out_layer.weight.mul_(4)
    return Neural(network.eval().requires_grad_(False))


def recipes(what: str) -> list[Recipe]:
    if what == "tiny":
        return of_tiny(Tiny())
    if what == "renderer":
        return [*of_neural(neural()), decoder_of(neural(), "retouch_decoder")]
    encoder = ReferenceEncoder().eval().requires_grad_(False)
    return [*of_vera(_Planner()), *of_reference(Reference(encoder, neural()))]


def main(what: str, place: str, variant: str) -> None:
    folder, seconds, deviation = Path(place), {}, {}
    wanted: list[Any] = recipes(what)
    for recipe in wanted:
        began = time.perf_counter()
        package = make(recipe, folder, BITS[variant], about=ABOUT)
        seconds[recipe.name] = time.perf_counter() - began
        print(recipe.name, seconds[recipe.name], file=sys.stderr, flush=True)
        if what != "vera" and recipe.name != "renderer_1024":
            deviation[recipe.name] = judged(recipe, package)[0]["deviation"]
    if what == "vera":
        began = time.perf_counter()
        parts = {name: folder / f"decoder_{name}.mlpackage" for name in ("prefill", "step")}
        multifunction(parts, folder / "decoder.mlpackage", default="step", about=ABOUT)
        seconds["decoder"] = time.perf_counter() - began
        (folder / "tokenizer.json").write_text(words().json())
    sizes = {path.name.removesuffix(".mlpackage"): _bytes(path) / 1e6 for path in sorted(folder.iterdir())}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    told = {"seconds": seconds, "megabytes": sizes, "deviation": deviation, "peak": {"gigabytes": peak}}
    print("FIGURES", json.dumps(told))


def _bytes(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())


if __name__ == "__main__":
    main(*sys.argv[1:])
