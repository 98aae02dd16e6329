"""`veraretouch serve` in a process of its own, as a shell starts it, with a planner that does what its prompt says."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from distributions import Site
from prometheus_client.parser import text_string_to_metric_families

TOKEN = "a-token-that-tests-know"
OBEDIENT = "acme.obedient"
PLANNERS = ("--planner", "tiny", "--planner", OBEDIENT)
_PLANNER = '''
import os, signal, time
from pathlib import Path
import torch
from veraretouch import Latents, Proposal, Schema, registry

class Obedient:
    """Does what its prompt says."""
    id = "acme.obedient"
    version = "1"
    modes = frozenset({"auto", "style"})

    def plan(self, photos, requests):
        words = (requests[0].prompt or "").split()
        if words[:1] == ["sleep"]:
            time.sleep(float(words[1]))
        if words[:1] == ["fail"]:
            raise ZeroDivisionError("told so")
        if words[:1] == ["tell"]:
            raise ZeroDivisionError(os.environ.get(words[1]))
        if words[:1] == ["leave"]:
            raise SystemExit(3)
        if words[:1] == ["die"]:
            os.kill(os.getpid(), signal.SIGKILL)
        schema = Schema.of([registry.ops.load("exposure")])
        values = {"exposure": {"ev": torch.full((len(photos),), 0.25)}}
        return Proposal(Latents(schema, values), [{} for _ in photos])
'''


class Serving:
    """The command, and a client that bears its token.

    Args:
        folder: for its plug-in and its state file.
        options: of the command.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.site = folder / "site"
        self.site.mkdir(parents=True)
        Site(self.site).install(
            "acme-obedient",
            "1",
            {OBEDIENT: "acme_obedient:Obedient"},
            group="veraretouch.planners",
            module="acme_obedient",
            code=_PLANNER,
        )
        self.state = folder / "state" / "veraretouch" / "serve.json"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("VERARETOUCH", "PYTHON"))}
        own = {"PYTHONPATH": str(self.site), "VERARETOUCH_TOKEN": TOKEN, "XDG_STATE_HOME": str(folder / "state")}
        words = [str(Path(sys.executable).with_name("veraretouch")), "serve", *options]
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                words, stdout=subprocess.PIPE, stderr=log, text=True, env=kept | own | {"TMPDIR": str(folder)}
            )
        assert self.process.stdout is not None
        found = re.search(r"http://\S+:(\d+)", self.process.stdout.readline())
        self.process.stdout.readline()  # of the token
        assert found is not None, self.log.read_text()
        self.process.stdout.close()
        self.url, self.port = found[0], int(found[1])
        self.client = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)

    def post(self, operation: str, photo: Path, request: Any = None, **headers: str) -> httpx.Response:
        """Have something done with a photo."""
        sent = request if isinstance(request, bytes) else json.dumps(request)
        data = {} if request is None else {"request": sent}
        files = {"photo": (photo.name, photo.read_bytes())}
        return self.client.post(f"/api/{operation}", data=data, files=files, headers=headers)

    def told(self, photo: Path, words: str) -> httpx.Response:
        """Have the obedient planner do something."""
        return self.post("plan", photo, {"planner": OBEDIENT, "style": words})

    def metrics(self) -> dict[str, float]:
        """Every sample by its name and its labels' values: `veraretouch_requests_total plan 200`."""
        text = self.client.get("/metrics").text
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return {" ".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}

    def wait_for(self, name: str, value: float, seconds: float = 30) -> None:
        """Wait until a metric has a value."""
        deadline = time.monotonic() + seconds
        while (now := self.metrics().get(name, 0)) != value:
            assert time.monotonic() < deadline, (name, now)
            time.sleep(0.02)

    def workers(self) -> list[int]:
        """The processes of its workers: children of the one that they are copies of."""
        return [worker for child in _children(self.process.pid) for worker in _children(child)]

    def end(self) -> int:
        """End it as a service manager does; its exit code."""
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Serving]:
    """The command while it is needed."""
    made = Serving(folder, *options)
    try:
        yield made
    finally:
        made.end()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
