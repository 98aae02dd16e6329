"""All Core ML packages of the published model at its full size, random weights: time, memory, sizes; docs/benchmarks/coreml.md is the report."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from speed_report import Figures

RECORDS = Path(__file__).parents[2] / "docs" / "benchmarks"

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def figures() -> Iterator[Figures]:
    made = Figures(
        "coreml",
        "test_coreml.py",
        "Sizes are the published ones, weights are random. Packages were run by the interpreter on this machine; on Apple's hardware nothing "
        "has been timed or verified.",
    )
    yield made
    made.write(RECORDS / "coreml.json", RECORDS / "coreml.md")


def _run(what: str, folder: Path, variant: str) -> dict[str, dict[str, float]]:
    helpers = [str(Path(__file__).parents[1] / "helpers"), str(Path(__file__).parent)]
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
    found: dict[str, dict[str, float]] = json.loads(re.findall(r"^FIGURES (.*)$", done.stdout, re.MULTILINE)[-1])
    return found


def test_every_package_of_the_published_model_converts(figures: Figures, tmp_path: Path) -> None:
    found = _run("vera", tmp_path, "coreml-int4")
    packages = found["seconds"]
    figures.times("Seconds for each package, four bits a weight", packages)
    figures.times("All of them", {"converting": sum(packages.values())})
    figures.table("Sizes, MB", found["megabytes"])
    figures.table("Peak memory", {"converting, GB": found["peak"]["gigabytes"]})
    words = ("embedding", "decoder", "lm_head", "tokenizer.json")
    figures.table("The language model", {"MB together": sum(found["megabytes"][name] for name in words)})
    assert sum(packages.values()) < 15 * 60
    assert found["peak"]["gigabytes"] < 16
    assert sum(found["megabytes"][name] for name in words) < 350


@pytest.mark.parametrize("variant", ["coreml-fp16", "coreml-int8", "coreml-int4"])
def test_tiny_converts_within_a_minute(figures: Figures, tmp_path: Path, variant: str) -> None:
    found = _run("tiny", tmp_path, variant)
    figures.times(f"tiny, {variant}", found["seconds"])
    figures.table(f"tiny, {variant}: sizes, MB", found["megabytes"])
    for name, told in found["deviation"].items():
        figures.table(f"{variant}: {name}, from torch", told)
    assert sum(found["seconds"][name] for name in ("tiny_auto", "tiny_style")) < 60


@pytest.mark.parametrize("variant", ["coreml-fp16", "coreml-int8", "coreml-int4"])
def test_the_renderer_converts_within_a_minute(figures: Figures, tmp_path: Path, variant: str) -> None:
    found = _run("renderer", tmp_path, variant)
    figures.times(f"Renderer, {variant}", found["seconds"])
    figures.table(f"Renderer, {variant}: sizes, MB", found["megabytes"])
    for name, told in found["deviation"].items():
        figures.table(f"{variant}: {name}, from torch", told)
    assert sum(found["seconds"].values()) < 60
    mean, most = (found["deviation"]["renderer_512"][name] for name in ("code_mean", "code_max"))
    if variant == "coreml-fp16":
        assert mean < 0.5
        assert most < 2
    if variant == "coreml-int8":
        assert mean < 1
