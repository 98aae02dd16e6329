"""The real command in processes of its own: several photos at a time, deaths, Ctrl-C, kills, pipes and terminals."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from veraretouch.core.photo import open_photo

PLUGINS = Path(__file__).parents[1] / "data" / "plugins"
COMMAND = str(Path(sys.executable).with_name("veraretouch"))
BY_FAKE = ("--planner", "fake.brighten")


def start(environment, folder, *arguments, env=None, **streams):
    return subprocess.Popen(
        [COMMAND, *arguments, *BY_FAKE],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(PLUGINS / "fake")} | (env or {}),
        start_new_session=True,
        # Whoever runs the tests in the background of a shell passes on that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | streams,
    )


def wait_for(path, process):
    for _ in range(2400):  # two minutes: a busy machine starts three processes slowly
        if path.exists():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise AssertionError(f"{path} did not come")


def ends(group):
    """Whether every process of a group ends soon; the one that watches over shared memory goes last."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_corrupt_photo_does_not_stop_the_rest_and_names_are_data(cli, tmp_path, photos):
    (tmp_path / "in").mkdir()
    names = ["[red]x[bold].jpg", "\x1b[31m.jpg", "new\nline.jpg", "plain.jpg"]
    for name in names:
        shutil.copy(photos[0], tmp_path / "in" / name)
    (tmp_path / "in" / "broken.jpg").write_bytes(photos[0].read_bytes()[:3000])
    (tmp_path / "in" / "[bold]text.jpg").write_text("no photo")
    told = cli("auto", "in", *BY_FAKE, "--jobs", "2", code=1)
    assert told.stdout.splitlines() == [
        "in/\\x1b[31m.jpg -> in/retouched/\\x1b[31m.jpg",
        "in/[red]x[bold].jpg -> in/retouched/[red]x[bold].jpg",
        "in/new\\nline.jpg -> in/retouched/new\\nline.jpg",
        "in/plain.jpg -> in/retouched/plain.jpg",
    ]
    assert "\x1b" not in told.stderr
    assert "Error: in/[bold]text.jpg: 'in/[bold]text.jpg' is text, not a photo" in told.stderr
    assert "Error: in/broken.jpg:" in told.stderr
    assert "4 written, 2 failed in" in told.stderr
    made = {path.name for path in (tmp_path / "in" / "retouched").iterdir()}
    assert made == {*names, ".veraretouch.jsonl"}
    lines = [json.loads(line) for line in cli("auto", "in", *BY_FAKE, "--resume", "--json", code=1).stdout.splitlines()]
    assert [line["status"] for line in lines] == [
        "unchanged",
        "failed",
        "unchanged",
        "failed",
        "unchanged",
        "unchanged",
    ]
    assert {Path(line["input"]).name for line in lines} >= set(names)


def test_a_worker_that_dies_costs_one_photo(cli, tmp_path, photos):
    shutil.copy(photos[0], tmp_path / "victim.jpg")
    told = cli("style", "die", ".", *BY_FAKE, "--jobs", "2", "--json", code=1)
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert [line["status"] for line in lines] == ["written", "written", "failed"]
    assert "died (exit code 9)" in lines[2]["error"]["message"]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_planner_that_ends_the_program_costs_one_photo_and_is_named(cli, tmp_path, photos, jobs):
    told = cli("style", "exit", ".", *BY_FAKE, "--jobs", jobs, "--json", code=1)
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert [line["status"] for line in lines] == ["failed", "written"]
    assert (
        lines[0]["error"]["message"]
        == "planner 'fake.brighten' of fake-planner 1.2 failed: RuntimeError: it called sys.exit(0)"
    )
    alone = cli("plan", "a.jpg", "--style", "exit", *BY_FAKE, code=1)
    assert "planner 'fake.brighten' of fake-planner 1.2 failed: RuntimeError: it called sys.exit(0)" in alone.stderr


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_whatever_is_written_to_stdout_ends_on_stderr_and_stdout_is_json_alone(cli, tmp_path, photos, jobs):
    told = cli("style", "shout", ".", *BY_FAKE, "--jobs", jobs, "--json")
    assert [json.loads(line)["status"] for line in told.stdout.splitlines()] == ["written", "written"]
    for way in ("descriptor", "C library", "child", "first stdout"):
        assert told.stderr.count(f"by {'a' if way == 'child' else 'the'} {way}") == 2, told.stderr
    alone = cli("plan", "a.jpg", "--style", "shout", *BY_FAKE)
    assert json.loads(alone.stdout)["prompt"] == "shout"
    assert "by the C library" in alone.stderr


def test_a_run_that_was_killed_is_gone_on_with(cli, environment, tmp_path, photos):
    started = tmp_path / "started"
    process = start(environment, tmp_path, "auto", ".", "--jobs", "1", env={"FAKE_WAIT": str(started)})
    wait_for(started, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert open_photo(tmp_path / "retouched" / "a.jpg").width == 160
    assert not (tmp_path / "retouched" / "b.jpg").exists()
    told = cli("auto", ".", *BY_FAKE, "--resume", "--jobs", "1").stdout
    assert told.splitlines() == ["a.jpg is done: retouched/a.jpg", "b.jpg -> retouched/b.jpg"]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_is_130_and_leaves_no_process_and_nothing_half_written(environment, tmp_path, photos, jobs):
    started = tmp_path / "started"
    process = start(environment, tmp_path, "auto", ".", "--jobs", jobs, env={"FAKE_WAIT": str(started)})
    wait_for(started, process)
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert "Interrupted after" in told
    assert ends(process.pid)
    retouched = tmp_path / "retouched"
    assert {path.name for path in retouched.glob("*")} <= {"a.jpg", ".veraretouch.jsonl"}
    assert not list(tmp_path.glob(".*.tmp"))


def test_on_a_terminal_a_bar_tells_of_progress_and_lines_stand_above_it(environment, tmp_path, photos):
    import pty

    shutil.copy(photos[0], tmp_path / "[red]x.jpg")
    terminal, end = pty.openpty()
    process = start(
        environment | {"TERM": "xterm", "COLUMNS": "80"}, tmp_path, "auto", ".", "--jobs", "1", stdout=end, stderr=end
    )
    os.close(end)
    shown = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(terminal)
    assert process.wait(60) == 0
    assert b"Retouching" in shown
    assert b"[red]x.jpg -> retouched/[red]x.jpg" in shown
    assert b"3 written in" in shown


def test_a_reader_that_goes_away_is_no_traceback(environment, tmp_path):
    line = f"'{COMMAND}' ops | true"
    done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
