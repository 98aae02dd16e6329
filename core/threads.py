"""Tiles of a photo, computed side by side: one thread a tile,
so that results and speed do not depend on torch's threading.

Torch splits each small kernel of a tile among all its threads, which then wait for each other thousands of times a
photo: on two busy cores that took twenty times as long as one thread. It also splits at other places for another number
of threads, and computes the ends of a split by other code.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Barrier, Lock, local
from typing import TypeVar

import torch
from torch import Tensor

from .errors import ForkedProcess

_Result = TypeVar("_Result")

# A tile's float32 pixels take 1.5 MiB: with an op's temporaries it stays within the last cache of common CPUs, and each
# call is long enough for the interpreter's lock to hold nobody up.
TILE_PIXELS = 2**17
# On a GPU a tile is as large as its memory bears, about a gigabyte with temporaries: of CPU-sized tiles, 12 megapixels
# were 92, and
# starting their kernels took 1.4 s on an H200 whose kernels took a few milliseconds (docs/benchmarks/gpu.md).
ACCELERATOR_TILE_PIXELS = 2**22
# Fewer pixels are done by one thread in the time that two spend on waiting for the interpreter's lock.
WORTH_SHARING = 2**17


def strips(height: int, row_pixels: int, pixels: int, *, worth: int = WORTH_SHARING) -> list[slice]:
    """The rows of a photo in slices of at most so many pixels, at least a row each, as many for each thread.

    Args:
        worth: the pixels from which on threads share them.
    """
    threads = own_threads()
    count = -(-height * row_pixels // pixels)
    if height * row_pixels >= worth:
        count = -(-count // threads) * threads
    tall = max(1, min(-(-height // count), pixels // row_pixels))
    return [slice(top, min(top + tall, height)) for top in range(0, height, tall)]


def fill(done: Tensor, rows: Iterable[slice], compute: Callable[[slice], Tensor]) -> Tensor:
    """Write what `compute` gives for each slice of rows into `done`; on a CPU by as many threads as torch may use."""
    grad, inference = torch.is_grad_enabled(), torch.is_inference_mode_enabled()

    def run(part: slice) -> tuple[slice, Tensor | None]:
        # Both modes are a thread's own.
        with torch.inference_mode(inference), torch.set_grad_enabled(grad):
            tile = compute(part)
            if tile.requires_grad:
                return part, tile  # an op with weights in training: autograd's record is made by one thread
            done[:, :, part] = tile
            return part, None

    threads = own_threads() if done.device.type == "cpu" else 1
    for part, tile in _by_threads(threads, run, rows):
        if tile is not None:
            done[:, :, part] = tile
    return done


def side_by_side(height: int, work: Callable[[slice], object]) -> None:
    """Let `work`, which holds no lock of the interpreter's for long, have all rows: in strips, by as many threads as
    torch may use.
    """
    work_by_threads(strips(height, 1, max(16, -(-height // (2 * own_threads())))), work)


def work_by_threads(rows: Sequence[slice], work: Callable[[slice], object]) -> None:
    """Let `work` have each slice of rows, by as many threads as torch may use; in each, torch itself uses one."""
    for _ in _by_threads(min(own_threads(), len(rows)), work, rows):
        pass


def _by_threads(threads: int, work: Callable[[slice], _Result], rows: Iterable[slice]) -> Iterator[_Result]:
    return _pool(os.getpid(), threads).map(work, rows) if threads > 1 else map(work, rows)


class _Window:
    """The moments in which torch's common number is another one, the threads that have asked for theirs, and who was
    first to use torch.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.asked = local()
        self.process: int | None = None

    def renew(self) -> None:
        """In a forked process nobody is left who would unlock it."""
        self.lock = Lock()


_window = _Window()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_window.renew)


def own_threads() -> int:
    """How many threads torch may use in this thread.

    It is first asked for outside the moments in which the common number is another one.

    Raises:
        ForkedProcess: this process was forked from one that had used torch, and may use several.
    """
    if not hasattr(_window.asked, "once"):
        with _window.lock:
            torch.get_num_threads()  # torch gives a thread the common number when it first asks
        _window.asked.once = True
    threads = torch.get_num_threads()
    if _window.process is None:
        _window.process = os.getpid()
    if threads > 1 and _window.process != os.getpid():
        raise ForkedProcess(
            f"process {os.getpid()} was forked from {_window.process} after that had rendered: "
            "torch's threads do not survive a fork",
            cure=(
                "Start processes by spawn, see multiprocessing.get_context, or call torch.set_num_threads(1) in this"
                " one."
            ),
        )
    return threads


@cache
def _keeper(process: int) -> ThreadPoolExecutor:
    """The thread that sets torch's common number back."""
    return ThreadPoolExecutor(1, "veraretouch-keeper")


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, torch splits no kernel of this thread; other threads, new ones too, keep their number."""
    threads = own_threads()
    if threads == 1:
        yield
        return
    with _window.lock:
        torch.set_num_threads(1)
        # It holds for this thread, and for threads that first ask later: for those another thread sets it back at once.
        _keeper(os.getpid()).submit(torch.set_num_threads, threads).result()
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@cache
def keep_freed_memory() -> None:
    """Let glibc keep what is freed: it keeps as much as the largest block that it has seen freed, up to 32 MiB.

    Without this each temporary of a tile goes back to the system, and half of the time goes into getting it again.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)


@cache
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    """Threads that torch splits nothing in."""
    pool = ThreadPoolExecutor(threads, "veraretouch-tile")
    all_begun = Barrier(threads)

    def begin(_: int) -> None:
        all_begun.wait()
        torch.get_num_threads()  # torch gives a thread the common number when it first asks: before it gets its own
        torch.set_num_threads(1)

    # set_num_threads holds for its thread, and for threads that ask later: for those it is set back.
    with _window.lock:
        list(pool.map(begin, range(threads)))
        torch.set_num_threads(threads)
    return pool
