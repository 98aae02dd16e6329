"""Try plugins in processes of their own: what breaks, hangs, exits or crashes on import does so there,
and is known by its reason.

One process takes a distribution's plugins one after another; where one ends or stops it, the next goes on behind that
one. It imports torch and veraretouch before the first of them, so that a plugin's seconds, and its timeout, are its
own.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from ..errors import DeprecatedPlugin, VeraRetouchError
from .entry import PluginState
from .registry import registry

# For the process itself, which imports torch: on a busy machine that takes long, and is no plugin's fault.
_START_SECONDS = 120.0
_LAST_WORDS = 0.5  # seconds in which what a process wrote before its end arrives
_LONGEST = 200  # characters of what a plugin prints

_READY = "veraretouch: ready"  # on stderr: plugins speak from here on

NOT_TRIED = "not tried"
"""How the reason begins of a plugin that no process came to."""


@dataclass(frozen=True)
class Tried:
    """What became of a plugin that was imported on trial; `reason` may also hold a remark on one that works."""

    state: PluginState
    reason: str = ""
    cure: str = ""
    seconds: float | None = None


Name = tuple[str, str]
"""A catalogue and an id: ("ops", "acme.fade")."""


def try_plugins(names: Sequence[Name], *, timeout: float) -> dict[Name, Tried]:
    """Import each plugin in another process and judge it by the contract of its kind.

    Args:
        timeout: seconds for one plugin; then its process and the processes that this one started are killed. They count
            from when torch and veraretouch are imported there.

    Returns:
        A plugin whose process never came to it is `available` still, with the reason why it was not tried.
    """
    catalogues = registry.catalogues()
    by_distribution: dict[str, list[Name]] = {}
    for catalogue, id in names:
        by_distribution.setdefault(catalogues[catalogue].entries()[id].distribution, []).append((catalogue, id))
    trials = [_Trial(group, timeout) for group in by_distribution.values()]
    pool = ThreadPoolExecutor(_cores())  # each process computes: more at once would only make each slower
    try:
        return {name: tried for found in pool.map(_Trial.run, trials) for name, tried in found.items()}
    finally:
        for trial in trials:
            trial.stop()
        pool.shutdown(cancel_futures=True)


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Trial:
    """The plugins of one distribution, in as many processes as they need."""

    def __init__(self, names: Sequence[Name], timeout: float) -> None:
        self._names, self._timeout = names, timeout
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False

    def run(self) -> dict[Name, Tried]:
        tried: dict[Name, Tried] = {}
        while len(tried) < len(self._names) and not self._stopped:
            tried |= self._one_process(self._names[len(tried) :])
        return tried

    def stop(self) -> None:
        """Kill what runs and start nothing more."""
        self._stopped = True
        if self._process is not None:
            _kill(self._process)

    def _one_process(self, names: Sequence[Name]) -> dict[Name, Tried]:
        """The fates of at least the first of these plugins."""
        tried: dict[Name, Tried] = {}
        # -P: the folder that the user stands in holds no plugins.
        command = [sys.executable, "-P", "-m", __name__]
        streams: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        self._process = process = subprocess.Popen(
            command, **streams, text=True, encoding="utf-8", errors="replace", start_new_session=True
        )
        try:
            answers, complaints = _Reader(process.stdout), _Reader(process.stderr, keep=1)
            assert process.stdin is not None
            with suppress(OSError):  # it died: the missing answers tell
                process.stdin.write(json.dumps({"path": sys.path, "names": names}))
                process.stdin.close()
            if answers.before(time.monotonic() + _START_SECONDS) is None:
                return dict.fromkeys(names, _not_tried(process, complaints))
            for name in names:
                deadline = time.monotonic() + self._timeout
                answer = answers.before(deadline)
                if answer is None:
                    tried[name] = self._end_of(process, deadline, answers, complaints)
                    break
                fate = json.loads(answer)
                tried[name] = Tried(PluginState(fate.pop("state")), **fate)
        finally:
            _kill(process)
        return tried

    def _end_of(self, process: subprocess.Popen[str], deadline: float, answers: _Reader, complaints: _Reader) -> Tried:
        """Why a process gave no answer before the deadline: it has ended, or it is late."""
        cure = "Report it to its author, or uninstall it."
        try:
            code = process.wait(max(0.0, deadline - time.monotonic()))
            late = answers.before(time.monotonic() + _LAST_WORDS) is not None  # it ended because all was done
        except subprocess.TimeoutExpired:
            late = True
        if late:
            return Tried(PluginState.BROKEN, f"its import did not end within {self._timeout:g} s", cure, self._timeout)
        return Tried(PluginState.BROKEN, f"its import ended the process {_how(code, complaints)}", cure)


class _Reader:
    """Reads a stream in a thread of its own, so that no pipe fills up; keeps all lines to come, or the last ones."""

    def __init__(self, stream: Any, *, keep: int | None = None) -> None:
        self.last: list[str] = []
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._keep = keep
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream: Any) -> None:
        with suppress(OSError, ValueError), stream:
            while line := stream.readline(10_000):
                if self._keep is None:
                    self._lines.put(line)
                elif line.strip() == _READY:
                    self.last = []  # what torch says is no word of a plugin
                elif line.strip():
                    self.last = [*self.last, line.strip()[:_LONGEST]][-self._keep :]
        self._lines.put(None)

    def before(self, deadline: float) -> str | None:
        """The next line; None at the end, or where none comes before this time of the monotonic clock."""
        try:
            line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            return None
        if line is None:
            self._lines.put(None)  # the end stays the end
        return line

    def rest(self) -> str:
        self._thread.join(_LAST_WORDS)
        return " ".join(self.last)


def _not_tried(process: subprocess.Popen[str], complaints: _Reader) -> Tried:
    """Of the plugins whose process did not come to import any."""
    try:
        why = f"ended {_how(process.wait(_LAST_WORDS), complaints)}"
    except subprocess.TimeoutExpired:
        why = f"was not ready within {_START_SECONDS:g} s"
    return Tried(PluginState.AVAILABLE, f"{NOT_TRIED}: the process that was to import it {why}", "Try again.")


def _how(code: int, complaints: _Reader) -> str:
    how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
    said = complaints.rest()
    return how + (f": {said}" if said else "")


def _kill(process: subprocess.Popen[str]) -> None:
    """End a process and those that it started, also where it has ended and they have not."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


# The other process.


class _Ear(io.TextIOBase):
    """Stands in for stdout and keeps the beginning of what is printed."""

    def __init__(self) -> None:
        self.heard = ""

    def write(self, text: str) -> int:
        self.heard += text[: _LONGEST - len(self.heard)]
        return len(text)


def _serve() -> None:
    """Import what stdin names; answer with a line when ready and a line for each."""
    order = json.load(sys.stdin)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what is printed past Python must not get between the answers
    sys.path[:] = order["path"]
    for answer in _answers(order["names"]):
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    os._exit(0)  # whatever threads and exit handlers the plugins have left


def _answers(names: Sequence[Sequence[str]]) -> Iterator[Any]:
    catalogues = registry.catalogues()
    for catalogue, id in names:
        catalogues[catalogue].find(id)
    _import_what_all_share()
    print(_READY, file=sys.stderr, flush=True)
    yield "ready"
    for catalogue, id in names:
        sys.stdout = ear = _Ear()
        start = time.perf_counter()
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always", DeprecatedPlugin)
            with suppress(VeraRetouchError, KeyboardInterrupt):
                catalogues[catalogue].load(id)
        sys.stdout = sys.stderr
        entry = catalogues[catalogue].entries()[id]
        remarks = [str(w.message) for w in warned if w.category is DeprecatedPlugin]
        if ear.heard.strip():
            remarks.append(f"it prints on stdout when it is imported: {ear.heard.strip()!r}")
        if entry.state is PluginState.AVAILABLE:
            entry.fail(PluginState.BROKEN, "its import raises KeyboardInterrupt", "Report it to its author.")
        yield {
            "state": entry.state,
            "reason": entry.reason or "; ".join(remarks),
            "cure": entry.cure,
            "seconds": entry.load_seconds or time.perf_counter() - start,
        }


def _import_what_all_share() -> None:
    """Torch, and veraretouch as far as it is public; what cannot be imported is left for the plugins that need it to
    say.
    """
    face = sys.modules[str(__package__).partition(".")[0]]
    for name in dir(face):
        with suppress(Exception):
            getattr(face, name)


if __name__ == "__main__":
    _serve()
