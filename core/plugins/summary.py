"""The one-line summary of a plugin, read from its source: nothing is imported, no parent package runs."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import resolve_name
from pathlib import Path

_LONGEST_CHAIN = 5


def summary(target: str) -> str:
    """The first docstring paragraph of what an entry point names ("module:attribute"); empty where it is not told.

    >>> summary("veraretouch.core.contract.slot_kinds:Bands")
    'A vector of `n` values, one a band (of hue, of tone).'
    """
    module, _, attribute = target.partition("[")[0].strip().partition(":")
    try:
        return first_paragraph(_docstring(module.strip(), attribute.strip(), _LONGEST_CHAIN))
    except (OSError, SyntaxError, ValueError, ImportError, RecursionError):
        return ""


def first_paragraph(docstring: str | None) -> str:
    """What stands before a docstring's first blank line, as one line.

    >>> first_paragraph("Develop pictures\\n    anew.\\n\\n    More.")
    'Develop pictures anew.'
    """
    return " ".join(re.split(r"\n\s*\n", (docstring or "").strip(), maxsplit=1)[0].split())


def _docstring(module: str, attribute: str, links: int) -> str | None:
    """The docstring of a class or function, followed through `from ... import`, or the help of a Typer app; of the
    module for other objects.
    """
    spec = find_module(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    tree = ast.parse(Path(spec.origin).read_bytes())
    if not attribute:
        return ast.get_docstring(tree)
    body: Sequence[ast.stmt] = tree.body
    *owners, name = attribute.split(".")
    for owner in owners:
        body = next((node.body for node in body if isinstance(node, ast.ClassDef) and node.name == owner), [])
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            return ast.get_docstring(node)
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in node.targets):
            return _help(node.value) or ast.get_docstring(tree)
        if isinstance(node, ast.ImportFrom) and links:
            original = next((alias.name for alias in node.names if (alias.asname or alias.name) == name), None)
            if original is not None:
                package = module if spec.submodule_search_locations is not None else module.rpartition(".")[0]
                origin = resolve_name("." * node.level + (node.module or ""), package)
                return _docstring(origin, original, links - 1)
    return ast.get_docstring(tree)


def _help(value: ast.expr) -> str | None:
    """The help of a Typer app: `app = typer.Typer(help="Train a planner.")`."""
    for word in value.keywords if isinstance(value, ast.Call) else []:
        if word.arg == "help" and isinstance(word.value, ast.Constant) and isinstance(word.value.value, str):
            return word.value.value
    return None


def find_module(module: str) -> ModuleSpec | None:
    """The spec of a module, part by part: `importlib.util.find_spec` would import its parents."""
    spec: ModuleSpec | None = None
    path: Sequence[str] | None = None
    name = ""
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        spec = next((found for finder in sys.meta_path if (found := _ask(finder, name, path)) is not None), None)
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or [])
    return spec


def _ask(finder: object, name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    find_spec = getattr(finder, "find_spec", None)
    found: ModuleSpec | None = find_spec(name, path) if find_spec is not None else None
    return found
