"""All Core ML packages of the published model at its full size, random weights: time, memory,
sizes; docs/benchmarks/coreml.md is the report.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from speed_report import Figures

# Variant -> how its weights are stored.
VARIANTS = {"coreml-fp16": "half precision", "coreml-int8": "eight bits a weight", "coreml-int4": "four bits a weight"}
RECORDS = Path(__file__).parents[3] / "docs" / "benchmarks"

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def figures() -> Iterator[Figures]:
    made = Figures(
        "coreml",
        "networks/test_coreml.py",
        "Sizes are the published ones, those of `vera-nano` its recipe's; the weights of `tiny` are its own, those of"
        " `vera-nano` the bundle's that VERA_NANO names (here contrib/nano's), all others random. Seconds"
        " are the processor's, of converting. The interpreter ran the packages on this machine, and their distance is"
        " that from torch in float32; on Apple's hardware nothing has been timed or verified. Rows of the published"
        " model and of the renderer are of an earlier run: their seconds are the clock's, on all cores. Plans are of"
        " the most probable words; edits and pictures are those of the planner's words, also where the packages' own"
        " were others.",
    )
    made.recall(RECORDS / "coreml.json")  # one test alone writes its own figures anew
    yield made
    made.write(RECORDS / "coreml.json", RECORDS / "coreml.md")


def _run(what: str, folder: Path, variant: str) -> dict[str, Any]:
    helpers = [str(Path(__file__).parents[2] / "helpers" / "planners"), str(Path(__file__).parent)]
    script = [
        sys.executable,
        "-W",
        "ignore",
        str(Path(__file__).with_name("coreml_run.py")),
        what,
        str(folder),
        variant,
    ]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(helpers)}
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(re.findall(r"^FIGURES (.*)$", done.stdout, re.MULTILINE)[-1])
    return found


def test_every_package_of_the_published_model_converts(figures: Figures, tmp_path: Path) -> None:
    found = _run("vera", tmp_path, "coreml-int4")
    packages = found["packages"]
    figures.grid("The published model, four bits a weight", packages)
    words = ("embedding", "decoder", "lm_head", "tokenizer.json")
    language = sum(packages[name]["MB"] for name in words)
    figures.bar("published: converting all packages, minutes", found["seconds"] / 60, at_most=15)
    figures.bar("published: peak memory of it, GB", found["gigabytes"], at_most=16)
    figures.bar("published: embedding, decoder, head and tokenizer in four bits, MB", language, at_most=350)
    figures.judge("published")


def test_the_published_model_in_half_precision_gives_torchs_values(figures: Figures, tmp_path: Path) -> None:
    """What few bits cost says little where weights are random;
    how far half precision is from torch at full size does.
    """
    packages = _run("vera", tmp_path, "coreml-fp16")["packages"]
    figures.grid("The published model, half precision", packages)
    for name in ("decoder_prefill", "decoder_step"):
        figures.bar(f"half precision: {name}, hidden states, relative", packages[name]["relative"], at_most=1e-2)
    for name in ("retouch_decoder", "ref_retouch_decoder"):
        figures.bar(f"half precision: {name}, mean code value", packages[name]["code_mean"], at_most=0.5)
        figures.bar(f"half precision: {name}, largest code value", packages[name]["code_max"], at_most=2)
    figures.judge("half precision")


@pytest.mark.parametrize("variant", VARIANTS)
def test_tiny_converts_within_a_minute(figures: Figures, tmp_path: Path, variant: str) -> None:
    packages = _run("tiny", tmp_path, variant)["packages"]
    figures.grid(f"tiny and the renderer, {VARIANTS[variant]}", packages)
    seconds = sum(packages[name]["seconds"] for name in ("tiny_auto", "tiny_style"))
    figures.bar(f"tiny {variant}: converting with and without a style, seconds", seconds, at_most=60)
    if variant == "coreml-fp16":
        apart = max(packages[name]["latent_max"] for name in ("tiny_auto", "tiny_style"))
        figures.bar(f"tiny {variant}: latents, share of each slot's range", apart, at_most=1e-2)
    figures.judge(f"tiny {variant}")


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_renderer_converts_within_a_minute(figures: Figures, tmp_path: Path, variant: str) -> None:
    packages = _run("renderer", tmp_path, variant)["packages"]
    figures.grid(f"tiny and the renderer, {VARIANTS[variant]}", packages)
    seconds = sum(row["seconds"] for row in packages.values())
    figures.bar(f"renderer {variant}: converting with its bakers, seconds", seconds, at_most=60)
    mean, most = (packages["renderer_512"][name] for name in ("code_mean", "code_max"))
    if variant == "coreml-fp16":
        figures.bar(f"renderer {variant}: 512 pixels, mean code value", mean, at_most=0.5)
        figures.bar(f"renderer {variant}: 512 pixels, largest code value", most, at_most=2)
    if variant == "coreml-int8":
        figures.bar(f"renderer {variant}: 512 pixels, mean code value", mean, at_most=1)
    figures.judge(f"renderer {variant}")


@pytest.mark.parametrize("variant", VARIANTS)
def test_packages_of_nano_plan_as_it_does(figures: Figures, tmp_path: Path, variant: str) -> None:
    found = _run("nano", tmp_path, variant)
    packages, plans, stored = found["packages"], found["plans"], VARIANTS[variant]
    figures.grid(f"vera-nano, {stored}", packages)
    figures.grid(f"vera-nano, {stored}: plans by the packages alone", plans)
    parts = ("decoder_prefill", "decoder_step", "renderer_photo", "renderer_cube")
    size = sum(row["MB"] for name, row in packages.items() if name not in parts)
    subject = f"nano {variant}"
    if variant == "coreml-fp16":
        hidden = max(packages[name]["relative"] for name in ("decoder_prefill", "decoder_step"))
        figures.bar(f"{subject}: hidden states, relative", hidden, at_most=1e-2)
        figures.bar(f"{subject}: sliders of a plan, share of each range", _most(plans, "slider_max"), at_most=1e-2)
        for head in ("neural", "sliders"):
            figures.bar(f"{subject}: {head}, p99 CIEDE2000", _most(plans, f"{head}_ciede2000_p99"), at_most=0.5)
        # Answers to exact values, which see no photo, stand in the table alone.
        shown = [plans[kind]["same_words"] for kind in ("auto", "style")]
        figures.bar(f"{subject}: answers about photos of the same words, share", min(shown), at_least=1)
    else:
        figures.bar(f"{subject}: all packages and the tokenizer, MB", size, at_most=20)
    figures.bar(f"{subject}: converting all packages, seconds", found["seconds"], at_most=120)
    figures.judge(subject)


def _most(plans: dict[str, dict[str, float]], name: str) -> float:
    return max(row[name] for row in plans.values() if name in row)
