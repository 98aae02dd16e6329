"""The command `veraretouch ray`: a group that sub-commands join by entry points such as `ray.auto`."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="ray",
    help="Retouch on a cluster, or on all cores, by Ray Data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def group() -> None:
    """A group, although every command in it is an entry point's."""
