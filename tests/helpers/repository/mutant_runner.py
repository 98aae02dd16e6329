"""Runs the tests of one mutant after the other, each in a forked process, so that torch is imported once.

Reads a line of JSON a mutant from its standard input, `{"path": file, "source": text, "runs": [arguments of pytest,
...], "seconds": deadline}` with a deadline for each run, and prints `{"outcome": "killed" | "survived" | "timeout",
"seconds": s}`. It runs inside the environment that `mutate.py` makes.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path

PRELOADED = ("torch", "numpy", "pytest", "PIL.Image", "typer", "rich.console", "lxml.etree", "tifffile")

LOG = "../pytest.log"


def main() -> None:
    for name in PRELOADED:
        import_module(name)
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
            outcomes = (judge(arguments, order["seconds"]) for arguments in order["runs"])
            outcome = next((outcome for outcome in outcomes if outcome != "survived"), "survived")
        finally:
            path.write_text(original, "utf-8")
            compiled.unlink(missing_ok=True)
        print(json.dumps({"outcome": outcome, "seconds": time.monotonic() - start}), file=answers, flush=True)


def judge(arguments: list[str], seconds: float) -> str:
    """What pytest says of the source as it is now."""
    child = os.fork()
    if child == 0:
        os.setsid()
        os.close(0)
        import pytest

        code = 3
        with suppress(BaseException):
            code = pytest.main(arguments)
        os._exit(int(code))
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
