"""Trials of plugins in other processes: what counts as late, as ended and as not tried.
A shell script stands in for Python.
"""

import io
import threading
import time
from types import SimpleNamespace

import pytest
from distributions import Site

from veraretouch.core.plugins import trial
from veraretouch.core.plugins.entry import PluginState

LOADED = '{"state": "loaded", "seconds": 0.1}'


@pytest.fixture
def tried(tmp_path, monkeypatch):
    """What is said of plugins a, b, ... of one distribution whose process is this script; it may run once only."""

    def run(script, *, timeout=0.4, count=1):
        place = tmp_path / "python"
        place.write_text(f"#!/bin/sh\n{script}\n")
        place.chmod(0o755)
        monkeypatch.setattr("sys.executable", str(place))
        return list(trial._Trial([("ops", id) for id in "abcdef"[:count]], timeout).run().values())

    return run


def test_an_answer_after_the_deadline_is_a_timeout_though_the_process_ends_well_then(tried):
    (fate,) = tried(f"echo ready; sleep 0.6; echo '{LOADED}'")
    assert (fate.state, fate.reason, fate.seconds) == (PluginState.BROKEN, "its import did not end within 0.4 s", 0.4)


def test_an_answer_that_crosses_the_deadline_with_the_end_of_its_process_is_a_timeout():
    answers = trial._Reader(io.StringIO(LOADED))
    ended = SimpleNamespace(wait=lambda timeout: 0)
    fate = trial._Trial([("ops", "a")], 0.4)._end_of(ended, time.monotonic(), answers, trial._Reader(io.StringIO()))
    assert fate.reason == "its import did not end within 0.4 s"


def test_a_process_that_ends_after_the_deadline_without_an_answer_is_a_timeout(tried):
    assert tried("echo ready; sleep 0.6; exit 3")[0].reason == "its import did not end within 0.4 s"


def test_a_process_that_closes_its_streams_and_goes_on_is_a_timeout(tried):
    assert tried("echo ready; exec >&- 2>&-; sleep 0.6")[0].reason == "its import did not end within 0.4 s"


@pytest.mark.parametrize("code", [0, 3])
def test_a_process_that_ends_in_time_is_said_to_have_ended(tried, code):
    (fate,) = tried(f"echo of torch >&2; echo ready; sleep 0.1; exit {code}", timeout=20)
    assert fate.reason.startswith(f"its import ended the process with exit code {code}")


def test_what_it_said_last_is_quoted_and_what_torch_said_is_not(tried):
    ready = f"echo '{trial._READY}' >&2; echo ready"
    assert tried(f"echo of torch >&2; {ready}; exit 3", timeout=20)[0].reason.endswith("code 3")
    assert tried(f"echo of torch >&2; {ready}; echo bad pointer >&2; exit 3", timeout=20)[0].reason.endswith(
        ": bad pointer"
    )


def test_a_process_that_ended_is_known_though_its_child_holds_the_pipe(tried):
    assert "ended the process with exit code 4" in tried("echo ready; sleep 30 & exit 4")[0].reason


def test_the_clock_of_a_plugin_starts_when_the_process_is_ready_and_anew_with_each(tried):
    fates = tried(f"sleep 1.2; echo ready; for i in 1 2 3; do sleep 0.4; echo '{LOADED}'; done", timeout=1.0, count=3)
    assert [fate.state for fate in fates] == [PluginState.LOADED] * 3


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo no memory >&2; exit 1", "ended with exit code 1: no memory"),
        ("sleep 20", "was not ready within 0.3 s"),
    ],
)
def test_plugins_whose_process_is_never_ready_are_not_tried_rather_than_broken(tried, monkeypatch, script, reason):
    monkeypatch.setattr(trial, "_START_SECONDS", 0.3)
    fates = tried(script, count=2)
    assert [fate.state for fate in fates] == [PluginState.AVAILABLE] * 2
    assert fates[1].reason == f"not tried: the process that was to import it {reason}"


def test_no_more_processes_run_at_once_than_there_are_cores(monkeypatch):
    entries = {f"acme.{i}": SimpleNamespace(distribution=f"acme-{i}") for i in range(12)}
    catalogues = {"ops": SimpleNamespace(entries=lambda: entries)}
    running, most, lock = 0, 0, threading.Lock()

    def run(trial):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with lock:
            running -= 1
        return dict.fromkeys(trial._names)

    monkeypatch.setattr(trial, "registry", SimpleNamespace(catalogues=lambda: catalogues))
    monkeypatch.setattr(trial._Trial, "run", run)
    monkeypatch.setattr(trial.os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    assert len(trial.try_plugins([("ops", id) for id in entries], timeout=1)) == 12
    assert most == 3


@pytest.mark.slow
def test_the_process_imports_torch_and_veraretouch_before_it_is_ready_and_no_plugin(tmp_path):
    site = Site(tmp_path)
    site.fade()
    told = site.see(
        """
        from veraretouch.core.plugins.trial import _answers
        answers = _answers([("ops", "acme.fade")])
        looked_at = ("torch", "veraretouch.core.render.renderer", "acme_film")
        begun = [name for name in looked_at if name in sys.modules]
        ready = next(answers)
        tell([begun, ready, [name for name in looked_at if name in sys.modules]])
    """,
        anew=True,
    )
    assert told == [[], "ready", ["torch", "veraretouch.core.render.renderer"]]
