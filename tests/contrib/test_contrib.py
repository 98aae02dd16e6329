"""The distributions of contrib, as strangers' packages: built, installed beside the built wheel,
found by their entry points alone.
"""

import json
import shutil

import pytest
from elsewhere import ROOT, environment, run, wheels_of

DISTRIBUTIONS = sorted(path.parent for path in (ROOT / "contrib").glob("*/pyproject.toml"))
OPS = (
    "film.faded_blacks",
    "film.curve",
    "film.bleach_bypass",
    "lens.vignette",
    "lens.clarity",
    "lens.sharpen",
    "lens.grain",
)

# One worker builds the wheel for all.
pytestmark = pytest.mark.xdist_group("wheel")

QUICK = "grey_world"  # the others' own tests take a minute, and run in `make bench`


@pytest.fixture(scope="module")
def commands(wheel, tmp_path_factory):
    wheels = wheels_of(DISTRIBUTIONS, tmp_path_factory.mktemp("wheels"))
    return environment(tmp_path_factory.mktemp("elsewhere"), [wheel, *wheels])


@pytest.fixture
def photo(tmp_path):
    return shutil.copy(ROOT / "docs" / "samples" / "portrait.jpg", tmp_path / "photo.jpg")


def veraretouch(commands, *words, cwd):
    return run([commands / "veraretouch", *words], cwd=cwd)


@pytest.mark.parametrize(
    "source",
    [pytest.param(path, id=path.name, marks=[] if path.name == QUICK else pytest.mark.slow) for path in DISTRIBUTIONS],
)
def test_its_own_tests_pass_where_it_is_installed(commands, source, tmp_path):
    tests = shutil.copytree(source, tmp_path / source.name, ignore=shutil.ignore_patterns("veraretouch_*", "*.toml"))
    told = run(
        [commands / "python", "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", tests], cwd=tmp_path
    )
    assert "passed" in told


@pytest.mark.parametrize("source", DISTRIBUTIONS, ids=lambda path: path.name)
def test_its_wheel_brings_the_licence(commands, source):
    (text,) = commands.parent.glob(f"lib/*/site-packages/veraretouch_{source.name}-*.dist-info/licenses/LICENSE")
    assert "Apache License" in text.read_text()


def test_its_ops_are_listed_with_their_distribution_and_used(commands, photo, tmp_path):
    listed = {row["id"]: row for row in json.loads(veraretouch(commands, "ops", "--json", cwd=tmp_path))["ops"]}
    assert set(OPS) <= set(listed)
    settings = [word for op in OPS for word in ("--set", f"{op}.amount=0.3")]
    veraretouch(commands, "param", photo, *settings, "--preview", "300", "--out", tmp_path / "done.jpg", cwd=tmp_path)
    assert (tmp_path / "done.jpg").stat().st_size > 1000


@pytest.mark.parametrize("planner", ["acme.grey_world", "ia3dlut"])
def test_its_planner_is_chosen_by_name(commands, planner, photo, tmp_path):
    plan = json.loads(veraretouch(commands, "plan", photo, "--planner", planner, cwd=tmp_path))
    assert plan["edits"]
    veraretouch(commands, "auto", photo, "--planner", planner, "--preview", "300", cwd=tmp_path)
    assert (tmp_path / "retouched" / "photo.jpg").stat().st_size > 1000


def test_a_plan_with_a_strangers_op_names_the_distribution_to_install(commands, photo, tmp_path):
    from veraretouch import Plan
    from veraretouch.core.errors import InvalidPlan

    told = veraretouch(commands, "plan", photo, "--set", "film.curve.amount=0.4", cwd=tmp_path)
    assert json.loads(told)["edits"]["film.curve"]["from"].startswith("veraretouch-film-look ")
    with pytest.raises(InvalidPlan, match=r"is not installed \(provided by .*\)\. .*pip install veraretouch-film-look"):
        Plan.load(told)


def test_the_bundle_is_listed_and_verified(commands, tmp_path):
    rows = {row["name"]: row for row in json.loads(veraretouch(commands, "zoo", "list", "--json", cwd=tmp_path))}
    assert rows["ia3dlut"]["origin"] == "veraretouch-ia3dlut"
    assert rows["ia3dlut"]["licence"]["spdx"] == "Apache-2.0"
    assert "are what bundle.json says" in veraretouch(commands, "zoo", "verify", "ia3dlut", cwd=tmp_path)


def test_sizes_are_those_of_real_plugins():
    assert {path.name for path in DISTRIBUTIONS} >= {"film_look", "lens", "grey_world", "ia3dlut"}
    planner = (ROOT / "contrib" / "grey_world" / "veraretouch_grey_world.py").read_text().splitlines()
    assert len(planner) < 60
