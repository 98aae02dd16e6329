"""The check of the tastes that a planner declares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...contract.planner import Proposal
from ...contract.request import TASTES, Mode, Taste
from ..verdict import advice, raised
from . import bench
from .bench import PlannerBench
from .proposals import EACH, difference, unlike


def tastes(trial: PlannerBench) -> Iterator[str]:
    """A planner that declares tastes plans by each of them, in auto and style: the same plan for the same taste, and
    each photo of a batch by its own.
    """
    declared = getattr(trial.planner, "tastes", None)
    if declared is None:
        return
    if not isinstance(declared, frozenset) or not declared or not declared <= set(TASTES):
        yield advice(
            f"a frozenset of {', '.join(TASTES)}",
            repr(declared),
            "tastes",
            'Declare tastes = frozenset({"faithful", "natural"}), for one, or none.',
        )
        return
    known = [taste for taste in TASTES if taste in declared]
    for mode in (mode for mode in trial.sound if mode in ("auto", "style")):
        faults = [fault for taste in known for fault in _by_taste(trial, mode, taste)]
        faults = faults or list(_each_by_its_own(trial, mode, known))
        if faults:
            yield from faults[:1]
            return


def _ask(trial: PlannerBench, mode: Mode, wanted: Sequence[Taste], *, first: int = 0, chance: int = 0) -> Proposal:
    """The proposal for as many of the ordinary photos as tastes are wanted, from one on."""
    requests = [replace(trial.request(mode), taste=taste) for taste in wanted]
    return trial.ask(trial.photos[first : first + len(wanted)], requests, chance=chance)


def _by_taste(trial: PlannerBench, mode: Mode, taste: Taste) -> Iterator[str]:
    """What is wrong with the plans by one taste."""
    where = f"mode {mode}, taste {taste}"
    try:
        once, again = (_ask(trial, mode, [taste], chance=chance) for chance in (1, 2))
    except Exception as error:
        # A planner may fail with anything at all.
        yield advice("a plan by each declared taste", raised(error), where, "Plan by it, or take it out of tastes.")
        return
    faults = list(bench.flaws(once, 1, where))
    yield from faults
    said = None if faults else difference(once, again)
    if said is not None:
        yield advice(
            "the same plan twice", said, where, "Draw random numbers from a generator seeded with request.seed."
        )


def _each_by_its_own(trial: PlannerBench, mode: Mode, known: Sequence[Taste]) -> Iterator[str]:
    """Whether two photos of a batch are planned by two tastes."""
    wanted = [known[0], known[-1]]
    where = f"mode {mode}, tastes: {' and '.join(wanted)}"
    try:
        together = _ask(trial, mode, wanted)
    except Exception as error:
        # A planner may fail with anything at all.
        yield advice("a plan for each of two photos", raised(error), where, EACH)
        return
    faults = list(bench.flaws(together, len(wanted), where))
    yield from faults
    for row, taste in enumerate([] if faults else wanted):
        said = unlike(together, row, _ask(trial, mode, [taste], first=row))
        if said is not None:
            yield advice(f"photo {row} to be planned by its own taste", said, where, EACH)
            return
