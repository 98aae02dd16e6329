"""Photos in work share the memory that is free: six tenths of the least that the machine or its container has left."""

import pytest

from veraretouch.core.cli.batch import memory


def test_the_budget_is_six_tenths_of_the_least_that_is_free(monkeypatch):
    monkeypatch.setattr(memory, "_machine", lambda: 1_000_000)
    monkeypatch.setattr(memory, "_control_group", lambda: 500_000)
    assert memory.budget() == 300_000
    monkeypatch.setattr(memory, "_control_group", lambda: None)
    assert memory.budget() == 600_000
    monkeypatch.setattr(memory, "_machine", lambda: None)
    assert memory.budget() == 2**62


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A system's root: files that are written to it are read in place of the machine's own."""
    monkeypatch.setattr(memory, "Path", lambda path: tmp_path / str(path).lstrip("/"))

    def write(path, text):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    return write


def test_a_machine_says_what_is_available_in_kilobytes(system):
    assert memory._machine() is None
    system("proc/meminfo", "MemTotal:  900 kB\nMemAvailable:   10 kB\nCached: 7 kB\n")
    assert memory._machine() == 10_240
    system("proc/meminfo", "MemTotal: 900 kB\n")
    assert memory._machine() is None


@pytest.mark.parametrize(("limit", "used", "left"), [("max", 400, None), ("1000", 400, 600), ("1000", 1400, 0)])
def test_a_container_leaves_what_its_limit_does_and_never_less_than_nothing(system, limit, used, left):
    assert memory._control_group() is None
    system("sys/fs/cgroup/memory.max", f"{limit}\n")
    system("sys/fs/cgroup/memory.current", f"{used}\n")
    assert memory._control_group() == left
