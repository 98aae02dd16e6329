"""One Ray session, as every command here starts and ends it. Ray is imported when a session is opened."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Final

import typer

from veraretouch.core.cli.batch.pool import cores

STORE: Final = 256 * 2**20
"""Bytes of shared memory on this machine: batches of rows lie there, never a whole dataset."""

BLOCKS: Final = 2000
"""Into so many blocks at most rows that are few are divided: Ray Data keeps account of each."""

PANEL: Final = "Cluster"
# Nothing is reported to anybody, and nothing is written on stdout, which is the command's own. Workers that are started
# here stand no lower than the command: Ray would give them nice 15, which starves them on a busy machine.
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_REPORT_URL": "http://127.0.0.1:9/",  # where those would go that say that they are off
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_worker_niceness": "0",
}


@dataclass(frozen=True)
class ClusterOptions:
    """Where the work is done; for `takes`."""

    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that work. Default: one for each processor core.", rich_help_panel=PANEL),
    ] = None
    address: Annotated[
        str | None,
        typer.Option(
            help="A Ray cluster that runs already: HOST:PORT, or auto for the one of this machine. Its nodes have the "
            "same packages and see the same places. Default: a session on this machine, for this command.",
            metavar="ADDRESS",
            rich_help_panel=PANEL,
        ),
    ] = None


@contextmanager
def session(cluster: ClusterOptions) -> Iterator[int]:
    """Join a cluster, or start one on this machine, and give the number of processes that are to work.

    A session that is open already is used and left open. One that is started here ends here, with its processes. It has
    one processor more than workers, since Ray Data's tasks that list and read stand beside them.
    """
    os.environ |= _ENVIRONMENT
    import ray
    import ray.data

    opened = not ray.is_initialized()
    if opened and cluster.address is None:
        ray.init(
            address="local",  # else Ray joins whatever cluster runs on this machine, somebody else's too
            num_cpus=(cluster.workers or cores()) + 1,
            object_store_memory=STORE,
            include_dashboard=False,
            logging_level=logging.ERROR,
            log_to_driver=False,
        )
    elif opened:
        ray.init(address=cluster.address, logging_level=logging.ERROR, log_to_driver=False)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        yield cluster.workers or max(1, int(ray.cluster_resources().get("CPU", 2)) - 1)
    finally:
        if opened:
            ray.shutdown()
