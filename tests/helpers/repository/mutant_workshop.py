"""Where mutants are judged: a copy of the repository, an environment for it, and processes that run its tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mirror import ROOT

NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "out", "site", "*.egg-info")


@contextmanager
def workshop() -> Iterator[tuple[Path, Path]]:
    """A copy of the repository, and the Python of an environment in which it, and nothing else, is `veraretouch`."""
    with tempfile.TemporaryDirectory(prefix="mutate-") as folder:
        copy, environment = Path(folder) / "veraretouch", Path(folder) / "environment"
        shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
        python = environment / "bin" / "python"
        ask = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
        site = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip()
        # A path file inside a path file's folder is not read, so the editable install stays behind.
        (Path(site) / "mutate.pth").write_text(f"{folder}\n{sysconfig.get_path('purelib')}\n")
        command = environment / "bin" / "veraretouch"
        command.write_text(f"#!{python}\nfrom veraretouch.core.cli.shell import main\nmain()\n")
        command.chmod(0o755)
        yield copy, python


class Runner:
    """A process of `mutant_runner.py`; one that ends before its answer is replaced with the next order."""

    def __init__(self, copy: Path, command: Sequence[str | Path]) -> None:
        self.copy, self._command = copy, command
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.communicate()  # the end of its stdin ends it

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """The runner's answer; the outcome is "lost" where none came."""
        if self._process is None:
            environment = os.environ | {"OMP_NUM_THREADS": "1"}
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(
                self._command, cwd=self.copy, env=environment, stdin=pipe, stdout=pipe, text=True
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(json.dumps(order), file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if answer:
            found: dict[str, Any] = json.loads(answer)
            return found
        self._process.kill()
        self._process.communicate()
        self._process = None
        if "path" in order:
            (self.copy / order["path"]).write_text((ROOT / order["path"]).read_text("utf-8"), "utf-8")
        return {"outcome": "lost", "by": "", "seconds": 0.0}
