"""How many examples contrib/aether builds in a minute, in one process and in two; writes docs/benchmarks/aether."""

import json
import os
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("veraretouch_aether", reason="pip install ./contrib/aether")

ROOT = Path(__file__).parents[3]
PHOTOS = ROOT / "tests" / "data" / "photos"
PER_PHOTO = 60
LEAST = 1000  # examples a minute on two cores
MACHINE_HOUR = 0.10  # US dollars, an assumed price of a two-core cloud machine

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    from veraretouch_aether import build
    from veraretouch_aether.run import processes

    rows = []
    for jobs in (1, 2):
        out, stamps = tmp_path_factory.mktemp("aether") / "data", []
        begin = time.perf_counter()
        # Progress is a line a shard: the first tells when the work is under way, start-up and preparation behind it.
        document = build(
            [PHOTOS],
            out,
            per_photo=PER_PHOTO,
            per_shard=50,
            run=processes(jobs),
            say=lambda text, stamps=stamps: stamps.append((time.perf_counter(), text)),
        )
        wall = time.perf_counter() - begin
        made = [(when, int(text.split(": ")[1].split()[0])) for when, text in stamps if ".tar: " in text]
        steady = made[jobs + 1 :]
        rate = 60 * sum(count for _, count in steady) / (steady[-1][0] - made[jobs][0])
        rows.append(
            {
                "processes": jobs,
                "examples": sum(document["counts"].values()),
                "seconds": round(wall, 1),
                "per_minute": round(rate),
                "per_minute_with_start": round(60 * sum(document["counts"].values()) / wall),
                "bytes": sum(shard["bytes"] for shard in document["shards"]),
            }
        )
    return rows


def test_a_thousand_examples_a_minute_on_two_cores(measured):
    write_report(measured)
    two = next(row for row in measured if row["processes"] == 2)
    assert two["per_minute"] >= LEAST
    assert two["per_minute_with_start"] >= LEAST


def write_report(rows):
    """docs/benchmarks/aether.json and aether.md."""
    one, two = (next(row for row in rows if row["processes"] == n) for n in (1, 2))
    hours = 1e6 / two["per_minute"] / 60
    size = two["bytes"] / two["examples"]
    report = {"cores": os.cpu_count(), "python": sys.version.split()[0], "rows": rows}
    folder = ROOT / "docs" / "benchmarks"
    (folder / "aether.json").write_text(json.dumps(report, indent=2) + "\n")
    table = "\n".join(
        f"| {row['processes']} | {row['examples']:,} | {row['seconds']:.0f} s |"
        f" {row['per_minute']:,} | {row['per_minute_with_start']:,} |"
        for row in rows
    )
    (folder / "aether.md").write_text(f"""# Building data

`make bench` writes this file. The 30 photos of tests/data/photos, {PER_PHOTO} examples each, 512 px on the long side,
JPEG 95 4:4:4, shards of 50, {report["cores"]} cores, Python {report["python"]}. The rate is taken from the first
finished shards on; the last column is the whole run with the start of the processes and the decoding of the photos.

| processes | examples | whole run | examples a minute | with start-up |
|---|---|---|---|---|
{table}

- Two processes do {two["per_minute"] / one["per_minute"]:.2f} times the work of one.
- **A million examples**: {hours:.1f} hours on this machine at that rate, {2 * hours:.0f} core-hours;
  at an assumed {MACHINE_HOUR:.2f} US dollars an hour for two cores, {hours * MACHINE_HOUR:.2f} dollars.
  They take {size * 1e6 / 1e9:.0f} GB ({size / 1000:.0f} kB each).
- Over several machines: `veraretouch ray aether build`, the same bytes.
""")
