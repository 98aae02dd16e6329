"""Sub-commands of plugins: shown without being imported, run as any other, never in the place of one that is there."""

import pytest

SOURCE = '''
import sys
print("acme is imported", file=sys.stderr)
import typer

def write(word: str, loud: bool = False) -> None:
    """Write a word for Acme's program."""
    print(word.upper() if loud else word)

def fail() -> None:
    """Fail, as commands do."""
    raise RuntimeError("no ink")

more = typer.Typer(help="Two more.")
more.command()(write)
more.command()(fail)
'''
POINTS = """[veraretouch.commands]
export.acme = acme_export:write
export.acme-fail = acme_export:fail
export.acme-more = acme_export:more
export.cube = acme_export:write
ops.acme = acme_export:write
"""


@pytest.fixture
def acme(tmp_path, cli):
    """Run a command where acme-export is installed."""
    info = tmp_path / "site" / "acme_export-1.0.dist-info"
    info.mkdir(parents=True)
    (info.parent / "acme_export.py").write_text(SOURCE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-export\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    return lambda *words, **options: cli(*words, env={"PYTHONPATH": str(info.parent)}, **options)


def test_help_shows_a_sub_command_by_its_docstring_and_imports_nothing_of_it(acme):
    done = acme("export", "--help")
    shown = " ".join(done.stdout.replace("│", " ").split())
    assert "acme Write a word for Acme's program." in shown
    assert "coreml Write a bundle's Core ML packages" in shown
    assert "acme is imported" not in done.stderr
    assert "acme" not in acme("--help").stdout


def test_a_sub_command_runs_with_its_own_options_and_help(acme):
    assert acme("export", "acme", "ink", "--loud").stdout == "INK\n"
    assert "--loud" in acme("export", "acme", "--help").stdout
    assert acme("export", "acme-more", "write", "ink").stdout == "ink\n"
    assert "no ink" in acme("export", "acme-fail", code=1).stderr


def test_a_sub_command_that_is_there_stays_and_the_other_is_named(acme):
    done = acme("export", "cube", "--help")
    assert "Write a .cube file" in done.stdout
    assert "a sub-command 'cube' already; that of acme-export 1.0 is left out" in " ".join(done.stderr.split())


def test_a_command_without_sub_commands_says_so_and_runs(acme):
    done = acme("ops")
    assert "exposure" in done.stdout
    assert "has no sub-commands, so 'ops.acme' of acme-export 1.0 cannot be one" in " ".join(done.stderr.split())


def test_the_dotted_name_is_no_command(acme):
    assert "No such command 'export.acme'" in acme("export.acme", code=2).stderr


def test_the_core_ml_command_is_no_part_of_the_ops_room():
    from veraretouch import registry
    from veraretouch.ops.export import app

    assert "coreml" not in {command.callback.__name__ for command in app.registered_commands}
    assert registry.commands.find("export.coreml").target == "veraretouch.zoo.coreml.commands:coreml"
