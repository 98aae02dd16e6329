"""A studio that is served by this process, and a client of it."""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PLAN: dict[str, Any] = {
    "schema": "veraretouch.plan/1",
    "mode": "param",
    "edits": {"exposure": {"version": 1, "params": {"ev": 0.5}}},
}


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def events(self) -> list[tuple[str, Any]]:
        """The events of a stream."""
        blocks = [block.split("\n") for block in self.body.decode().strip().split("\n\n")]
        return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


@dataclass
class Client:
    """An HTTP client that knows the server's port, its token and, once it has one, the cookie."""

    port: int
    token: str
    cookie: str = ""
    others: dict[str, str] = field(default_factory=dict)

    def __call__(
        self, method: str, path: str, body: bytes | dict[str, Any] | None = None, **headers: str | None
    ) -> Answer:
        """Ask; keywords are headers, `None` leaves one out."""
        sent: dict[str, str | None] = {"Host": f"127.0.0.1:{self.port}", "Origin": f"http://127.0.0.1:{self.port}"}
        if self.cookie:
            sent["Cookie"] = self.cookie
        if isinstance(body, dict):
            body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            if value is not None:
                connection.putheader(name, value)
        if body is not None and "Content_Length" not in headers:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        answer = Answer(
            response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        )
        connection.close()
        return answer

    def sign_in(self) -> Client:
        """Exchange the token for the cookie."""
        answer = self("POST", "/api/session", {"token": self.token})
        assert answer.status == 204, answer.body
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return self

    def first(self) -> str:
        """The id of the first photo."""
        return str(self("GET", "/api/photos").json()["photos"][0]["id"])


def serve(paths: list[Path], **options: Any) -> tuple[Client, Callable[[], None]]:
    """A studio for these photos, with options of its session, and what ends it."""
    import uvicorn
    from veraretouch_studio.server import create_app
    from veraretouch_studio.session import Session

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    app, token = create_app(Session(paths, **options), port=port)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, ws="none"))
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
    thread.start()
    while not server.started:
        time.sleep(0.01)

    def end() -> None:
        server.should_exit = True
        thread.join()
        listener.close()

    return Client(port, token), end


class Server:
    """`veraretouch studio` in a process of its own, as a shell starts it; `client` has not opened the link.

    Args:
        port: to listen on; 0 takes a free one.
    """

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        words = [str(Path(sys.executable).with_name("veraretouch")), "studio", str(folder), "--no-browser"]
        self.process = subprocess.Popen([*words, "--port", str(port)], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        found = re.search(r"127\.0\.0\.1:(\d+)/#token=(\S+)", self.process.stdout.readline())
        assert found is not None
        self.client = Client(int(found[1]), found[2])
        while True:
            try:
                self.client("GET", "/")
                return
            except ConnectionError:
                time.sleep(0.05)

    def memory(self, what: str = "VmRSS") -> float:
        """MB that the process holds, or held at most (`VmHWM`)."""
        found = re.search(rf"{what}:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())
        assert found is not None
        return int(found[1]) / 1024

    def kill(self) -> None:
        """End it as a crash does: it has no time for anything."""
        self.process.kill()
        self.process.communicate()

    def end(self) -> None:
        """End it as Ctrl-C does."""
        self.process.terminate()
        self.process.communicate()
