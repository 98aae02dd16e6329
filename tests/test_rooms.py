"""What holds for the repository as a whole: short files, a word on each, nothing that points outside."""

import ast
from collections import Counter, defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ("core", "ops", "planners", "zoo", "schemas")
ROOMS = (*PACKAGE, "contrib", "docs", "tests")
LONGEST = 400  # lines
MOST = 15  # modules a folder
ONE_FILE_A_FAMILY = {"ops", "tests/ops"}
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


def python_files(*rooms):
    return [path for room in rooms for path in sorted((ROOT / room).rglob("*.py")) if not IGNORED & set(path.parts)]


def test_a_folder_is_taken_in_at_a_glance():
    counts = Counter(path.parent for path in python_files(*ROOMS) if path.name != "__init__.py")
    full = {str(folder.relative_to(ROOT)): count for folder, count in counts.items() if count > MOST}
    assert set(full) <= ONE_FILE_A_FAMILY, full


def test_a_folder_of_the_package_states_its_purpose():
    folders = {path.parent for path in python_files(*PACKAGE)}
    silent = [
        str(folder.relative_to(ROOT))
        for folder in sorted(folders)
        if not ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
    ]
    assert silent == []


def test_a_public_class_name_stands_for_one_thing():
    homes = defaultdict(list)
    for path in python_files(*PACKAGE):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(str(path.relative_to(ROOT)))
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}


def imports():
    """Module -> the modules of the package that it imports, also inside functions and for type checkers."""
    modules = {}
    for path in python_files(*PACKAGE):
        parts = path.relative_to(ROOT).with_suffix("").parts
        package = parts[:-1]
        modules[package if parts[-1] == "__init__" else parts] = (path, package)
    found = {}
    for module, (path, package) in modules.items():
        named = found[module] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = (*package[: len(package) - node.level + 1], *(node.module or "").split("."))
                base = tuple(part for part in base if part)
                named |= {(*base, alias.name) if (*base, alias.name) in modules else base for alias in node.names}
        # A folder's face names what lies in it, and what lies in it may ask the face for its names.
        named -= {other for other in named if module[: len(other)] == other or other not in modules}
    return found


def test_no_module_imports_itself_by_way_of_others():
    graph = imports()
    assert ("core", "errors") in graph["core", "plan", "plan"]  # the proof that imports are seen
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(".".join(module) for module in error.args[1]))


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
