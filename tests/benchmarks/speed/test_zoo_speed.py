"""What the zoo costs: loading what is there, hashing it, fetching it;
docs/benchmarks/zoo.md is the report of record.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import pytest
from bundles import bundle_files, lay
from speed_report import Figures
from zoo_contestants import WEIGHTS

from veraretouch.zoo.testing import LoopbackHub

RECORDS = Path(__file__).parents[3] / "docs" / "benchmarks"
TENSORS, SHAPE = 300, (1000, 2000)
ROUNDS = 5
MEGABYTES = 256

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def figures() -> Iterator[Figures]:
    """What was measured; written down at the end, whatever it says."""
    made = Figures(
        "The zoo",
        "speed/test_zoo_speed.py",
        "Medians of interleaved runs, each in a process of its own with one thread; files lie in the page cache;"
        " imports are not counted.",
    )
    yield made
    made.write(RECORDS / "zoo.json", RECORDS / "zoo.md")


@pytest.fixture(scope="module")
def stamps(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("stamps"))


def contest(wheres: Mapping[str, str], stamps: str, rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
    """Medians of what each contestant says, run in turns after a turn that does not count."""
    said: dict[str, list[dict[str, float]]] = {name: [] for name in wheres}
    helpers = Path(__file__).parents[2] / "helpers" / "documents"
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",  # else a busy machine's scheduler is measured
        "PYTHONPATH": str(helpers),
        "XDG_CACHE_HOME": stamps,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
    for turn in range(rounds + 1):
        for name, where in wheres.items():
            command = [sys.executable, Path(__file__).with_name("zoo_contestants.py"), name, where.format(turn=turn)]
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
            if turn:
                said[name].append(json.loads(done.stdout))
    return {name: {key: median(run[key] for run in runs) for key in runs[0]} for name, runs in said.items()}


def big_bundle(folder: Path) -> int:
    """A bundle of 1.2 GB in some hundred tensors; the size of its weights."""
    size = 2 * SHAPE[0] * SHAPE[1]
    header = json.dumps(
        {
            f"layers.{index}.weight": {
                "dtype": "BF16",
                "shape": list(SHAPE),
                "data_offsets": [index * size, (index + 1) * size],
            }
            for index in range(TENSORS)
        }
    ).encode()
    header += b" " * (-len(header) % 8)
    digest, total = hashlib.sha256(), 0
    with (folder / WEIGHTS).open("wb") as file:
        for part in (len(header).to_bytes(8, "little"), header, *(os.urandom(size) for _ in range(TENSORS))):
            file.write(part)
            digest.update(part)
            total += len(part)
    listed = {"torch": {"files": {WEIGHTS: {"size": total, "sha256": digest.hexdigest()}}}}
    files = bundle_files(planner={"id": "bench.heavy", "version": "1"}, variants=listed)
    del files[WEIGHTS]
    lay(folder, files)
    return total


def test_rules_load_at_once(figures: Figures, stamps: str, tmp_path: Path) -> None:
    modules = tmp_path / "modules"
    modules.write_text("")  # the first process writes down what it has imported
    seconds = contest({"rules": str(modules)}, stamps, rounds=9)["rules"]["seconds"]
    figures.times('zoo.load("rules") beyond import', {"the first in a process": seconds})
    figures.bar("rules: ms beyond import", 1000 * seconds, at_most=50)
    figures.judge("rules")


def test_a_large_bundle_loads_faster_than_its_bytes_are_read(figures: Figures, stamps: str) -> None:
    with TemporaryDirectory() as folder:
        size = big_bundle(Path(folder))
        names = ("load", "touch", "reference", "read", "read_and_touch", "stream", "digest", "always")
        said = contest(dict.fromkeys(names, folder), stamps)
    seconds = {name: found["seconds"] for name, found in said.items()}
    figures.times(
        f"A bundle of {size / 1e9:.2f} GB in {TENSORS} tensors",
        {
            "zoo.load, unchanged since it was hashed": seconds["load"],
            "the same, each weight read once": seconds["touch"],
            "safetensors.torch.load_file, each weight read once": seconds["reference"],
            "reading the file's bytes into memory": seconds["read"],
            "the same, each weight read once more": seconds["read_and_touch"],
            "reading them through 4 MiB, keeping none": seconds["stream"],
            "SHA-256 of the file": seconds["digest"],
            'zoo.load(verify="always")': seconds["always"],
        },
    )
    figures.table(
        "Peak memory of the process beside the bundle's size",
        {
            "imports alone": said["touch"]["imports"] / size,
            "zoo.load": said["load"]["peak"] / size,
            "zoo.load, each weight read once": said["touch"]["peak"] / size,
            "safetensors.torch.load_file, each weight read once": said["reference"]["peak"] / size,
            "reading the file's bytes into memory": said["read"]["peak"] / size,
        },
    )
    figures.bar(
        "large: load with each weight read, beside reading the bytes", seconds["touch"] / seconds["read"], at_most=1.5
    )
    figures.bar("large: the same, beside reading them through 4 MiB", seconds["touch"] / seconds["stream"], at_most=1.5)
    grown = (said["touch"]["peak"] - said["touch"]["imports"]) / size
    figures.bar("large: peak memory beyond imports, beside its size", grown, at_most=1.2)
    figures.bar(
        'large: verify="always" beside a load with each weight read', seconds["always"] / seconds["touch"], at_least=1
    )
    figures.judge("large")


def test_fetching_adds_little_to_the_clients_own_time(figures: Figures, stamps: str, tmp_path: Path) -> None:
    with LoopbackHub().running() as hub:
        data = os.urandom(MEGABYTES * 10**6)
        listed = {"torch": {"files": {WEIGHTS: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}}}}
        hub.publish("me/look", bundle_files(variants=listed) | {WEIGHTS: data})
        seconds = {
            name: found["seconds"]
            for name, found in contest(
                {name: f"{hub.url} me/look {tmp_path}/{name}-{{turn}}" for name in ("pull", "client")}, stamps
            ).items()
        }
    figures.times(
        f"Fetching {MEGABYTES} MB from the loopback Hub",
        {"fetched and verified": seconds["pull"], "by the Hub's client alone": seconds["client"]},
    )
    figures.table("MB/s from the loopback Hub", {name: MEGABYTES / took for name, took in seconds.items()})
    figures.bar("fetch: beside the client alone", seconds["pull"] / seconds["client"], at_most=2)
    figures.judge("fetch")
