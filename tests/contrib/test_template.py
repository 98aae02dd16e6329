"""`veraretouch new` from the built wheel: each kind of package passes its own tests at once and is used from the
command line.
"""

import importlib
import json
import keyword
import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import partial

import pytest
from elsewhere import ROOT, PreparedEnvironment, environment, run, wheels_of

from veraretouch.core.cli.new import TEMPLATE, CannotStart, PluginKind, make
from veraretouch.core.plugins.entry import PluginEntry
from veraretouch.core.testing.samples import sample

MADE = {
    "acme-my-op": ["op", "acme.my_op"],
    "acme-soft-op": ["op", "acme.soft_op", "--spatial", "--licence", "MIT"],
    "acme-my-area": ["area", "acme.my_area"],
    "acme-my-planner": ["planner", "acme.my_planner"],
}

# One worker builds the wheel for all.
pytestmark = pytest.mark.xdist_group("wheel")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("made")


@pytest.fixture(scope="module")
def bare(wheel, tmp_path_factory):
    """An environment of the built wheel."""
    return environment(tmp_path_factory.mktemp("bare"), [wheel])


@pytest.fixture(scope="module")
def prepared_environment(bare, folder, tmp_path_factory):
    """The same, and in it the packages that its own command has made in `folder`."""
    prepared = PreparedEnvironment(bare)
    for number, words in enumerate(MADE.values()):
        new = ["new", *words]
        told = (
            prepared.run("veraretouch", *new, cwd=folder) if number else run([bare / "veraretouch", *new], cwd=folder)
        )
        assert len(told.splitlines()) == 3
    made = wheels_of([folder / name for name in MADE], tmp_path_factory.mktemp("wheels"))
    run([sys.executable, "-m", "pip", "--python", bare / "python", "install", "-q", "--no-deps", "--no-index", *made])
    yield prepared
    prepared.close()


@pytest.fixture(scope="module")
def commands(bare, prepared_environment):
    """The folder of its commands."""
    return bare


@pytest.mark.parametrize(
    "name", ["acme-my-op", *(pytest.param(name, marks=pytest.mark.slow) for name in MADE if name != "acme-my-op")]
)
def test_its_own_tests_and_ruff_pass_at_once(prepared_environment, folder, name):
    told = prepared_environment.run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder / name)
    assert "2 passed" in told
    run([sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "E,F,I,UP,B", "."], cwd=folder / name)
    run([sys.executable, "-m", "ruff", "format", "--no-cache", "--check", "."], cwd=folder / name)


@pytest.mark.parametrize("name", MADE)
def test_it_has_a_licence_a_workflow_and_its_answers(commands, folder, name):
    assert ("MIT License" in (folder / name / "LICENSE").read_text()) == ("MIT" in MADE[name])
    assert "${{ matrix.python }}" in (folder / name / ".github" / "workflows" / "test.yml").read_text()
    answers = (folder / name / ".copier-answers.yml").read_text()
    assert f"id: {MADE[name][1]}" in answers
    assert "/" not in answers  # no folder of this machine


def test_a_newer_template_is_taken_over_as_the_readme_says(commands, folder, tmp_path):
    made = shutil.copytree(folder / "acme-soft-op", tmp_path / "acme-soft-op")
    (line,) = re.findall(r"^copier (copy .*)$", (made / "README.md").read_text(), re.MULTILINE)
    (made / "pyproject.toml").unlink()
    path = f"export PATH={shlex.quote(str(commands))}:$PATH"
    run(["bash", "-c", f"{path}; python -m copier {line} --defaults --overwrite"], cwd=made)
    for path in ("pyproject.toml", "acme_soft_op.py", "LICENSE", ".copier-answers.yml"):
        assert (made / path).read_text() == (folder / "acme-soft-op" / path).read_text()


def test_they_are_listed_and_used(prepared_environment, tmp_path):
    veraretouch = partial(prepared_environment.run, "veraretouch", cwd=tmp_path)
    shutil.copy(ROOT / "docs" / "samples" / "portrait.jpg", tmp_path / "photo.jpg")
    for kind, id in (words[:2] for words in MADE.values()):
        rows = json.loads(veraretouch(f"{kind}s", "--json"))[f"{kind}s"]
        assert id in {row["id"] for row in rows}
    settings = ["--set", "acme.my_op.amount=0.5", "--set", "acme.soft_op.amount=0.5"]
    settings += ["--in", "acme.my_area", "--set", "exposure.ev=-1"]
    small = ["--preview", "256"]
    veraretouch("param", "photo.jpg", *settings, *small, "--out", "set.jpg")
    veraretouch("auto", "photo.jpg", "--planner", "acme.my_planner", *small)
    prompt = "very acme my op, darker acme my area"
    plan = json.loads(veraretouch("plan", "photo.jpg", "--style", prompt))
    assert plan["edits"]["acme.my_op"]["params"]["amount"] > 0.5
    assert [part["id"] for entry in plan["local"] for part in entry["area"]] == ["acme.my_area"]
    assert (tmp_path / "set.jpg").stat().st_size > 1000
    assert (tmp_path / "retouched" / "photo.jpg").stat().st_size > 1000


def test_an_installed_id_is_refused(commands, tmp_path):
    done = subprocess.run(
        [commands / "veraretouch", "new", "op", "acme.my_op"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "acme-my-op" in done.stderr
    assert not list(tmp_path.iterdir())


NO_IDS = [
    "my_op",
    "exposure",
    "Acme.op",
    "acme.my-op",
    "acme.a.b",
    "../acme.op",
    "acme.my_",
    "acme.my__op",
    "acme.3d",
    "acme_.op",
]
WORDS = [f"acme.{word.lower()}" for word in keyword.kwlist]


@pytest.mark.parametrize("id", [*NO_IDS, "acme.none", "acme.class", "acme.true"])
def test_an_id_without_a_vendor_or_that_is_no_name_is_refused(cli, tmp_path, id):
    told = cli("new", "op", id, code=1).stderr
    assert id in told
    assert len(told.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("id", [*NO_IDS, *WORDS, "acme.x\n"])
def test_what_the_command_refuses_copier_refuses_too(tmp_path, id):
    from copier import run_copy

    with pytest.raises(CannotStart):
        make(PluginKind.OP, id, into=tmp_path)
    with pytest.raises(ValueError, match=r"'id': (Write it as vendor\.name|That name is a word of Python)"):
        run_copy(str(TEMPLATE), tmp_path / "made", data={"id": id}, defaults=True, quiet=True)
    assert not list(tmp_path.iterdir())


def test_a_name_that_would_hide_an_installed_module_is_refused(tmp_path):
    with pytest.raises(CannotStart, match="a module typing_extensions is installed already"):
        make(PluginKind.OP, "typing.extensions", into=tmp_path)


def test_an_op_that_is_there_already_is_named_in_good_english(tmp_path, monkeypatch):
    from veraretouch import registry

    taken = PluginEntry("acme.dull", "acme-dull", "1", "acme_dull:Dull")
    monkeypatch.setattr(registry.ops, "entries", lambda: {"acme.dull": taken})
    with pytest.raises(CannotStart, match=r"acme-dull has an op 'acme\.dull' already"):
        make(PluginKind.OP, "acme.dull", into=tmp_path)


OPS = (
    "renderer",
    "schema",
    "latents",
    "op",
    "slot",
    "stage",
    "params",
    "tensor",
    "torch",
    "vr",
    "mine",
    "test",
    "a3_b",
)
AREAS = ("area", "slot", "params", "frame", "tensor", "torch", "vr", "mine", "test")
PLANNERS = ("schema", "latents", "proposal", "photo", "request", "sequence", "registry", "g_r_e_y", "f_u_r_t_h_e_s_t")


@pytest.mark.parametrize(
    ("kind", "name", "spatial"),
    [
        *((PluginKind.OP, name, spatial) for name in OPS for spatial in (False, True)),
        *((PluginKind.AREA, name, False) for name in AREAS),
        *((PluginKind.PLANNER, name, False) for name in PLANNERS),
    ],
)
def test_no_name_clashes_with_what_the_template_imports(tmp_path, monkeypatch, kind, name, spatial):
    """Its own second test passes, and before anything is installed; the first, the conformance kit, takes longer."""
    made = make(kind, f"acme.{name}", into=tmp_path, spatial=spatial)
    monkeypatch.syspath_prepend(str(made))
    try:
        tests = importlib.import_module(f"test_acme_{name}")
        assert vars(tests.mine)["".join(map(str.capitalize, name.split("_")))].id == f"acme.{name}"
        assert not [held for held in vars(tests) if held.startswith("Test")]  # pytest would collect it
        if kind is PluginKind.OP:
            tests.test_a_photo_changes({"portrait": sample("portrait")})
        elif kind is PluginKind.AREA:
            tests.test_the_bright_half_is_covered()
        else:
            tests.test_a_dark_photo_is_lightened()
    finally:
        for module in (f"acme_{name}", f"test_acme_{name}"):
            sys.modules.pop(module, None)


def test_a_folder_that_exists_stays_as_it_is(cli, tmp_path):
    (tmp_path / "acme-dull").mkdir()
    assert "exists already" in cli("new", "op", "acme.dull", code=1).stderr
    assert [path.name for path in tmp_path.rglob("*")] == ["acme-dull"]


def test_without_copier_the_error_names_the_extra(cli, tmp_path):
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "copier.py").write_text("raise ImportError('not here')")
    told = cli("new", "op", "acme.dull", code=1, env={"PYTHONPATH": str(tmp_path / "hidden")}).stderr
    assert "pip install 'veraretouch[authors]'" in told
    assert not (tmp_path / "acme-dull").exists()


@pytest.mark.slow
def test_the_guide_to_a_first_op_works_when_followed_literally(commands, tmp_path):
    """Every box is run in order by one shell; only `pip` is stood in for, since this environment borrows ours."""
    guide = (ROOT / "docs" / "guide" / "first-op.md").read_text(encoding="utf-8")
    pip = f'pip() {{ "{sys.executable}" -m pip --python "{commands / "python"}" "$@"; }}'
    pytest_words = f'pytest() {{ "{commands / "python"}" -m pytest "$@"; }}'
    script = ["set -e", pip, pytest_words]
    for kind, text in re.findall(r"^```(\w+)\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE):
        script.append(text if kind == "sh" else f"cat > acme_matte.py <<'END_OF_BOX'\n{text}END_OF_BOX\n")
        if kind == "sh" and text.startswith("veraretouch new"):
            script.append("cp ../photo.jpg .")
    shutil.copy(ROOT / "docs" / "samples" / "portrait.jpg", tmp_path / "photo.jpg")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VERARETOUCH", "PYTHON", "PIP"))}
    offline = {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1", "PIP_QUIET": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=tmp_path,
        env=kept | offline | {"PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout.count("2 passed") == 3
    assert "expected finite values; came rgb (nan, nan, nan)" in done.stdout
    assert "as it should be" in done.stdout
    made = tmp_path / "acme-matte"
    assert json.loads((made / "plan.json").read_text())["edits"]["acme.matte"] == {
        "version": 1,
        "from": "acme-matte 0.1.0",
        "params": {"amount": 0.6, "teal": 0.0},
    }
    from PIL import Image, ImageChops

    before, matte, pair, again, migrated = (
        Image.open(made / f"{name}.jpg").convert("RGB")
        for name in ("photo", "matte", "matte_compare", "again", "migrated")
    )
    assert matte.size == before.size
    assert pair.width / pair.height > 1.9 * before.width / before.height  # two beside each other
    apart = ImageChops.difference(again, migrated)
    assert max(high for _, high in apart.getextrema()) <= 1
