"""The page on the command line: each command's own help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from veraretouch import registry
from veraretouch.core.cli.shell import app

from .markdown import fence
from .markdown import page as made


def page() -> str:
    """The shell, then every built-in command, then theirs."""
    shell: Any = typer.main.get_command(app)
    own = {
        id for id, entry in registry.commands.entries().items() if entry.distribution == "veraretouch" and "." not in id
    }
    lines = [
        "`veraretouch COMMAND --help` prints the same. Commands are plugins: others may be installed beside these."
    ]
    for name in sorted(own):
        context = shell.make_context("veraretouch", [name], resilient_parsing=True)
        _, command, _ = shell.resolve_command(context, [name])
        for id, entry in registry.commands.entries().items():  # sub-commands of others come and go with their packages
            parent, _, below = id.partition(".")
            if parent == name and below and entry.distribution != "veraretouch":
                command.commands.pop(below, None)
        lines += ["", *section(command, f"veraretouch {name}", 2)]
    return made("# Commands", *lines)


def section(command: Any, path: str, level: int) -> Iterator[str]:
    """A command's help, and that of the commands below it."""
    yield f"{'#' * level} {path}"
    yield ""
    with typer.Context(command, info_name=path, terminal_width=100, max_content_width=100) as context:
        yield from fence("text", plain(command, context))
        for name in getattr(command, "commands", {}):
            yield ""
            yield from section(command.commands[name], f"{path} {name}", level + 1)


def plain(command: Any, context: Any) -> str:
    """Help without Rich's boxes, whatever the terminal."""
    command.rich_markup_mode = None
    text: str = command.get_help(context)
    return "\n".join(line.rstrip() for line in text.splitlines())
