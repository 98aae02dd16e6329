"""A browser for each file of tests: while it runs, no other event loop can."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import browsers
import pytest


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsers.chromium() as opened:
        yield opened
