"""Runs the tests of one mutant after the other, each time in a forked process, so that torch is imported once.

    mutant_runner.py [FILE...]

With test files, these are collected once, and a mutant's process gives imported functions their changed code: a mutant
then takes little more than its tests. Without any, each process imports and collects anew, as a change outside of
functions demands. It runs in the environment that `mutate.py` makes.

Reads a line of JSON an order from its standard input. `{"learn": test files, "sources": modules}` runs all tests and
writes what `mutant_tests.py` reads. `{"path": file, "source": text, "tests": [[id, seconds], ...], "wait": seconds}`
runs tests in that order, each for so much processor time at most. It prints `{"outcome": "killed" | "survived" |
"timeout" | "anew", "by": a test's id, "seconds": s}`, "anew" where the mutant has to be imported.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import pytest
from code_swap import Functions

sys.path.append(str(Path(__file__).parents[1] / "processes"))
from prepared import PreparedProcesses, prepared

PRELOADED = ("torch", "numpy", "PIL.Image", "typer", "rich.console", "lxml.etree", "tifffile")
QUIET = ["-q", "-x", "-m", "not slow", *(f"-pno:{name}" for name in ("cacheprovider", "xdist", "benchmark"))]
SWEPT = ["-o", "tmp_path_retention_policy=none", "--basetemp=../temporary"]
LOG = "../pytest.log"
KILLER = Path("../killer.txt")
ANEW = 77
MEMORY = 8 * 2**30  # bytes that a mutant may ask for: more would end this runner too


class Chosen:
    """Runs some tests in a given order, none for longer than it may, and writes down which fails."""

    def __init__(self, tests: list[tuple[str, float]]) -> None:
        self.limits = dict(tests)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        found = {item.nodeid: item for item in items}
        items[:] = [found[id] for id in self.limits if id in found]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        signal.setitimer(signal.ITIMER_PROF, self.limits[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            KILLER.write_text(report.nodeid, "utf-8")


class Waiting:
    """Collects, and then serves orders in place of running the tests."""

    def __init__(self, serve: Callable[[Callable[[dict[str, Any]], int]], None]) -> None:
        self.serve = serve

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        functions = Functions([file for room in ("core", "ops", "planners", "zoo") for file in _sources(room)])

        def run(order: dict[str, Any]) -> int:
            if not functions.exchange(Path(order["path"]).absolute(), order["original"], order["source"]):
                return ANEW
            chosen = Chosen(order["tests"])
            session.config.pluginmanager.register(chosen)
            items = list(session.items)
            chosen.pytest_collection_modifyitems(items)
            with suppress(session.Failed):
                # The last test is followed by its own module, so that what the session shares is not taken apart.
                for item, following in zip(items, [*items[1:], *(item.parent for item in items[-1:])], strict=True):
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                    if session.shouldfail:
                        break
            return int(session.testsfailed > 0)

        self.serve(run)
        return True


def import_anew(order: dict[str, Any]) -> int:
    """Collect and run the tests of an order, or learn of them."""
    if "learn" in order:
        from mutant_learning import Learning

        with Learning(order["sources"]) as learning:
            return pytest.main([*order["learn"], *QUIET, *SWEPT], plugins=[learning])
    files = dict.fromkeys(id.partition("::")[0] for id, _ in order["tests"])
    code = pytest.main([*files, *QUIET, *SWEPT], plugins=[Chosen(order["tests"])])
    return 0 if code == pytest.ExitCode.NO_TESTS_COLLECTED else int(code)


def serve(orders: IO[str], answers: IO[str], run: Callable[[dict[str, Any]], int]) -> None:
    """Carry out one order after the other."""
    for line in orders:
        order, start = json.loads(line), time.monotonic()
        KILLER.unlink(missing_ok=True)
        os.truncate(LOG, 0)
        outcome = _judged(run, order)
        by = KILLER.read_text("utf-8") if KILLER.exists() else ""
        print(json.dumps({"outcome": outcome, "by": by, "seconds": time.monotonic() - start}), file=answers, flush=True)


def _judged(run: Callable[[dict[str, Any]], int], order: dict[str, Any]) -> str:
    with _changed(order):
        child = os.fork()
        if child == 0:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
            code = 3
            with suppress(BaseException):
                code = run(order)
            os._exit(code)
        deadline = time.monotonic() + order["wait"]
        while time.monotonic() < deadline:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                code = os.waitstatus_to_exitcode(status)
                if code < 0:
                    _end_prepared()
                return {0: "survived", ANEW: "anew", -signal.SIGPROF: "timeout"}.get(code, "killed")
            time.sleep(0.02)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        _end_prepared()
        return "timeout"


def _start_prepared() -> None:
    """One server of prepared processes for all mutants, which no session ends."""
    PreparedProcesses.close = lambda self: None  # type: ignore[method-assign]
    prepared().run(["-c", ""], cwd=Path.cwd(), env=dict(os.environ))


def _end_prepared() -> None:
    """The test that asked the server has ended before its answer: the next would be given that."""
    server = prepared()._server
    prepared.cache_clear()
    if server is not None:
        for child in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split():
            with suppress(ProcessLookupError):
                os.killpg(int(child), signal.SIGKILL)
        server.kill()
        server.wait()
    _start_prepared()


@contextmanager
def _changed(order: dict[str, Any]) -> Iterator[None]:
    """The changed source stands on the disk too, for processes that tests start."""
    if "path" not in order:
        yield
        return
    path = Path(order["path"])
    compiled = Path(importlib.util.cache_from_source(str(path.absolute())))
    order["original"] = path.read_text("utf-8")
    try:
        path.write_text(order["source"], "utf-8")
        compiled.unlink(missing_ok=True)
        yield
    finally:
        path.write_text(order["original"], "utf-8")
        compiled.unlink(missing_ok=True)


def _sources(room: str) -> list[Path]:
    return [path.absolute() for path in Path(room).rglob("*.py")]


def main() -> None:
    for name in PRELOADED:
        import_module(name)
    orders, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    # What tests print goes to a file, of which the last run is kept.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    _start_prepared()
    gc.freeze()
    if sys.argv[1:]:
        pytest.main([*sys.argv[1:], *QUIET, *SWEPT], plugins=[Waiting(lambda run: serve(orders, answers, run))])
    else:
        assert not any(name.split(".")[0] == "veraretouch" for name in sys.modules)
        serve(orders, answers, import_anew)


if __name__ == "__main__":
    main()
