"""Processes of Python that find torch imported already: of the command, of a module (`-m`), of code (`-c`).

Importing torch takes a process of the command three of its four seconds, and the packages of the command line and of
photo files half of the rest. A server that has imported these, and nothing of veraretouch, is forked for each call. The
child takes over its arguments, environment, folder and streams, and runs the installed command's own file: exit codes,
streams, plugins and imports of veraretouch are those of a process that was started anew. Windows has no fork, and macOS
forbids what torch does after one.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NoReturn

# What commands on photos import besides, each in a part of a tenth of a second.
_OFTEN: Final = (
    *("typer.main", "typer._adapters", "lxml.etree", "numpy.random", "PIL.ImageCms", "PIL.JpegImagePlugin"),
    *("PIL.PngImagePlugin", "PyOpenColorIO", "safetensors.torch", "simplejpeg"),
)


class PreparedProcesses:
    """Starts the server with the first call, by the Python of the environment that it is for."""

    def __init__(self, python: str | Path = sys.executable) -> None:
        self._python = python
        self._server: subprocess.Popen[str] | None = None

    def run(
        self, command: Sequence[str], *, cwd: Path, env: dict[str, str], timeout: float = 120, input: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """As `subprocess.run` with text captured; `command` is what follows `python`: a file and its arguments, or
        `-m` or `-c` and what belongs to it.

        Where there is no fork, or `env` asks something of Python itself, a process is started anew.
        """
        if sys.platform != "linux" or any(name.startswith("PYTHON") and name != "PYTHONPATH" for name in env):
            words = [str(self._python), *command] if command[0].endswith((".py", "-c", "-m")) else command
            return subprocess.run(words, cwd=cwd, env=env, timeout=timeout, input=input, capture_output=True, text=True)
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "stdin").write_text(input, encoding="utf-8")
            streams = [Path(folder, name) for name in ("stdin", "stdout", "stderr")]
            told = {"command": list(command), "cwd": str(cwd), "env": env, "timeout": timeout}
            code = self._ask(told | {"streams": [str(path) for path in streams]})
            texts = [path.read_text(encoding="utf-8") for path in streams[1:]]
        if code is None:
            raise subprocess.TimeoutExpired(command, timeout, *texts)
        return subprocess.CompletedProcess(command, code, *texts)

    def _ask(self, told: dict[str, object]) -> int | None:
        if self._server is None:
            clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
            self._server = subprocess.Popen(
                [str(self._python), __file__], env=clean, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(told) + "\n")
        self._server.stdin.flush()
        answer = self._server.stdout.readline()
        assert answer, "the server of prepared processes has ended"
        code: int | None = json.loads(answer)
        return code

    def close(self) -> None:
        if self._server is not None:
            self._server.communicate()  # the end of its stdin ends it


@cache
def prepared() -> PreparedProcesses:
    """Those of this session's own environment, which ends them."""
    return PreparedProcesses()


def _become(told: dict[str, Any]) -> None:
    """What a process started anew would have: streams, folder, environment, path, arguments."""
    os.setsid()
    for descriptor, place in enumerate(told["streams"]):
        opened = os.open(place, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.chdir(told["cwd"])
    os.environ.clear()
    os.environ.update(told["env"])
    first, *arguments = told["command"]
    place = {"-c": "", "-m": os.getcwd()}.get(first, str(Path(first).parent))
    added = [place for place in told["env"].get("PYTHONPATH", "").split(os.pathsep) if place]
    sys.path[:] = [place, *added, *sys.path[1:]]
    sys.argv = [first, *arguments[first in ("-c", "-m") :]]


def _run(first: str, second: str = "") -> NoReturn:
    """As Python runs it, except that nothing is taken apart at the end: that would copy every page of torch."""
    try:
        if first == "-c":
            sys.modules["__main__"] = main = ModuleType("__main__")
            exec(second, vars(main))
        elif first == "-m":
            runpy.run_module(second, run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(first, run_name="__main__")
        code: object = 0
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        code = 1
    if not isinstance(code, int | None):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit((code or 0) & 255)


def _serve() -> None:
    for name in ("numpy", "torch", "PIL.Image", *_OFTEN):
        with suppress(ImportError):  # a bare environment has few of them
            import_module(name)
    gc.collect()
    gc.freeze()  # a child's collector leaves alone, and so uncopied, what is here already
    known = [*warnings.filters]
    warnings.filterwarnings("ignore", message="This process", category=DeprecationWarning)  # threads of NumPy's BLAS
    # Read by the descriptor: a buffered reader would be shared with the children.
    for line in _lines(0):
        told = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(told)
            warnings.filters[:] = known
            _run(*told["command"][:2])
        ended, _, _ = select.select([watched := os.pidfd_open(child)], [], [], told["timeout"])
        os.close(watched)
        if not ended:
            os.killpg(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        answer = json.dumps(os.waitstatus_to_exitcode(status) if ended else None)
        os.write(1, f"{answer}\n".encode())


def _lines(descriptor: int) -> Iterator[bytes]:
    held = b""
    while part := os.read(descriptor, 65536):
        *whole, held = (held + part).split(b"\n")
        yield from whole


if __name__ == "__main__":
    _serve()
