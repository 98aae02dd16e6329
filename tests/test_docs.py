"""The committed reference is the one that `make docs` writes, its pictures are what the ops render,
its examples run, and the site builds.
"""

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import PathDistribution
from pathlib import Path

import numpy as np
import pytest
from generate import ops as op_pages
from generate import pages as written
from generate import schemas as schema_pages
from generate import sweeps
from PIL import Image, ImageChops
from typer.testing import CliRunner
from wrapping import wrapped

import veraretouch as vr
from veraretouch.core.cli.shell import app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
BLOCK = re.compile(r"(<!-- not run[^>]*-->\n)?^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

# Of 255, after JPEG: builds of torch round differently; an op that changes a hundredth moves a strip by more.
MEAN, WORST = 0.25, 24

pytestmark = pytest.mark.xdist_group("docs")


@pytest.fixture(scope="module")
def pages():
    return written()


def test_no_page_of_the_reference_is_missing_or_left_over(pages):
    there = {path.relative_to(REFERENCE).as_posix() for path in REFERENCE.rglob("*.md")}
    assert there == set(pages), "run: make docs"


def test_every_page_of_the_reference_is_up_to_date(pages):
    stale = [name for name, text in pages.items() if (REFERENCE / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run: make docs"


def test_everything_that_is_installed_by_us_has_its_page(pages):
    catalogues = vr.registry.catalogues()
    for folder in ("ops", "areas", "planners"):
        catalogue = catalogues[folder]
        own = [id for id, entry in catalogue.entries().items() if entry.distribution == "veraretouch"]
        assert own
        assert {f"{folder}/{id}.md" for id in own} <= set(pages)
    assert {f"schemas/{name}.schema.md" for name in schema_pages.documents()} <= set(pages)
    for id, entry in vr.registry.commands.entries().items():
        # A dotted id is a sub-command, and its section stands within its command's.
        heading = f"\n{'#' * (2 + id.count('.'))} veraretouch {id.replace('.', ' ')}\n"
        assert entry.distribution != "veraretouch" or heading in pages["commands.md"]


def test_no_line_of_the_reference_is_longer_than_it_need_be(pages):
    """Tables and blocks of code are as they are: help texts, documents and signatures are shown to the letter."""
    for name, text in pages.items():
        assert wrapped(text) == text, name


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)), dtype=np.float32)


def differs(name, picture):
    """Whether a committed strip is not what the ops render today."""
    file = REFERENCE / "images" / name
    if not file.is_file():
        return True
    before, now = decoded(file.read_bytes()), decoded(sweeps.jpeg(picture))
    return before.shape != now.shape or np.abs(before - now).mean() > MEAN or np.abs(before - now).max() > WORST


@pytest.fixture(scope="module")
def today():
    """Every strip of pictures, by its file, as the ops make it."""
    return dict(sweeps.images("veraretouch"))


def test_every_strip_of_pictures_shows_what_its_op_does_today(today):
    assert {path.name for path in (REFERENCE / "images").iterdir()} == set(today), "run: make docs"
    assert [name for name, picture in today.items() if differs(name, picture)] == [], "look at them, then: make docs"


def test_a_strip_is_stale_when_an_op_changes_by_a_hundredth(monkeypatch):
    saturation = vr.registry.ops.load("saturation")
    assert not differs("saturation.amount.jpg", sweeps.strip(saturation, "amount"))
    apply = saturation.apply
    monkeypatch.setattr(saturation, "apply", lambda self, light, p: apply(self, light, p) * 1.02)
    assert differs("saturation.amount.jpg", sweeps.strip(saturation, "amount"))


def test_every_bounded_slot_has_a_strip_and_its_columns_differ(today):
    alike = []
    for op in sweeps.installed("veraretouch"):
        for name, slot in op.slots.items():
            if slot.low is None:
                continue
            strip = np.asarray(today[f"{op.id}.{name}.jpg"], dtype=np.int16)
            first = sweeps.small(sweeps.rows(op, name)[0].photo).shape[3]
            step = first + sweeps.GAP
            height = sweeps.small(sweeps.rows(op, name)[0].photo).shape[2]
            columns = [strip[:height, i * step : i * step + first] for i in range(sweeps.COLUMNS)]
            if np.abs(columns[0] - columns[-1 if slot.period is None else 2]).max() < 8:
                alike.append(f"{op.id}.{name}")
    assert alike == []


def test_the_pictures_are_light_enough():
    assert sum(path.stat().st_size for path in (REFERENCE / "images").iterdir()) < 3_000_000


def examples(language):
    """The examples of the pages on ops and planners, but for those that say that they are not run."""
    return list(_examples(language))


def _examples(language):
    for path in sorted(path for folder in ("ops", "areas", "planners") for path in (REFERENCE / folder).glob("*.md")):
        for unrun, kind, text in BLOCK.findall(path.read_text(encoding="utf-8")):
            if kind == language and not unrun:
                yield pytest.param(text, id=path.stem)


# What shows the thing that an area covers; other examples are run on the lake.
SHOWN = {"foliage": "stream", "person": "portrait", "skin": "portrait", "ground": "desert", "water": "beach"}


@pytest.mark.parametrize("text", examples("sh"))
def test_the_commands_of_the_reference_run(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = next((photo for area, photo in SHOWN.items() if f"--in '{area}'" in text), "lake")
    picture = Image.open(DOCS / "samples" / f"{shown}.jpg")
    fine = any(op in text for op in ("sharpening.", "noise_reduction."))  # which thumbnails do not show
    if not fine:
        picture.thumbnail((120, 120) if shown == "lake" else (400, 400))
    if "noise_reduction." in text:
        noise = np.random.default_rng(0).normal(0, 20, (*picture.size[::-1], 3))
        picture = Image.fromarray((np.asarray(picture.convert("RGB")) + noise).clip(0, 255).astype(np.uint8))
    if "defringe." in text:  # red and blue that do not meet green draw fringes
        red, green, blue = picture.convert("RGB").split()
        picture = Image.merge("RGB", [ImageChops.offset(red, 2, 0), green, ImageChops.offset(blue, 2, 0)])
    picture.save("photo.jpg", quality=95)
    for line in text.splitlines():
        words = shlex.split(line)
        assert words[0] == "veraretouch"
        done = CliRunner().invoke(app, words[1:])
        assert done.exit_code == 0, f"{line}\n{done.output}"
        made = np.asarray(Image.open(words[words.index("--out") + 1]), dtype=np.int16)
        assert np.abs(made - np.asarray(Image.open("photo.jpg"), dtype=np.int16)).max() > 3, line


@pytest.mark.parametrize("text", examples("python"))
def test_the_python_of_the_reference_runs(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, sample in {"photo": "lake", "before": "portrait", "after": "sunset"}.items():
        picture = Image.open(ROOT / "docs" / "samples" / f"{sample}.jpg")
        picture.resize((96, 64)).save(f"{name}.jpg")
    exec(compile(text, "the reference", "exec"), {})


@pytest.mark.parametrize("text", examples("json"))
def test_the_plans_of_the_reference_load(text):
    assert vr.Plan.load(text).edits


def test_an_op_that_needs_no_example_of_its_own_gets_one_that_does_something():
    for op in sweeps.installed("veraretouch"):
        if op.id not in op_pages.EXAMPLES and op.id != "neural":
            assert "```sh" in op_pages.text(op)


def test_an_example_that_breaks_its_schema_stops_the_writing(tmp_path, monkeypatch):
    monkeypatch.setattr(schema_pages, "EXAMPLES", tmp_path)
    (tmp_path / "plan.json").write_text('{"schema": "veraretouch.plan/1", "mode": "guess", "edits": {}}')
    schema = json.loads((ROOT / "schemas" / "plan.schema.json").read_text())
    with pytest.raises(vr.errors.InvalidDocument, match="guess"):
        schema_pages.text("plan", schema)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as `make docs` builds it."""
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(out)]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_the_site_has_every_page(site, pages):
    for name in (*pages, *(f"guide/{path.name}" for path in (DOCS / "guide").glob("*.md"))):
        folder = f"reference/{name}" if name in pages else name
        assert (site / folder.removesuffix(".md") / "index.html").is_file(), name


def test_the_site_loads_nothing_from_elsewhere(site):
    loaded = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=["']?((?:https?:)?//[^"' >]+)""")
    for page in site.rglob("*.html"):
        found = [place for place in loaded.findall(page.read_text(encoding="utf-8")) if "rel=canonical" not in place]
        assert found == [], page.relative_to(site)


def test_no_link_of_the_site_leads_nowhere(site):
    target = re.compile(r"""<(?:a|img)\b[^>]*?(?:src|href)=["']?([^"' >]+)""")
    dead = set()
    for page in site.rglob("*.html"):
        if page.name == "404.html":
            continue  # its links count from the site's root
        for place in target.findall(page.read_text(encoding="utf-8")):
            path = place.partition("#")[0].partition("?")[0]
            if path and "://" not in path and not path.startswith("mailto:") and not (page.parent / path).exists():
                dead.add(f"{page.relative_to(site)}: {place}")
    assert dead == set()


def test_the_ops_of_another_distribution_get_their_pages_too(tmp_path, prepared_processes):
    source = ROOT / "contrib" / "film_look"
    place = tmp_path / "installed"
    place.mkdir()
    shutil.copy(source / "veraretouch_film_look.py", place)

    project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
    info = place / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = project["entry-points"]["veraretouch.ops"]
    lines = ["[veraretouch.ops]", *(f"{id} = {target}" for id, target in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))
    assert PathDistribution(info).entry_points
    out = tmp_path / "reference"
    command = [str(DOCS / "build.py"), "--distribution", project["name"], "--out", str(out)]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("VERARETOUCH", "PYTHON"))}
    done = prepared_processes.run(command, cwd=ROOT, env=env | {"PYTHONPATH": str(place)})
    assert done.returncode == 0, done.stderr
    for id in points:
        page = (out / "ops" / f"{id}.md").read_text(encoding="utf-8")
        for image in re.findall(r"\]\((\.\./images/[^)]+)\)", page):
            assert (out / "ops" / image).is_file()
        assert "](../images/" in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        file = target.partition("#")[0]
        if file and not file.startswith("https://"):
            assert (page.parent / file).exists(), f"{page.name}: {target}"


def test_every_sample_photo_states_its_source():
    samples = ROOT / "docs" / "samples"
    told = (samples / "README.md").read_text(encoding="utf-8")
    for photo in samples.glob("*.jpg"):
        assert f"| {photo.name} |" in told


def test_each_test_that_the_table_of_trust_names_is_there():
    rows = (DOCS / "benchmarks" / "trust.md").read_text().splitlines()
    cells = [row.split(" | ")[1] for row in rows if row.startswith("| ") and ".py" in row]
    named = 0
    for part in (part for cell in cells for part in cell.split(";")):
        file = re.search(r"[\w/]+\.py", part)
        tests = (ROOT / "tests" / file[0]).read_text()
        for name in re.findall(r"::(\w+)", part):
            assert f"def {name}(" in tests, f"{file[0]}::{name}"
            named += 1
    assert named > 100
