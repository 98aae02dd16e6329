"""Photos in work share the memory that is free: six tenths of the least that the machine or its container has left."""

from veraretouch.core.cli.batch import memory


def test_the_budget_is_six_tenths_of_the_least_that_is_free(monkeypatch):
    monkeypatch.setattr(memory, "_machine", lambda: 1_000_000)
    monkeypatch.setattr(memory, "_control_group", lambda: 500_000)
    assert memory.budget() == 300_000
    monkeypatch.setattr(memory, "_control_group", lambda: None)
    assert memory.budget() == 600_000
    monkeypatch.setattr(memory, "_machine", lambda: None)
    assert memory.budget() == 2**62
