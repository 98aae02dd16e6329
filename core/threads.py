"""Tiles of a photo, computed side by side: one thread a tile,
so that neither speed nor bits hang on torch's own splitting.

Torch splits each small kernel of a tile among all its threads, which then wait for each other thousands of times a
photo: on two busy cores that took twenty times as long as one thread. It also splits at other places for another number
of threads, and computes the ends of a split by other code.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Barrier
from typing import TypeVar

import torch
from torch import Tensor

_Result = TypeVar("_Result")

# A tile's float32 pixels take 1.5 MiB: with an op's temporaries it stays within the last cache of common CPUs, and each
# call is long enough for the interpreter's lock to hold nobody up.
TILE_PIXELS = 2**17
# On a GPU a tile is as large as its memory bears, about a gigabyte with temporaries: of CPU-sized tiles, 12 megapixels were 92, and
# starting their kernels took 1.4 s on an H200 whose kernels took a few milliseconds (docs/benchmarks/gpu.md).
ACCELERATOR_TILE_PIXELS = 2**22
# Fewer pixels are done by one thread in the time that two spend on waiting for the interpreter's lock.
WORTH_SHARING = 2**17


def strips(height: int, row_pixels: int, pixels: int, *, worth: int = WORTH_SHARING) -> list[slice]:
    """The rows of a photo in slices of at most so many pixels, at least a row each, as many for each thread.

    Args:
        worth: the pixels from which on threads share them.
    """
    threads = torch.get_num_threads()
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

    threads = torch.get_num_threads() if done.device.type == "cpu" else 1
    for part, tile in _by_threads(threads, run, rows):
        if tile is not None:
            done[:, :, part] = tile
    return done


def side_by_side(height: int, work: Callable[[slice], object]) -> None:
    """Let `work`, which holds no lock of the interpreter's for long, have all rows: in strips,
    by as many threads as torch may use.
    """
    threads = torch.get_num_threads()
    rows = strips(height, 1, max(16, -(-height // (2 * threads))))
    for _ in _by_threads(min(threads, len(rows)), work, rows):
        pass


def _by_threads(threads: int, work: Callable[[slice], _Result], rows: Iterable[slice]) -> Iterator[_Result]:
    return _pool(os.getpid(), threads).map(work, rows) if threads > 1 else map(work, rows)


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, torch splits no kernel of this thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
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
    """Threads that torch splits nothing in; a forked process has none of its parent's and makes its own."""
    pool = ThreadPoolExecutor(threads, "veraretouch-tile")
    all_begun = Barrier(threads)

    def begin(_: int) -> None:
        all_begun.wait()
        torch.get_num_threads()  # torch gives a thread the common number when it first asks: before it gets its own
        torch.set_num_threads(1)

    # set_num_threads holds for its thread, and for threads that ask later: for those it is set back.
    list(pool.map(begin, range(threads)))
    torch.set_num_threads(threads)
    return pool
