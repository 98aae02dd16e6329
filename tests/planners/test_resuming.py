"""A resumed run touches nothing that is not its own, and what cannot be written is told before work starts."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from veraretouch import registry
from veraretouch.core.cli.batch.journal import NAME
from veraretouch.core.cli.shell import app
from veraretouch.core.photo import open_photo

PLUGINS = Path(__file__).parents[1] / "data" / "plugins"


@pytest.fixture
def auto(tmp_path, monkeypatch, photos):
    """Run `auto` with a stranger's planner in the folder of two photos, one at a time; return the result."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(PLUGINS / "fake")
    registry.planners.refresh()

    def invoke(*arguments, code=0):
        wish = ["auto", *map(str, arguments), "--planner", "fake.brighten", "--jobs", "1"]
        result = CliRunner().invoke(app, wish)
        assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
        return result

    yield invoke
    registry.planners.refresh()
    sys.modules.pop("fake_planner", None)


def statuses(result):
    return [json.loads(line)["status"] for line in result.stdout.splitlines()]


def test_a_file_that_was_put_at_a_name_after_a_run_began_stays(auto):
    auto("a.jpg")
    line = '{"schema": "veraretouch.journal/1", "output": "b.jpg", "state": "started"}'  # as runs once began
    with open(f"retouched/{NAME}", "a") as journal:
        journal.write(f"\n{line}")
    Path("retouched/b.jpg").write_text("precious")
    told = auto(".", "--resume", "--json", code=1)
    assert statuses(told) == ["unchanged", "failed"]
    assert "exists already" in told.stdout
    assert Path("retouched/b.jpg").read_text() == "precious"


def test_a_picture_that_was_edited_by_hand_stays(auto):
    auto(".")
    shutil.copy("b.jpg", "retouched/a.jpg")
    assert statuses(auto(".", "--resume", "--json", "--quality", "50", code=1)) == ["failed", "written"]
    assert Path("retouched/a.jpg").read_bytes() == Path("b.jpg").read_bytes()


def test_a_file_that_comes_while_a_photo_is_in_work_stays(auto, monkeypatch):
    from veraretouch.core.cli.batch import work

    auto("a.jpg")
    render = work._render

    def slow(*arguments, **options):
        Path("retouched/a.jpg").write_text("precious")
        return render(*arguments, **options)

    monkeypatch.setattr(work, "_render", slow)
    assert statuses(auto("a.jpg", "--resume", "--json", "--quality", "50", code=1)) == ["failed"]
    assert Path("retouched/a.jpg").read_text() == "precious"
    assert {path.name for path in Path("retouched").iterdir()} == {"a.jpg", NAME}


def test_what_a_dead_run_left_half_made_is_removed_by_resume_alone(auto):
    auto("a.jpg")
    Path("retouched/.0123456789ab.tmp").mkdir()
    Path("retouched/.0123456789ab.tmp/b.jpg").write_text("half")
    Path("retouched/.ba9876543210.tmp").write_text("half")
    Path("retouched/.mine.tmp").write_text("precious")
    auto(".", "--resume", "--dry-run")
    auto("b.jpg", "--name", "other.jpg")
    assert Path("retouched/.0123456789ab.tmp/b.jpg").exists()
    auto(".", "--resume")
    assert {path.name for path in Path("retouched").iterdir()} == {"a.jpg", "b.jpg", "other.jpg", ".mine.tmp", NAME}


@pytest.mark.parametrize("options", [(), ("--resume",), ("--resume", "--dry-run")], ids=" ".join)
def test_a_journal_that_is_a_link_is_refused_before_work_and_its_target_stays(auto, options):
    Path("retouched").mkdir()
    Path("precious").write_text("precious")
    Path(f"retouched/{NAME}").symlink_to("../precious")
    told = auto(".", *options, code=1)
    assert f"Error: the journal 'retouched/{NAME}' is a symbolic link" in told.stderr
    assert told.stdout == ""
    assert Path("precious").read_text() == "precious"
    assert [path.name for path in Path("retouched").iterdir()] == [NAME]


@pytest.mark.parametrize(
    ("out", "problem"),
    [
        ("a.jpg/made", "the folder 'a.jpg/made' cannot be written to: Not a directory (at 'a.jpg')"),
        ("a.jpg/made/x.jpg", "the folder 'a.jpg/made' cannot be written to: Not a directory (at 'a.jpg')"),
        ("plain", "the folder 'plain' cannot be written to: Not a directory"),
        ("/proc/none/made", "the folder '/proc/none/made' cannot be written to"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_told_before_any_photo_is_opened(auto, monkeypatch, out, problem):
    monkeypatch.setattr("veraretouch.core.cli.batch.work.open_photo", lambda *_, **__: pytest.fail("it was opened"))
    Path("plain").write_text("precious")
    if out.startswith("/proc") and not Path("/proc").exists():
        pytest.skip("no /proc")
    for options in ((), ("--dry-run",))[: 1 if out.startswith("/proc") else 2]:  # whose permissions promise too much
        told = auto("a.jpg", "--out", out, *options, code=1)
        assert problem in told.stderr
        assert told.stdout == ""
    assert Path("plain").read_text() == "precious"


def test_a_picture_format_that_is_not_written_makes_no_folder(auto):
    told = auto("a.jpg", "--out", "x.jgp", code=1)
    assert "Error: --out 'x.jgp': pictures are not written with the suffix '.jgp'. Did you mean '.jpg'?" in told.stderr
    assert not Path("x.jgp").exists()
    auto("a.jpg", "--out", "x.avif") if ".avif" in told.stderr else auto("a.jpg", "--out", "x.avif", code=1)
    assert not Path("x.avif").is_dir()


@pytest.mark.skipif(Path(__file__.upper()).exists(), reason="this file system folds case")
def test_photos_whose_names_differ_in_case_only_are_two_pictures(auto):
    shutil.copy("b.jpg", "A.JPG")
    assert statuses(auto(".", "--json")) == ["written"] * 3
    assert open_photo("retouched/A.JPG").working().mean() != open_photo("retouched/a.jpg").working().mean()
    assert statuses(auto(".", "--resume", "--json")) == ["unchanged"] * 3


def test_a_pipe_among_photos_is_passed_over_and_one_that_is_named_is_refused(auto):
    os.mkfifo("pipe.jpg")
    os.symlink("/dev/zero", "zero.jpg")
    told = auto(".", "--json")
    assert statuses(told) == ["written", "written"]
    assert "pipe.jpg is passed over: it is a named pipe" in told.stderr
    named = auto("pipe.jpg", "zero.jpg", "--json", "--out", "named", code=1)
    assert statuses(named) == ["failed", "failed"]
    assert named.stdout.count("is a pipe or a device") == 2
