"""Commands on photos in processes that are killed on the way, as `killed` does it with fetches.

As a script it runs a command once, which imports what commands need, then forks a process for each line of JSON on its
standard input.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class Commands:
    """The script, spoken to."""

    def __init__(self, process):
        self._process = process

    def run(self, folder, *arguments, before=0):
        """Run a command in a folder; return how it ended (below zero: by that signal), what it changed, and its stdout.

        It kills itself before its `before`th change to the file system; 0: it does not.
        """
        order = {"folder": str(folder), "arguments": list(map(str, arguments)), "before": before}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return tuple(json.loads(self._process.stdout.readline()))


@contextmanager
def commands(plugins) -> Iterator[Commands]:
    """The script, with plugins of a folder."""
    process = subprocess.Popen(
        [sys.executable, __file__],
        env=os.environ | {"PYTHONPATH": str(plugins), "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Commands(process)
    finally:
        process.communicate()


def _serve():
    import gc
    import tempfile
    from pathlib import Path

    from PIL import Image

    from veraretouch.core.cli.shell import app

    ours = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory() as folder:
        Image.new("RGB", (8, 8)).save(Path(folder, "a.jpg"))
        options = ("--planner", "fake.brighten", "--compare", "--save-plan")
        app(["auto", f"{folder}/a.jpg", *options, "--out", f"{folder}/b.jpg"], standalone_mode=False)
    gc.freeze()
    for line in sys.stdin:
        with tempfile.TemporaryFile("w+") as told, tempfile.TemporaryFile("w+") as changes:
            process = os.fork()
            if not process:
                os.dup2(told.fileno(), 1)
                _run(changes, **json.loads(line))
            code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
            told.seek(0)
            changes.seek(0)
            print(json.dumps([code, changes.read().splitlines(), told.read()]), file=ours, flush=True)


def _run(changes, folder, arguments, before):
    from killed import die_before

    from veraretouch.core.cli.shell import app

    code = 1
    try:
        os.chdir(folder)
        made = die_before(before)
        code = app(arguments, standalone_mode=False) or 0
        changes.write("\n".join(made))
        changes.flush()
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
