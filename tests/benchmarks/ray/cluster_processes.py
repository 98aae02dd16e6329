"""A run of `veraretouch ray` as a shell starts it: its processes, what they hold, and their end by force."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

VERARETOUCH = Path(sys.executable).with_name("veraretouch")


@dataclass
class Run:
    """A run that was started.

    Attributes:
        log: where its memory is noted, in lines of JSON: megabytes by part: driver, workers (the largest of them),
            Ray's own processes, object store.
    """

    process: subprocess.Popen[str]
    log: Path | None = None

    @classmethod
    def start(cls, *words: object, log: Path | None = None) -> Run:
        """Start `veraretouch` with these words."""
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(
            [str(VERARETOUCH), *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            start_new_session=True,
        )
        run = cls(process, log)
        if log is not None:
            threading.Thread(target=run._watch, args=(log,), daemon=True).start()
        return run

    def end(self) -> str:
        """Wait for the end, and return what was said.

        Raises:
            RuntimeError: it failed.
        """
        said, _ = self.process.communicate()
        if self.process.returncode not in (0, 1):
            raise RuntimeError(said)
        return said

    def workers(self) -> list[int]:
        """The processes of its actors that work on photos."""
        return [pid for pid, (_, words) in descendants(self.process.pid).items() if "Worker)" in words]

    def kill(self, pid: int) -> None:
        """Kill a process of the run, which has no time to tidy up; the driver is waited for."""
        os.kill(pid, signal.SIGKILL)
        if pid == self.process.pid and self.process.stdout is not None:
            self.process.wait()
            self.process.stdout.close()

    def _watch(self, log: Path) -> None:
        while self.process.poll() is None:
            parts = {"driver": 0.0, "worker": 0.0, "ray": 0.0, "store": 0.0}
            for pid, (_, words) in descendants(self.process.pid).items():
                own, shared = _megabytes(pid)
                if pid == self.process.pid:
                    parts["driver"] = own
                elif "Worker)" in words:
                    parts["worker"] = max(parts["worker"], own)
                else:
                    parts["ray"] += own
                if "raylet/raylet" in words:
                    parts["store"] = shared
            with log.open("a") as file:
                file.write(json.dumps(parts) + "\n")
            time.sleep(2.0)


def descendants(root: int) -> dict[int, tuple[int, str]]:
    """A process and those that it began, and that those began: parent and words."""
    listed = subprocess.run(["ps", "-wweo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    lines = [row.split(None, 2) for row in listed.splitlines()]
    all = {int(pid): (int(parent), words) for pid, parent, words in lines}
    found = {root} & all.keys()
    while more := {pid for pid, (parent, _) in all.items() if parent in found and pid not in found}:
        found |= more
    return {pid: all[pid] for pid in found}


def _megabytes(pid: int) -> tuple[float, float]:
    """What a process holds for itself, and of shared memory."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    held = {name: value for name, _, value in (line.partition(":") for line in lines)}
    return tuple(int(held.get(name, "0 kB").split()[0]) / 1024 for name in ("RssAnon", "RssShmem"))  # type: ignore[return-value]
