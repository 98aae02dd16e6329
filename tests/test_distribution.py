"""The wheel: what it holds, what it leaves out, and that it works where nothing else of the repository is."""

import shutil
import subprocess
import sys
import tomllib
import zipfile

import pytest
from elsewhere import ROOT, environment, run

# One worker builds the wheel for all.
pytestmark = pytest.mark.xdist_group("wheel")

OUTSIDE = {"tests", "contrib", "docs", "build", "dist", "out", "site", "setup.py"}


def packages_on_disk():
    """Every folder of Python files below the rooms, as a package's name."""
    rooms = [top for top in ROOT.iterdir() if top.name not in OUTSIDE and not top.name.startswith(".")]
    folders = {path.parent.relative_to(ROOT) for room in rooms for path in room.rglob("*.py")}
    return {"veraretouch", *(".".join(("veraretouch", *folder.parts)) for folder in folders)}


@pytest.fixture(scope="module")
def contents(wheel):
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def elsewhere(wheel, tmp_path_factory):
    return environment(tmp_path_factory.mktemp("elsewhere"), [wheel])


def test_every_package_on_disk_is_found(contents):
    folders = {name.rpartition("/")[0] for name in contents if name.endswith(".py") and "/contrib/" not in name}
    assert {folder.replace("/", ".") for folder in folders} == packages_on_disk()


def test_building_warns_of_nothing(tmp_path):
    shutil.copytree(ROOT, tmp_path / "copy", ignore=shutil.ignore_patterns(".*", "tests", "site", "build"))
    words = [sys.executable, "-m", "pip", "wheel", "-v", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), "."]
    done = subprocess.run(words, cwd=tmp_path / "copy", capture_output=True, text=True, check=True)
    said = done.stdout + done.stderr
    assert "adding 'veraretouch-" in said  # the proof that the builder's own words are seen
    warned = [line for line in said.splitlines() if "warning" in line.lower() or "would be ignored" in line]
    assert [line for line in warned if "byte-compiling is disabled" not in line] == []  # by PYTHONDONTWRITEBYTECODE


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
            if path != ROOT / "setup.py":
                assert f"veraretouch/{path.relative_to(ROOT)}" in contents


def test_the_wheel_holds_nothing_else(contents):
    for name in contents:
        first, _, rest = name.partition("/")
        assert first == "veraretouch" or first.endswith(".dist-info"), name
        # `veraretouch new` brings its template along.
        assert rest.startswith("contrib/template/") or rest.partition("/")[0] not in OUTSIDE, name
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
