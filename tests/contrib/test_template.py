"""`veraretouch new` from the built wheel: each kind of package passes its own tests at once and is used from the command line."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from elsewhere import ROOT, environment, run, wheel_of

MADE = {
    "acme-my-op": ["op", "acme.my_op"],
    "acme-soft-op": ["op", "acme.soft_op", "--spatial", "--license", "MIT"],
    "acme-my-planner": ["planner", "acme.my_planner"],
}

pytestmark = pytest.mark.xdist_group("template")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("made")


@pytest.fixture(scope="module")
def commands(folder, tmp_path_factory):
    """An environment of the built wheel, and of the packages that its own command has made in `folder`."""
    wheels = tmp_path_factory.mktemp("wheels")
    ours = wheel_of(ROOT, wheels)
    bare = environment(tmp_path_factory.mktemp("bare"), [ours])
    for words in MADE.values():
        told = run([bare / "veraretouch", "new", *words], cwd=folder)
        assert len(told.splitlines()) == 3
    made = [wheel_of(folder / name, wheels) for name in MADE]
    run([sys.executable, "-m", "pip", "--python", bare / "python", "install", "-q", "--no-deps", "--no-index", *made])
    return bare


@pytest.mark.parametrize("name", MADE)
def test_its_own_tests_and_ruff_pass_at_once(commands, folder, name):
    assert "2 passed" in run([commands / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=folder / name)
    run([sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "E,F,I,UP,B", "."], cwd=folder / name)
    run([sys.executable, "-m", "ruff", "format", "--no-cache", "--check", "."], cwd=folder / name)


@pytest.mark.parametrize("name", MADE)
def test_it_has_a_licence_a_workflow_and_its_answers(commands, folder, name):
    assert ("MIT License" in (folder / name / "LICENSE").read_text()) == ("MIT" in MADE[name])
    assert "${{ matrix.python }}" in (folder / name / ".github" / "workflows" / "test.yml").read_text()
    assert f"id: {MADE[name][1]}" in (folder / name / ".copier-answers.yml").read_text()


def test_they_are_listed_and_used(commands, folder, tmp_path):
    shutil.copy(ROOT / "docs" / "samples" / "portrait.jpg", tmp_path / "photo.jpg")
    for kind, id in (words[:2] for words in MADE.values()):
        rows = json.loads(run([commands / "veraretouch", f"{kind}s", "--json"], cwd=tmp_path))[f"{kind}s"]
        assert id in {row["id"] for row in rows}
    settings = ["--set", "acme.my_op.amount=0.5", "--set", "acme.soft_op.amount=0.5"]
    small = ["--preview", "256"]
    run([commands / "veraretouch", "param", "photo.jpg", *settings, *small, "--out", "set.jpg"], cwd=tmp_path)
    run([commands / "veraretouch", "auto", "photo.jpg", "--planner", "acme.my_planner", *small], cwd=tmp_path)
    assert (tmp_path / "set.jpg").stat().st_size > 1000
    assert (tmp_path / "retouched" / "photo.jpg").stat().st_size > 1000


def test_an_installed_id_is_refused(commands, tmp_path):
    done = subprocess.run(
        [commands / "veraretouch", "new", "op", "acme.my_op"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "acme-my-op" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("id", ["my_op", "exposure", "Acme.op", "acme.my-op", "acme.a.b", "../acme.op", "acme.none"])
def test_an_id_without_a_vendor_or_that_is_no_name_is_refused(cli, tmp_path, id):
    assert id in cli("new", "op", id, code=1).stderr
    assert not list(tmp_path.iterdir())


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

    apart = ImageChops.difference(*(Image.open(made / name) for name in ("again.jpg", "migrated.jpg")))
    assert max(high for _, high in apart.getextrema()) <= 1
