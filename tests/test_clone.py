"""A clone may have any name: scripts beside it get the modules that they ask for."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = """\
import copy, enum, dataclasses, types, json
assert copy.deepcopy([1]) == [1], copy
assert types.SimpleNamespace(a=1).a == 1, types
import {name}
print({name}.__file__)
"""


@pytest.fixture
def clone(tmp_path):
    """Makes a folder that holds what imports of the clone find: its root's files."""

    def make(name):
        (tmp_path / name).mkdir()
        for file in ("__init__.py", "__init__.pyi"):
            shutil.copy(ROOT / file, tmp_path / name)
        return tmp_path / name

    return make


def run(script, folder, *options):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    command = [sys.executable, *options, script]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", ["copy", "types", "random", "numpy"])
def test_a_script_beside_a_clone_with_a_modules_name_gets_that_module(clone, tmp_path, name):
    folder = clone(name)
    (tmp_path / "script.py").write_text(SCRIPT.format(name=name))
    for options in ((), ("-S",) if name != "numpy" else ()):
        done = run("script.py", tmp_path, *options)
        assert done.returncode == 0, done.stderr
        assert not done.stdout.startswith(str(folder))


def test_a_script_within_reach_of_such_a_clone_runs_the_demo_imports(clone, tmp_path):
    """As `python docs/demo.py` does with the clone's parent on PYTHONPATH."""
    clone("types")
    env = os.environ | {"PYTHONPATH": str(tmp_path)}
    code = "import veraretouch as vr, typing, dataclasses; print(vr.Slot.__name__)"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "Slot\n"), done.stderr


def test_a_clone_whose_name_no_module_has_is_itself(clone, tmp_path):
    clone("my_clone")
    (tmp_path / "script.py").write_text("import my_clone\nprint(my_clone.__file__, 'Slot' in dir(my_clone))\n")
    done = run("script.py", tmp_path)
    assert done.stdout.split() == [str(tmp_path / "my_clone" / "__init__.py"), "True"], done.stderr
