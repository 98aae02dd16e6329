"""The wheel: what it holds, what it leaves out, and that it works where nothing else of the repository is."""

import shutil
import tomllib
import zipfile

import pytest
from elsewhere import ROOT, environment, run, wheel_of

OUTSIDE = {"tests", "contrib", "docs", "build", "dist", "out", "site"}


def packages_on_disk():
    """Every folder of Python files below the rooms, as a package's name."""
    rooms = [top for top in ROOT.iterdir() if top.name not in OUTSIDE and not top.name.startswith(".")]
    folders = {path.parent.relative_to(ROOT) for room in rooms for path in room.rglob("*.py")}
    return {"veraretouch", *(".".join(("veraretouch", *folder.parts)) for folder in folders)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return wheel_of(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def contents(wheel):
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def elsewhere(wheel, tmp_path_factory):
    return environment(tmp_path_factory.mktemp("elsewhere"), [wheel])


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
