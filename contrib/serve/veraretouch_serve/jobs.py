"""Jobs: work on several photos in a thread of its own, watched and ended by whoever asked for it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from veraretouch.core.errors import InvalidRequest, VeraRetouchError

State = Literal["running", "done", "cancelled", "failed"]
KEPT: Final = 100
"""How many finished jobs are remembered."""


@dataclass
class Job:
    """Work under way: how far it is, what was made, and what was not, with the reason.

    Attributes:
        kind: what it does: `export` or `plan`.
        total: how many photos it is about; `done` of them are through.
        stage: what is done to them now: `measuring`, `planning` or `writing`.
        command: the command line that does the same; empty where there is none.
        unknown: words of the style that were not understood.
        photos: ids of photos whose edit it has changed.
    """

    kind: Literal["export", "plan"]
    total: int
    stage: str = "writing"
    command: str = ""
    id: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    done: int = 0
    state: State = "running"
    files: list[str] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    photos: list[str] = field(default_factory=list)
    cancel: threading.Event = field(default_factory=threading.Event, repr=False)

    def facts(self) -> dict[str, Any]:
        """What whoever asked is told."""
        told = ("kind", "stage", "state", "done", "total", "files", "failed", "command", "unknown", "photos")
        held = {name: getattr(self, name) for name in told}
        return {"job": self.id} | {name: list(each) if isinstance(each, list) else each for name, each in held.items()}

    @contextmanager
    def trying(self, name: str) -> Iterator[None]:
        """One photo's turn: what goes wrong with it is noted, and the others have theirs."""
        try:
            yield
        except VeraRetouchError as error:
            self.failed.append({"name": name, "problem": str(error)})
        except Exception as error:  # a plug-in may fail with anything
            self.failed.append({"name": name, "problem": f"{type(error).__name__}: {error}"})
        self.done += 1


class Jobs:
    """The jobs of a session, one at a time; others wait in line."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._turn = threading.Lock()

    def job(self, id: str) -> Job:
        """The job of an id.

        Raises:
            InvalidRequest
        """
        if id not in self._jobs:
            raise InvalidRequest(f"no job {id[:40]!r} in this session", cure="Start it again.")
        return self._jobs[id]

    def begin(self, job: Job, work: Callable[[Job], None]) -> Job:
        """Let a job's work be done when its turn comes; it should look at `cancel` between photos."""
        for id in [id for id, old in self._jobs.items() if old.state != "running"][: -KEPT or None]:
            del self._jobs[id]
        self._jobs[job.id] = job
        name = f"{job.kind} {job.id}"
        threading.Thread(target=self._run, args=(job, work), daemon=True, name=name).start()
        return job

    def close(self) -> None:
        """End whatever is under way, after the photos that are being worked on."""
        for job in self._jobs.values():
            job.cancel.set()
        with self._turn:
            pass

    def _run(self, job: Job, work: Callable[[Job], None]) -> None:
        try:
            with self._turn:
                if not job.cancel.is_set():
                    work(job)
        except Exception as error:  # a thread has nobody to tell; whatever it is must end the job
            plain = isinstance(error, VeraRetouchError)
            problem = str(error) if plain else f"{type(error).__name__}: {error}"
            job.failed.append({"name": job.kind, "problem": problem})
            job.state = "failed"
        else:
            failed = bool(job.failed) and len(job.failed) >= job.total
            job.state = "cancelled" if job.cancel.is_set() else "failed" if failed else "done"
