"""What all exchanges of a server share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from veraretouch.core.cli.nursery import nursery
from veraretouch.core.cli.terminal import complain

from .metrics import Metrics
from .places import Places
from .tasks import Made, Rules, Warming, do
from .workers import Reason, Workers


@dataclass(frozen=True)
class House:
    """What all exchanges share.

    Attributes:
        folder: in which each has a folder of its own.
        timeout: seconds that work may take.
        transfer: seconds that a form may take to arrive, and an answer to be taken.
    """

    workers: Workers
    places: Places
    metrics: Metrics
    rules: Rules
    folder: Path
    timeout: float
    transfer: float


def furnished(folder: Path, rules: Rules, *, workers: int, line: int, timeout: float, transfer: float) -> House:
    """The house of a server; its workers are started with it.

    Args:
        workers: how many. line: how many requests may wait for one.
    """

    def ended(reason: Reason) -> None:
        metrics.ended.labels(reason).inc()

    def warmed(made: Made) -> None:
        for problem in made.problems:
            complain(problem, what="Warning")

    staff = Workers(
        workers,
        do,
        warm=Warming(folder, rules.planners),
        timeout=timeout,
        context=nursery(None),
        ended=ended,
        warmed=warmed,
    )
    places = Places(workers, line)
    metrics = Metrics(waiting=lambda: places.waiting, busy=lambda: staff.busy, ready=lambda: staff.ready)
    return House(staff, places, metrics, rules, folder, timeout, transfer)
