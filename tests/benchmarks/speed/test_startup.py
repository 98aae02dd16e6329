"""Start-up: `import veraretouch`, `veraretouch --help` and lists of many plugins, each the median of fresh processes;
and commands from their start to their end, on one photo, a dozen and two hundred, for docs/benchmarks/speed.md.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from distributions import Site, crowd
from scenes import Picture
from speed_report import Figures

RUNS = 7
PHOTOS = 200
IMPORT = (
    "import time; began = time.perf_counter(); import veraretouch; took = time.perf_counter() - began; "
    "import sys; assert 'torch' not in sys.modules; print(took)"
)

COMMAND = str(Path(sys.executable).with_name("veraretouch"))

Command = Sequence[str | Path]

pytestmark = pytest.mark.slow


def test_importing_takes_less_than_150_ms() -> None:
    """Measured inside the process: the interpreter's own start is not ours."""
    _run(sys.executable, "-c", IMPORT)  # bytecode and disk cache
    took = statistics.median(float(_run(sys.executable, "-c", IMPORT)) for _ in range(RUNS))
    _judge("import veraretouch", took, 0.15)


def test_help_takes_less_than_400_ms() -> None:
    """The whole process, interpreter included."""
    took, used = _median(COMMAND, "--help")
    _judge(f"veraretouch --help ({used * 1000:.0f} ms of processor time)", took, 0.4)


@pytest.mark.parametrize("command", ["ops", "plugins"])
def test_fifty_strangers_among_150_distributions_are_listed_in_less_than_600_ms(tmp_path: Path, command: str) -> None:
    """Five of them break on import and one sleeps ten seconds: whoever imported one would take longer, or fail."""
    crowd(Site(tmp_path), bystanders=150)
    path = {"PYTHONPATH": str(tmp_path)}
    assert sum(line.startswith("acme.") for line in _run(COMMAND, command, env=path).splitlines()) == 50
    bare, _ = _median(sys.executable, "-c", "pass", env=path)
    took, used = _median(COMMAND, command, env=path)
    beside = f"{used * 1000:.0f} ms of processor time; python -c pass {bare * 1000:.0f} ms"
    _judge(f"veraretouch {command} of 50 strangers ({beside})", took, 0.6)


def _median(*command: str, env: dict[str, str] | None = None) -> tuple[float, float]:
    """Seconds of the wall clock, the median of several runs after a first; mean seconds of processor time."""
    _run(*command, env=env)  # bytecode and disk cache
    times = []
    before = os.times()
    for _ in range(RUNS):
        began = time.perf_counter()
        _run(*command, env=env)
        times.append(time.perf_counter() - began)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return statistics.median(times), used / RUNS


def _judge(what: str, took: float, bar: float) -> None:
    """The bars hold for an idle core: the load stands beside the figure, so that a busy machine is not blamed on us."""
    said = (
        f"{what}: {took * 1000:.0f} ms, bar {bar * 1000:.0f} ms, load {os.getloadavg()[0]:.1f} on {os.cpu_count()}"
        " cores"
    )
    print(said)
    assert took < bar, said


def _run(*command: str, env: dict[str, str] | None = None) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VERARETOUCH"))}
    return subprocess.run(
        command, env=clean | (env or {}), capture_output=True, text=True, check=True, timeout=60
    ).stdout


def commands(photo: Path, done: Path) -> dict[str, Command]:
    """The command on one photo, what it cannot do without, and another program's, where it is installed."""
    found: dict[str, Command] = {
        "veraretouch auto": [COMMAND, "auto", photo, "--out", done, "--overwrite"],
        "python -c 'import torch'": [sys.executable, "-c", "import torch"],
    }
    if shutil.which("darktable-cli"):
        said = subprocess.run(["darktable-cli", "--version"], capture_output=True, text=True, check=False).stdout
        version = next(word for word in said.split() if word[0].isdigit())
        found[f"darktable-cli {version}, JPEG to JPEG"] = ["darktable-cli", photo, done.with_name("other.jpg")]
    return found


def measured(command: Command, environment: Mapping[str, str], made: Path) -> tuple[float, float]:
    """Seconds of the wall clock, and of processor time in the process and its children."""
    made.unlink(missing_ok=True)  # darktable-cli would give its file another name
    before, began = os.times(), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    took, after = time.perf_counter() - began, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return took, used


def write_photos(folder: Path, photo: Picture, count: int) -> None:
    """A folder of so many photos, none like another."""
    folder.mkdir()
    for index in range(count):
        (folder / f"{index:03}.jpg").write_bytes(simplejpeg.encode_jpeg(np.roll(photo, 37 * index, axis=1), 92))


def seconds(folder: Path, out: Path, jobs: int, *, threads: int | None = 1) -> float:
    """Seconds of `veraretouch auto` on a folder; `threads` a process, None for its own choice."""
    command = [COMMAND, "auto", folder, "--out", out, "--overwrite", "--jobs", str(jobs)]
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    held = {} if threads is None else {"OMP_NUM_THREADS": str(threads)}
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment | held)
    return time.perf_counter() - began


def test_a_command_on_one_photo_takes_less_than_a_second_and_a_half(
    figures: Figures, photo: Picture, tmp_path: Path
) -> None:
    source, done = tmp_path / "photo.jpg", tmp_path / "done.jpg"
    source.write_bytes(simplejpeg.encode_jpeg(photo, 92))
    free = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environments = {"": free, ", one thread": free | {"OMP_NUM_THREADS": "1"}}
    rows: dict[str, dict[str, list[float]]] = {}
    for turn in range(8):
        for name, command in commands(source, done).items():
            for held, environment in environments.items():
                took, used = measured(command, environment, tmp_path / "other.jpg")
                if turn:
                    row = rows.setdefault(name, {})
                    row.setdefault(f"wall, s{held}", []).append(took)
                    row.setdefault(f"processor, s{held}", []).append(used)
    told = {name: {column: statistics.median(all_of) for column, all_of in row.items()} for name, row in rows.items()}
    figures.grid("A command on one JPEG of 12 MP, from its start to its end", told)
    figures.bar("command: auto on one photo, s", told["veraretouch auto"]["wall, s"], at_most=1.5)
    figures.judge("command")


def test_two_jobs_pay_from_the_first_photos_on(figures: Figures, photo: Picture, tmp_path: Path) -> None:
    folder, done = tmp_path / "photos", tmp_path / "done"
    write_photos(folder, photo, 12)
    ways = {"one job, one thread": (1, 1), "one job, all cores": (1, None), "two jobs": (2, None)}
    runs = [{name: seconds(folder, done, jobs, threads=held) for name, (jobs, held) in ways.items()} for _ in range(4)]
    took = {name: statistics.median(run[name] for run in runs[1:]) for name in ways}
    figures.times("A folder of 12 photos of 12 MP", took)
    two = took["two jobs"]
    figures.bar("dozen: two jobs beside one with all cores", took["one job, all cores"] / two, at_least=1.0)
    figures.bar("dozen: two jobs beside one held to one thread", took["one job, one thread"] / two, at_least=1.3)
    figures.judge("dozen")


def test_a_folder_uses_both_cores(figures: Figures, photo: Picture, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    write_photos(folder, photo, PHOTOS)
    one, two = (seconds(folder, tmp_path / "done", jobs) for jobs in (1, 2))
    told = {f"one job, {PHOTOS} photos": one, f"two jobs, {PHOTOS} photos": two}
    figures.times("A folder of photos of 12 MP, one thread a process", told)
    figures.bar("folder: two jobs beside one", one / two, at_least=1.7)
    figures.judge("folder")
