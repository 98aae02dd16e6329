"""The shell knows no command; it lists them without importing one, and turns what they raise into one message."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from veraretouch.core.plugins.summary import summary


def imported(cli, *arguments, **options):
    """The modules that a command imports."""
    done = cli(*arguments, env={"PYTHONPROFILEIMPORTTIME": "1"} | options.pop("env", {}), **options)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def test_the_package_runs_as_a_module_as_the_command_does(cli):
    done = subprocess.run(
        [sys.executable, "-m", "veraretouch", "--version"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == cli("--version").stdout


def test_help_lists_every_command_with_its_summary(cli):
    shown = cli("--help").stdout
    for name in ("auto", "style", "param", "plan", "render", "ops", "planners", "doctor", "fake-fail"):
        assert re.search(rf"^  {name}\s+[A-Z]\w+", shown, re.MULTILINE), name
    assert re.search(r"^  fake-fail\s+Fail, as commands do\.", shown, re.MULTILINE)


def test_the_help_of_a_command_shows_every_word_of_its_options(cli):
    shown = " ".join(cli("auto", "--help").stdout.replace("│", " ").split())
    for words in (
        "{stem}.{ext}",
        "the number of processor cores",
        "the source's, at least 92",
        "300 million",
        "'retouched' beside",
    ):
        assert words in shown


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["ops"], ["planners", "--json"], ["auto", "--help"], ["train", "--help"]],
    ids=" ".join,
)
def test_help_and_lists_import_no_torch_and_no_plugin(cli, arguments):
    modules = imported(cli, *arguments, plugins="fake broken" if arguments[0] not in ("auto", "train") else "fake")
    assert "veraretouch.core.cli.shell" in modules  # the proof that this test sees imports at all
    heavy = {
        "torch",
        "numpy",
        "PIL",
        "fake_planner",
        "acme_film",
        "veraretouch.ops.exposure",
        "veraretouch.planners.rules",
    }
    assert not modules & heavy
    if arguments == ["--help"]:
        assert not {name for name in modules if name.endswith(".commands")}
        assert not modules & {"rich", "jsonschema"}


def test_completion_of_commands_imports_no_plugin(cli):
    request = {"_VERARETOUCH_COMPLETE": "complete_bash", "COMP_WORDS": "veraretouch pl", "COMP_CWORD": "1"}
    assert cli(env=request).stdout.split() == ["plan", "planners", "plugins"]
    modules = imported(cli, env=request)
    assert "veraretouch.core.cli.shell" in modules
    assert not modules & {"torch", "veraretouch.planners.commands"}
    option = {"_VERARETOUCH_COMPLETE": "complete_bash", "COMP_WORDS": "veraretouch auto --str", "COMP_CWORD": "2"}
    assert cli(env=option).stdout.split() == ["--strength", "--strip"]


def test_import_of_the_package_loads_no_torch():
    code = "import sys, veraretouch; print(sorted({'torch', 'numpy', 'typer', 'pluggy'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_broken_and_colliding_commands_are_listed_with_their_reason_and_the_rest_goes_on(cli):
    shown = cli("--help", plugins="fake broken").stdout
    assert "collision: claimed by fake-planner 1.2 and acme-film 0.3" in " ".join(shown.split())
    assert "Run [bold]nothing[/bold]." in shown
    assert "auto" in shown
    refused = cli("fake-fail", plugins="fake broken", code=1).stderr
    assert refused.startswith("Error: command 'fake-fail'")
    assert "collision" in refused
    broken = cli("acme-raises", plugins="broken", code=1).stderr
    assert "acme-film 0.3 is broken: ImportError: no module named 'acme_core' [red]x[/red]\\x1b[31m" in broken
    assert "\x1b" not in broken
    assert cli("ops", plugins="fake broken").stdout.count("acme.") == 2


def test_a_blocked_command_is_not_offered(cli):
    env = {"VERARETOUCH_BLOCK": "fake-planner"}
    assert "fake-fail" not in cli("--help", env=env).stdout
    assert "is blocked: VERARETOUCH_BLOCK names it" in cli("fake-fail", env=env, code=1).stderr


def test_an_unexpected_exception_names_its_plugin_and_only_debug_shows_where(cli):
    told = cli("fake-fail", code=1)
    assert (
        "command 'fake-fail' of fake-planner 1.2 failed: RuntimeError: it is [red]broken[/red]\\x1b[31m" in told.stderr
    )
    assert told.stdout == ""
    assert "fake_planner.py" in cli("--debug", "fake-fail", code=1).stderr


def test_wrong_usage_is_exit_code_2_and_suggests_the_nearest_command(cli):
    assert "No such command 'atuo'. Did you mean 'auto'?" in cli("atuo", code=2).stderr
    assert "--strenght" in cli("auto", "--strenght", "1", "x.jpg", code=2).stderr
    assert "Usage" in cli(code=2).stdout + cli(code=2).stderr


def test_version_is_the_distributions(cli):
    from importlib.metadata import version

    assert cli("--version").stdout == f"veraretouch {version('veraretouch')}\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "summed"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "raise SystemExit\nfrom .inner import Look as View\nfrom .nowhere import Lost\n"
    )
    (folder / "inner.py").write_text(
        '"""A module."""\nclass Look:\n    """See [red]it[/red].\n\n    More.\n    """\n'
        '    class Near:\n        """Nearer."""\napp = object()\n'
    )
    (folder / "wrong.py").write_text("def (:\n")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("summed.inner:Look", "See [red]it[/red]."),
        ("summed.inner:Look.Near", "Nearer."),
        ("summed:View", "See [red]it[/red]."),
        ("summed.inner:app", "A module."),
        ("summed.inner", "A module."),
        ("summed.wrong:run", ""),
        ("summed:Lost", ""),
        ("summed.missing:run", ""),
        ("nowhere.at.all:run", ""),
        ("math:sqrt", ""),
        ("", ""),
    ],
)
def test_a_summary_is_read_from_source_and_never_imported(package, target, line):
    assert summary(target) == line
    assert "summed" not in sys.modules


def test_via_does_not_go_with_a_command_whose_work_is_done_here(cli):
    assert "--via does not go with 'ops'" in cli("--via", "auto", "ops", code=2).stderr
    assert "no URL" in cli("--via", "nonsense", "plan", "a.jpg", code=1, env={"VERARETOUCH_TOKEN": "x"}).stderr
