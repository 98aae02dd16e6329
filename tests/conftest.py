"""What tests of the command line share: the real command in a process of its own, and real photos."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from elsewhere import ROOT, wheels_of
from prepared import PreparedProcesses, prepared

DATA = Path(__file__).parent / "data"


class Cli(Protocol):
    def __call__(
        self,
        *arguments: str | Path,
        code: int = 0,
        plugins: str = "fake",
        env: dict[str, str] | None = None,
        anew: bool = False,
    ) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of the commands: plugins of tests/data/plugins can be added to PYTHONPATH."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VERARETOUCH", "PYTHON"))}
    return kept | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "COLUMNS": "200", "TERM": "dumb"}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the repository. Tests that ask for it stand in the group `wheel`, so that one worker builds it."""
    (made,) = wheels_of([ROOT], tmp_path_factory.mktemp("wheel"))
    return made


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Search for no garbage while tests are collected, and leave what that has made out of every later search: most of
    it lives as long as the session.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def prepared_processes() -> Iterator[PreparedProcesses]:
    yield prepared()
    prepared().close()


@pytest.fixture
def cli(tmp_path: Path, environment: dict[str, str], prepared_processes: PreparedProcesses) -> Cli:
    """Run `veraretouch` in `tmp_path`, demand an exit code, and never a traceback.

    The process finds torch imported already (see `prepared.py`), unless `anew` demands one that is started as a shell
    does it.
    """

    def run(
        *arguments: str | Path,
        code: int = 0,
        plugins: str = "fake",
        env: dict[str, str] | None = None,
        anew: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        folders = os.pathsep.join(str(DATA / "plugins" / name) for name in plugins.split())
        words = [command(), *map(str, arguments)]
        whole = environment | {"PYTHONPATH": folders} | (env or {})
        if anew:
            done = subprocess.run(words, cwd=tmp_path, env=whole, capture_output=True, text=True, timeout=120)
        else:
            done = prepared_processes.run(words, cwd=tmp_path, env=whole)
        assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        if "--debug" not in arguments:
            assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


def command() -> str:
    """The installed command beside this Python."""
    return str(Path(sys.executable).with_name("veraretouch"))


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Two real photos in `tmp_path`: a dark one and a light one."""
    return [
        Path(shutil.copy(DATA / "photos" / f"{original}.jpg", tmp_path / name))
        for original, name in (("kodak-03", "a.jpg"), ("kodak-08", "b.jpg"))
    ]
