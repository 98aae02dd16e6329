"""One process of the benchmark: convert packages of full size, tell seconds, sizes and peak memory in JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import torch
from qwen import words

from veraretouch.ops.neural import Neural, RetouchNetwork
from veraretouch.planners.reference.encoder import ReferenceEncoder
from veraretouch.planners.reference.planner import Reference
from veraretouch.planners.tiny.planner import Tiny
from veraretouch.planners.vera.model import VeraConfig, VeraModel
from veraretouch.zoo.coreml.exporting import judged, make
from veraretouch.zoo.coreml.packages import BITS, multifunction
from veraretouch.zoo.coreml.recipe import PackageRecipe
from veraretouch.zoo.coreml.recipes import decoder_of, of_neural, of_reference, of_tiny, of_vera

# The renderer is judged at 512 pixels, of which 1024 is the same program; its bakers are judged with `renderer`.
UNJUDGED = {"vera": ("renderer_1024", "bake_neural_33", "bake_neural_64"), "renderer": ("renderer_1024",), "tiny": ()}
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


def recipes(what: str) -> list[PackageRecipe]:
    if what == "tiny":
        return of_tiny(Tiny())
    if what == "renderer":
        return [*of_neural(neural()), decoder_of(neural(), "retouch_decoder")]
    encoder = ReferenceEncoder().eval().requires_grad_(False)
    return [*of_vera(_Planner()), *of_reference(Reference(encoder, neural()))]


def main(what: str, place: str, variant: str, *only: str) -> None:
    """Convert packages, then judge them, so that seconds and peak memory are those of converting.

    Args:
        what: `vera`, `tiny` or `renderer`. `only`: these packages and no others.
    """
    folder, rows = Path(place), {}
    wanted = {recipe.name: recipe for recipe in recipes(what) if not only or recipe.name in only}
    for name, recipe in wanted.items():
        began = time.process_time()
        make(recipe, folder, BITS[variant], about=ABOUT)
        rows[name] = {"seconds": time.process_time() - began}
        _say(name, rows[name])
    parts = {name: f"decoder_{name}" for name in ("prefill", "step")}
    if set(parts.values()) <= wanted.keys():
        began = time.process_time()
        packages = {name: folder / f"{part}.mlpackage" for name, part in parts.items()}
        multifunction(packages, folder / "decoder.mlpackage", default="step", about=ABOUT)
        rows["decoder"] = {"seconds": time.process_time() - began}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    seconds = sum(row["seconds"] for row in rows.values())
    if what == "vera":
        (folder / "tokenizer.json").write_text(words().json())
    for path in sorted(folder.iterdir()):
        rows.setdefault(path.name.removesuffix(".mlpackage"), {})["MB"] = _bytes(path) / 1e6
    for name, recipe in wanted.items():
        if name in UNJUDGED[what]:
            continue
        began = time.process_time()
        told = judged(recipe, folder / f"{name}.mlpackage")[0]["deviation"]
        rows[name] |= told
        _say(f"{name}, judged in {time.process_time() - began:.1f} s", told)
    print("FIGURES", json.dumps({"packages": rows, "seconds": seconds, "gigabytes": peak}))


def _say(name: str, told: dict[str, float]) -> None:
    print(name, told, file=sys.stderr, flush=True)


def _bytes(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())


if __name__ == "__main__":
    main(*sys.argv[1:])
