"""Fresh environments that borrow this one's dependencies: what a wheel does where nothing else of the repository is."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from prepared import PreparedProcesses

ROOT = Path(__file__).parents[3]
_LITTER = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "out", "site")


def run(command, **options):
    """What a command prints; it has to end well, in an environment without this session's own settings."""
    words = [str(word) for word in command]
    return _printed(words, subprocess.run(words, env=_kept(), capture_output=True, text=True, timeout=300, **options))


def _kept():
    return {name: value for name, value in os.environ.items() if not name.startswith(("VERARETOUCH", "PYTHON"))}


def _printed(words, done):
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


_BUILD = """
import os, sys
from setuptools import build_meta
folder, *projects = sys.argv[1:]
for project in projects:
    if (child := os.fork()) == 0:
        os.chdir(project)
        build_meta.build_wheel(folder)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, project
"""


class PreparedEnvironment:
    """An environment whose processes find torch imported already (see `prepared.py`)."""

    def __init__(self, commands):
        self._commands = commands
        self._processes = PreparedProcesses(commands / "python")

    def run(self, command, *words, cwd):
        """What `veraretouch` (or another command of the environment), or `-m` and a module, prints; it ends well."""
        first = command if command == "-m" else str(self._commands / command)
        words = [first, *map(str, words)]
        return _printed(words, self._processes.run(words, cwd=cwd, env=_kept(), timeout=300))

    def close(self):
        self._processes.close()


def wheels_of(sources, folder):
    """Wheels of projects, built from copies: setuptools leaves folders behind that would shadow the installed entry
    points. Each is built by setuptools as pip asks it to, in forks of one process: pip starts three for each.
    """
    copies = [shutil.copytree(source, folder / f"copy of {source.name}", ignore=_LITTER) for source in sources]
    known = {*folder.glob("*.whl")}
    run([sys.executable, "-c", _BUILD, folder, *copies])
    made = sorted({*folder.glob("*.whl")} - known)
    assert len(made) == len(copies)
    return made


def environment(folder, wheels):
    """The commands' folder of a fresh environment with these wheels; its own veraretouch is not this one's."""
    run([sys.executable, "-m", "venv", "--without-pip", folder])
    python = folder / "bin" / "python"
    site = run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip()
    # A path file inside a path file's folder is not read, so the editable install stays behind.
    (Path(site) / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = ["install", "--quiet", "--no-deps", "--no-index", "--force-reinstall", *wheels]
    run([sys.executable, "-m", "pip", "--python", python, *install])
    return folder / "bin"
