"""The tools over HTTP: on this machine alone, for whoever holds the token."""

from __future__ import annotations

import hmac
import secrets

from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

MOST_SESSIONS = 20
LARGEST_BODY = 2**20


def create_app(server: MCPServer, *, port: int, token: str | None = None) -> tuple[ASGIApp, str]:
    """The guarded application at `/mcp`, and the token that requests have to bear.

    Args:
        port: the port that it is served on, which requests have to name as their host.
    """
    token = token or secrets.token_urlsafe(32)
    names = [f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")]
    app = server.streamable_http_app(
        transport_security=TransportSecuritySettings(
            allowed_hosts=names, allowed_origins=[f"http://{name}" for name in names]
        ),
        max_request_body_size=LARGEST_BODY,
        max_sessions=MOST_SESSIONS,
    )
    return _Bearers(app, token), token


class _Bearers:
    """Lets requests through that bear the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._wanted = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._wanted):
                refusal = JSONResponse({"error": "the request does not bear the token"}, 401)
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)
