"""The guard in front of everything: who may ask, from where, and how much they may send.

A page that listens on this machine can be reached by every page that the user's browser has open. So each request has
to name this very server as its host (else another site could be made to point here), each request that a page of
another origin sends is refused, and whoever asks for photos has to hold the cookie that the printed link gives.
"""

from __future__ import annotations

import hmac
import secrets
import time
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

JSON_LIMIT = 8 * 2**20
FILE_LIMIT = 512 * 2**20
"""Bytes of a body: of JSON, and of a file that is sent as it is."""

RAW_BODIES = ("/api/photos", "/api/values")
_SAFE = ("GET", "HEAD")
_HEADERS = {
    b"content-security-policy": (
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        b"require-trusted-types-for 'script'; trusted-types lit-html"
    ),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"x-frame-options": b"DENY",
}


class Guard:
    """An ASGI application that lets the right requests through to another.

    Args:
        app: what is guarded.
        port: the port that the server listens on.
        token: what the printed link holds; good for one session.
    """

    def __init__(self, app: ASGIApp, *, port: int, token: str) -> None:
        self._app, self._token, self._used = app, token, False
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        self._cookie, self._key = f"studio-{port}", secrets.token_urlsafe(32)

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
                message["headers"] = [*message.get("headers", ()), *_HEADERS.items()]
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, harden)
        elif scope["path"] == "/api/session":
            await self._session(scope, receive, harden)
        else:
            await self._app(scope, _limited(receive, _limit(scope)), harden)

    def _refusal(self, scope: Scope) -> Response | None:
        """Why a request is not let through; None where it is."""
        headers = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return _refused(403, "this server answers to 127.0.0.1 and localhost alone")
        origins = [value for name, value in headers if name == b"origin"]
        if origins and origins != [f"http://{hosts[0]}"]:
            return _refused(403, "the request comes from another site")
        if not origins and scope["method"] not in _SAFE:
            return _refused(403, "a request that changes something has to say which page it comes from")
        # Cookies know no ports: a page of another port has this one's sent along, and embeds what it may not read.
        sites = [value for name, value in headers if name == b"sec-fetch-site"]
        if scope["path"].startswith("/api/") and not set(sites) <= {"same-origin", "none"}:
            return _refused(403, "the request comes from another site")
        for name, value in headers:
            if name == b"content-length" and (not value.isdigit() or int(value) > _limit(scope)):
                return _refused(413, f"a body of at most {_limit(scope):,} bytes is taken")
        if scope["path"].startswith("/api/") and scope["path"] != "/api/session" and not self._known(headers):
            return _refused(401, "open the link that `veraretouch studio` printed")
        return None

    def _known(self, headers: list[tuple[bytes, str]]) -> bool:
        for name, value in headers:
            if name == b"cookie":
                try:
                    held = SimpleCookie(value).get(self._cookie)
                except CookieError:
                    continue
                if held is not None and hmac.compare_digest(held.value.encode(), self._key.encode()):
                    return True
        return False

    async def _session(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Exchange the link's token, once, for a cookie that scripts cannot read."""
        if scope["method"] != "POST":
            await _refused(405, "a session is begun by POST")(scope, receive, send)
            return
        headers = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        given = await _token(_limited(receive, 1000))
        if self._known(headers):
            await Response(status_code=204)(scope, receive, send)
            return
        if self._used or given is None or not hmac.compare_digest(given.encode(), self._token.encode()):
            await _refused(401, "the link was used already, or is of another run; start `veraretouch studio` again")(
                scope, receive, send
            )
            return
        self._used = True
        answer = Response(status_code=204)
        answer.set_cookie(self._cookie, self._key, httponly=True, samesite="strict", path="/")
        await answer(scope, receive, send)


class TooLarge(Exception):
    """A body goes on beyond its limit."""


class TooOften(Exception):
    """Something was asked for more often than it may be done; nothing is done then."""


class Pace:
    """So many times a second, and so many at once.

    Args:
        rate: times a second. burst: times at once.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst, self._left, self._last = rate, burst, float(burst), time.monotonic()

    def take(self) -> None:
        """Do it once.

        Raises:
            TooOften
        """
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._last) * self._rate)
        self._last = now
        if self._left < 1:
            raise TooOften
        self._left -= 1


def _limit(scope: Scope) -> int:
    return FILE_LIMIT if scope["path"] in RAW_BODIES else JSON_LIMIT


def _limited(receive: Receive, limit: int) -> Receive:
    """What arrives, as far as the limit, whatever its length was announced to be."""
    taken = 0

    async def receive_some() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise TooLarge
        return message

    return receive_some


async def _token(receive: Receive) -> str | None:
    from veraretouch.core import errors, strict_json

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


def _refused(status: int, why: str) -> Response:
    return JSONResponse({"error": why, "kind": "Refused"}, status)
