"""The cases in which the formula of docs/guide/scale.md is held against a simulation; writes docs/benchmarks/scale.

python tests/benchmarks/scale/scale_report.py
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from scale_model import STAGES, Case, Cluster, Photos, Store
from scale_simulation import simulated

ROOT = Path(__file__).parents[3]
REPORT = ROOT / "docs" / "benchmarks" / "scale.json"
GUIDE = ROOT / "docs" / "guide" / "scale.md"

# What befalls the cluster -> the parameters that are not the defaults.
CIRCUMSTANCES: dict[str, dict[str, Any]] = {
    "calm": {"preemptions": 0.0, "slow": 0.0},
    "usual": {},
    "stragglers": {"preemptions": 0.0, "slow": 0.1, "slowness": 3.0},
    "storm": {"preemptions": 6.0},
}
# On 100 nodes alone: what else may decide.
LIMITS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "300 PUT a second": ({}, {"put_limit": 300.0}),
    "a far store": ({}, {"get": 0.6, "put": 1.2}),
    "a slow driver": ({"dispatch": 0.05}, {}),
    "slow drivers, 4 runs": ({"dispatch": 0.05, "runs": 4}, {}),
}
# Photos that each worker does, and seeds, by nodes: enough to see preemptions, few enough for some minutes.
LENGTHS = {10: (320, 3), 100: (128, 1), 1000: (32, 1)}
PREFIXES = 8
# Of the guide's table: photos, nodes, runs side by side, each below a prefix of its own.
RUNS = ((1e6, 10, 1), (1e6, 100, 1), (1e9, 1000, 1), (1e9, 1000, 8))


def cases() -> Iterator[tuple[str, str, int, Case]]:
    """Size, circumstances, nodes and case, for each that is simulated."""
    for size in json.loads(STAGES.read_text())["sizes"]:
        for nodes, (photos, _) in LENGTHS.items():
            asked = {name: (about, {}) for name, about in CIRCUMSTANCES.items()} | (LIMITS if nodes == 100 else {})
            for name, (about, store) in asked.items():
                cluster, at = Cluster(nodes=nodes, **about), Store(**{"prefixes": PREFIXES} | store)
                if "put_limit" in store:
                    at = replace(at, prefixes=1)
                yield size, name, nodes, Case(nodes * cluster.workers * photos, Photos.measured(size), cluster, at)


def compared(size: str, name: str, nodes: int, case: Case) -> dict[str, Any]:
    """A case by the formula and by simulation."""
    runs = [simulated(case, seed) for seed in range(LENGTHS[nodes][1])]
    seconds = statistics.fmean(run.seconds for run in runs)
    return {
        "size": size,
        "circumstances": name,
        "nodes": nodes,
        "photos": int(case.count),
        "decided_by": min(case.limits, key=lambda limit: case.limits[limit]),
        "formula": round(case.seconds, 1),
        "simulation": round(seconds, 1),
        "difference": round(case.seconds / seconds - 1, 4),
        "done_twice": [round(case.done_twice), round(statistics.fmean(run.done_twice for run in runs))],
        "preemptions": round(statistics.fmean(run.preemptions for run in runs), 1),
        "refused": round(statistics.fmean(run.refused for run in runs)),
    }


def guide_rows() -> list[str]:
    """The rows of the guide's table: what a million and a billion photos take by the formula."""
    rows = []
    for size in json.loads(STAGES.read_text())["sizes"]:
        for count, nodes, runs in RUNS:
            case = Case(count, Photos.measured(size), Cluster(nodes=nodes, runs=runs), Store(prefixes=runs))
            found = case.document()
            hours = f"{found['hours']:.1f} hours" if found["hours"] < 48 else f"{found['hours'] / 24:.1f} days"
            cost = " + ".join(f"{found['dollars'][name]:,.0f}" for name in ("nodes", "requests", "keeping"))
            rows.append(
                f"| {count:,.0f} of {size} | {nodes:,} | {runs} | {hours} |"
                f" {found['photos_per_second']:,.0f}, {found['decided_by']} | {found['terabytes_in']:,.1f} TB in,"
                f" {found['terabytes_out']:,.1f} out | {cost} |"
            )
    return rows


def write_report(rows: list[dict[str, Any]]) -> None:
    """docs/benchmarks/scale.json and scale.md, and the table of the guide."""
    stages = json.loads(STAGES.read_text())
    REPORT.write_text(json.dumps({"stages": stages["date"], "rows": rows}, indent=1) + "\n")
    worst = max(rows, key=lambda row: abs(row["difference"]))
    table = "\n".join(
        f"| {row['size']} | {row['nodes']:,} | {row['circumstances']} | {row['photos']:,} | {row['formula']:,.0f} |"
        f" {row['simulation']:,.0f} | {100 * row['difference']:+.1f} % | {row['decided_by']} |"
        f" {row['preemptions']:g} | {row['done_twice'][0]:,} / {row['done_twice'][1]:,} | {row['refused']:,} |"
        for row in rows
    )
    REPORT.with_suffix(".md").write_text(f"""# Scale: formula and simulation

The closed formula of [the guide](../guide/scale.md) against a simulation that replays measured seconds, photo by photo,
on 10 to 1,000 nodes of 4 workers. `python tests/benchmarks/scale/scale_report.py` writes this page and the guide's
table; [scale.json](scale.json) has the figures.

{_measured(stages)}

The formula is at most {100 * abs(worst["difference"]):.1f} % off ({worst["size"]}, {worst["nodes"]:,} nodes,
{worst["circumstances"]}), {100 * statistics.fmean(abs(row["difference"]) for row in rows):.1f} % on average.
Seconds are those of the whole run, 120 of them a node's start. Circumstances: `calm` has no preemptions and no slow
nodes; `usual` 0.05 preemptions a node and hour and 5 % of nodes that take 1.5 times as long; `stragglers` 10 % that
take 3 times as long; `storm` 6 preemptions a node and hour. A task has 16 photos, a run one driver. The store has
{PREFIXES} prefixes and answers after 0.06 (GET) and 0.1 s (PUT), `a far store` after 0.6 and 1.2 s; `300 PUT a second`
has one prefix that takes so many. `a slow driver` takes 0.05 s a task, `4 runs` have four such.

{HEAD}
{table}

What the formula leaves out: that at the beginning all workers ask the driver at once, that where drivers decide a slow
node may have taken the last batch, and that a preemption shortly before the end makes it later. All are seconds,
whatever the number of photos: the runs here are short, so that a million photos are foretold better than these.
""")
    # Figures differ in length.
    subprocess.run([sys.executable, ROOT / "docs" / "wrapping.py", REPORT.with_suffix(".md")], check=True)
    begin, end = "<!-- by scale_report.py -->\n", "<!-- end -->"
    text = GUIDE.read_text()
    head, rest = text.partition(begin)[::2]
    tail = rest.partition(end)[2]
    GUIDE.write_text(f"{head}{begin}{TABLE_HEAD}\n" + "\n".join(guide_rows()) + f"\n{end}{tail}")


HEAD = (
    "| photos of | nodes | circumstances | photos | formula, s | simulation, s | difference | decided by |"
    " preemptions | put twice, formula / simulation | refused requests |\n|---|---|---|---|---|---|---|---|---|---|---|"
)
TABLE_HEAD = (
    "| photos | nodes | runs | time | photos a second, and what decides | bytes |"
    " dollars: nodes + requests + a month's keeping |\n|---|---|---|---|---|---|---|"
)


def _measured(stages: dict[str, Any]) -> str:
    lines = []
    for size, found in stages["sizes"].items():
        photos, names = Photos.measured(size), found["columns"][:-2]
        means = [sum(row[i] for row in found["photos"]) / len(found["photos"]) for i in range(len(names))]
        each = ", ".join(f"{name} {mean:.3f}" for name, mean in zip(names, means, strict=True) if mean >= 0.0005)
        lines.append(
            f"- {size}, {len(photos.seconds)} photos: {photos.seconds.mean():.2f} s of one core"
            f" (standard deviation {photos.seconds.std():.2f}): {each};"
            f" {photos.bytes_in.mean() / 1e6:.1f} MB in, {photos.bytes_out.mean() / 1e6:.1f} MB out."
        )
    return (
        f"Measured on {stages['date']} ({stages['machine']}), planner `{stages['planner']}`, by"
        " `tests/benchmarks/scale/measure_stages.py`, in processor seconds:\n\n" + "\n".join(lines)
    )


def main() -> None:
    """Simulate every case and write the report."""
    rows = []
    for case in cases():
        rows.append(compared(*case))
        print(rows[-1], file=sys.stderr, flush=True)
    write_report(rows)


if __name__ == "__main__":
    main()
