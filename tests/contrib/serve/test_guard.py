"""The guard: who may ask, from where, and how much they may send."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("veraretouch_serve", reason="pip install ./contrib/serve")

from veraretouch_serve.guard import JSON_LIMIT, Bearer, Guard, Link, TooLarge, loopback_hosts


def guarded(app) -> Guard:
    """An application behind the guard that pages have."""
    link = Link("x", cookie="test", command="veraretouch test")
    return Guard(app, hosts=loopback_hosts(80), credential=link)


def test_two_hosts_are_no_host():
    async def ask() -> int:
        told = []

        async def send(message):
            told.append(message)

        async def receive():
            return {"type": "http.request", "body": b""}

        async def app(scope, receive, send):
            raise AssertionError("it was let through")

        headers = [(b"host", b"127.0.0.1:80"), (b"host", b"evil.example")]
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
        await guarded(app)(scope, receive, send)
        return told[0]["status"]

    assert asyncio.run(ask()) == 403


def test_sockets_of_other_kinds_are_closed_unopened():
    told = []

    async def send(message):
        told.append(message)

    asyncio.run(guarded(None)({"type": "websocket", "headers": []}, None, send))
    assert told == [{"type": "websocket.close", "code": 1008}]


def test_a_body_without_an_announced_length_is_cut_off_at_its_limit():
    async def ask() -> int:
        taken = 0

        async def receive():
            return {"type": "http.request", "body": b"x" * 2**20, "more_body": True}

        async def app(scope, receive, send):
            nonlocal taken
            while True:
                taken += len((await receive())["body"])

        headers = [(b"host", b"127.0.0.1:80"), (b"origin", b"http://127.0.0.1:80")]
        scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
        with pytest.raises(TooLarge):
            await guarded(app)(scope, receive, None)
        return taken

    assert asyncio.run(ask()) <= JSON_LIMIT


async def told(app: Guard, method: str, path: str, *headers: tuple[str, str]) -> int:
    """The status of an answer."""
    answered = []

    async def send(message):
        answered.append(message)

    async def receive():
        return {"type": "http.request", "body": b""}

    sent = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    await app({"type": "http", "method": method, "path": path, "headers": sent}, receive, send)
    return answered[0]["status"]


async def done(scope, receive, send) -> None:
    """An application that does whatever is asked."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


HOST, TOKEN = ("host", "127.0.0.1:80"), ("authorization", "Bearer secret")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/x", [HOST, TOKEN], 200),
        ("/api/x", [HOST], 401),
        ("/api/x", [HOST, ("authorization", "Bearer other")], 401),
        ("/api/x", [HOST, ("authorization", "Bearer s\xe9cret")], 401),
        ("/api/x", [HOST, ("authorization", "secret")], 401),
        ("/api/x", [HOST, TOKEN, TOKEN], 401),
        ("/api/x", [HOST, ("cookie", "token=secret")], 401),
        ("/api/x", [TOKEN], 403),
        ("/api/x", [("host", "evil.example"), TOKEN], 403),
        ("/api/x", [HOST, TOKEN, ("origin", "http://evil.example")], 403),
        ("/api/x", [HOST, TOKEN, ("origin", "null")], 403),
        ("/api/x", [HOST, TOKEN, ("origin", "http://127.0.0.1:80")], 200),
        ("/api/x", [HOST, TOKEN, ("sec-fetch-site", "cross-site")], 403),
        ("/health", [HOST], 200),
        ("/health", [("host", "evil.example")], 403),
        ("/health/", [HOST], 401),
        ("/api/session", [HOST], 401),
    ],
)
def test_a_program_that_bears_the_token_says_its_host_and_needs_no_origin(path, headers, status):
    bearer = Guard(done, hosts=loopback_hosts(80), credential=Bearer("secret", free=("/health",)))
    for method in ("GET", "POST"):
        assert asyncio.run(told(bearer, method, path, *headers)) == status, method
