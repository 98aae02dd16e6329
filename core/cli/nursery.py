"""Where a command's workers come from: a process that has imported what they need, of which they are copies.

Each worker that began from nothing would import torch anew, at a second of processor time each. The nursery imports
once and computes nothing: torch starts its threads with its first computation, and threads do not survive a fork. On
systems other than Linux workers begin from nothing: libraries of macOS do not survive a fork, and Windows has none.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.context import BaseContext
from typing import Final

from ..plugins.registry import PluginState, registry
from .light_torch import is_enough_for
from .terminal import stdout_to_stderr

FORKS: Final = sys.platform.startswith("linux")
"""Whether workers come from a nursery on this system."""

_OURS: Final = "veraretouch"
_NEEDED: Final = (
    "veraretouch.core.cli.batch.work",
    "veraretouch.core.photo.photo_input",
    "veraretouch.core.render.assembly",
    "veraretouch.core.render.local",
    "veraretouch.core.render.renderer",
    "veraretouch.core.render.tables",
)


def nursery(planner: str | None) -> BaseContext:
    """Begin to import what workers need, and return the context that they are started in.

    A process has one nursery: what is set in its environment after the first call reaches no worker.

    Args:
        planner: whose module the workers need; those of plug-ins, which may do anything, each worker imports itself.
    """
    if not FORKS:
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    light = planner is not None and is_enough_for(planner)
    first = "veraretouch.core.cli.torch_lightly" if light else "torch"
    context.set_forkserver_preload([first, *_NEEDED, *_modules(planner)])
    with deaf_to_interrupts(), stdout_to_stderr(), _one_thread_for_blas():
        forkserver.ensure_running()
    return context


def _modules(planner: str | None) -> Sequence[str]:
    """The modules of our own ops, and of a planner of ours."""
    entries = [*registry.ops.entries().values()]
    found = registry.planners.find(planner) if planner else None
    entries += [found] if found is not None else []
    usable = (PluginState.AVAILABLE, PluginState.LOADED)
    ours = [each.target for each in entries if each.distribution == _OURS and each.state in usable]
    return list(dict.fromkeys(target.partition(":")[0] for target in ours))


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Processes that are started within ignore Ctrl-C, which reaches the whole process group: who started them stops
    them.
    """
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None
    try:
        yield
    finally:
        if main:
            signal.signal(signal.SIGINT, before)


@contextmanager
def _one_thread_for_blas() -> Iterator[None]:
    """NumPy's BLAS starts its threads when it is imported, which a fork would lose."""
    name, before = "OPENBLAS_NUM_THREADS", os.environ.get("OPENBLAS_NUM_THREADS")
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
