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


def rates(count: str, held: dict[str, Any]) -> str:
    """The table of a number of photos."""
    names = {"plain": "`veraretouch auto --jobs 1`", "one": "one worker", "two": "two workers"}
    rows = [
        f"| {names[name]} | {held[name]['rate']:.2f} | {held[name]['rate'] / held['plain']['rate']:.2f} | "
        f"{held[name]['start']:.1f} | {held[name]['load']:.1f} |"
        for name in names
        if name in held
    ]
    text = [
        f"## {count} photos of a megapixel\n",
        "By `tiny`, one thread a process; photos a second from the begin of the first to that of the last, starting apart.\n",
        "| | photos a second | times plain | seconds to start | load |\n|---|---|---|---|---|",
        *rows,
    ]
    if "one" in held and "two" in held:
        text.append(f"\nTwo workers are {held['two']['rate'] / held['one']['rate']:.2f} times as fast as one.")
    if equal := held.get("equal"):
        text.append(
            f"Of {equal['photos']} pictures {equal['differ']} differ from the plain command's, "
            f"{equal['missing']} are missing."
        )
    return "\n".join(text) + "\n"


def kills(count: str, held: dict[str, Any]) -> str:
    """What was there after kills."""
    rows = "\n".join(f"| {name} | {value} |" for name, value in held.items() if name != "said")
    return (
        f"## Kills, {count} photos\n\nA worker killed by SIGKILL after a sixth of the pictures, the driver after half; "
        f"then `--resume`.\n\n| | |\n|---|---|\n{rows}\n"
    )


def memory(figures: dict[str, Any]) -> str:
    """The table of memory by rows."""
    rows = []
    for name, held in figures.items():
        if name.startswith("memory "):
            parts = " | ".join(
                f"{part['first fifth']:.0f} / {part['last fifth']:.0f}" for part in held["megabytes"].values()
            )
            rows.append(f"| {held['rows']:,} | {held['rate']:.1f} | {parts} | {held['load']:.1f} |")
    return (
        "## Rows of small pictures\n\nPictures of 64 by 64 random pixels, PNG files in a Parquet file's column of bytes, "
        "planned by `tiny` on two workers,\n`--no-pictures --save-plan`. Megabytes are the most in the first and in the "
        "last fifth of the run: of the driver, of the\nlarger worker, of all other processes of Ray, and of its object "
        "store.\n\n| rows | rows a second | driver | worker | Ray | object store | load |\n|---|---|---|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


if __name__ == "__main__":
    figures = load()
    parts = [BEGIN]
    parts += [rates(name.split()[1], held) for name, held in figures.items() if name.startswith("rate ")]
    parts += [kills(name.split()[1], held) for name, held in figures.items() if name.startswith("kills ")]
    parts.append(memory(figures))
    PAGE.write_text("\n".join(parts))
    print(PAGE)
