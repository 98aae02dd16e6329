"""Mutants of a room: small changes to its source, found by cosmic-ray's operators and drawn with a seed.

Places are drawn first, each with the same chance, then one change of those that fit there: a `+` fits a dozen, a number
four, and would otherwise be drawn three times as seldom. Nothing is changed in annotations and in what only type
checkers read. Two of cosmic-ray's changes are left out, as nobody can tell them from the original: `==` to `is`, and
its variable operators, which need arguments.
"""

from __future__ import annotations

import ast
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import parso
from cosmic_ray.ast import ast_nodes, get_ast, is_number
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names

LEFT_OUT = ("NoOp", "Variable", "Eq_Is", "NotEq_IsNot", "Is_Eq", "IsNot_NotEq")


class ScaleNumber(Operator):
    """Numbers half and twice as large: a constant that is a little wrong."""

    FACTORS = (0.5, 2)

    def mutation_positions(self, node):
        if is_number(node) and ast.literal_eval(node.value) != 0:
            for _ in self.FACTORS:
                yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        value = ast.literal_eval(node.value)
        scaled = value * self.FACTORS[index]
        if isinstance(value, int):
            scaled = int(scaled)
        return parso.python.tree.Number(f" {scaled!r}", node.start_pos)

    @classmethod
    def examples(cls):
        return ()


@dataclass(frozen=True)
class Mutant:
    """One change of one file: the file relative to the root, the changed line before and after,
    and the whole source.
    """

    path: str
    line: int
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        return f"{self.path}:{self.line} {self.before} -> {self.after}"


def draw(root: Path, room: str, count: int, seed: int) -> list[Mutant]:
    """At most `count` mutants of the modules in a folder (not of folders in it) or of one module;
    the same for the same source and seed.
    """
    where = root / room
    files = sorted(where.glob("*.py")) if where.is_dir() else [where]
    places: dict[tuple[str, Any], list[tuple[type[Operator], int]]] = {}
    sources = {str(file.relative_to(root)): file.read_text("utf-8") for file in files}
    for path, source in sources.items():
        for place, operator, occurrence in _changes(source):
            places.setdefault((path, place), []).append((operator, occurrence))
    random_ = random.Random(f"{seed} {room}")
    order = sorted(places)
    random_.shuffle(order)
    drawn: list[Mutant] = []
    for path, place in order:
        if len(drawn) == count:
            break
        operator, occurrence = random_.choice(places[path, place])
        mutant = _mutant(path, sources[path], operator, occurrence)
        if mutant is not None:
            drawn.append(mutant)
    return sorted(drawn, key=lambda mutant: (mutant.path, mutant.line, mutant.after))


def named(root: Path, listed: Path) -> list[Mutant]:
    """The mutants of a list: files, each with a part of it that stands there once, and what takes its place."""
    found = []
    for row in json.loads(listed.read_text("utf-8")):
        source = (root / row["path"]).read_text("utf-8")
        start, rest = source.split(row["before"])
        changed = f"{start}{row['after']}{rest}"
        found.append(Mutant(row["path"], start.count("\n") + 1, row["before"], row["after"], changed))
    return found


def _changes(source: str) -> Iterator[tuple[Any, type[Operator], int]]:
    tree, idle = get_ast(source), _idle(source)
    names = [name for name in operator_names() if not any(part in name for part in LEFT_OUT)]
    for operator in [*map(get_operator, names), ScaleNumber]:
        positions = (place for node in ast_nodes(tree) for place in operator().mutation_positions(node))
        for occurrence, place in enumerate(positions):
            start = place[0]
            if not any(first <= start < last for first, last in idle):
                yield place, operator, occurrence


def _idle(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where a change does nothing at run time: annotations, and blocks for type checkers."""
    found: list[ast.AST] = []
    for node in ast.walk(ast.parse(source)):
        found += [part for field in ("annotation", "returns") if (part := getattr(node, field, None)) is not None]
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            found.append(node)
    return [((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)) for node in found]  # type: ignore[attr-defined]


def _mutant(path: str, source: str, operator: type[Operator], occurrence: int) -> Mutant | None:
    try:
        changed = mutate_code(source, operator(), occurrence)
    except AttributeError:  # cosmic-ray 8.7: of `except package.Error`
        return None
    if changed is None or changed == source:
        return None
    try:
        ast.parse(changed)
    except SyntaxError:
        return None
    old, new = source.splitlines(), changed.splitlines()
    line = next((n for n, (one, two) in enumerate(zip(old, new, strict=False)) if one != two), None)
    if line is None:
        return None
    return Mutant(path, line + 1, old[line].strip(), new[line].strip(), changed)
