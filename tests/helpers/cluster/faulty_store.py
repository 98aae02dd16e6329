"""A store of objects that speaks S3 on loopback, by moto's server, and a proxy before it that fails as it is told."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BUCKET = "photos"


@dataclass
class Fault:
    """What goes wrong with requests of a method for a path that matches.

    Attributes:
        times: how often; a negative number is always.
        status: of the answer; 0 answers nothing for `seconds` and then breaks the connection.
    """

    method: str
    path: str
    times: int = 1
    status: int = 500
    seconds: float = 0.0


@dataclass
class Store:
    """The store, as a test sees it.

    Attributes:
        port: of the proxy. `faults`: what goes wrong, to be added to. `hit`: how often something did.
    """

    port: int
    behind: int
    faults: list[Fault] = field(default_factory=list)
    hit: int = 0

    def url(self, path: str) -> str:
        """The URL of a path in the bucket."""
        return f"s3://{BUCKET}/{path}?endpoint_override=127.0.0.1:{self.port}&scheme=http&region=us-east-1"

    def put(self, path: str, data: bytes) -> None:
        """Put an object, past the proxy."""
        self._ask("PUT", path, data)

    def get(self, path: str) -> bytes:
        """An object's bytes, past the proxy."""
        return self._ask("GET", path)

    def names(self) -> set[str]:
        """The names of all objects."""
        return set(re.findall(r"<Key>([^<]*)</Key>", self._ask("GET", "").decode()))

    def _ask(self, method: str, path: str, data: bytes | None = None) -> bytes:
        connection = HTTPConnection("127.0.0.1", self.behind, timeout=10)
        connection.request(method, f"/{BUCKET}/{path}", data)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.status < 300, (method, path, answer.status, body)
        return body

    def fault_of(self, method: str, path: str) -> Fault | None:
        """The fault that a request meets, counted."""
        for fault in self.faults:
            if fault.times and fault.method == method and re.search(fault.path, path):
                fault.times -= 1
                self.hit += 1
                return fault
        return None


@contextmanager
def faulty_store() -> Iterator[Store]:
    """A store with an empty bucket."""
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, behind = server.get_host_and_port()
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), _Proxy)
    proxy.daemon_threads = True
    proxy.store = store = Store(proxy.server_address[1], behind)  # type: ignore[attr-defined]
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        store._ask("PUT", "")
        yield store
    finally:
        proxy.shutdown()
        proxy.server_close()
        server.stop()


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _forward(self) -> None:
        store: Store = self.server.store  # type: ignore[attr-defined]
        body = self._body()
        fault = store.fault_of(self.command, self.path)
        if fault is not None and fault.status == 0:
            time.sleep(fault.seconds)
            self.close_connection = True
            return
        if fault is not None:
            self._answer(fault.status, b"<Error><Code>InternalError</Code></Error>", {})
            return
        connection = HTTPConnection("127.0.0.1", store.behind, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        data = answer.read()
        self._answer(answer.status, data, dict(answer.getheaders()))
        connection.close()

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        length = headers.get("Content-Length", headers.get("content-length")) if self.command == "HEAD" else len(data)
        self.send_header("Content-Length", str(length or 0))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _forward

    def log_message(self, *_: Any) -> None:
        """Nothing."""


_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"}
