"""One process of the benchmark: convert packages of full size, tell seconds, sizes and peak memory in JSON."""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import coreml_plans
import lessons
import torch
from qwen import words

from veraretouch import zoo
from veraretouch.ops.neural import Neural, RetouchNetwork
from veraretouch.planners.reference.encoder import ReferenceEncoder
from veraretouch.planners.reference.planner import Reference
from veraretouch.planners.tiny.planner import Tiny
from veraretouch.planners.training.vera.start import start
from veraretouch.planners.vera.model import VeraConfig, VeraModel
from veraretouch.zoo.coreml.exporting import judged, make
from veraretouch.zoo.coreml.packages import BITS, multifunction
from veraretouch.zoo.coreml.recipe import PackageRecipe
from veraretouch.zoo.coreml.recipes import of_reference, of_tiny, of_vera
from veraretouch.zoo.coreml.renderers import decoder_of, of_neural

# The renderer is judged at 512 pixels, of which 1024 is the same program; its bakers are judged with `renderer`.
UNJUDGED = {"vera": ("renderer_1024", "bake_neural_33", "bake_neural_64"), "renderer": ("renderer_1024",)}
NANO = Path(__file__).parents[3] / "contrib" / "nano" / "recipe" / "nano.json"
ABOUT = {"author": "benchmark", "license": "none", "version": "1"}


class _Planner:
    """What recipes need of the planner `vera`."""

    id = "vera"

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model = VeraModel(VeraConfig()).eval().requires_grad_(False)
        self.neural = neural()


def neural() -> Neural:
    """The renderer with random weights whose pictures have contrast."""
    network = RetouchNetwork.untrained(3)
    with torch.no_grad():
        network.out_layer.weight.mul_(4)
    return Neural(network.eval().requires_grad_(False))


def nano() -> Any:
    """`vera-nano` with the weights of the bundle that VERA_NANO names; without it, as training begins but for a second
    head that moves sliders.
    """
    if "VERA_NANO" in os.environ:
        return zoo.load(os.environ["VERA_NANO"]).planner
    with tempfile.TemporaryDirectory() as folder:
        lessons.write_dataset(Path(folder) / "data", modes=("param",) * 4, side=32, edits=True)
        made = start(NANO, Path(folder) / "data")
    torch.nn.init.normal_(made.model.slot_head[-1].weight, std=0.05)
    return made


def recipes(what: str, planner: Any) -> list[PackageRecipe]:
    if what == "nano":
        return of_vera(planner)
    if what == "tiny":
        return of_tiny(Tiny())
    if what == "renderer":
        return [*of_neural(neural()), decoder_of(neural(), "retouch_decoder")]
    encoder = ReferenceEncoder().eval().requires_grad_(False)
    return [*of_vera(_Planner()), *of_reference(Reference(encoder, neural()))]


def main(what: str, place: str, variant: str, *only: str) -> None:
    """Convert packages, then judge them, so that seconds and peak memory are those of converting.

    Args:
        what: `vera`, `nano`, `tiny` or `renderer`. `only`: these packages and no others.
    """
    folder, rows = Path(place), {}
    planner = nano() if what == "nano" else None
    wanted = {recipe.name: recipe for recipe in recipes(what, planner) if not only or recipe.name in only}
    for name, recipe in wanted.items():
        began = time.process_time()
        make(recipe, folder, BITS[variant], about=ABOUT)
        rows[name] = {"seconds": time.process_time() - began}
        _say(name, rows[name])
    shared: dict[str, list[PackageRecipe]] = {}
    for recipe in wanted.values():
        if recipe.joined is not None:
            shared.setdefault(recipe.joined.name, []).append(recipe)
    for joined, parts in shared.items():
        began = time.process_time()
        packages = {part.name.removeprefix(f"{joined}_"): folder / f"{part.name}.mlpackage" for part in parts}
        multifunction(packages, folder / f"{joined}.mlpackage", default=list(packages)[-1], about=ABOUT)
        rows[joined] = {"seconds": time.process_time() - began}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    seconds = sum(row["seconds"] for row in rows.values())
    if what in ("vera", "nano"):
        tokenizer = words() if planner is None else planner.tokenizer
        (folder / "tokenizer.json").write_text(tokenizer.json())
    for path in sorted(folder.iterdir()):
        rows.setdefault(path.name.removesuffix(".mlpackage"), {})["MB"] = _bytes(path) / 1e6
    for name, recipe in wanted.items():
        if name in UNJUDGED.get(what, ()):
            continue
        began = time.process_time()
        told = judged(recipe, folder / f"{name}.mlpackage")[0]["deviation"]
        rows[name] |= told
        _say(f"{name}, judged in {time.process_time() - began:.1f} s", told)
    plans = {} if planner is None else coreml_plans.compared(folder, planner)
    print("FIGURES", json.dumps({"packages": rows, "seconds": seconds, "gigabytes": peak, "plans": plans}))


def _say(name: str, told: dict[str, float]) -> None:
    print(name, told, file=sys.stderr, flush=True)


def _bytes(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())


if __name__ == "__main__":
    main(*sys.argv[1:])
