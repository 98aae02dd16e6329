"""The report of a benchmark of speed: JSON, a page of Markdown and, for sizes of photos, two plots."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

import machine
import numpy as np


@dataclass(frozen=True)
class Bar:
    """A figure and what is wanted of it."""

    name: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def holds(self) -> bool:
        low = self.at_least is None or self.value >= self.at_least
        return low and (self.at_most is None or self.value <= self.at_most)

    @property
    def wanted(self) -> str:
        return f"at least {self.at_least:g}" if self.at_most is None else f"at most {self.at_most:g}"


class Figures:
    """Everything that a run has measured.

    Args:
        title: of the page; `script`: the benchmark that writes it, from tests/benchmarks; `about`:
            a sentence on its figures.
    """

    def __init__(self, title: str, script: str, about: str) -> None:
        self.title, self.script, self.about = title, script, about
        self.bars: list[Bar] = []
        self.tables: dict[str, dict[str, float]] = {}
        self.others: dict[str, dict[str, float]] = {}
        self.grids: dict[str, dict[str, dict[str, float]]] = {}
        self.errors: list[dict[str, Any]] = []
        self.by_lattice: dict[int, float] = {}
        self.by_size: dict[float, tuple[float, dict[str, float]]] = {}

    def times(self, what: str, seconds: Mapping[str, float]) -> None:
        """Median seconds of contestants in one interleaved run."""
        self.tables[what] = dict(seconds)

    def table(self, what: str, figures: Mapping[str, float]) -> None:
        """Figures that are no seconds."""
        self.others[what] = dict(figures)

    def grid(self, what: str, rows: Mapping[str, Mapping[str, float]]) -> None:
        """Rows with several figures each, below those that the table has; a figure that a row lacks is left blank."""
        held = self.grids.setdefault(what, {})
        held |= {name: {**held.get(name, {}), **row} for name, row in rows.items()}

    def bar(self, name: str, value: float, **wanted: float) -> None:
        """A figure with its bar; the words before the colon say what it belongs to."""
        made, names = Bar(name, float(value), **wanted), [bar.name for bar in self.bars]
        if name in names:
            self.bars[names.index(name)] = made
        else:
            self.bars.append(made)

    def recall(self, data: Path) -> None:
        """Begin with the bars and tables of an earlier run: what is measured now takes the place of its own alone."""
        if data.is_file():
            document = json.loads(data.read_text())
            self.bars = [Bar(**{key: bar[key] for key in bar if key != "holds"}) for bar in document["bars"]]
            self.tables, self.others, self.grids = document["seconds"], document["figures"], document["grids"]
            self.errors = document["errors"]
            self.by_lattice = {int(n): error for n, error in document["error_by_lattice"].items()}
            self.by_size = {float(n): (c["memory"], c["seconds"]) for n, c in document["by_megapixels"].items()}

    def judge(self, *subjects: str) -> None:
        """Fail where a bar of these subjects does not hold."""
        missed = [bar for bar in self.bars if bar.name.split(":")[0] in subjects and not bar.holds]
        assert not missed, "; ".join(f"{bar.name}: {bar.value:.3g}, wanted {bar.wanted}" for bar in missed)

    def accuracy(self, rows: Sequence[tuple[float, str, str, int | None, float]]) -> None:
        """Rows of (strength, picture, engine, lattice, p99), summed up by strength and kind of picture."""
        self.errors = []
        for strength, kind in sorted({row[:2] for row in rows}):
            some = [row for row in rows if row[:2] == (strength, kind)]
            lattices = [row[3] for row in some]
            self.errors.append(
                {
                    "strength": strength,
                    "pictures": kind,
                    "count": len(some),
                    "by table": float(np.mean([row[2] == "lut" for row in some])),
                    **{str(n): lattices.count(n) for n in (33, 49, 65)},
                    "median p99": float(np.median([row[4] for row in some])),
                    "worst p99": max(row[4] for row in some),
                }
            )

    def lattices(self, errors: Mapping[int, float]) -> None:
        """p99 CIEDE2000 by the size of the lattice."""
        self.by_lattice = dict(errors)

    def sizes(self, costs: Mapping[float, tuple[float, dict[str, float]]]) -> None:
        """By megapixels: peak memory as a multiple of the decoded photo, and seconds of each stage."""
        self.by_size = dict(costs)

    def write(self, data: Path, page: Path) -> None:
        """Write both, and the plots beside them."""
        data.parent.mkdir(exist_ok=True)
        document = {
            "bars": [asdict(bar) | {"holds": bar.holds} for bar in self.bars],
            "seconds": self.tables,
            "figures": self.others,
            "grids": self.grids,
            "errors": self.errors,
            "error_by_lattice": self.by_lattice,
            "by_megapixels": {size: {"memory": m, "seconds": s} for size, (m, s) in self.by_size.items()},
            "machine": machine.describe(),
        }
        data.write_text(json.dumps(document, indent=1) + "\n")
        page.write_text(self.markdown(document["machine"]))
        if self.by_size:
            self._plot(page.with_suffix(".png"))

    def markdown(self, described: Mapping[str, str]) -> str:
        """The page."""
        lines = [
            f"# {self.title}",
            "",
            fill(
                f"Written by `make bench` (tests/benchmarks/{self.script}). {self.about}", 120, break_on_hyphens=False
            ),
            "",
        ]
        if self.bars:
            rows = [(b.name, b.wanted, f"{b.value:.3g}", "pass" if b.holds else "**missed**") for b in self.bars]
            lines += ["## Bars", "", *_table(("bar", "wanted", "measured", ""), rows), ""]
        if self.by_size:
            lines += ["![Time against megapixels, error against the lattice](speed.png)", ""]
        for what, seconds in self.tables.items():
            lines += [f"## {what}", "", *_table(("", "seconds"), [(k, f"{v:.4g}") for k, v in seconds.items()]), ""]
        for what, figures in self.others.items():
            lines += [f"## {what}", "", *_table(("", ""), [(k, f"{v:.4g}") for k, v in figures.items()]), ""]
        for what, grid in self.grids.items():
            columns = list(dict.fromkeys(column for row in grid.values() for column in row))
            cells = [[name, *(f"{row[c]:.3g}" if c in row else "" for c in columns)] for name, row in grid.items()]
            lines += [f"## {what}", "", *_table(["", *columns], cells), ""]
        if self.errors:
            rows = [[f"{v:.3g}" if isinstance(v, float) else str(v) for v in row.values()] for row in self.errors]
            lines += ["## Errors of `auto` by the strength of the plan", ""]
            lines += [*_table(list(self.errors[0]), rows), ""]
        if self.by_size:
            rows = [
                (f"{size:g}", f"{memory:.2f}", *(f"{seconds.get(s, 0):.2f}" for s in _STAGES))
                for size, (memory, seconds) in self.by_size.items()
            ]
            lines += ["## TIFF to TIFF by size", "", *_table(("megapixels", "peak memory / photo", *_STAGES), rows), ""]
        return "\n".join([*lines, "## Machine", "", *_table(("", ""), list(described.items())), ""])

    def _plot(self, path: Path) -> None:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot

        figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
        for stage in _STAGES:
            left.plot(list(self.by_size), [s.get(stage, 0) for _, s in self.by_size.values()], "o-", label=stage)
        left.set(xlabel="megapixels", ylabel="seconds", title="TIFF to TIFF, rules")
        left.legend(fontsize=8)
        right.semilogy(list(self.by_lattice), list(self.by_lattice.values()), "o-")
        right.set(xlabel="points an axis", ylabel="CIEDE2000, p99", title="ten ops, 8 bit")
        figure.savefig(path, dpi=110)
        pyplot.close(figure)


_STAGES = ("decode", "plan", "bake", "render", "encode")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
