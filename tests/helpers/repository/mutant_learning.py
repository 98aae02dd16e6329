"""Learns, from one run of a room's tests, which of them reach which line; `mutant_tests.py` chooses by that."""

from __future__ import annotations

import json
import multiprocessing.process
import os
import resource
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest
from prepared import PreparedProcesses, prepared

LEARNED = Path("../learned.json")
IMPORT = ""
"""The context of what no test runs itself: imports and collecting."""


class Learning:
    """A plug-in of pytest that notes how long each test takes, and the lines of some modules that it reaches.

    What a fixture of a whole file or session reaches counts for each test of that file. Tests that start processes,
    whose lines nobody sees, are listed.
    """

    def __init__(self, sources: list[str]) -> None:
        self._coverage = coverage.Coverage(data_file=None, config_file=False, include=sources)
        self._took: dict[str, float] = {}
        self._starting: set[str] = set()
        self._test = self._file = IMPORT

    def __enter__(self) -> Learning:
        for kind, name in (
            (subprocess.Popen, "__init__"),
            (multiprocessing.process.BaseProcess, "start"),
            (PreparedProcesses, "run"),
        ):
            self._watch(kind, name)
        self._coverage.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._coverage.stop()
        data = self._coverage.get_data()
        reached = {
            str(Path(path).relative_to(Path.cwd())): data.contexts_by_lineno(path) for path in data.measured_files()
        }
        learned = {"took": self._took, "starting": sorted(self._starting), "reached": reached}
        LEARNED.write_text(json.dumps(learned), "utf-8")

    def _watch(self, kind: Any, name: str) -> None:
        original = getattr(kind, name)

        def noted(*arguments: Any, **named: Any) -> Any:
            self._starting.add(self._test)
            return original(*arguments, **named)

        setattr(kind, name, noted)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._test, self._file, before = item.nodeid, item.nodeid.partition("::")[0], _processor_time()
        self._coverage.switch_context(self._test)
        try:
            return (yield)
        finally:
            self._coverage.switch_context(IMPORT)
            self._took[self._test] = _processor_time() - before
            self._test = IMPORT

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[Any]:
        shared = fixturedef.scope != "function"
        if shared:
            self._coverage.switch_context(self._file)
        try:
            return (yield)
        finally:
            if shared:
                self._coverage.switch_context(self._test)


def _processor_time() -> float:
    """Seconds of this process and of those that it started and that have ended, prepared ones too."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = time.process_time() + ended.ru_utime + ended.ru_stime
    if server := prepared()._server:
        fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
        spent += (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    return spent
