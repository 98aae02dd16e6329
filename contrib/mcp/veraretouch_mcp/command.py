"""The command `veraretouch mcp`: tools for assistants, over standard input and output or over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def mcp(
    root: Annotated[
        list[Path], typer.Option("--root", help="Folder whose photos may be read; repeatable.", metavar="FOLDER")
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder in which new files may be written. Without it, nothing is.", metavar="FOLDER"),
    ] = None,
    http: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Serve over HTTP on this port of this machine; 0 takes a free one."),
    ] = None,
) -> None:
    """Tools for assistants, over the Model Context Protocol: look at photos, retouch them, see what came of it."""
    from .folders import Folders

    folders = Folders(root, out)  # refused before the seconds that the server's imports take

    from .server import create_server

    server = create_server(folders)
    if http is None:
        server.run("stdio")
        return

    import os

    import uvicorn

    from veraretouch.core.cli.loopback import listen
    from veraretouch.core.cli.terminal import say

    from .http import create_app

    listener = listen(http)
    port = listener.getsockname()[1]
    app, token = create_app(server, port=port, token=os.environ.get("VERARETOUCH_MCP_TOKEN") or None)
    say(f"The tools are at http://127.0.0.1:{port}/mcp")
    say(f"Requests have to bear the token: Authorization: Bearer {token}")
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[listener])
