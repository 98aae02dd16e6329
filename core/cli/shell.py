"""The command `veraretouch`. It knows no command: each is a plugin of the group `veraretouch.commands`.

Help and completion read metadata and source and import no plugin; a command's module is imported when it is run.
"""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperCommand, TyperGroup

from ..errors import DeprecatedPlugin, VeraRetouchError, nearest
from ..plugins.blame import blamed_plugin
from ..plugins.registry import PluginState, registry
from ..plugins.summary import summary
from ..terminal import complain, message

DEBUG_VARIABLE = "VERARETOUCH_DEBUG"


class Commands(TyperGroup):
    """The installed commands: listed from metadata, imported when run."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command but the blocked ones, broken ones too."""
        return [id for id, entry in registry.commands.entries().items() if entry.state is not PluginState.BLOCKED]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command as help and completion show it: its name and its summary, not its options."""
        entry = registry.commands.entries().get(cmd_name)
        if entry is None:
            return None
        usable = entry.state in (PluginState.AVAILABLE, PluginState.LOADED)
        return TyperCommand(
            cmd_name, help=message(summary(entry.target) if usable else f"{entry.state}: {entry.reason}")
        )

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command itself, imported."""
        name = args[0]
        if name not in registry.commands:
            if ctx.resilient_parsing:
                return None, None, args
            ctx.fail(f"No such command {name!r}.{nearest(name, self.list_commands(ctx))}")
        return name, _command(name), args[1:]

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what it raises becomes one message."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except (typer.Abort, BrokenPipeError):
            raise
        except Exception as error:
            # Typer's own exceptions, which it reports itself, carry an exit code.
            if hasattr(error, "exit_code"):
                raise
            _report(error, command=ctx.invoked_subcommand)
            raise typer.Exit(1) from None


def _command(name: str) -> Any:
    """A plugin as a Typer command: a function, or a Typer app with commands of its own."""
    plugin = registry.commands.load(name)
    if isinstance(plugin, typer.Typer):
        app = plugin
    else:
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        app.command(name)(plugin)
    return typer.main.get_command(app)


def _report(error: Exception, *, command: str | None) -> None:
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(error)
    if isinstance(error, VeraRetouchError):
        complain(error)
        return
    owner = blamed_plugin(error) or f"command {command!r}"
    complain(
        f"{owner} failed: {type(error).__name__}: {error}. {DEBUG_VARIABLE}=1 shows where; report it to its author."
    )


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """A warning in the form of all messages; where it arose matters to authors, not to users."""
    complain(message, what="Warning")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"veraretouch {version('veraretouch')}")
        raise typer.Exit


app = typer.Typer(cls=Commands, name="veraretouch", no_args_is_help=True, rich_markup_mode=None)
app.pretty_exceptions_enable = False


@app.callback()
def shell(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where errors arose.")] = False,
) -> None:
    """Retouch photos: a planner decides, a renderer of plug-in ops does it. Begin with: veraretouch auto PHOTO"""
    if debug:
        os.environ[DEBUG_VARIABLE] = "1"  # in the environment, so that worker processes have it too


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # Names of files may hold what the terminal's encoding lacks.
            stream.reconfigure(errors="backslashreplace")
    warnings.showwarning = _show_warning
    # Seen by default, unlike other deprecations: who runs a command can mend the id.
    warnings.filterwarnings("default", category=DeprecatedPlugin)
    try:
        app()
    except VeraRetouchError as error:  # while help was written, before any command was run
        complain(error)
        raise SystemExit(1) from None
