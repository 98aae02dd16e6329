"""What holds for the repository as a whole: short files, a word on each, nothing that points outside."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("core", "ops", "planners", "zoo", "schemas", "contrib", "docs")
LONGEST = 400  # lines
IGNORED = {"build", "dist", "out", "site", "__pycache__"}

# Parts of words, so that this file does not hold them.
OUTSIDE = ("/".join(("..", "shared")), "/" + "work" + "/")
RESERVED = "lomi" + "ri"


def files():
    """Every file that belongs to the repository."""
    for top in sorted(ROOT.iterdir()):
        if top.name.startswith(".") and top.name not in (".ci", ".gitignore"):
            continue
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and not IGNORED & set(path.relative_to(ROOT).parts):
                yield path


@pytest.mark.parametrize("room", ROOMS)
def test_files_read_from_top_to_bottom_in_one_sitting(room):
    lengths = {path: len(path.read_text().splitlines()) for path in (ROOT / room).rglob("*.py")}
    long = {str(path.relative_to(ROOT)): lines for path, lines in lengths.items() if lines > LONGEST}
    assert long == {}


def test_every_module_says_what_it_is_for():
    for room in ("core", "ops", "planners", "zoo"):
        for path in (ROOT / room).rglob("*.py"):
            text = path.read_text().strip()
            assert not text or text.startswith('"""'), path.relative_to(ROOT)


def test_nothing_points_outside_the_repository():
    for path in files():
        data = path.read_bytes()
        for place in OUTSIDE:
            assert place.encode() not in data, f"{path.relative_to(ROOT)} names {place}"


def test_no_photo_of_a_reserved_set_is_here():
    assert [path for path in files() if RESERVED in path.name.lower()] == []
    tables = [path for path in files() if path.suffix in {".csv", ".json", ".md", ".toml"}]
    assert [path for path in tables if RESERVED in path.read_text(encoding="utf-8", errors="replace").lower()] == []
