"""Networks on one thread: beside another worker, threads that wait for each other at each small product take many
times as long.
"""

import pytest

from veraretouch.core.threads import one_thread


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    with one_thread():
        yield
