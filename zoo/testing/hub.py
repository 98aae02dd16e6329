"""A Hugging Face Hub on the loopback interface: real HTTP, the routes that huggingface_hub uses to list, fetch, create and upload."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer

from .routes import Routes

LFS_BYTES = 4096
"""Files of this size and more are served as Git LFS objects are: by a redirect, with SHA-256 as the entity tag."""


@dataclass
class StoredRepository:
    """One repository: every commit's files, and which commit a branch stands at."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    private: bool = False
    gated: bool = False

    def commit(self, files: Mapping[str, bytes], branch: str = "main") -> str:
        """Add a commit with exactly these files; its hash depends on them and on what was there before."""
        digest = hashlib.sha1(self.branches.get(branch, "").encode(), usedforsecurity=False)
        for name, data in sorted(files.items()):
            digest.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
        sha = digest.hexdigest()
        self.commits[sha] = dict(files)
        self.branches[branch] = sha
        return sha

    def resolve(self, revision: str) -> str | None:
        """The commit of a branch or a hash."""
        sha = self.branches.get(revision, revision)
        return sha if sha in self.commits else None


@dataclass
class Faults:
    """What goes wrong, for downloads of file contents. Bytes are counted over all contents, as `LoopbackHub.sent` does.

    Attributes:
        cut_after: close the connection after so many bytes of one body; for the next `cuts` answers.
        errors: answer the next so many requests with status 503.
        bytes_per_second: throttle.
        redirect_to: send content requests to this base URL.
        flip_at: change one bit of the byte that is sent at this place.
        hold_after: after so many bytes say nothing more until the client hangs up.
    """

    cut_after: int | None = None
    cuts: int = 0
    errors: int = 0
    bytes_per_second: float | None = None
    redirect_to: str | None = None
    flip_at: int | None = None
    hold_after: int | None = None


@dataclass(frozen=True)
class HttpRequest:
    """What the server was asked."""

    method: str
    path: str
    authorization: str | None
    range: str | None


class LoopbackHub:
    """A Hub with repositories made in memory.

    Attributes:
        token: what private and gated repositories, and uploads, ask for.
        requests: everything that was asked, in order.
        sent: bytes of contents that were sent, all told.
        held: set when `faults.hold_after` has been reached.
    """

    def __init__(self, token: str = "hf_loopback") -> None:
        self.token = token
        self.repositories: dict[str, StoredRepository] = {}
        self.uploads: dict[str, bytes] = {}
        self.requests: list[HttpRequest] = []
        self.faults = Faults()
        self.sent = 0
        self.held = threading.Event()
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundRoutes", (Routes,), {"hub": self}))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def storage(self) -> str:
        """Where LFS objects lie: to HTTP another host, as the Hub's is."""
        return self.url.replace("127.0.0.1", "localhost")

    def publish(self, name: str, files: Mapping[str, bytes], *, private: bool = False, gated: bool = False) -> str:
        """Make a repository, or add a commit to it; returns the commit."""
        repository = self.repositories.setdefault(name, StoredRepository())
        repository.private, repository.gated = private, gated
        return repository.commit(files)

    def downloads(self) -> list[HttpRequest]:
        """The requests for contents, without questions about them."""
        return [r for r in self.requests if r.method == "GET" and ("/resolve/" in r.path or "/lfs/" in r.path)]

    @contextmanager
    def running(self) -> Iterator[LoopbackHub]:
        """Serve within the block."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
