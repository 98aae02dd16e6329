"""Limits of one question to the Hub: bytes, time and speed, and headers that could not name a file.

The Hub's client waits up to ten seconds for each read, however many there are, and takes whatever length a server
sends. It offers event hooks on its HTTP session: they are used here, and do nothing for requests that no
`TransferLimits` is watching.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from importlib import import_module
from typing import Any, Final

from ..core.errors import TamperedBundle, UnreachableBundle, VeraRetouchError

# Below this many bytes a second, over a whole span of patience, a transfer is given up.
SLOWEST: Final = 1024
# Below this mean, counted from the first byte, it is given up as well: a gigabyte may take nine hours.
_MEAN: Final = 32 * 1024
_START_SECONDS: Final = 60
_LOOK_SECONDS: Final = 0.25
# An ETag becomes a file's name in the cache, a commit that of a folder.
_ETAG: Final = re.compile(r"(?:W/)?\"?[0-9A-Za-z][0-9A-Za-z._+=-]{0,199}\"?")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_WATCHING: ContextVar[TransferLimits | None] = ContextVar("veraretouch_transfer_limits", default=None)


class TransferLimits:
    """What one question may cost, all its tries together.

    Args:
        what: what is asked for, as errors name it.
        most_bytes: of one answer; a longer one is cut off.
        patience: seconds in which an answer has to bring `SLOWEST` bytes a second.
    """

    def __init__(self, what: str, *, most_bytes: int, patience: float) -> None:
        self.what, self.most_bytes, self.patience = what, most_bytes, patience
        self.error: VeraRetouchError | None = None
        self._deadline = _START_SECONDS + most_bytes / _MEAN
        self._spent = 0.0  # in answers before the present one
        self._began: float | None = None
        self._span = self._span_bytes = 0.0
        self._streams: list[Any] = []
        self._done = threading.Event()

    @contextmanager
    def watching(self) -> Iterator[TransferLimits]:
        """Watch the requests that this thread makes within the block."""
        watcher = threading.Thread(target=self._watch, name="veraretouch-hub-deadline", daemon=True)
        token = _WATCHING.set(self)
        watcher.start()
        try:
            yield self
        finally:
            _WATCHING.reset(token)
            self._done.set()
            watcher.join()

    def begin(self) -> None:
        """A request is about to be sent."""
        self._raise_if_over()
        self._began = self._span = time.monotonic()
        self._span_bytes = 0

    def count(self, size: int) -> None:
        """So many bytes more of an answer have come."""
        self._raise_if_over()
        self._span_bytes += size

    def end(self) -> None:
        """The answer is complete, or nobody reads on."""
        if self._began is not None:
            self._spent += time.monotonic() - self._began
            self._began = None
        self._streams.clear()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Note the connection that is being made; httpcore calls this."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._streams.append(info["return_value"])

    def too_long(self) -> VeraRetouchError:
        """The answer is longer than it may be."""
        self.error = TamperedBundle(
            f"{self.what} is longer than the {self.most_bytes} bytes that it may have: it was cut off there",
            cure="Do not use it; tell whoever made the bundle.",
        )
        return self.error

    def _raise_if_over(self) -> None:
        if self.error is not None:
            raise self.error

    def _watch(self) -> None:
        while not self._done.wait(_LOOK_SECONDS):
            began, now = self._began, time.monotonic()
            if began is None:
                continue
            slow = False
            if now - self._span > self.patience:
                slow = self._span_bytes < SLOWEST * self.patience
                self._span, self._span_bytes = now, 0
            if slow or self._spent + now - began > self._deadline:
                self._give_up(now - began)

    def _give_up(self, seconds: float) -> None:
        if self.error is None:
            self.error = UnreachableBundle(
                f"{self.what} came too slowly: it was given up after {self._spent + seconds:.0f} seconds",
                cure="Try again later, or from another network.",
            )
        for stream in list(self._streams):
            with suppress(Exception):  # it may be closed already, and each kind of stream fails in its own way
                stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


def install(client: Any) -> None:
    """Put the hooks into the Hub's HTTP session, once."""
    hooks = client.event_hooks
    if _before not in hooks["request"]:
        client.event_hooks = {
            "request": [*hooks["request"], _before],
            "response": [*hooks["response"], _after],
        }


def _before(request: Any) -> None:
    limits = _WATCHING.get()
    if limits is None:
        return
    # A connection of its own can be ended from outside, whatever it is waiting for.
    request.headers["Connection"] = "close"
    request.headers["Accept-Encoding"] = "identity"  # of what is packed the length says nothing
    request.extensions = {**request.extensions, "trace": limits.trace}
    limits.begin()


def _after(response: Any) -> None:
    limits = _WATCHING.get()
    if limits is None:
        return
    if response.request.method == "HEAD":
        limits.end()
        _check_names(response.headers, limits)
    else:
        _check_coding(response.headers, limits)
        response.stream = _limited(response, limits)


def _check_coding(headers: Any, limits: TransferLimits) -> None:
    """Refuse an answer that the client would unpack after it was counted: half a megabyte became half a gigabyte."""
    coding = headers.get("Content-Encoding", "identity")
    if coding != "identity":
        limits.error = UnreachableBundle(
            f"{limits.what}: the server sent it packed, by {coding[:40]!r}, which was not asked for",
            cure="Check HF_ENDPOINT, or a proxy on the way.",
        )
        raise limits.error


def _check_names(headers: Any, limits: TransferLimits) -> None:
    """Refuse an ETag or a commit that would not be a plain name in the cache."""
    tag = headers.get("X-Linked-Etag") or headers.get("ETag")
    commit = headers.get("X-Repo-Commit")
    for name, value, pattern in (("ETag", tag, _ETAG), ("commit", commit, _COMMIT)):
        if value is not None and (not pattern.fullmatch(value) or ".." in value):
            limits.error = UnreachableBundle(
                f"{limits.what}: the server sent the {name} {value[:80]!r}, which no file can be kept under",
                cure="Check HF_ENDPOINT: it does not behave as a Hub does.",
            )
            raise limits.error


def _limited(response: Any, limits: TransferLimits) -> Any:
    """The answer's stream of bytes, which ends in an error where it passes a limit."""
    inner = response.stream
    # httpx or, with newer clients, its successor: each wants streams of its own class.
    library: Any = import_module(type(response).__module__.partition(".")[0])

    class LimitedStream(library.SyncByteStream):  # type: ignore[misc]
        def __iter__(self) -> Iterator[bytes]:
            come = 0
            for part in inner:
                come += len(part)
                if come > limits.most_bytes:
                    raise limits.too_long()
                limits.count(len(part))
                yield part

        def close(self) -> None:
            limits.end()
            inner.close()

    return LimitedStream()
