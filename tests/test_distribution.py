"""The wheel: what it holds, what it leaves out, and that it works where nothing else of the repository is."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OUTSIDE = {"tests", "contrib", "docs", "build", "dist", "out", "site"}


def packages_on_disk():
    """Every folder of Python files below the rooms, as a package's name."""
    rooms = [top for top in ROOT.iterdir() if top.name not in OUTSIDE and not top.name.startswith(".")]
    folders = {path.parent.relative_to(ROOT) for room in rooms for path in room.rglob("*.py")}
    return {"veraretouch", *(".".join(("veraretouch", *folder.parts)) for folder in folders)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy: setuptools leaves folders behind that would shadow the installed entry points."""
    folder = tmp_path_factory.mktemp("wheel")
    litter = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "out", "site")
    source = shutil.copytree(ROOT, folder / "any name", ignore=litter)
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    run([sys.executable, "-m", "pip", *build])
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def contents(wheel):
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def elsewhere(wheel, tmp_path_factory):
    """A fresh environment with the wheel in it; dependencies are borrowed from this one, its own veraretouch is not."""
    folder = tmp_path_factory.mktemp("elsewhere")
    run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
    python = folder / "bin" / "python"
    site = run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip()
    # A path file inside a path file's folder is not read, so the editable install stays behind.
    (Path(site) / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = ["install", "--quiet", "--no-deps", "--no-index", "--force-reinstall", str(wheel)]
    run([sys.executable, "-m", "pip", "--python", str(python), *install])
    return folder / "bin"


def run(command, **options):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VERARETOUCH", "PYTHON"))}
    done = subprocess.run(command, env=kept, capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_every_package_on_disk_is_listed():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert set(listed) == packages_on_disk()


@pytest.mark.parametrize(
    "file",
    ["py.typed", "__init__.pyi", "__init__.py", "schemas/plan.schema.json", "planners/rules/lexicon.json"],
)
def test_the_wheel_holds(contents, file):
    assert f"veraretouch/{file}" in contents


def test_the_wheel_holds_every_module_and_every_table(contents):
    for package in packages_on_disk():
        folder = ROOT.joinpath(*package.split(".")[1:])
        for path in [*folder.glob("*.py"), *folder.glob("*.json"), *folder.glob("*.pyi")]:
            assert f"veraretouch/{path.relative_to(ROOT)}" in contents


def test_the_wheel_holds_nothing_else(contents):
    for name in contents:
        first, _, rest = name.partition("/")
        assert first == "veraretouch" or first.endswith(".dist-info"), name
        assert rest.partition("/")[0] not in OUTSIDE, name
    assert any(name.endswith("licenses/LICENSE") for name in contents)


def test_the_wheel_is_what_runs_there(elsewhere, tmp_path):
    place = run([str(elsewhere / "python"), "-c", "import veraretouch; print(veraretouch.__file__)"], cwd=tmp_path)
    assert place.startswith(str(elsewhere.parent))


def test_the_installed_command_knows_its_version_and_its_ops(elsewhere, tmp_path):
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert version in run([str(elsewhere / "veraretouch"), "--version"], cwd=tmp_path)
    assert "exposure" in run([str(elsewhere / "veraretouch"), "ops"], cwd=tmp_path)


def test_the_installed_command_retouches_a_photo(elsewhere, tmp_path):
    shutil.copy(ROOT / "docs" / "samples" / "portrait.jpg", tmp_path)
    run([str(elsewhere / "veraretouch"), "auto", "portrait.jpg", "--preview", "256"], cwd=tmp_path)
    assert (tmp_path / "retouched" / "portrait.jpg").stat().st_size > 1000
