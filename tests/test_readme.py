"""Every command and every example of the README is run, in a folder with a photo and a folder of photos."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = BLOCK.findall(README)


def blocks(language):
    found = [text for kind, text in BLOCKS if kind == language]
    return [pytest.param(text, id=re.sub(r"\W+", "-", text.strip().splitlines()[0])[:40]) for text in found]


@pytest.fixture
def folder(tmp_path):
    """What a reader has: a photo, and a folder with two more."""
    samples = ROOT / "docs" / "samples"
    (tmp_path / "photos").mkdir()
    for sample, name in (("portrait", "photo"), ("lake", "photos/lake"), ("barn", "photos/barn")):
        shutil.copy(samples / f"{sample}.jpg", tmp_path / f"{name}.jpg")
    return tmp_path


def run(command, folder):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VERARETOUCH", "PYTHON"))}
    path = os.pathsep.join((str(Path(sys.executable).parent), kept["PATH"]))
    done = subprocess.run(command, cwd=folder, env=kept | {"PATH": path}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("text", [block for block in blocks("sh") if "pip install" not in block.values[0]])
def test_the_commands_run(text, folder):
    run(["bash", "-euo", "pipefail", "-c", text], folder)
    if "retouched/photo.jpg" in text:
        written = {str(path.relative_to(folder)) for path in folder.rglob("*.jpg")}
        assert {
            "retouched/photo.jpg",
            "retouched/photo-pink.jpg",
            "brighter.jpg",
            "photos/retouched/lake.jpg",
        } <= written


@pytest.mark.parametrize("text", blocks("python"))
def test_the_examples_in_python_run(text, folder):
    run([sys.executable, "-W", "error", "-c", text], folder)


def test_what_is_installed_by_the_readme_exists():
    """Installing takes minutes and the network; here, that its files and extras are those of the project."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    installs = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines() if "pip install" in line]
    assert installs
    for line in installs:
        for word in shlex.split(line)[2:]:
            if word.startswith("."):
                assert set(re.findall(r"\w+", word)) <= set(project["optional-dependencies"])
            elif not word.startswith("-"):
                assert (ROOT / word).is_file()


def test_the_readme_begins_with_two_commands_that_make_knows():
    lines = [line.strip() for line in README.splitlines() if line.strip()][1:3]
    assert [line.split()[:2] for line in lines] == [["make", "demo"], ["make", "test"]]


def test_every_target_that_documents_name_is_in_the_makefile():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        named = set(re.findall(r"(?:^ {4}|`)make ([a-z]+)\b", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert named <= targets, page.name


def test_every_entry_of_the_toml_examples_is_toml():
    for kind, text in BLOCKS:
        if kind == "toml":
            assert "veraretouch.ops" in tomllib.loads(text)["project"]["entry-points"]


def test_the_picture_is_light_enough_for_a_page():
    assert (ROOT / "docs" / "images" / "contact-sheet.jpg").stat().st_size < 300_000
