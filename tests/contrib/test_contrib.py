"""The distributions of contrib, as strangers' packages: built, installed beside the built wheel,
found by their entry points alone.
"""

import json
import shutil
from functools import partial

import pytest
from elsewhere import ROOT, PreparedEnvironment, environment, wheels_of

DISTRIBUTIONS = sorted(path.parent for path in (ROOT / "contrib").glob("*/pyproject.toml"))
OPS = (
    "film.faded_blacks",
    "film.curve",
    "film.bleach_bypass",
    "lens.soft_focus",
    "lens.bloom",
)

# One worker builds the wheel for all.
pytestmark = pytest.mark.xdist_group("wheel")

QUICK = "grey_world"  # the others' own tests take a minute, and run in `make bench`


@pytest.fixture(scope="module")
def commands(wheel, tmp_path_factory):
    wheels = wheels_of(DISTRIBUTIONS, tmp_path_factory.mktemp("wheels"))
    return environment(tmp_path_factory.mktemp("elsewhere"), [wheel, *wheels])


@pytest.fixture(scope="module")
def prepared_environment(commands):
    made = PreparedEnvironment(commands)
    yield made
    made.close()


@pytest.fixture
def veraretouch(prepared_environment, tmp_path):
    return partial(prepared_environment.run, "veraretouch", cwd=tmp_path)


@pytest.fixture
def photo(tmp_path):
    return shutil.copy(ROOT / "docs" / "samples" / "portrait.jpg", tmp_path / "photo.jpg")


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(path, id=path.name, marks=[] if path.name == QUICK else pytest.mark.slow)
        for path in DISTRIBUTIONS
        if [*path.glob("test_*.py")]  # the servers' stand in tests/contrib: they need helpers
    ],
)
def test_its_own_tests_pass_where_it_is_installed(prepared_environment, source, tmp_path):
    tests = shutil.copytree(source, tmp_path / source.name, ignore=shutil.ignore_patterns("veraretouch_*", "*.toml"))
    options = ["-q", "-W", "error", "-p", "no:cacheprovider"]
    told = prepared_environment.run("-m", "pytest", *options, tests, cwd=tmp_path)
    assert "passed" in told


@pytest.mark.parametrize("source", DISTRIBUTIONS, ids=lambda path: path.name)
def test_its_wheel_brings_the_licence(commands, source):
    (text,) = commands.parent.glob(f"lib/*/site-packages/veraretouch_{source.name}-*.dist-info/licenses/LICENSE")
    assert "Apache License" in text.read_text()


def test_its_ops_are_listed_with_their_distribution_and_used(veraretouch, photo, tmp_path):
    listed = {row["id"]: row for row in json.loads(veraretouch("ops", "--json"))["ops"]}
    assert set(OPS) <= set(listed)
    settings = [word for op in OPS for word in ("--set", f"{op}.amount=0.3")]
    veraretouch("param", photo, *settings, "--preview", "300", "--out", tmp_path / "done.jpg")
    assert (tmp_path / "done.jpg").stat().st_size > 1000


@pytest.mark.parametrize("planner", ["acme.grey_world", "ia3dlut"])
def test_its_planner_is_chosen_by_name(veraretouch, planner, photo, tmp_path):
    plan = json.loads(veraretouch("plan", photo, "--planner", planner))
    assert plan["edits"]
    veraretouch("auto", photo, "--planner", planner, "--preview", "300")
    assert (tmp_path / "retouched" / "photo.jpg").stat().st_size > 1000


def test_a_bundles_planner_writes_what_it_does(veraretouch, photo):
    plan = json.loads(veraretouch("plan", photo, "--style", "warmer", "--planner", "vera-nano"))
    assert plan["edits"]["white_balance"]["params"]["temperature"] > 0.05
    assert "emperature +" in plan["reasoning"]["global_color"]["plan"]


def test_a_plan_with_a_strangers_op_names_the_distribution_to_install(veraretouch, photo, tmp_path):
    from veraretouch import Plan
    from veraretouch.core.errors import InvalidPlan

    told = veraretouch("plan", photo, "--set", "film.curve.amount=0.4")
    assert json.loads(told)["edits"]["film.curve"]["from"].startswith("veraretouch-film-look ")
    with pytest.raises(InvalidPlan, match=r"is not installed \(provided by .*\)\. .*pip install veraretouch-film-look"):
        Plan.load(told)


def test_bundles_are_listed_and_verified(veraretouch):
    rows = {row["name"]: row for row in json.loads(veraretouch("zoo", "list", "--json"))}
    for name, origin in (("ia3dlut", "veraretouch-ia3dlut"), ("vera-nano", "veraretouch-nano")):
        assert rows[name]["origin"] == origin
        assert rows[name]["licence"]["spdx"] == "Apache-2.0"
        assert "are what bundle.json says" in veraretouch("zoo", "verify", name)


def test_sizes_are_those_of_real_plugins():
    assert {path.name for path in DISTRIBUTIONS} >= {"film_look", "lens", "grey_world", "ia3dlut", "nano"}
    planner = (ROOT / "contrib" / "grey_world" / "veraretouch_grey_world.py").read_text().splitlines()
    assert len(planner) < 60
