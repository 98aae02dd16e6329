"""The committed reference is the one that `make docs` writes; no link of the documents leads nowhere."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.fixture(scope="module")
def pages():
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    return build.pages()


@pytest.mark.parametrize("name", ["ops.md", "schemas.md"])
def test_the_reference_is_up_to_date(pages, name):
    written = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert written == pages[name], f"docs/reference/{name} is stale; run: make docs"


def test_every_built_in_op_has_its_section(pages):
    from veraretouch import registry

    for entry in registry.ops.entries().values():
        if entry.distribution == "veraretouch":
            assert f"\n## {entry.id}\n" in pages["ops.md"]


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
