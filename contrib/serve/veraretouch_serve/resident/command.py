"""The command `veraretouch serve`: a resident process that retouches over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_SHORTEST_TOKEN = 16
_LISTEN, _WORK, _LIMITS = "Listening", "Work", "Limits"


def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.", rich_help_panel=_LISTEN)
    ] = 0,
    host: Annotated[
        str, typer.Option(help="Address to listen on. Others than loopback need --network.", rich_help_panel=_LISTEN)
    ] = "127.0.0.1",
    network: Annotated[
        bool,
        typer.Option(
            "--network",
            help="Let other machines send requests. The token and photos travel unencrypted: put a proxy with TLS in "
            "front.",
            rich_help_panel=_LISTEN,
        ),
    ] = False,
    name: Annotated[
        list[str] | None,
        typer.Option(
            help="Name by which requests may address this server, such as photos.example.org. Repeatable.",
            rich_help_panel=_LISTEN,
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=256, help="Worker processes. Default: the number of processor cores.", rich_help_panel=_WORK
        ),
    ] = None,
    planner: Annotated[
        list[str] | None,
        typer.Option(
            help="Planner or bundle that requests may name; each worker loads it at once. Repeatable. Default: tiny, "
            "rules.",
            rich_help_panel=_WORK,
            show_default=False,
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            help="Bundle whose weights plans may name. Repeatable. Default: those of the planners.",
            rich_help_panel=_WORK,
            show_default=False,
        ),
    ] = None,
    queue: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=10_000,
            help="Photos that may wait for a worker; those beyond are refused (503). Default: one for two workers.",
            rich_help_panel=_LIMITS,
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds that a photo may take before it is given up.", rich_help_panel=_LIMITS)
    ] = 120,
    transfer: Annotated[
        float,
        typer.Option(
            min=1, help="Seconds that a request may take to arrive, and its answer to leave.", rich_help_panel=_LIMITS
        ),
    ] = 60,
    max_body: Annotated[int, typer.Option(min=1, help="Megabytes of a request.", rich_help_panel=_LIMITS)] = 256,
    max_pixels: Annotated[int, typer.Option(min=1, help="Megapixels of a photo.", rich_help_panel=_LIMITS)] = 100,
    patience: Annotated[
        float,
        typer.Option(
            min=0, help="Seconds that accepted work has to end when the server stops.", rich_help_panel=_LIMITS
        ),
    ] = 30,
) -> None:
    """A resident process that retouches over HTTP: workers stay warm, a command sends its work by --via.

    The token is that of the environment variable VERARETOUCH_TOKEN, or a new one. SIGTERM and Ctrl-C stop the server
    once it has done what it accepted.
    """
    import os
    import secrets
    import tempfile
    from contextlib import ExitStack

    import uvicorn

    from veraretouch.core.cli.batch.pool import cores
    from veraretouch.core.cli.batch.remote.server import TOKEN_VARIABLE, state_file
    from veraretouch.core.cli.loopback import listen
    from veraretouch.core.cli.terminal import complain, say

    from .hosts import check_host, hosts_of, url_of
    from .house import furnished
    from .server import StoppingServer, create_app
    from .state import noted
    from .tasks import Rules, known_weights

    check_host(host, network=network)
    given = os.environ.pop(TOKEN_VARIABLE, None)  # workers and their plug-ins need not know it
    token = check_token(given) if given else secrets.token_urlsafe(32)
    planners = tuple(dict.fromkeys(planner or ("tiny", "rules")))
    rules = Rules(planners, known_weights(planners, weights or ()), max_pixels * 1_000_000)
    os.environ["HF_HUB_OFFLINE"] = "1"  # from here on, no request has anything fetched
    with ExitStack() as held:
        listener = held.enter_context(listen(port, host))
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="veraretouch-serve-")))
        count = workers or cores()
        line = max(1, count // 2) if queue is None else queue
        house = furnished(folder, rules, workers=count, line=line, timeout=timeout, transfer=transfer)
        bound = listener.getsockname()[1]
        app = create_app(house, hosts=hosts_of(host, bound, name or ()), token=token, body_limit=max_body * 1_000_000)
        url = url_of(host, bound)
        try:
            held.enter_context(noted(state_file(), url=url, token=token))
        except OSError as error:
            complain(f"--via auto will not find this server: {error}", what="Warning")
        say(f"The server is at {url}")
        say(f"Requests have to bear the token: Authorization: Bearer {token if not given else f'${TOKEN_VARIABLE}'}")
        if network:
            complain(
                "other machines can send requests; the token and photos travel unencrypted unless a proxy with TLS "
                "stands in front",
                what="Note",
            )
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=5, ws="none"
        )
        StoppingServer(config, house, patience=patience).run(sockets=[listener])


def check_token(token: str) -> str:
    """A token that can be sent in a header and cannot be guessed.

    Raises:
        InvalidRequest
    """
    from veraretouch.core.cli.batch.remote.server import TOKEN_VARIABLE
    from veraretouch.core.errors import InvalidRequest

    if len(token) < _SHORTEST_TOKEN or not all("!" <= each <= "~" for each in token):
        raise InvalidRequest(
            f"{TOKEN_VARIABLE} has {len(token)} characters; at least {_SHORTEST_TOKEN} are needed, all visible ASCII",
            cure="Make one: openssl rand -base64 32",
        )
    return token
