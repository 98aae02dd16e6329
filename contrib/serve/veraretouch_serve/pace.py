"""How often something may be done."""

from __future__ import annotations

import time


class TooOften(Exception):
    """Something was asked for more often than it may be done; nothing is done then."""


class Pace:
    """So many times a second, and so many at once.

    Args:
        rate: times a second. burst: times at once.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst, self._left, self._last = rate, burst, float(burst), time.monotonic()

    def take(self) -> None:
        """Do it once.

        Raises:
            TooOften
        """
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._last) * self._rate)
        self._last = now
        if self._left < 1:
            raise TooOften
        self._left -= 1
