"""How often a reader of `veraretouch auto PHOTO`, or of `zoo.load(NAME)`, is sent back to a folder, by a trace.

    python tests/benchmarks/reading/call_path.py auto photo.jpg --planner tiny --out retouched.jpg
    python tests/benchmarks/reading/call_path.py load tiny

**What is counted.** The modules in the order in which the run first calls one of their functions, each module once, as
one who reads along opens them. Folders are the rooms: `ops`, `core`, `core/photo` (with the folders in it),
`planners/tiny`, `zoo/bundles`. A call *returns to a folder* if it leads from a module of another folder into a module
that has not been opened yet, and the folder of that module has been opened and left before. A call inside one folder
is no return: its reader has the folder open, since a call that has ended leads back to its caller. The second figure
counts these too: every entry into a folder that the list of modules has left.

**What is not counted.** Modules outside the package and its tests; `core/errors.py`, `core/color` and `core/contract`,
which everything uses; what runs while a module is imported; bodies of classes.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

PACKAGE = "veraretouch"
EVERYWHERE = ("core/errors", "core/color", "core/contract")


@dataclass(frozen=True)
class Opened:
    """A module when it is first called: `core/photo/load`, the function, and the module of the package that called."""

    module: str
    function: str
    caller: str

    @property
    def folder(self) -> str:
        """The room that the module lies in."""
        return folder_of(self.module)


@dataclass
class CallPath:
    """The modules that a run called, in order, each once."""

    opened: list[Opened] = field(default_factory=list)

    def returns(self) -> list[Opened]:
        """Those that send a reader from another folder into one that had been left."""
        return [each for each in self.entries() if folder_of(each.caller) != each.folder]

    def entries(self) -> list[Opened]:
        """Those at which the list comes back into a folder that it had left, whoever calls."""
        found, known, current = [], set[str](), ""
        for each in self.opened:
            if each.folder != current and each.folder in known:
                found.append(each)
            known.add(each.folder)
            current = each.folder
        return found

    def __str__(self) -> str:
        returns, entries = self.returns(), self.entries()
        lines, current = [], ""
        for each in self.opened:
            if each.folder != current:
                current = each.folder
                kind = ("  <- returned to" if each in returns else "  <- still open") if each in entries else ""
                lines.append(f"{current}{kind}")
            lines.append(f"    {each.module:36} {each.function:34} from {each.caller}")
        lines.append(f"{len(self.opened)} modules, {len(returns)} returns, {len(entries)} entries into folders left")
        return "\n".join(lines)


@contextmanager
def traced() -> Iterator[CallPath]:
    """The path of the calls made in the block, threads that it starts included."""
    path, known, before = CallPath(), set[str](), sys.getprofile()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event != "call" or not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            return
        module = _module_of(frame)
        if not module or module in known or _is_everywhere(module):
            return
        callers = list(_callers(frame))
        if any(caller.f_code.co_name == "<module>" and _module_of(caller) for caller in callers):
            return
        known.add(module)
        path.opened.append(Opened(module, frame.f_code.co_qualname, next(filter(None, map(_counted, callers)), "")))

    sys.setprofile(note)
    threading.setprofile(note)
    try:
        yield path
    finally:
        sys.setprofile(before)
        threading.setprofile(None)


def folder_of(module: str) -> str:
    """The room of a module: `core/photo` of `core/photo/formats/jpeg`, `core` of `core/strict_json`."""
    return "/".join(module.split("/")[:-1][:2])


def _module_of(frame: FrameType) -> str:
    """The module that a frame's function is of, its path below the package; empty for others.

    By its globals: the methods that `dataclass` writes have no file.
    """
    name, _, rest = str(frame.f_globals.get("__name__", "")).partition(".")
    if name != PACKAGE:
        return ""
    package = frame.f_globals.get("__package__") == frame.f_globals.get("__name__")
    return rest.replace(".", "/") + ("/__init__" if package and rest else "")


def _is_everywhere(module: str) -> bool:
    return any(module == each or module.startswith(f"{each}/") for each in EVERYWHERE)


def _counted(frame: FrameType) -> str:
    module = _module_of(frame)
    return "" if _is_everywhere(module) else module


def _callers(frame: FrameType) -> Iterator[FrameType]:
    caller = frame.f_back
    while caller is not None:
        yield caller
        caller = caller.f_back


def path_of(call: Callable[[], Any]) -> CallPath:
    """The path of one call."""
    with traced() as path:
        call()
    return path


def main(arguments: list[str]) -> None:
    """Trace `load NAME`, or else a command line of `veraretouch`, and print its path."""
    if arguments[:1] == ["load"]:
        from veraretouch import zoo

        path = path_of(lambda: zoo.load(arguments[1]))
    else:
        from veraretouch.core.cli.shell import app

        path = path_of(lambda: app(arguments, standalone_mode=False))
    print(path)


if __name__ == "__main__":
    main(sys.argv[1:])
