"""The guard in front of everything: who may ask, from where, and how much they may send.

A server that listens on this machine can be reached by every page that the user's browser has open. So each request has
to name this very server as its host (else another site could be made to point here), each request that a page of
another origin sends is refused, and whoever asks has to be known: by the cookie that a printed link gives, or by a
token that every request bears.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Collection
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final, Protocol

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from veraretouch.core import errors, strict_json

JSON_LIMIT: Final = 8 * 2**20
"""Bytes of a body of JSON."""

Headers = list[tuple[bytes, str]]
"""A request's headers, their names in lower case."""

_SAFE: Final = ("GET", "HEAD")
_SESSION: Final = "/api/session"
_HEADERS: Final = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"x-frame-options": b"DENY",
}


class Credential(Protocol):
    """How a request shows that it may ask.

    Attributes:
        origin_needed: whether a request that changes something has to say which page it comes from.
        cure: what whoever is not known is told to do.
    """

    origin_needed: bool
    cure: str

    def needed(self, path: str) -> bool:
        """Whether what stands at a path is for those who are known alone."""
        ...

    def shown(self, headers: Headers) -> bool:
        """Whether a request shows it."""
        ...


class Bearer:
    """A token that each request bears: `Authorization: Bearer TOKEN`. Browsers never send it by themselves, so that
    programs need not say which page they come from.

    Args:
        free: paths that everybody may ask for.
    """

    origin_needed = False
    cure = "send the token that the command printed: Authorization: Bearer TOKEN"

    def __init__(self, token: str, *, free: Collection[str] = ()) -> None:
        self._wanted, self._free = f"Bearer {token}".encode(), free

    def needed(self, path: str) -> bool:
        """Everywhere but at the free paths."""
        return path not in self._free

    def shown(self, headers: Headers) -> bool:
        """Whether a request bears the token, once."""
        given = [value.encode("latin-1") for name, value in headers if name == b"authorization"]
        return len(given) == 1 and hmac.compare_digest(given[0], self._wanted)


class Link:
    """A link that is good for one browser: its token is exchanged, once, for a cookie that scripts cannot read.

    Args:
        token: what the printed link holds.
        cookie: the cookie's name.
        command: what printed the link, and prints another.
    """

    origin_needed = True

    def __init__(self, token: str, *, cookie: str, command: str) -> None:
        self._token, self._cookie, self._key = token, cookie, secrets.token_urlsafe(32)
        self._used, self._command = False, command
        self.cure = f"open the link that `{command}` printed"

    def needed(self, path: str) -> bool:
        """For the interface; the page itself, which asks for the cookie, is free."""
        return path.startswith("/api/") and path != _SESSION

    def shown(self, headers: Headers) -> bool:
        """Whether a request brings the cookie."""
        for name, value in headers:
            if name == b"cookie":
                try:
                    held = SimpleCookie(value).get(self._cookie)
                except CookieError:
                    continue
                if held is not None and hmac.compare_digest(held.value.encode(), self._key.encode()):
                    return True
        return False

    async def begin(self, scope: Scope, receive: Receive) -> Response:
        """Exchange the link's token for the cookie."""
        if scope["method"] != "POST":
            return refused(405, "a session is begun by POST")
        given = await _token(limited(receive, 1000))
        if self.shown(_headers(scope)):
            return Response(status_code=204)
        if self._used or given is None or not hmac.compare_digest(given.encode(), self._token.encode()):
            return refused(401, f"the link was used already, or is of another run; start `{self._command}` again")
        self._used = True
        answer = Response(status_code=204)
        answer.set_cookie(self._cookie, self._key, httponly=True, samesite="strict", path="/")
        return answer


class Guard:
    """An ASGI application that lets the right requests through to another.

    Args:
        app: what is guarded.
        hosts: what requests may name as their host, with the port.
        credential: how requests show that they may ask.
        limit: the most bytes of a body, by its path.
        policy: the Content-Security-Policy of every answer.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Collection[str],
        credential: Credential,
        limit: Callable[[str], int] = lambda path: JSON_LIMIT,
        policy: str = "default-src 'none'; frame-ancestors 'none'",
    ) -> None:
        self._app, self._credential, self._limit = app, credential, limit
        self._hosts = {host.lower() for host in hosts}
        self._hardening = [*_HEADERS.items(), (b"content-security-policy", policy.encode())]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand over."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no other kind is served: a socket of another kind is closed unopened
            await send({"type": "websocket.close", "code": 1008})
            return

        async def harden(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._hardening]
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None and scope["path"] == _SESSION and isinstance(self._credential, Link):
            refusal = await self._credential.begin(scope, receive)
        if refusal is not None:
            await refusal(scope, receive, harden)
        else:
            await self._app(scope, limited(receive, self._limit(scope["path"])), harden)

    def _refusal(self, scope: Scope) -> Response | None:
        """Why a request is not let through; None where it is."""
        headers, path = _headers(scope), scope["path"]
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return refused(403, f"this server answers to {', '.join(sorted(self._hosts))} alone")
        origins = [value for name, value in headers if name == b"origin"]
        if origins and origins != [f"http://{hosts[0]}"]:
            return refused(403, "the request comes from another site")
        if self._credential.origin_needed and not origins and scope["method"] not in _SAFE:
            return refused(403, "a request that changes something has to say which page it comes from")
        # Cookies know no ports: a page of another port has this one's sent along, and embeds what it may not read.
        sites = [value for name, value in headers if name == b"sec-fetch-site"]
        if path.startswith("/api/") and not set(sites) <= {"same-origin", "none"}:
            return refused(403, "the request comes from another site")
        for name, value in headers:
            if name == b"content-length" and (not value.isdigit() or int(value) > self._limit(path)):
                return refused(413, f"a body of at most {self._limit(path):,} bytes is taken")
        if self._credential.needed(path) and not self._credential.shown(headers):
            return refused(401, self._credential.cure)
        return None


class TooLarge(Exception):
    """A body goes on beyond its limit."""


def limited(receive: Receive, limit: int) -> Receive:
    """What arrives, as far as the limit, whatever its length was announced to be; then TooLarge is raised."""
    taken = 0

    async def receive_some() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise TooLarge
        return message

    return receive_some


def loopback_hosts(port: int) -> list[str]:
    """What requests to a port of this machine name as their host."""
    return [f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")]


def refused(status: int, why: str) -> Response:
    """A request that is not let through, with the reason."""
    return JSONResponse({"error": why, "kind": "Refused"}, status)


def _headers(scope: Scope) -> Headers:
    return [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]


async def _token(receive: Receive) -> str | None:
    body, more = b"", True
    try:
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        document: Any = strict_json.parse(body)
    except (TooLarge, errors.VeraRetouchError):
        return None
    token = document.get("token") if isinstance(document, dict) else None
    return token if isinstance(token, str) else None
