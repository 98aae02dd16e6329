"""Every command and every example of the README is run, in a folder with a photo and a folder of photos."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy
import pictures
import pytest
from PIL import Image

import veraretouch as vr

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


COMMANDS = [block for block in blocks("sh") if "pip install" not in block.values[0]]
PYTHON = blocks("python")


def run(command, folder, processes=None):
    """What a command prints that ends well: started as a shell does it, or by a process that has imported torch."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VERARETOUCH", "PYTHON"))}
    env = kept | {"PATH": os.pathsep.join((str(Path(sys.executable).parent), kept["PATH"]))}
    if processes is None:
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300)
    else:
        done = processes.run(command, cwd=folder, env=env, timeout=300)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("text", COMMANDS)
def test_the_commands_run(text, folder, prepared_processes):
    if text == COMMANDS[0].values[0]:  # the first screen's, as a shell starts them
        run(["bash", "-euo", "pipefail", "-c", text], folder)
    else:
        for line in text.splitlines():
            words, _, written_to = line.partition(" #")[0].partition(">")
            name, *arguments = shlex.split(words)
            told = run([shutil.which(name, path=Path(sys.executable).parent), *arguments], folder, prepared_processes)
            if written_to:
                (folder / written_to.strip()).write_text(told, encoding="utf-8")
    written = {str(path.relative_to(folder)) for path in folder.rglob("*.jpg")}
    if "retouched/photo.jpg" in text:
        assert {"retouched/photo.jpg", "retouched/photo-pink.jpg", "brighter.jpg"} <= written
    if "photos/" in text:
        assert "photos/retouched/lake.jpg" in written


@pytest.mark.parametrize("text", PYTHON)
def test_the_examples_in_python_run(text, folder, prepared_processes):
    if text == PYTHON[0].values[0]:
        run([sys.executable, "-W", "error", "-c", text], folder)
    else:
        run(["-c", f"import warnings\nwarnings.simplefilter('error')\n{text}"], folder, prepared_processes)


def test_what_is_installed_by_the_readme_exists():
    """Installing takes minutes and the network; here, that its files and extras are those of the project."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    installs = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines() if "pip install" in line]
    assert installs
    for line in installs:
        for word in shlex.split(line, comments=True)[2:]:
            if word.startswith("."):
                assert set(re.findall(r"\w+", word)) <= set(project["optional-dependencies"])
            elif not word.startswith("-"):
                assert (ROOT / word).is_file()


def test_what_the_commands_of_the_readme_write_is_looked_at():
    commands = "".join(text for kind, text in BLOCKS if kind == "sh")
    assert "retouched/photo.jpg" in commands
    assert "photos/ " in commands


FIRST_SCREEN = 40  # lines


def test_the_first_screen_sells_installs_and_shows():
    """A sentence, a picture whose caption names its planner, pip, three commands, three lines of Python, `make`."""
    head, _, rest = README.partition("## Who it is for")
    lines = head.splitlines()
    assert len(lines) <= FIRST_SCREEN
    assert rest
    assert lines[0] == "# veraretouch"
    assert lines[2].endswith(".")
    picture = next(i for i, line in enumerate(lines) if line.startswith("!["))
    assert picture < 6
    planner = re.search(r"`(\w+)`", lines[picture + 2])[1]
    assert planner == pictures.PLANNER
    assert planner in vr.registry.planners.ids()
    kinds = [kind for kind, _ in BLOCK.findall(head)]
    assert kinds == ["sh", "sh", "python"]
    pip, commands, python = (text.strip().splitlines() for _, text in BLOCK.findall(head))
    assert [line.split()[:2] for line in pip] == [["pip", "install"]]
    assert [line.split()[0] for line in commands] == ["veraretouch"] * 3
    assert len([line for line in python if line]) == 3


def test_the_first_screen_names_two_commands_that_make_knows():
    lines = [line for line in README.partition("## Who it is for")[0].splitlines() if line.startswith("    make")]
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


@pytest.mark.parametrize("picture", ["before-after.jpg", "contact-sheet.jpg"])
def test_the_picture_is_light_enough_for_a_page(picture):
    assert (ROOT / "docs" / "images" / picture).stat().st_size < 300_000


def test_the_picture_is_what_the_planner_makes_of_the_prompts(monkeypatch, tmp_path):
    """Drawn anew; builds of torch and JPEG round differently."""
    monkeypatch.setattr(pictures, "IMAGES", tmp_path)
    monkeypatch.setattr(pictures, "PROMPTS", {name: pictures.PROMPTS[name] for name in pictures.STRIP})
    pictures.main()
    drawn, committed = (
        numpy.asarray(Image.open(folder / "before-after.jpg"), numpy.float32)
        for folder in (tmp_path, ROOT / "docs" / "images")
    )
    assert drawn.shape == committed.shape
    assert numpy.abs(drawn - committed).mean() < 1, "look at it, then: .venv/bin/python docs/pictures.py"
