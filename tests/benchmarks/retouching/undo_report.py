"""The record of one run of the undo test, as JSON and as a page of Markdown."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import machine
import numpy as np
from undo import BARS, Case, Distribution, Outcome, Photos, Retouch, Verdict, measure, summary

WANTED = {
    "share": f"at least {BARS['share']:.0%}",
    "change": f"at most {BARS['change']:+.0%}",
    "worst": f"at most {BARS['worst']:+.1f}",
    "unspoilt": f"below {BARS['unspoilt']:.1f}",
}
MEANING = {
    "share": "cases undone: mean CIEDE2000 falls by 10 % or more",
    "change": "change of the mean error over all cases",
    "worst": "worst worsening of one case, CIEDE2000",
    "unspoilt": "unspoilt photos moved, mean CIEDE2000",
}


@dataclass(frozen=True)
class Record:
    """What was run, where, and how the planner and its peers did; the first verdict is the planner's."""

    distribution: Distribution
    photos: tuple[str, ...]
    verdicts: list[Verdict]
    faint: list[Case]
    machine: Mapping[str, str]
    seconds: float

    @classmethod
    def of(cls, distribution: Distribution, photos: Photos, contestants: Mapping[str, Retouch]) -> Record:
        """Run the test; the first contestant is the one that is judged."""
        began = time.perf_counter()
        verdicts, faint = measure(distribution, photos, contestants)
        return cls(distribution, tuple(photos), verdicts, faint, machine.describe(), time.perf_counter() - began)

    @property
    def planner(self) -> Verdict:
        return self.verdicts[0]

    @property
    def peers(self) -> list[Verdict]:
        return self.verdicts[1:]

    @property
    def passed(self) -> bool:
        """The planner holds every bar and each peer fails one."""
        return all(self.planner.passed.values()) and not any(all(peer.passed.values()) for peer in self.peers)

    def write(self, json_path: Path | None, markdown_path: Path | None) -> None:
        """Write what is asked for."""
        for path, text in ((json_path, self.json), (markdown_path, self.markdown)):
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text() + "\n", encoding="utf-8")

    def json(self) -> str:
        """All figures, and each case of the planner."""
        document = {
            "machine": dict(self.machine),
            "distribution": dict(self.distribution),
            "photos": list(self.photos),
            "bars": BARS,
            "passed": self.passed,
            "contestants": {
                verdict.name: {
                    "figures": _rounded(verdict.figures),
                    "bars": verdict.passed,
                    "worst_case": str(verdict.worst(1)[0].case),
                }
                for verdict in self.verdicts
            },
            "unspoilt": _rounded(self.planner.moved),
            "cases": [
                {"case": str(outcome.case), "before": round(outcome.before, 2), "after": round(outcome.after, 2)}
                for outcome in self.planner.outcomes
            ],
            "too_faint": [str(case) for case in self.faint],
        }
        return json.dumps(document, indent=1, ensure_ascii=False)

    def markdown(self) -> str:
        """The page."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        planner = self.planner
        judged, faint = len(planner.outcomes), len(self.faint)
        engines = ", ".join(f"{name} {share:.0%}" for name, share in self.distribution["engines"].items())
        yield "# Undo test"
        yield ""
        yield (
            f"Photos are spoilt in known ways, `{planner.name}` retouches them in auto mode, and the mean CIEDE2000 to "
            f"the original is measured before and after. {len(self.photos)} photos, {judged} cases "
            f"({faint} more too faint to be judged); engines: {engines}; seed {self.distribution['seed']}."
        )
        if "imagemagick" not in self.distribution["engines"]:
            yield ""
            yield "ImageMagick is not installed on this machine: its share went to the other strangers."
        yield ""
        yield "Written by `make bench`; the distribution is tests/benchmarks/retouching/undo.json."
        yield from _section("Bars", ("bar", "wanted", planner.name, ""), self._bars())
        yield ""
        yield f"Worst case: {planner.worst(1)[0].case}."
        yield from _section("Beside its peers", ("", *MEANING, "fails at"), map(_standing, self.verdicts))
        yield ""
        yield from (f"- {name}: {meaning}" for name, meaning in MEANING.items())
        columns = ("cases", "before", "after", "share", "change", "worst")
        kinds = [*_groups(planner, lambda outcome: outcome.case.kind), *_groups(planner, lambda outcome: "all")]
        yield from _section("By kind", ("kind", *columns), kinds)
        yield from _section("By engine", ("engine", *columns), _groups(planner, lambda outcome: outcome.case.engine))
        yield from _section("Ten worst cases", ("case", "before", "after"), map(_row, planner.worst(10)))
        moved = sorted(planner.moved.items(), key=lambda item: -item[1])
        yield from _section("Unspoilt photos", ("photo", "moved"), [(name, f"{far:.2f}") for name, far in moved[:30]])
        yield from _section("Machine", ("", ""), self.machine.items())

    def _bars(self) -> Iterator[tuple[str, ...]]:
        for bar, held in self.planner.passed.items():
            yield MEANING[bar], WANTED[bar], _figure(bar, self.planner.figures[bar]), "pass" if held else "FAIL"
        standing = [peer.name for peer in self.peers if all(peer.passed.values())]
        yield "all four peers fail", "at one bar each", ", ".join(standing) or "they do", "FAIL" if standing else "pass"


def _standing(verdict: Verdict) -> tuple[str, ...]:
    figures = verdict.figures
    failed = ", ".join(bar for bar, held in verdict.passed.items() if not held)
    return verdict.name, *(_figure(bar, figures[bar]) for bar in MEANING), failed or "none"


def _groups(verdict: Verdict, key: Callable[[Outcome], str]) -> Iterator[tuple[str, ...]]:
    for name in sorted({key(outcome) for outcome in verdict.outcomes}):
        outcomes = [outcome for outcome in verdict.outcomes if key(outcome) == name]
        before = float(np.mean([outcome.before for outcome in outcomes]))
        after = float(np.mean([outcome.after for outcome in outcomes]))
        figures = (_figure(bar, value) for bar, value in summary(outcomes).items())
        yield name, str(len(outcomes)), f"{before:.2f}", f"{after:.2f}", *figures


def _row(outcome: Outcome) -> tuple[str, ...]:
    return str(outcome.case), f"{outcome.before:.2f}", f"{outcome.after:.2f}"


def _figure(bar: str, value: float) -> str:
    return {"share": f"{value:.1%}", "change": f"{value:+.1%}", "worst": f"{value:+.2f}", "unspoilt": f"{value:.2f}"}[
        bar
    ]


def _section(title: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    columns = tuple(columns)
    yield from ("", f"## {title}", "", f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}")
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _rounded(figures: Mapping[str, Any]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in figures.items()}
