"""What holds for the repository as a whole: short files, documented public names, nothing that points outside."""

import inspect
from pathlib import Path

import pytest

import veraretouch

ROOT = Path(__file__).parents[1]
ROOMS = ("core", "ops", "planners", "zoo", "schemas", "contrib", "docs")
LONGEST = 400  # lines
IGNORED = {"build", "dist", "out", "site", "__pycache__"}

# The face. A name comes in with a changelog entry; none leaves without a deprecation.
PUBLIC = [
    "Bands",
    "Curve",
    "Edit",
    "Embedding",
    "Frame",
    "Latents",
    "Lattice",
    "Matrix",
    "Op",
    "Params",
    "Photo",
    "Plan",
    "Planner",
    "Proposal",
    "Renderer",
    "Report",
    "Request",
    "Result",
    "Retoucher",
    "SaveOptions",
    "Schema",
    "Slot",
    "Stage",
    "errors",
    "hookimpl",
    "registry",
    "retouch",
    "zoo",
]

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


def public_members():
    """Name -> object for each name of the face and each public method or property of its classes."""
    for name in sorted(veraretouch.__all__):
        thing = getattr(veraretouch, name)
        yield name, thing
        if inspect.isclass(thing):
            for member, value in vars(thing).items():
                if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                    yield f"{name}.{member}", value


def test_the_public_names_are_these():
    assert sorted(veraretouch.__all__) == sorted(PUBLIC)


def test_every_public_name_says_what_it_is():
    silent = [name for name, thing in public_members() if not (inspect.getdoc(thing) or "").strip()]
    assert silent == []


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
