"""The command `veraretouch`. It knows no command: each is a plugin of the group `veraretouch.commands`.

A plugin named with a dot is a sub-command: `export.coreml` stands below `export`, which is a Typer app of its own. Help
and completion read metadata and source and import no plugin; a command's module is imported when it is run.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
import traceback
import warnings
from typing import Annotated, Any, Final, TextIO

import typer
from typer.core import TyperCommand, TyperGroup

from ..errors import DeprecatedPlugin, VeraRetouchError, nearest
from ..plugins.blame import blamed_plugin
from ..plugins.entry import USABLE
from ..plugins.registry import PluginEntry, PluginState, registry
from ..plugins.summary import summary
from .terminal import complain, message, open_closed_streams

DEBUG_VARIABLE = "VERARETOUCH_DEBUG"
VIA_VARIABLE: Final = "VERARETOUCH_VIA"
"""Names the resident process that does the work of commands on photos: a URL, or `auto`; see `--via`."""

WORKS_VIA: Final = "works_via"
"""The attribute of a command that `--via` goes with."""

_ORDER: Final = "veraretouch.order"


class OrderedCommand(TyperCommand):
    """A command that knows in which order its options were given, which Typer forgets; see `options_in_order`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Note the options' names, once for each time that they were given, and parse as ever."""
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta[_ORDER] = [parameter.name for parameter in given]
        rest: list[str] = super().parse_args(ctx, args)
        return rest


def options_in_order(ctx: typer.Context, *names: str) -> list[str]:
    """One entry for each time that one of these parameters was given, in the order of the command line."""
    return [name for name in ctx.meta.get(_ORDER, ()) if name in names]


class Commands(TyperGroup):
    """The installed commands: listed from metadata, imported when run."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command but the blocked ones, broken ones too."""
        return [id for id in _listed() if "." not in id]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command as help and completion show it: its name and its summary, not its options."""
        entry = registry.commands.entries().get(cmd_name)
        return None if entry is None or "." in cmd_name else TyperCommand(cmd_name, help=_help(entry))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command itself, imported."""
        name = args[0]
        if name not in registry.commands or "." in name:
            if ctx.resilient_parsing:
                return None, None, args
            ctx.fail(f"No such command {name!r}.{nearest(name, self.list_commands(ctx))}")
        if ctx.params.get("via") and not getattr(registry.commands.load(name), WORKS_VIA, False):
            ctx.fail(f"--via does not go with {name!r}, whose work is done here.")
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
        app.command(name, cls=OrderedCommand)(plugin)
    command: Any = typer.main.get_command(app)
    for id in _listed():
        parent, _, own_name = id.partition(".")
        if parent == name and own_name:
            _add_sub_command(command, own_name, registry.commands.entries()[id])
    return command


def _listed() -> list[str]:
    """The ids of all commands and sub-commands that are not blocked."""
    return [id for id, entry in registry.commands.entries().items() if entry.state is not PluginState.BLOCKED]


def _help(entry: PluginEntry) -> str:
    return message(summary(entry.target) if entry.state in USABLE else f"{entry.state}: {entry.reason}")


class SubCommand(TyperCommand):
    """A plugin's sub-command: shown by its summary, imported when it is run."""

    def __init__(self, name: str, entry: PluginEntry) -> None:
        super().__init__(name, help=_help(entry))
        self._id = entry.id

    def _itself(self) -> Any:
        command = _command(self._id)
        command.rich_markup_mode = self.rich_markup_mode
        return command

    def make_context(self, info_name: Any, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The context of the command itself, which is imported here."""
        return self._itself().make_context(info_name, args, parent=parent, **extra)

    def get_help(self, ctx: Any) -> str:
        """The help of the command itself, which is imported here."""
        text: str = self._itself().get_help(ctx)
        return text


def _add_sub_command(group: Any, name: str, entry: PluginEntry) -> None:
    """Put a plugin's sub-command below a command; it never takes the place of one that is there."""
    if not isinstance(group, TyperGroup):
        problem = f"it has no sub-commands, so {entry.id!r} of {entry.owner} cannot be one"
    elif name in group.commands:
        problem = f"it has a sub-command {name!r} already; that of {entry.owner} is left out"
    else:
        group.add_command(SubCommand(name, entry))
        return
    complain(f"command {entry.id.partition('.')[0]!r}: {problem}", what="Warning")


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
    via: Annotated[
        str | None,
        typer.Option(
            help="Have a resident process do the work of commands on photos: its URL, or auto for the one that "
            "`veraretouch serve` started here, if it runs.",
            metavar="URL|auto",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Retouch photos: a planner decides, a renderer of plug-in ops does it. Begin with: veraretouch auto PHOTO"""
    if debug:
        os.environ[DEBUG_VARIABLE] = "1"  # in the environment, so that worker processes have it too
    if via is not None:
        os.environ[VIA_VARIABLE] = via


def main() -> None:
    """Run the command line."""
    atexit.register(gc.freeze)  # the interpreter's last search for garbage walks through all of torch: half a second
    open_closed_streams()
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
