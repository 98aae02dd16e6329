"""Gives functions that are imported already the code of a changed source: a mutant needs no new import."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FunctionType

Key = tuple[str, int]
"""A function's qualified name and its first line."""


class Functions:
    """The functions of some files that this process has imported."""

    def __init__(self, files: list[Path]) -> None:
        gc.unfreeze()  # what is frozen is not listed
        self._found: dict[str, dict[Key, list[FunctionType]]] = {str(file): {} for file in files}
        for held in gc.get_objects():
            if type(held) is FunctionType and (known := self._found.get(held.__code__.co_filename)) is not None:
                known.setdefault(_key(held.__code__), []).append(held)
        gc.freeze()

    def exchange(self, file: Path, before: str, after: str) -> bool:
        """Give the file's functions their changed code; False where only an import can tell what the change does."""
        found = self._found[str(file)]
        if not found:  # the file is not imported yet, and will be read as it then is
            return True
        old, new = (compile(source, str(file), "exec", dont_inherit=True) for source in (before, after))
        changed = changed_functions(old, new)
        if changed is None or any(_key(code) not in found for code in changed):
            return False
        # Functions inside others may exist too: what a decorator returned.
        every = [code for outer in changed for code in _within(outer) if _key(code) in found]
        if len({_key(code) for code in every}) < len(every):
            return False
        for code in every:
            for function in found[_key(code)]:
                function.__code__ = code
        return True


def changed_functions(old: CodeType, new: CodeType) -> list[CodeType] | None:
    """The new code of the outermost functions that differ; None where something else does, such as a default."""
    if old == new:
        return []
    if old.co_flags & CO_OPTIMIZED:  # of a function, not of a module or a class
        return [new]
    if old.co_code != new.co_code or old.co_names != new.co_names or len(old.co_consts) != len(new.co_consts):
        return None
    found = []
    for one, two in zip(old.co_consts, new.co_consts, strict=True):
        if isinstance(one, CodeType) and isinstance(two, CodeType):
            inner = changed_functions(one, two)
            if inner is None:
                return None
            found += inner
        elif repr(one) != repr(two):
            return None
    return found


def _within(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _within(constant)


def _key(code: CodeType) -> Key:
    return code.co_qualname, code.co_firstlineno
