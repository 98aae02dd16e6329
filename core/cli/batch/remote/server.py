"""The client of a resident process: where it is, and the exchange of one photo for what was made of it."""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import socket
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any, BinaryIO, Final
from urllib.parse import SplitResult, urlsplit

from ....errors import InvalidDocument, UnreachableServer
from ....strict_json import parse, read_bytes
from ...shell import VIA_VARIABLE
from ...terminal import complain
from ..journal import versions
from .wire import ARCHIVE

TOKEN_VARIABLE: Final = "VERARETOUCH_TOKEN"
AUTO: Final = "auto"
_PATIENCE: Final = 600.0  # seconds that a photo waits for a busy server, and for its answer
_CONNECTING: Final = 5.0
_HANG_UPS: Final = 20
_LONGEST_WAIT: Final = 10.0  # seconds between two tries
_LARGEST_ANSWER: Final = 2**20  # bytes of JSON
_LARGEST_PLAN: Final = 64 * 2**20
_LARGEST_ARCHIVE: Final = 4 * 2**30
_PIECE: Final = 2**20
_SUFFIX: Final = re.compile(r"\.[A-Za-z0-9]{1,10}")


class Refused(Exception):
    """The server's answer where it did not do the work: what kind of error, in its words."""

    def __init__(self, kind: str, problem: str) -> None:
        super().__init__(problem)
        self.kind, self.problem = kind, problem


class _HungUp(Exception):
    """The connection ended without an answer."""


class Server:
    """A resident process that answers at a URL.

    Args:
        url: `http://HOST:PORT` or `https://`.
        token: what its requests have to bear.

    Raises:
        UnreachableServer: no such URL.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url, self._token = url.rstrip("/"), token
        self._at = _parts(self.url)
        self._told: dict[str, Any] | None = None
        self._open: set[http.client.HTTPConnection] = set()
        self._closed = False

    def info(self) -> dict[str, Any]:
        """What the server says of itself: its version, the fingerprint of its plug-ins, how many workers it has.

        Raises:
            UnreachableServer: nobody answers there, or not as a resident process does.
        """
        with closing(self._connection()) as connection:
            try:
                connection.request("GET", f"{self._at.path}/api/info", headers=self._headers())
                answer = connection.getresponse()
                told = _object(answer.read(_LARGEST_ANSWER + 1))
            except (OSError, http.client.HTTPException) as error:
                raise UnreachableServer(
                    f"nothing answers at {self.url}: {_reason(error)}", cure="Start it: veraretouch serve."
                ) from None
        if answer.status == 401:
            raise UnreachableServer(
                f"{self.url} does not take the token", cure=f"{TOKEN_VARIABLE} has to be what `serve` printed."
            )
        if answer.status != 200 or not isinstance(told.get("versions"), str):
            raise UnreachableServer(f"{self.url} is no `veraretouch serve`", cure="Check the URL.")
        self._told = told
        return told

    def workers(self) -> int:
        """How many photos the server works on at a time; it is asked once. Raises as `info` does."""
        told = (self._told or self.info()).get("workers")
        return told if type(told) is int and 1 <= told <= 1000 else 1

    def retouch(self, order: Mapping[str, Any], photo: Path, into: BinaryIO) -> None:
        """Have a photo retouched; the archive of what was made is written to a file.

        Raises:
            Refused: the server did not do it.
            UnreachableServer: it does not answer, or was busy for ten minutes.
            OSError: the photo cannot be read, or `into` cannot be written.
        """
        self._send("/api/retouch", order, photo, ARCHIVE, lambda answer: _copy(answer, into))

    def plan(self, order: Mapping[str, Any], photo: Path) -> dict[str, Any]:
        """The plan's document for a photo. Raises as `retouch` does."""
        made: dict[str, Any] = {}
        self._send(
            "/api/plan",
            order,
            photo,
            "application/json",
            lambda answer: made.update(_object(_all(answer, _LARGEST_PLAN))),
        )
        return made

    def close(self) -> None:
        """End every exchange under way; each fails at once."""
        self._closed = True
        for connection in tuple(self._open):
            if connection.sock is not None:
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def _send(
        self,
        path: str,
        order: Mapping[str, Any],
        photo: Path,
        gives: str,
        take: Callable[[http.client.HTTPResponse], None],
    ) -> None:
        """Post an order and its photo until the server takes them, and let its answer be taken."""
        late, hung_up = monotonic() + _PATIENCE, 0
        while True:
            connection = self._connection()
            self._open.add(connection)
            try:
                wait = self._exchange(connection, path, order, photo, gives, take)
            except _HungUp:
                hung_up, wait = hung_up + 1, 0.2
                if hung_up == _HANG_UPS:
                    raise UnreachableServer(
                        f"{self.url} hung up {hung_up} times without a word", cure="See its log."
                    ) from None
            finally:
                self._open.discard(connection)
                connection.close()
            if wait is None:
                return
            if monotonic() + wait > late or self._closed:
                raise UnreachableServer(
                    f"{self.url} was busy for {_PATIENCE / 60:.0f} minutes", cure="Send less at a time: --jobs 1."
                )
            sleep(wait)

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        path: str,
        order: Mapping[str, Any],
        photo: Path,
        gives: str,
        take: Callable[[http.client.HTTPResponse], None],
    ) -> float | None:
        """One try: None where it was done, else how many seconds to wait before the next.

        A server that is busy may hang up before it has read the photo, and then nothing of its answer arrives.
        """
        boundary = secrets.token_hex(16)
        with photo.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            head, tail = _around(order, photo, boundary)
            headers = self._headers() | {
                "Accept": gives,
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "Content-Length": str(len(head) + size + len(tail)),
            }
            try:
                connection.connect()
                connection.sock.settimeout(_PATIENCE)
            except OSError as error:
                raise UnreachableServer(
                    f"nothing answers at {self.url} any more: {_reason(error)}", cure="Start it: veraretouch serve."
                ) from None
            try:
                with suppress(BrokenPipeError, ConnectionResetError):  # refused unread: the answer may be there already
                    connection.request("POST", self._at.path + path, _pieces(head, file, size, tail), headers)
                answer = connection.getresponse()
            except (ConnectionError, http.client.BadStatusLine, http.client.CannotSendRequest):
                raise _HungUp from None
            except (OSError, http.client.HTTPException) as error:
                raise UnreachableServer(f"{self.url} does not answer: {_reason(error)}", cure="See its log.") from None
        if answer.status == 503:
            said = answer.headers.get("Retry-After", "")
            return min(_LONGEST_WAIT, max(0.1, float(said) if said.isdigit() else 1.0))
        if answer.status != 200:
            told = _object(answer.read(_LARGEST_ANSWER))
            raise Refused(str(told.get("kind", "HTTP")), str(told.get("error", f"status {answer.status}")))
        try:
            take(answer)
        except http.client.HTTPException as error:
            raise UnreachableServer(f"{self.url} broke off its answer: {_reason(error)}", cure="Try again.") from None
        return None

    def _connection(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._at.scheme == "https" else http.client.HTTPConnection
        assert self._at.hostname is not None
        return kind(self._at.hostname, self._at.port, timeout=_CONNECTING)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}


def chosen_server() -> Server | None:
    """The server that `--via` names; None where the work is done here.

    `auto` takes the one that this user has started, if it answers and has the same versions.

    Raises:
        UnreachableServer: a named one does not answer, or there is no token for it.
    """
    named = os.environ.get(VIA_VARIABLE, "")
    if not named:
        return None
    if named != AUTO:
        server = Server(named, _token_for(named))
        if server.info()["versions"] != versions():
            complain(f"{named} has other versions of veraretouch or its plug-ins; its pictures count", what="Warning")
        return server
    started = _started()
    if started is None:
        return None
    server = Server(*started)
    try:
        told = server.info()
    except UnreachableServer:
        return None  # it ended without removing its file
    if told["versions"] != versions():
        complain(f"the server at {server.url} has other versions; the work is done here", what="Warning")
        return None
    return server


def state_file() -> Path:
    """Where `veraretouch serve` notes its URL and token, for its own user alone."""
    from platformdirs import user_state_path

    return user_state_path("veraretouch") / "serve.json"


def _started() -> tuple[str, str] | None:
    """URL and token of the server that this user has started; None where there is none."""
    path = state_file()
    try:
        facts = os.lstat(path)
        if not stat.S_ISREG(facts.st_mode) or not _is_ours(facts):
            return None
        told = parse(read_bytes(path, _LARGEST_ANSWER), name=str(path))
    except (OSError, InvalidDocument):
        return None
    url, token = (told.get(name) for name in ("url", "token")) if isinstance(told, dict) else (None, None)
    return (url, token) if isinstance(url, str) and isinstance(token, str) else None


def _is_ours(facts: os.stat_result) -> bool:
    """Whether nobody else can have written a file: where folders of temporary files are shared, anybody may try."""
    return not hasattr(os, "getuid") or (facts.st_uid == os.getuid() and not facts.st_mode & 0o077)


def _token_for(url: str) -> str:
    if held := os.environ.get(TOKEN_VARIABLE):
        return held
    started = _started()
    if started is not None and started[0].rstrip("/") == url.rstrip("/"):
        return started[1]
    raise UnreachableServer(f"there is no token for {url}", cure=f"Set {TOKEN_VARIABLE} to what `serve` printed.")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        whole = False
    if not whole or parts.query or parts.fragment or parts.username is not None or not url.isascii():
        raise UnreachableServer(f"--via {url[:100]!r} is no URL of a server", cure="An example: http://127.0.0.1:8000.")
    return parts


def sent_name(photo: Path) -> str:
    """What a photo is called on its way: of its own name only the suffix is told."""
    return "photo" + (photo.suffix if _SUFFIX.fullmatch(photo.suffix) else "")


def _around(order: Mapping[str, Any], photo: Path, boundary: str) -> tuple[bytes, bytes]:
    """What stands before and behind the photo in a form."""
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="request"\r\nContent-Type: application/json\r\n\r\n'
        f"{json.dumps(order)}\r\n"
        f'--{boundary}\r\nContent-Disposition: form-data; name="photo"; filename="{sent_name(photo)}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode(), f"\r\n--{boundary}--\r\n".encode()


def _pieces(head: bytes, file: BinaryIO, size: int, tail: bytes) -> Iterator[bytes]:
    """A form, piece by piece, of exactly the length that was announced."""
    yield head
    left = size
    while left and (piece := file.read(min(left, _PIECE))):
        left -= len(piece)
        yield piece
    if left:
        raise OSError(f"{file.name!r} became shorter while it was sent")
    yield tail


def _copy(answer: http.client.HTTPResponse, into: BinaryIO) -> None:
    taken = 0
    while piece := answer.read(_PIECE):
        taken += len(piece)
        if taken > _LARGEST_ARCHIVE:
            raise http.client.HTTPException(f"more than {_LARGEST_ARCHIVE:,} bytes")
        into.write(piece)
    _check_end(answer)


def _all(answer: http.client.HTTPResponse, most: int) -> bytes:
    body = answer.read(most + 1)
    if len(body) > most:
        raise http.client.HTTPException(f"more than {most:,} bytes")
    _check_end(answer)
    return body


def _check_end(answer: http.client.HTTPResponse) -> None:
    """`read` says nothing of an answer that is shorter than it was announced to be."""
    if answer.length:
        raise http.client.HTTPException(f"{answer.length:,} bytes are missing")


def _object(body: bytes) -> dict[str, Any]:
    """A JSON object; an empty one where it is none."""
    try:
        told = parse(body, name="the server's answer")
    except InvalidDocument:
        return {}
    return told if isinstance(told, dict) else {}


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
