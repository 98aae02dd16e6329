"""A Hugging Face Hub on the loopback interface: real HTTP, the routes that huggingface_hub uses to list,
fetch, create and upload.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import ThreadingHTTPServer

from ..hub import TOKEN_ENDPOINT_VARIABLE
from .hub_state import HttpRequest, HubState, StoredRepository
from .routes import Routes


class LoopbackHub(HubState):
    """A Hub with repositories made in memory; what it holds and does wrong stands in `HubState`. `url`: its address."""

    def __init__(self, token: str = "hf_loopback", *, open_to_uploads: bool = False) -> None:
        super().__init__(token, open_to_uploads=open_to_uploads)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundRoutes", (Routes,), {"hub": self}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which the zoo, and every process that inherits them, asks this Hub with its token."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_TOKEN": self.token,
            TOKEN_ENDPOINT_VARIABLE: self.url,
            "HF_HUB_DISABLE_XET": "1",  # the Hub's newer protocol is not spoken here
        }

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
