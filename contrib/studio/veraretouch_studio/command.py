"""The command `veraretouch studio`: serve the page on this machine, print its link, open the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def studio(
    photos: Annotated[list[Path], typer.Argument(help="Photos and folders of photos.", metavar="PHOTOS")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    sidecars: Annotated[
        list[str] | None,
        typer.Option(
            help="Files beside edited photos that follow their edits, comma-separated: plan (JSON), xmp (Camera Raw).",
            show_default=False,
        ),
    ] = None,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Include photos in subfolders.")] = False,
) -> None:
    """See and steer every edit of photos on a local page. End it with Ctrl-C."""
    import threading
    import webbrowser

    import uvicorn

    from veraretouch.core.cli.batch.inputs import expand
    from veraretouch.core.cli.loopback import listen
    from veraretouch.core.cli.terminal import say

    from .server import create_app
    from .session import Session

    kinds = [kind for item in sidecars or () for kind in item.replace(" ", "").split(",") if kind]
    session = Session((source.path.absolute() for source in expand(photos, recursive=recursive)), sidecars=kinds)
    listener = listen(port)
    app, token = create_app(session, port=listener.getsockname()[1])
    link = f"http://127.0.0.1:{listener.getsockname()[1]}/#token={token}"
    say(f"The studio is at {link}")
    say("The link is good for one browser. Ctrl-C ends the studio; edits are kept.")
    if kinds:
        paths = [entry.path for entry in session.library]
        threading.Thread(target=session.edits.write_sidecars, args=(paths,), daemon=True, name="sidecars").start()
    if browser:
        webbrowser.open(link)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=2, server_header=False
    )
    uvicorn.Server(config).run(sockets=[listener])
