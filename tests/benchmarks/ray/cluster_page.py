"""docs/benchmarks/ray.md from the figures of cluster_run.py."""

from __future__ import annotations

from typing import Any

from cluster_inputs import ROOT
from cluster_run import load

PAGE = ROOT / "docs" / "benchmarks" / "ray.md"
BEGIN = """# Photos on a cluster

`veraretouch ray` on one machine of two cores, a session of its own for each run: `tests/benchmarks/ray/cluster_run.py`.
What is asked of it: two workers at least 1.45 times as fast as one; one within 15 % of the plain command in one
process; the same bytes; nothing missing after kills; memory that does not grow with the number of rows. "Load" is how
many processes wanted a processor at the end of the run: on two cores, figures of ratios mean little above two.
"""


RATES = """## {count} photos of a megapixel

By `tiny`, one thread a process; photos a second from the begin of the first to that of the last, starting apart.

| | photos a second | times plain | seconds to start | load |
|---|---|---|---|---|
{rows}

{said}
"""
KILLS = """## Kills, {count} photos

A worker is killed by SIGKILL after a sixth of the pictures, the driver after half; then `--resume`.

| | |
|---|---|
{rows}
"""
MEMORY = """## Rows of small pictures

Pictures of 64 by 64 random pixels, PNG files in a Parquet file's column of bytes, planned by `tiny` on two workers,
`--no-pictures --save-plan`. Megabytes are the most in the first and in the last fifth of the run: of the driver, of the
larger worker, of all other processes of Ray, and of its object store.

| rows | rows a second | driver | worker | Ray | object store | load |
|---|---|---|---|---|---|---|
{rows}
"""
NAMES = {"plain": "`veraretouch auto --jobs 1`", "one": "one worker", "two": "two workers"}


def rates(count: str, held: dict[str, Any]) -> str:
    """The table of a number of photos."""
    rows = [
        f"| {NAMES[name]} | {held[name]['rate']:.2f} | {held[name]['rate'] / held['plain']['rate']:.2f} | "
        f"{held[name]['start']:.1f} | {held[name]['load']:.1f} |"
        for name in NAMES
        if name in held
    ]
    said = ""
    if "one" in held and "two" in held:
        said += f"Two workers are {held['two']['rate'] / held['one']['rate']:.2f} times as fast as one."
    if equal := held.get("equal"):
        said += f" Of {equal['photos']} pictures {equal['differ']} differ from the plain command's, "
        said += f"{equal['missing']} are missing."
    return RATES.format(count=count, rows="\n".join(rows), said=said)


def kills(count: str, held: dict[str, Any]) -> str:
    """What was there after kills."""
    return KILLS.format(count=count, rows="\n".join(f"| {name} | {value} |" for name, value in held.items()))


def memory(figures: dict[str, Any]) -> str:
    """The table of memory by rows."""
    rows = []
    for name, held in figures.items():
        if name.startswith("memory "):
            parts = [f"{part['first fifth']:.0f} / {part['last fifth']:.0f}" for part in held["megabytes"].values()]
            rows.append(f"| {held['rows']:,} | {held['rate']:.1f} | {' | '.join(parts)} | {held['load']:.1f} |")
    return MEMORY.format(rows="\n".join(rows))


if __name__ == "__main__":
    figures = load()
    parts = [BEGIN]
    parts += [rates(name.split()[1], held) for name, held in figures.items() if name.startswith("rate ")]
    parts += [kills(name.split()[1], held) for name, held in figures.items() if name.startswith("kills ")]
    parts.append(memory(figures))
    PAGE.write_text("\n".join(parts))
    print(PAGE)
