"""Which modules have a test file of their own name: `python tests/helpers/repository/mirror.py` prints those that have
none.

The tests of `core/lut/cube.py` are `tests/core/lut/test_cube.py`,
and `test_cube_*.py` beside it where one file would be too long.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROOMS = ("core", "ops", "planners", "zoo")


def modules() -> list[Path]:
    """Modules of the package, relative to the root, without `__init__.py`."""
    found = (path for room in ROOMS for path in (ROOT / room).rglob("*.py") if path.name != "__init__.py")
    return sorted(path.relative_to(ROOT) for path in found if "__pycache__" not in path.parts)


def named_tests(module: Path) -> list[Path]:
    """The test files that bear a module's name, in the folder that mirrors its own."""
    folder, name = ROOT / "tests" / module.parent, module.stem.lstrip("_")
    return sorted([*folder.glob(f"test_{name}.py"), *folder.glob(f"test_{name}_*.py")])


def logic(module: Path) -> int:
    """How many branches, loops and calculations a module holds: the statements that a test can prove wrong."""
    kinds = (ast.If, ast.For, ast.While, ast.IfExp, ast.BinOp, ast.Compare, ast.comprehension, ast.Raise, ast.BoolOp)
    return sum(isinstance(node, kinds) for node in ast.walk(ast.parse((ROOT / module).read_text("utf-8"))))


def unmirrored() -> list[Path]:
    """Modules without a test file of their name."""
    return [module for module in modules() if not named_tests(module)]


if __name__ == "__main__":
    missing = unmirrored()
    for module in missing:
        print(f"{logic(module):4}  {module}")
    print(f"{len(missing)} of {len(modules())} modules have no test file of their name")
