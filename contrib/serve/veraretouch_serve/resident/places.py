"""How many requests are taken at a time, and what those are told that find no place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ..answers import Refused

_MEMORY: Final = 0.2
"""How much the latest work counts in the seconds that work is expected to take."""


class Places:
    """The places of requests that are worked on or wait in line. Whoever finds none is refused, with the seconds after
    which there will be one.

    Args:
        workers: how many requests are worked on at a time.
        line: how many more may wait.
    """

    def __init__(self, workers: int, line: int) -> None:
        self.workers, self.line = workers, line
        self.taken = 0
        self.stopping = False
        self._expected = 1.0

    @property
    def waiting(self) -> int:
        """How many of those that have a place wait for a worker."""
        return max(0, self.taken - self.workers)

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Hold a place.

        Raises:
            Refused: there is none, or the server stops.
        """
        if self.stopping:
            raise Refused(503, "the server stops and takes no more work; ask another", {"Retry-After": "10"})
        if self.taken >= self.workers + self.line:
            seconds = self.wait()
            said = f"{self.taken} photos are worked on or wait already; try again in {seconds} s"
            raise Refused(503, said, {"Retry-After": str(seconds)})
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1

    def wait(self) -> int:
        """Whole seconds after which a place is likely to be free."""
        return max(1, min(600, math.ceil(self._expected * (1 + self.waiting / self.workers))))

    def note(self, seconds: float) -> None:
        """Learn how long work takes."""
        self._expected += _MEMORY * (seconds - self._expected)
