"""How source and documents are written: lines end at 120 characters, and one spelling holds."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from wrapping import WIDTH, wrapped

ROOT = Path(__file__).parents[1]
IGNORED = {".git", ".venv", "build", "dist", "out", "site", "node_modules"}
# Written by machines: the reference by docs/build.py (tests/test_docs.py looks at its lines), the cards of bundles by
# `zoo.pack` (their hash stands in bundle.json).
GENERATED = re.compile(r"^docs/reference/|/bundle/README\.md$")
# Standards that write "license": files of that name, pyproject.toml, metadata of packages and of Core ML models, cards
# of the Hub.
STANDARD = re.compile(
    r"LICENSE|`license`|\"license(_expression|_name)?\"|\.license\b|author, license, short_description"
    r"|^license(-files|_name)?( =|:)"
)
WRITTEN = {".py", ".md", ".toml", ".yml", ".jinja", ".swift", ".json"}


def documents():
    tops = [path for path in ROOT.iterdir() if path.name not in IGNORED]
    for path in sorted(path for top in tops for path in ([top] if top.is_file() else top.rglob("*.md"))):
        place = path.relative_to(ROOT)
        if path.suffix == ".md" and not IGNORED & set(place.parts) and not GENERATED.search(place.as_posix()):
            yield path


def too_long(text):
    """Number and line of all that are longer than they need be.

    A row of a table may be longer, since Markdown has no way to wrap it,
    and so may a line that is one link or one word.
    """
    for number, line in enumerate(text.split("\n"), 1):
        alone = re.sub(r"!?\[[^\]]*\]\([^)]*\)", "link", line.strip())
        if len(line) > WIDTH and not line.lstrip().startswith("|") and " " in alone.removeprefix("- "):
            yield number, line


@pytest.mark.parametrize("path", list(documents()), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_lines_of_documents_end_at_120_characters(path):
    found = list(too_long(path.read_text(encoding="utf-8")))
    assert found == [], f"python docs/wrapping.py {path.relative_to(ROOT)}"


def test_tables_and_lone_links_may_be_longer_and_nothing_else():
    words = "word " * 30
    assert [number for number, _ in too_long(f"| {words} |\n- [a]({'x' * 130})\n{words}\n    {words}")] == [3, 4]


def test_wrapping_keeps_links_lists_code_and_tables():
    words = "word " * 30
    code = f"```\n{words}\n```"
    assert wrapped(code) == code
    assert wrapped(f"| {words} |") == f"| {words} |"
    first, second = wrapped(f"- {words.strip()}").split("\n")
    assert (first[:6], second[:6]) == ("- word", "  word")
    link = f"[several words]({'x' * 60})"
    assert link in wrapped(f"{words[:70]}{link} and more words").split("\n")[1]
    assert wrapped(wrapped(words * 9)) == wrapped(words * 9)


@pytest.mark.parametrize("rule", ["E501", "W505"])
def test_lines_of_python_end_at_120_characters(rule):
    command = [sys.executable, "-m", "ruff", "check", "--select", rule, "--output-format", "concise", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]


def test_the_project_asks_ruff_for_both():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"line-length = {WIDTH}" in text
    assert f"max-doc-length = {WIDTH}" in text
    assert not re.search(r'^ignore = .*"(E501|W505)"', text, re.MULTILINE)


@pytest.mark.parametrize("room", ["core", "ops", "planners", "zoo", "contrib", "docs", "pyproject.toml", "README.md"])
def test_the_word_is_licence_where_no_standard_writes_license(room):
    found = []
    for path in [ROOT / room, *sorted((ROOT / room).rglob("*"))]:
        place = path.relative_to(ROOT)
        if path.suffix not in WRITTEN or IGNORED & set(place.parts) or place.is_relative_to("docs/reference"):
            continue
        for line in [] if "LICENSE" in path.name else path.read_text(encoding="utf-8").splitlines():
            if re.search(r"license(?!d)", STANDARD.sub("", line), re.IGNORECASE):
                found.append((place.as_posix(), line.strip()[:100]))
    assert found == []
