"""The command `veraretouch ray aether`: datasets as `veraretouch aether` builds them, byte for byte, over Ray Data.
Neither distribution requires the other.
"""

from __future__ import annotations

from importlib.util import find_spec

import typer

from veraretouch.core.errors import MissingExtra

app = typer.Typer(
    name="aether",
    help="Make training data for planners on a cluster.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _missing() -> None:
    """Say what to install."""
    raise MissingExtra(
        "veraretouch ray aether needs veraretouch-aether, which is not installed", cure="pip install veraretouch-aether"
    )


if find_spec("veraretouch_aether") is None:
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(_missing)
else:
    from .datasets import build, pairs

    app.command()(build)
    app.command()(pairs)
