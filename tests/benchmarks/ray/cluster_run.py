"""Bars of `veraretouch ray` (docs/benchmarks/ray.md): rate, kills, memory. Each part goes on where it was stopped.

    .venv/bin/python tests/benchmarks/ray/cluster_run.py rate --photos 2000
    .venv/bin/python tests/benchmarks/ray/cluster_run.py kills --photos 200
    .venv/bin/python tests/benchmarks/ray/cluster_run.py memory --rows 20000

Figures go into docs/benchmarks/ray.json, from which cluster_page.py makes the page.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import operator
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.dataset
from cluster_inputs import ROOT, make_photos, make_table
from cluster_processes import VERARETOUCH, Run

IMPORTED = 150  # megabytes that a worker has once it works
FIGURES = ROOT / "docs" / "benchmarks" / "ray.json"


def index(out: Path) -> list[dict[str, Any]]:
    """The rows of a run."""
    rows: list[dict[str, Any]] = pyarrow.dataset.dataset(out / "index").to_table().to_pylist()
    return rows


def plain_rate(photos: Path, out: Path) -> dict[str, float]:
    """Photos a second of the plain command in one process, from its first photo's line to its last's."""
    words = ["auto", photos, "--out", out, "--jobs", "1", "--json"]
    shutil.rmtree(out, ignore_errors=True)
    begun = time.monotonic()
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([str(VERARETOUCH), *map(str, words)], stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    ends = [time.monotonic() - begun for _ in process.stdout]
    process.wait()
    return {"photos": len(ends), "start": ends[0], "rate": (len(ends) - 1) / (ends[-1] - ends[0])}


def cluster_rate(photos: Path, out: Path, workers: int) -> dict[str, float]:
    """Photos a second over Ray Data, between the begins of the first and the last photo; starting is apart."""
    shutil.rmtree(out, ignore_errors=True)
    said = json.loads(Run.start("ray", "auto", photos, out, "--workers", workers, "--json").end().splitlines()[-1])
    begins = sorted(row["began"].timestamp() for row in index(out))
    rate = (len(begins) - workers) / (begins[-1] - begins[0])
    return {"photos": len(begins), "start": said["start"], "seconds": said["seconds"], "rate": rate}


def rate(figures: dict[str, Any], work: Path, count: int) -> None:
    """One and two workers against the plain command, by turns; and whether the pictures are the same bytes."""
    photos = make_photos(work / f"photos-{count}", count)
    held = figures.setdefault(f"rate {count}", {})
    runs: dict[str, Callable[[], dict[str, float]]] = {
        "plain": lambda: plain_rate(photos, work / "plain"),
        "one": lambda: cluster_rate(photos, work / "one", 1),
        "two": lambda: cluster_rate(photos, work / "two", 2),
    }
    for name, run in runs.items():
        if name not in held:
            held[name] = run()
            held[name]["load"] = _load()
            save(figures)
            print(name, held[name], flush=True)
    if "equal" not in held:
        names = [path.name for path in photos.iterdir()]
        _, differ, missing = filecmp.cmpfiles(work / "plain", work / "two" / "pictures", names, shallow=False)
        held["equal"] = {"photos": len(names), "differ": len(differ), "missing": len(missing)}
        save(figures)


def kills(figures: dict[str, Any], work: Path, count: int) -> None:
    """A worker and then the driver killed in mid-run; what is there after the run was resumed."""
    photos, out = make_photos(work / f"photos-{count}", count), work / "killed"
    shutil.rmtree(out, ignore_errors=True)
    words = ("ray", "auto", photos, out, "--workers", 2, "--resume")
    run = Run.start(*words)
    until_written(out, count // 6, run)
    run.kill(run.workers()[0])
    until_written(out, count // 2, run)
    run.kill(run.process.pid)
    at_kill = len(list((out / "pictures").glob("*.jpg")))
    time.sleep(5)  # Ray's processes see that their driver is gone
    said = Run.start(*words).end()
    rows = index(out)
    inputs = {row["input"] for row in rows}
    whole = [path for path in (out / "pictures").glob("*.jpg") if path.stat().st_size]
    figures[f"kills {count}"] = {
        "pictures when the driver was killed": at_kill,
        "rows": len(rows),
        "inputs": len(inputs),
        "pictures": len(whole),
        "pictures of another hash than their row's": sum(not _as_said(out, row) for row in rows),
        "temporary files": len(list(out.rglob(".*"))),
    }
    save(figures)
    print(said, figures[f"kills {count}"], flush=True)


def until_written(out: Path, count: int, run: Run) -> None:
    """Wait until so many pictures are there."""
    while len(list((out / "pictures").rglob("*.jpg"))) < count:
        if run.process.poll() is not None:
            raise RuntimeError(run.end())
        time.sleep(0.2)


def memory(figures: dict[str, Any], work: Path, count: int) -> None:
    """Rows of small pictures planned by `tiny`: rows a second, and the memory of each part as the run goes on.

    A run that was stopped is resumed; pauses of a minute are left out of its rate.
    """
    name, out = f"memory {count}", work / f"planned-{count}"
    if name in figures:
        return
    table, log = make_table(work / f"noise-{count}.parquet", count), work / f"memory-{count}.jsonl"
    words = ("ray", "auto", table, out, "--workers", 2, "--no-pictures", "--save-plan", "--json", "--resume")
    said = json.loads(Run.start(*words, log=log).end().splitlines()[-1])
    samples = [json.loads(line) for line in log.read_text().splitlines()]
    samples = [sample for sample in samples if sample["worker"] > IMPORTED]
    fifth = max(1, len(samples) // 5)
    parts = {
        part: {
            "first fifth": max(sample[part] for sample in samples[:fifth]),
            "last fifth": max(sample[part] for sample in samples[-fifth:]),
        }
        for part in ("driver", "worker", "ray", "store")
    }
    rows = index(out)
    begins = sorted(row["began"].timestamp() for row in rows)
    seconds = sum(gap for gap in map(operator.sub, begins[1:], begins) if gap < 60)
    figures[name] = {
        "rows": len(rows),
        "inputs": len({row["input"] for row in rows}),
        "start": said["start"],
        "rate": len(rows) / seconds,
        "megabytes": parts,
        "load": _load(),
    }
    save(figures)
    print(figures[name], flush=True)


def _as_said(out: Path, row: dict[str, Any]) -> bool:
    from veraretouch.core.photo import file_hash

    return all(file_hash(out / made["name"]) == made["hash"] for made in row["outputs"])


def _load() -> float:
    """Processes that wanted a processor in the last minute, ours among them."""
    return float(Path("/proc/loadavg").read_text().split()[0])


def load() -> dict[str, Any]:
    """The figures so far."""
    figures: dict[str, Any] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    return figures


def save(figures: dict[str, Any]) -> None:
    """Keep the figures."""
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("rate", "kills", "memory"))
    parser.add_argument("--photos", type=int, default=500)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--work", type=Path, default=Path("/tmp/veraretouch-ray-bench"))
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    part = {"rate": rate, "kills": kills, "memory": memory}[given.part]
    part(load(), given.work, given.rows if given.part == "memory" else given.photos)
