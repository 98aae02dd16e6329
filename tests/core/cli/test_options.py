"""Shared options are declared once and spread over each command that takes them."""

import inspect
import pickle
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from veraretouch.core.cli.options import EditOptions, PlanOptions, WriteOptions, takes


@takes
def strangers(word: str, planning: PlanOptions, writing: WriteOptions, loud: Annotated[bool, typer.Option()] = False):
    """A stranger's command."""
    typer.echo(f"{word} {planning.planner} {planning.strength} {writing.quality} {loud}")


def test_a_command_of_strangers_takes_them_too():
    app = typer.Typer()
    app.command()(strangers)
    done = CliRunner().invoke(app, ["hi", "--planner", "p", "--strength", "0.5", "--quality", "90", "--loud"])
    assert done.stdout == "hi p 0.5 90 True\n"
    assert strangers.__doc__ == "A stranger's command."
    assert next(iter(inspect.signature(strangers).parameters)) == "word"


@dataclass(frozen=True)
class NeededOptions:
    """Options of which one has no default."""

    out: Annotated[str, typer.Option()]
    size: Annotated[int, typer.Option()] = 1


def test_an_option_without_a_default_is_demanded():
    app = typer.Typer()

    @app.command()
    @takes
    def one(options: NeededOptions) -> None:
        typer.echo(f"{options.out} {options.size}")

    assert CliRunner().invoke(app, ["--out", "here"]).stdout == "here 1\n"
    done = CliRunner().invoke(app, [])
    assert done.exit_code == 2
    assert "--out" in done.stderr


def test_a_command_may_go_without_some_options_which_keep_their_defaults():
    app = typer.Typer()

    @app.command()
    @partial(takes, without={"out", "quality", "planner"})
    def few(planning: PlanOptions, writing: WriteOptions) -> None:
        typer.echo(f"{planning.planner} {writing.out} {writing.quality} {writing.max_size}")

    assert CliRunner().invoke(app, ["--max-size", "9"]).stdout == "tiny None None 9\n"
    assert "No such option" in CliRunner().invoke(app, ["--quality", "90"]).output


@pytest.mark.parametrize(
    "options",
    [EditOptions(), PlanOptions(groups=["lighting"]), WriteOptions()],
    ids=lambda options: type(options).__name__,
)
def test_options_travel_between_processes(options):
    assert pickle.loads(pickle.dumps(options)) == options


@pytest.mark.parametrize("bundle", [PlanOptions, WriteOptions])
def test_every_option_has_help(bundle):
    app = typer.Typer()

    @app.command()
    @takes
    def one(options: bundle) -> None:
        """One."""

    for parameter in typer.main.get_command(app).params:
        assert getattr(parameter, "help", None), parameter.name
