"""How often something may be done."""

from __future__ import annotations

import pytest

pytest.importorskip("veraretouch_serve", reason="pip install ./contrib/serve")

from veraretouch_serve import pace


def test_a_burst_is_followed_by_the_rate(monkeypatch):
    now = 0.0
    monkeypatch.setattr(pace.time, "monotonic", lambda: now)
    held = pace.Pace(2, 3)
    for _ in range(3):
        held.take()
    with pytest.raises(pace.TooOften):
        held.take()
    now = 0.5
    held.take()
    with pytest.raises(pace.TooOften):
        held.take()
    now = 100.0
    for _ in range(3):
        held.take()
    with pytest.raises(pace.TooOften):
        held.take()
