"""Reports on a batch: a progress bar on a terminal, plain lines in a pipe, or lines of JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from time import perf_counter
from types import TracebackType
from typing import Any

from ..shell import DEBUG_VARIABLE
from ..terminal import complain, json_text, message, printable, say
from .task import PhotoOutcome

_ARROWS = {"written": "->", "unchanged": "is done:", "planned": "would be written:"}


class BatchConsole:
    """Tells of outcomes, in the order of the photos, whatever the order in which they come. A context manager.

    Args:
        total: how many photos.
        json: one line of JSON a photo on stdout, and nothing else there.
        reasoning: print each plan's reasoning.
        timings: print the seconds of each photo's stages.
    """

    def __init__(self, total: int, *, json: bool = False, reasoning: bool = False, timings: bool = False) -> None:
        self.total, self.json, self.reasoning, self.timings = total, json, reasoning, timings
        self.counts = {"written": 0, "unchanged": 0, "planned": 0, "failed": 0}
        self._early: dict[int, PhotoOutcome] = {}
        self._next = 0
        self._start = perf_counter()
        self._bar: Any = None

    def __enter__(self) -> BatchConsole:
        if self.total > 1 and sys.stderr.isatty():
            self._bar = _bar()
            self._bar.start()
            self._bar.add_task("Retouching", total=self.total)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        for index in sorted(self._early):  # those that were done when it was stopped
            self._show(self._early.pop(index))
        told = ", ".join(f"{count} {status}" for status, count in self.counts.items() if count)
        if kind is KeyboardInterrupt:
            print(f"Interrupted after: {told or 'nothing'}. --resume goes on.", file=sys.stderr, flush=True)
        elif self.total > 1 and kind is None:
            print(f"{told} in {perf_counter() - self._start:.1f} s", file=sys.stderr, flush=True)

    def done(self, outcome: PhotoOutcome) -> None:
        """Report an outcome as soon as those before it have been reported."""
        self.counts[outcome.status] += 1
        if self._bar is not None:
            self._bar.advance(self._bar.task_ids[0])
        self._early[outcome.index] = outcome
        while self._next in self._early:
            self._show(self._early.pop(self._next))
            self._next += 1

    def _show(self, outcome: PhotoOutcome) -> None:
        if self.json:
            say(json_text(outcome.document(), indent=None))
        elif outcome.status != "failed" and outcome.products is not None:
            source, *written = map(printable, (outcome.source, *outcome.products))
            say(f"{source} {_ARROWS[outcome.status]} {', '.join(written)}")
            if self.reasoning and outcome.plan is not None:
                show_reasoning(outcome.plan)
            if self.timings:
                say(
                    f"  {outcome.engine}: "
                    + ", ".join(f"{s} {t:.3f} s" for s, t in outcome.timings.items() if t >= 5e-4)
                )
        if outcome.status == "failed":
            complain(f"{outcome.source}: {outcome.problem}" if self.total > 1 else outcome.problem)
            if os.environ.get(DEBUG_VARIABLE):
                print(outcome.trace, file=sys.stderr)
        for warning in outcome.warnings:
            complain(f"{outcome.source}: {warning}", what="Warning")


def show_reasoning(plan: Mapping[str, Any]) -> None:
    """Print a plan's reasoning, group by group."""
    for group, thought in plan.get("reasoning", {}).items():
        problem, answer = thought.get("problem", ""), thought.get("plan", "")
        say(f"  {printable(group)}: {message(problem)}".rstrip(": "))
        if answer:
            say(f"    {message(answer)}")


def _bar() -> Any:
    """A progress bar on stderr; lines printed meanwhile go above it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=sys.stdout.isatty(),
    )
