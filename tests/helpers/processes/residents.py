"""A resident process for tests of commands: it answers as the wire says, and fails as it is told.

It listens in a thread and works in a process of its own: standard output and warnings are a whole process's.
"""

from __future__ import annotations

import io
import json
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from veraretouch.core.cli.batch.journal import versions
from veraretouch.core.cli.batch.planning import make_plan
from veraretouch.core.cli.batch.remote import wire
from veraretouch.core.cli.batch.work import retouch
from veraretouch.core.errors import VeraRetouchError
from veraretouch.core.photo import open_photo

TOKEN = "a-token"


class Resident(ThreadingHTTPServer):
    """Attributes:
    faults: what the next posts are answered by, in place of their work: a status, or a function of the handler.
    orders: every order that came. sent: the names of the photos that came along.
    """

    daemon_threads = True

    def __init__(self, work: ProcessPoolExecutor):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.work = work
        self.faults, self.orders, self.sent, self.versions = [], [], [], versions()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def stop(self):
        """Listen no longer; what is under way is answered."""
        self.socket.close()


@contextmanager
def resident(work):
    """The server, as long as it is wanted; `work` is the process that works for it."""
    server = Resident(work)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.stop()
        thread.join(10)


def plan(order, photo):
    """Status and document: the plan of a photo, or why there is none."""
    try:
        task = wire.task_of(order, photo, photo.parent)
        return 200, make_plan(task.request, open_photo(photo)).document()
    except VeraRetouchError as error:
        return 422, {"error": str(error).replace(f"{photo.parent}/", ""), "kind": type(error).__name__}


def retouched(order, photo):
    """Status and archive of what was made of a photo, or status and the reason."""
    outcome = retouch(wire.task_of(order, photo, photo.parent / "made"))
    if outcome.status == "failed":
        return 422, {"error": outcome.problem.replace(f"{photo.parent}/", ""), "kind": outcome.kind}
    archive = io.BytesIO()
    wire.write_archive(outcome, archive)
    return 200, archive.getvalue()


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.answer(401, {"error": "the token", "kind": "Refused"})
        else:
            self.answer(200, {"version": "0", "versions": self.server.versions, "workers": 2})

    def do_POST(self):
        fault = self.server.faults.pop(0) if self.server.faults else None
        if callable(fault):
            fault(self)
            return
        parts = self.parts(self.rfile.read(int(self.headers["Content-Length"])))
        if fault is not None:
            self.answer(fault, {"error": "told so", "kind": "Refused"}, {"Retry-After": "0"})
            return
        order = json.loads(parts["request"][1])
        name, photo = parts["photo"]
        self.server.orders.append(order)
        self.server.sent.append(name)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, name)
            path.write_bytes(photo)
            do = plan if self.path == "/api/plan" else retouched
            status, made = self.server.work.submit(do, order, path).result()
        if isinstance(made, bytes):
            self.send(status, made, wire.ARCHIVE)
        else:
            self.answer(status, made)

    def parts(self, body):
        """The parts of a form by name, each with its file's name and its bytes."""
        mark = b"--" + self.headers.get_param("boundary", header="Content-Type").encode()
        found = {}
        for part in body.split(mark)[1:-1]:
            head, _, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
            words = dict(each.strip().split("=", 1) for each in head.decode().split("\r\n")[0].split(";")[1:])
            found[words["name"].strip('"')] = (words.get("filename", "").strip('"'), data.removesuffix(b"\r\n"))
        return found

    def answer(self, status, document, headers=None):
        self.send(status, json.dumps(document).encode(), "application/json", headers)

    def send(self, status, body, kind, headers=None):
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
