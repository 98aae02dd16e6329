"""The command `veraretouch ray eval`: a planner judged as `veraretouch eval` does it, its cases spread over Ray Data.

The report is the same: each case is judged for itself, by the same code, and what is said of all is made of the cases
in their order.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from veraretouch.core.cli.options import takes
from veraretouch.core.errors import VeraRetouchError
from veraretouch.planners.eval.command import EvalOptions, report

from .session import BLOCKS, ClusterOptions, session

if TYPE_CHECKING:
    from veraretouch.core.render.retoucher import Retoucher
    from veraretouch.planners.eval.data import Case
    from veraretouch.planners.eval.run import Progress

T = TypeVar("T")


@takes
def evaluate(options: EvalOptions, cluster: ClusterOptions) -> None:
    """Evaluate a planner on pictures before and after an edit, on a cluster.

    The report is that of `eval`. All nodes see --data.
    """
    with session(cluster) as workers:
        report(options, lambda progress: OverRay(options.planner, workers, progress))


@dataclass(frozen=True)
class OverRay:
    """Spreads cases over so many actors, each of which loads the planner once."""

    planner: str
    workers: int
    progress: Progress

    def load(self) -> Retoucher:
        """The retoucher that is judged, by its name."""
        from veraretouch.core.render.loading import load_retoucher

        return load_retoucher(self.planner)

    def __call__(self, what: str, work: Callable[[Case], T], cases: Sequence[Case]) -> Iterator[T]:
        """What comes of each case, in their order.

        Raises:
            VeraRetouchError: what the work raised.
        """
        import ray.data

        from veraretouch.planners.eval.run import Judge

        rows = [{"place": place, "case": pickle.dumps(case)} for place, case in enumerate(cases)]
        dataset = ray.data.from_items(rows, override_num_blocks=min(len(rows), BLOCKS))
        done: dict[int, T] = {}
        # A judge holds a planner, which an actor keeps; what holds nothing goes along with each task.
        kept: dict[str, Any] = {"fn_constructor_args": (work,)} if isinstance(work, Judge) else {}
        judged = dataset.map(_OnRow if kept else _OnRow(work).__call__, concurrency=self.workers, **kept)
        for row in judged.iter_rows():
            made = pickle.loads(row["made"])
            if isinstance(made, VeraRetouchError):
                raise made
            done[row["place"]] = made
            self.progress(what, len(done), len(cases))
        return (done[place] for place in range(len(cases)))

    def __reduce__(self) -> Any:
        # A bar on this machine's terminal does not travel.
        return OverRay, (self.planner, self.workers, _silent)


class _OnRow:
    def __init__(self, work: Callable[[Case], Any]) -> None:
        self.work = work

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        made: Any
        try:
            made = self.work(pickle.loads(row["case"]))
        except VeraRetouchError as error:  # Ray would wrap it in pages of its own
            made = error
        return {"place": row["place"], "made": pickle.dumps(made)}


def _silent(what: str, done: int, total: int) -> None:
    """Tells nobody."""
