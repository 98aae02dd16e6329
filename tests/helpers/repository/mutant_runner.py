"""Runs the tests of one mutant after the other, each in a forked process, so that torch is imported once.

Reads a line of JSON a mutant from its standard input, `{"path": file, "source": text, "runs": [arguments of pytest,
...], "seconds": deadline, "longest": s}` with a deadline for each run, and prints `{"outcome": "killed" | "survived" |
"timeout", "seconds": s}`. The first line, whose source is as it is, tells how long each test takes: from then on the
quickest files and tests come first, and tests longer than `longest` seconds are left out. It runs inside the
environment that `mutate.py` makes.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import signal
import sys
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

PRELOADED = ("torch", "numpy", "pytest", "PIL.Image", "typer", "rich.console", "lxml.etree", "tifffile")

LOG = "../pytest.log"
TIMES = Path("../times.json")


class Quickest:
    """Orders tests by what they took in the first run, and writes down what they take in this one."""

    def __init__(self, longest: float) -> None:
        self.longest = longest
        self.known: dict[str, float] = json.loads(TIMES.read_text("utf-8")) if TIMES.exists() else {}
        self.took: dict[str, float] = {}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        files: dict[str, float] = {}
        for id, seconds in self.known.items():
            file = id.partition("::")[0]
            files[file] = files.get(file, 0.0) + min(seconds, self.longest)

        def place(item: Any) -> tuple[float, str, float]:
            file = item.nodeid.partition("::")[0]
            return files.get(file, 0.0), file, self.known.get(item.nodeid, 0.0)

        items[:] = sorted((item for item in items if self.known.get(item.nodeid, 0.0) <= self.longest), key=place)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.took[report.nodeid] = self.took.get(report.nodeid, 0.0) + report.duration

    def pytest_sessionfinish(self) -> None:
        TIMES.write_text(json.dumps(self.took | self.known), "utf-8")


def main() -> None:
    for name in PRELOADED:
        import_module(name)
    gc.freeze()
    assert not any(name.split(".")[0] == "veraretouch" for name in sys.modules)
    # The runner's answers; what tests print goes to a file, of which the last run is kept.
    answers = os.fdopen(os.dup(1), "w")
    log = os.open(LOG, os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    for line in sys.stdin:
        order = json.loads(line)
        path = Path(order["path"])
        original = path.read_text("utf-8")
        compiled = Path(importlib.util.cache_from_source(str(path.absolute())))
        start = time.monotonic()
        os.ftruncate(log, 0)
        os.lseek(log, 0, os.SEEK_SET)
        try:
            path.write_text(order["source"], "utf-8")
            compiled.unlink(missing_ok=True)
            outcomes = (judge(arguments, order["seconds"], order["longest"]) for arguments in order["runs"])
            outcome = next((outcome for outcome in outcomes if outcome != "survived"), "survived")
        finally:
            path.write_text(original, "utf-8")
            compiled.unlink(missing_ok=True)
        print(json.dumps({"outcome": outcome, "seconds": time.monotonic() - start}), file=answers, flush=True)


def judge(arguments: list[str], seconds: float, longest: float) -> str:
    """What pytest says of the source as it is now."""
    child = os.fork()
    if child == 0:
        os.setsid()
        os.close(0)
        import pytest

        code = 3
        with suppress(BaseException):
            code = pytest.main(arguments, plugins=[Quickest(longest)])
        os._exit(0 if code == pytest.ExitCode.NO_TESTS_COLLECTED else int(code))
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return "survived" if os.waitstatus_to_exitcode(status) == 0 else "killed"
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "timeout"


if __name__ == "__main__":
    main()
