"""The record of one run of the LUT promise, as JSON and as a page of Markdown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import machine
from lut_promise import TOLERANCES, Run

KINDS = {
    "auto": "auto plans of `rules` and `tiny`",
    "style": "prompts of the lexicon, by `rules` and `tiny`",
    "preset": "presets of tests/data",
    "random": "random plans, far beyond what planners make",
}


def broken(runs: Iterable[Run], *, before: bool = False) -> list[Run]:
    """The runs whose 99th percentile on all pixels is above the tolerance, by the sampler now or before."""
    return [run for run in runs if (run.worst_before if before else run.worst) > run.tolerance]


@dataclass(frozen=True)
class Record:
    """All runs, which pictures are photos, how long it took, and how many of the checks by the renderer agreed."""

    runs: Sequence[Run]
    photos: Sequence[str]
    seconds: float
    agreed: int
    asked: int

    @property
    def ordinary(self) -> list[Run]:
        """What planners, prompts and presets gave, on photos."""
        return [run for run in self.runs if run.kind != "random" and run.picture in self.photos]

    @property
    def exact(self) -> tuple[int, int]:
        """How many ordinary runs the exact engine takes, now and by the sampler before."""
        return sum(run.lattice is None for run in self.ordinary), sum(run.before is None for run in self.ordinary)

    @property
    def passed(self) -> bool:
        """No promise is broken, the exact engine is taken no oftener than before, and the renderer itself agrees."""
        now, before = self.exact
        return not broken(self.runs) and now <= before and self.agreed == self.asked

    def write(self, json_path: Path | None, markdown_path: Path | None) -> None:
        """Write what is asked for."""
        for path, text in ((json_path, self._json), (markdown_path, lambda: "\n".join(self._lines()))):
            if path is not None:
                path.write_text(text() + "\n", encoding="utf-8")

    def _json(self) -> str:
        now, before = self.exact
        document = {
            "machine": machine.describe(),
            "passed": self.passed,
            "seconds": round(self.seconds),
            "renderer_agrees": [self.agreed, self.asked],
            "ordinary": {"runs": len(self.ordinary), "exact": now, "exact_before": before},
            "plans_on_photos": [
                {"kind": kind, "tolerance": tolerance, **_figures(runs)} for kind, tolerance, runs in self._by_kind()
            ],
            "pictures": [
                {"picture": name, "tolerance": tolerance, **_figures(runs)}
                for name, tolerance, runs in self._by_picture()
            ],
        }
        return json.dumps(document, indent=1)

    def _by_kind(self) -> Iterator[tuple[str, float, list[Run]]]:
        for kind in KINDS:
            for tolerance in TOLERANCES:
                found = [run for run in self.runs if (run.kind, run.tolerance) == (kind, tolerance)]
                yield kind, tolerance, [run for run in found if run.picture in self.photos]

    def _by_picture(self) -> Iterator[tuple[str, float, list[Run]]]:
        for name in dict.fromkeys(run.picture for run in self.runs):
            for tolerance in TOLERANCES:
                yield name, tolerance, [run for run in self.runs if (run.picture, run.tolerance) == (name, tolerance)]

    def _lines(self) -> Iterator[str]:
        now, before = self.exact
        counts = Counter(run.picture for run in self.runs if run.tolerance == TOLERANCES[0])
        plans, few = max(counts.values()), min(counts.values())
        some = "" if few == plans else f"{few} of them "
        yield "# LUT promise"
        yield ""
        yield (
            f"{plans} plans on {len(self.photos)} photos, and {some}on {len(counts) - len(self.photos)} "
            "adversarial pictures: the 99th percentile of CIEDE2000 between look-up table and ops, on all pixels,"
        )
        yield f"at the tolerances {' and '.join(map(str, TOLERANCES))}; `exact` counts runs in which no table held it."
        yield "`before` is the sampler until November 2026: the percentile 99.2 of a regular grid of pixels."
        yield ""
        yield (
            "Written by `python tests/benchmarks/lut/lut_promise.py --markdown docs/benchmarks/lut-promise.md` "
            f"in {self.seconds:.0f} s ({machine.describe()['processor']})."
        )
        yield ""
        yield "| bar | figure | |"
        yield "|---|---|---|"
        held = not broken(self.runs)
        yield (
            f"| no 99th percentile above its tolerance | {len(broken(self.runs))} of {len(self.runs):,} runs are "
            f"(before: {len(broken(self.runs, before=True))}) | {_verdict(held)} |"
        )
        yield (
            f"| the exact engine taken no oftener on ordinary plans and photos | {now:,} of {len(self.ordinary):,} "
            f"(before: {before:,}) | {_verdict(now <= before)} |"
        )
        yield (
            f"| the renderer itself, asked once for every fifth plan, agrees | {self.agreed} of {self.asked} "
            f"| {_verdict(self.agreed == self.asked)} |"
        )
        yield ""
        yield "## Plans, on the photos"
        yield ""
        yield from _table(((f"{KINDS[kind]}", tolerance, runs) for kind, tolerance, runs in self._by_kind()), "plans")
        yield ""
        yield "## Pictures"
        yield ""
        yield from _table(self._by_picture(), "picture")


def _table(rows: Iterable[tuple[str, float, list[Run]]], first: str) -> Iterator[str]:
    yield f"| {first} | tolerance | runs | worst 99th percentile | above it | above it before | exact | exact before |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, tolerance, runs in rows:
        if runs:
            found = _figures(runs)
            yield (
                f"| {name} | {tolerance} | {found['runs']:,} | {found['worst']:.3f} | {found['broken']} "
                f"| {found['broken_before']} | {found['exact']:.1%} | {found['exact_before']:.1%} |"
            )


def _figures(runs: Sequence[Run]) -> dict[str, Any]:
    count = max(1, len(runs))
    return {
        "runs": len(runs),
        "worst": round(max((run.worst for run in runs), default=0.0), 4),
        "broken": len(broken(runs)),
        "broken_before": len(broken(runs, before=True)),
        "exact": sum(run.lattice is None for run in runs) / count,
        "exact_before": sum(run.before is None for run in runs) / count,
    }


def _verdict(passed: bool) -> str:
    return "pass" if passed else "fail"
