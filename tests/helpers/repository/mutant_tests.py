"""Which tests can tell a mutant: those that reach its line, as one run of all tests has told (`mutant_learning.py`)."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirror import ROOT, named_tests

if TYPE_CHECKING:
    from mutants import Mutant

IMPORT = ""
"""What `mutant_learning.py` calls imports and collecting, which no test runs itself."""


class RoomTests:
    """What was learned of a room's tests."""

    def __init__(self, learned: dict[str, Any], longest: float) -> None:
        self.took: dict[str, float] = {id: s for id, s in learned["took"].items() if s <= longest}
        self._starting = [id for id in learned["starting"] if id in self.took]
        self._reached: dict[str, dict[int, list[str]]] = {
            path: {int(line): contexts for line, contexts in lines.items()}
            for path, lines in learned["reached"].items()
        }

    def all(self) -> list[str]:
        """Every test that is not too long, file by file."""
        return list(self.took)

    def at_import(self, mutant: Mutant, source: str) -> bool:
        """Whether the mutant's line runs while modules are imported or tests collected."""
        return IMPORT in self._contexts(mutant.path, _statement(source, mutant.line))

    def of(self, mutant: Mutant, source: str, budget: float) -> list[str]:
        """Those that can tell a mutant, for so many seconds: those that reach its line, the module's own files first,
        and one case of each test before its other cases.

        Of a line that runs in an import, or in no test, those that reach anything in its module. Tests that start
        processes, and the others of the module's own files, follow: what is reached once and kept is seen by one test
        and used by others.
        """
        contexts = self._contexts(mutant.path, _statement(source, mutant.line))
        if not contexts or IMPORT in contexts:
            contexts = self._contexts(mutant.path, range(1, source.count("\n") + 2))
        own = {str(test.relative_to(ROOT)) for test in named_tests(Path(mutant.path))}
        reaching = {id for id in self.took if id in contexts or _file(id) in contexts}
        chosen = reaching | {id for id in self.took if _file(id) in own} | set(self._starting)
        files: dict[str, float] = {}
        cases: dict[str, int] = {}
        later = {}
        for id in sorted(chosen, key=lambda id: (self.took[id], id)):
            files[_file(id)] = files.get(_file(id), 0.0) + self.took[id]
            function = id.partition("[")[0]
            later[id] = cases.setdefault(function, 0) > 0
            cases[function] += 1

        def place(id: str) -> tuple[bool, bool, bool, float, str, float, str]:
            file = _file(id)
            return id not in reaching, file not in own, later[id], files[file], file, self.took[id], id

        found, left = [], budget
        for id in sorted(chosen, key=place):
            if self.took[id] <= left:
                found.append(id)
                left -= self.took[id]
        return found

    def _contexts(self, path: str, lines: Sequence[int]) -> set[str]:
        reached = self._reached.get(path, {})
        return {context for line in lines for context in reached.get(line, ())}


def _file(id: str) -> str:
    return id.partition("::")[0]


def _statement(source: str, line: int) -> range:
    """The lines of the innermost statement around a line; of one with a body, those before its body."""
    found = range(line, line + 1)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno):
            body = getattr(node, "body", None)
            end = body[0].lineno if body else (node.end_lineno or node.lineno) + 1
            if line < end:
                found = range(node.lineno, end)
    return found
