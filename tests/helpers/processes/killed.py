"""Processes that fetch a bundle and are killed on the way.

As a script it imports what a fetch needs once, then forks a process for each line of JSON on its standard input; for
each it prints the process's id, and how it ended. A forked process counts its changes to the file system (files opened
for writing, renames, links, removals) by Python's audit events, which come before the change, and kills itself before
the one that it was told.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# What the client writes at once; its own ten mebibytes would keep a small file in memory until its end.
CHUNK = 2**16
CHANGES = {"open", "os.rename", "os.symlink", "os.link", "os.remove"}


class Fetches:
    """The script, spoken to."""

    def __init__(self, process):
        self._process = process

    def begin(self, *, before=0, report=os.devnull, **environment):
        """Fork a process that fetches `me/look`; its id. It kills itself before its `before`th change; 0: it
        does not.
        """
        order = {"environment": environment, "before": before, "report": str(report)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def end(self):
        """The exit code, or the signal's number below zero."""
        return int(self._process.stdout.readline())


@contextmanager
def fetches() -> Iterator[Fetches]:
    process = subprocess.Popen(
        [sys.executable, __file__],
        env=os.environ | {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Fetches(process)
    finally:
        process.communicate()


def _serve():
    import huggingface_hub.constants
    import huggingface_hub.file_download

    import veraretouch.zoo.fetch  # noqa: F401

    huggingface_hub.utils.get_session()  # its first use reads every certificate
    huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE = CHUNK
    for line in sys.stdin:
        process = os.fork()
        if not process:
            _fetch(**json.loads(line))
        print(process, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


def die_before(number):
    """From now on count this process's changes to the file system, and kill it before the `number`th; return the list
    of them.
    """
    made = []

    def watch(event, arguments):
        if event not in CHANGES or (event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            return
        made.append(f"{event} {os.fspath(arguments[1 if event in ('os.rename', 'os.symlink') else 0])}")
        if len(made) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    return made


def _fetch(environment, before, report):
    from veraretouch.zoo.fetch import fetch

    os.environ.update(environment)
    code = 1
    try:
        made = die_before(before)
        fetch("me/look")
        with open(report, "w") as file:
            json.dump(made, file)
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    _serve()
