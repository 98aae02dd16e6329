"""Where the work is done: in this process, on this machine's cores, or on a cluster, by Ray Data.
The work is the same.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Job = Mapping[str, Any]
Work = Callable[[Job], dict[str, Any]]

STORE = 200 * 2**20  # bytes of shared memory: rows are paths and numbers, never pixels


def run(work: Work, jobs: Sequence[Job], *, workers: int = 0, address: str | None = None) -> Iterator[dict[str, Any]]:
    """Do each job and yield what came of it, in any order.

    Args:
        work: a function that can be pickled; jobs and results are JSON objects.
        workers: processes of an embedded Ray; 0 works here, in order.
        address: of a Ray cluster, whose nodes see the same files and have the same packages.
    """
    if not jobs:
        return
    if workers == 0 and address is None:
        yield from map(work, jobs)
        return
    yield from _on_ray(work, jobs, workers, address)


def _on_ray(work: Work, jobs: Sequence[Job], workers: int, address: str | None) -> Iterator[dict[str, Any]]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to anybody
    import ray
    import ray.data

    def row(given: dict[str, Any]) -> dict[str, Any]:
        return {"done": json.dumps(work(json.loads(given["job"])))}

    started = not ray.is_initialized()
    if started:
        here = {"num_cpus": workers, "object_store_memory": STORE, "include_dashboard": False}
        ray.init(address=address, **({} if address else here), logging_level=logging.ERROR, log_to_driver=False)
    try:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        # JSON, since Arrow would make one table of objects whose fields differ.
        rows = [{"job": json.dumps(job)} for job in jobs]
        dataset = ray.data.from_items(rows, override_num_blocks=len(rows)).map(row)
        for done in dataset.iter_rows():
            yield json.loads(done["done"])
    finally:
        if started:
            ray.shutdown()
