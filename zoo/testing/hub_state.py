"""What the loopback Hub holds, what it was asked, and what it does wrong."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

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
        seconds_per_byte: send single bytes, so many seconds apart; `slow_head`: those of the answer's head, too, else
            of its body.
        surplus: so many bytes more than the file has follow it, and the content's length says so.
        etag: the entity tag of every file. `commit`: the commit that answers say they are of.
    """

    cut_after: int | None = None
    cuts: int = 0
    errors: int = 0
    bytes_per_second: float | None = None
    redirect_to: str | None = None
    flip_at: int | None = None
    hold_after: int | None = None
    seconds_per_byte: float | None = None
    slow_head: bool = False
    surplus: int = 0
    etag: str | None = None
    commit: str | None = None


@dataclass(frozen=True)
class HttpRequest:
    """What the server was asked."""

    method: str
    path: str
    authorization: str | None
    range: str | None


class HubState:
    """A Hub's repositories and its log.

    Attributes:
        url: the endpoint.
        token: what private and gated repositories, and uploads, ask for. `open_to_uploads`: these do without.
        requests: everything that was asked, in order.
        sent: bytes of contents that were sent, all told.
        held: set when `faults.hold_after` has been reached.
    """

    url: str

    def __init__(self, token: str, *, open_to_uploads: bool = False) -> None:
        self.token = token
        self.open_to_uploads = open_to_uploads
        self.repositories: dict[str, StoredRepository] = {}
        self.uploads: dict[str, bytes] = {}
        self.requests: list[HttpRequest] = []
        self.faults = Faults()
        self.sent = 0
        self.held = threading.Event()
        self.lock = threading.Lock()

    @property
    def storage(self) -> str:
        """Where LFS objects lie: to HTTP another host, as the Hub's is."""
        return self.url.replace("127.0.0.1", "localhost")
