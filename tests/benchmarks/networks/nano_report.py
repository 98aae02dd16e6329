r"""Write docs/benchmarks/nano.md: how `vera-nano` was trained, how it does on sources that it has not seen, beside
`tiny`, and what fewer bits do to its words, edits and pictures.

    PYTHONPATH=tests/benchmarks/retouching python tests/benchmarks/networks/nano_report.py --run RUN \
        [--bundle BUNDLE --data HELDOUT --tiny TINY --limit 300 --bits 24]

HELDOUT is a dataset of `aether` of held-out sources; TINY a bundle of `tiny` that has not seen them, as `tiny_folds.py`
makes them: the one that ships has seen every source; without it planners are not judged again. RUN holds the stages'
folders with their log.jsonl. Without options the page is written again from docs/benchmarks/nano.json.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import describe

from veraretouch import Photo, Plan, Renderer, Request, zoo
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.contract.request import Mode
from veraretouch.core.render.retoucher import Retoucher
from veraretouch.planners.eval.claims import claims
from veraretouch.planners.eval.data import Data, read_cases
from veraretouch.planners.eval.peers import NOTHING
from veraretouch.planners.eval.run import evaluate
from veraretouch.planners.eval.separation import alone
from veraretouch.planners.eval.summary import document
from veraretouch.planners.rewards.format import is_well_formed
from veraretouch.planners.training.data import examples_of, pixel_grid, pixels_of, shards_of
from veraretouch.planners.vera.writing.sampling import Forced, Sampled, Sampling

ROOT = Path(__file__).resolve().parents[3]
RECORD = ROOT / "docs" / "benchmarks" / "nano.json"
STAGES = ("neural/renderer-pretraining", "aligned", "reasoned", "seen", "looked", "edited")
BITS = ("float32", "bfloat16", "int8", "int4")
# Name of a figure, how it reads, and where it stands in a record of `judged`.
FIGURES = (
    ("auto_gain", "auto: gain over doing nothing, dB"),
    ("unspoilt", "unspoilt photos moved, mean CIEDE2000"),
    ("style_gain", "style: gain over doing nothing, dB"),
    ("style_share", "style: the own prompt fits better than another's, share"),
    ("param", "param: mean CIEDE2000 to exact values"),
    ("claims", "claims of the words that the picture keeps, share"),
    ("valid", "answers in the published format, share"),
    ("failures", "answers without any edit, of all"),
    ("seconds", "seconds a plan"),
)
# Bars of the issue, for the page: name -> what is wanted, in words.
WANTED = {
    "auto_gain": "tiny's less 0.3",
    "unspoilt": "no more than tiny",
    "style_share": "as tiny",
    "param": "tiny's, which is exact, plus 0.5",
    "claims": "at least 0.95",
    "valid": "at least 0.995",
    "seconds": "under 1, int4",
}


def judged(retoucher: Retoucher, data: Data) -> dict[str, Any]:
    """Figures of a planner on held-out cases, with 95 % intervals by photo where there are some."""
    answers: list[tuple[str, Mode]] = []
    seconds: list[float] = []
    planner, plan = retoucher.planner, retoucher.planner.plan

    def listened(photos: Sequence[Photo], requests: Sequence[Request]) -> Any:
        heard = [""] * len(photos)

        def on_text(row: int, piece: str) -> None:
            heard[row] += piece

        began = time.perf_counter()
        done = plan(photos, requests, on_text=on_text) if planner.id == "vera" else plan(photos, requests)
        seconds.append(time.perf_counter() - began)
        answers.extend((text, request.mode) for text, request in zip(heard, requests, strict=True) if text)
        return done

    planner.plan = listened
    found = document(evaluate(retoucher, data))
    name, parts = found["planner"]["name"], found["subsets"]

    def gain(part: str) -> Any:
        return parts[part]["gains"][NOTHING]["psnr"]

    return {
        "auto_gain": gain("auto"),
        "unspoilt": parts["unspoilt"]["contestants"][name]["ciede2000"],
        "style_gain": gain("style"),
        "style_share": found["style"].get("share"),
        "param": parts["param"]["contestants"][name]["ciede2000"],
        "claims": found["reasoning"].get("holds"),
        "claims_made": found["reasoning"].get("claims", 0),
        "valid": {"mean": float(np.mean([is_well_formed(*answer) for answer in answers]))} if answers else None,
        "failures": {"mean": len(found["failures"]) / found["data"]["cases"]},
        "seconds": {"mean": float(np.mean(seconds))},
        "cases": found["data"]["cases"],
        "photos": found["data"]["photos"],
        "answers": [text for text, _ in answers[:6]],
    }


def claims_of_truth(folder: Path) -> dict[str, float]:
    """The share of claims that the dataset's own words and edits keep, by the same yardstick: no planner that says what
    it does is likely to keep more.
    """
    renderer, found = Renderer(), []
    for key, about, files in examples_of(shards_of(folder, "test")):
        if not about.get("edits"):
            continue
        plan = Plan.load({"schema": "veraretouch.plan/1", "mode": about["request"]["mode"], "edits": about["edits"]})
        rgb = pixel_grid(pixels_of(files, "input", key), 64).float().unsqueeze(0) / 255
        rendered = alone(rgb, plan, renderer)
        found += [claim.holds for claim in claims(about["reasoning"], rgb, rendered)]
    return {"mean": float(np.mean(found)), "claims": len(found)}


def by_bits(bundle: str, data: Data, count: int) -> dict[str, Any]:
    """What fewer bits do, style request by style request against float32: the most probable words; and, where the words
    of float32 are forced, states, edits and pictures.
    """
    given = [
        (Photo((case.read(data.size).before * 255 + 0.5).astype(np.uint8)), Request.of(style=case.prompt))
        for case in [case for case in data.cases if case.subset == "style"][:count]
    ]
    greedy = Sampling(temperature=0, most_tokens=300)
    made: dict[str, Any] = {}
    words: list[list[int]] = []
    base: dict[str, list[Any]] = {}
    for bits in BITS:
        made[bits] = {}
        for head in ("sliders", "neural"):
            retoucher = zoo.load(bundle, dtype=bits, options={"head": head})
            planner = retoucher.planner
            writer = planner._writer
            own: list[list[int]] = []
            began = time.perf_counter()
            for photo, request in given:
                planner.sampler = lambda request: Sampled(greedy, 0)
                prompt = planner_prompt(planner, photo, request)
                own.append(writer.write(*prompt, [planner.sampler(None)])[0].tokens)
            seconds = (time.perf_counter() - began) / len(given)
            words = words or own
            pictures, latents = [], []
            for (photo, request), tokens in zip(given, words, strict=True):
                planner.sampler = lambda request, tokens=tokens: Forced(tokens)
                pictures.append(torch.from_numpy(retoucher(photo, style=request.prompt).image.pixels / 255.0))
                latents.append(planner.plan([photo], [request]).latents.pack())
            base.setdefault(head, [pictures, latents])
            far = torch.cat([ciede2000(a, b).flatten() for a, b in zip(pictures, base[head][0], strict=True)])
            made[bits][head] = {
                "same_words": float(np.mean([a == b for a, b in zip(own, words, strict=True)])),
                "seconds": seconds,
                "latents": float(
                    np.mean([float((a - b).abs().mean()) for a, b in zip(latents, base[head][1], strict=True)])
                ),
                "mean": float(far.mean()),
                "p99": float(np.quantile(far.numpy(), 0.99)),
            }
    return {"photos": len(given), "of": made}


def planner_prompt(planner: Any, photo: Photo, request: Request) -> tuple[list[int], list[torch.Tensor]]:
    """The tokens and the embeddings of a prompt, as the planner's writer takes them."""
    from veraretouch.planners.vera.prompts import prompt_for

    prompt = prompt_for(request)
    prefix = planner.tokenizer.ids(prompt.before)
    return prefix, [planner._embed(prompt, photo, len(prefix))]


def curves(run: Path) -> dict[str, list[dict[str, float]]]:
    """Lines of each stage's log."""
    return {
        stage: [json.loads(line) for line in (run / stage / "log.jsonl").read_text().splitlines()]
        for stage in STAGES
        if (run / stage / "log.jsonl").exists()
    }


def page(record: Mapping[str, Any]) -> str:
    """The report."""
    lines = ["# vera-nano", "", *record["about"].split("\n")]
    if names := list(record.get("planners", {})):
        cases = record["planners"][names[0]]
        lines += ["", "## On sources that it has not seen", ""]
        lines += [f"{cases['cases']} cases of {cases['photos']} photos, with 95 % intervals by photo.", ""]
        lines += [f"| | wanted | {' | '.join(names)} |", f"|---|---|{'---|' * len(names)}"]
    for key, title in FIGURES if names else ():
        told = [_told(record["planners"][name].get(key)) for name in names]
        lines.append(f"| {title} | {WANTED.get(key, '')} | {' | '.join(told)} |")
    if truth := record.get("claims of truth"):
        lines += ["", f"Of {truth['claims']} claims in the data's own words, their own edits keep {truth['mean']:.3f}:"]
        lines += ["sliders work against each other (`saturation -0.12` beside a warm tint), and each is a claim."]
    if bits := record.get("bits"):
        lines += ["", "## What fewer bits do", ""]
        lines += [f"{bits['photos']} photos with a style that is asked for, the most probable words, against float32."]
        lines += ["Edits and pictures are compared where the words of float32 are forced.", ""]
        lines += ["| bits | head | same words | edits, mean difference | CIEDE2000, mean | p99 | seconds of writing |"]
        lines += ["|---|---|---|---|---|---|---|"]
        for name, heads in bits["of"].items():
            for head, one in heads.items():
                cells = f"{one['same_words']:.2f} | {one['latents']:.5f} | {one['mean']:.3f} | {one['p99']:.3f}"
                lines.append(f"| {name} | {head} | {cells} | {one['seconds']:.2f} |")
    lines += ["", "## Curves", "", "Mean loss of the steps since the line before.", ""]
    for stage, steps in record["curves"].items():
        lines += [f"### {stage}", "", "| step | loss | learning rate |", "|---|---|---|"]
        shown = steps[:: max(1, len(steps) // 10)]
        shown += [] if steps[-1] in shown else [steps[-1]]
        lines += [f"| {one['step']} | {one['loss']:.4f} | {one['lr']:.2e} |" for one in shown]
        lines.append("")
    lines += ["## Machine", "", "|  |  |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in record["machine"].items()]
    return "\n".join(lines) + "\n"


def _told(figure: Mapping[str, Any] | None) -> str:
    if not figure:
        return "-"
    if figure.get("low") is None:
        return f"{figure['mean']:.3f}"
    return f"{figure['mean']:.2f} ({figure['low']:.2f} to {figure['high']:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bundle")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--tiny")
    parser.add_argument("--run", type=Path)
    parser.add_argument("--about", default="")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--bits", type=int, default=0, help="photos that fewer bits are tried on")
    given = parser.parse_args()
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    if given.bundle:
        data = read_cases(given.data, size=None, limit=given.limit)
        if given.tiny:
            planners = {
                "sliders": zoo.load(given.bundle, options={"head": "sliders"}),
                "neural": zoo.load(given.bundle, options={"head": "neural"}),
                "tiny": zoo.load(given.tiny),
            }
            record["claims of truth"] = claims_of_truth(given.data)
            record["planners"] = {name: judged(retoucher, data) for name, retoucher in planners.items()}
        if given.bits:
            record["bits"] = by_bits(given.bundle, data, given.bits)
    if given.run:
        record |= {"curves": curves(given.run), "machine": describe()}
    if given.about:
        record["about"] = given.about
    RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    RECORD.with_suffix(".md").write_text(page(record))


if __name__ == "__main__":
    main()
