"""What a conformance check finds: failures that read like advice."""

from __future__ import annotations

import inspect
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..errors import VeraRetouchError, nearest

_Given = TypeVar("_Given")


@dataclass(frozen=True)
class Failure:
    """One promise that was not kept: the check's name, and what was expected,
    what came and the smallest input that shows it.
    """

    check: str
    message: str


class ConformanceError(VeraRetouchError):
    """A plugin does not keep its contract. `failures` holds one entry a finding,
    `checks` the names of the failed checks.
    """

    def __init__(self, plugin: str, failures: Sequence[Failure]) -> None:
        self.plugin = plugin
        self.failures = tuple(failures)
        lines = [f"{plugin} fails {len(self.checks)} of the conformance checks:"]
        lines += [f"  {failure.check}: {failure.message}" for failure in self.failures]
        super().__init__("\n".join(lines))

    @property
    def checks(self) -> tuple[str, ...]:
        """The names of the failed checks, each once."""
        return tuple(dict.fromkeys(failure.check for failure in self.failures))


class UnknownCheck(VeraRetouchError):
    """No conformance check has this name."""


@dataclass(frozen=True)
class CheckOutcome:
    """One check that was run: what it said, nothing where all is well, and how long it took."""

    check: str
    said: tuple[str, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether the promise is kept."""
        return not self.said


def advice(expected: str, came: str, at: str, cure: str) -> str:
    """A failure's message: what was expected, what came, the smallest input that shows it, and what usually helps."""
    return f"expected {expected}; came {came.removesuffix('.')}, at {at}. {cure}"


def raised(error: Exception) -> str:
    """An exception on one line."""
    said = f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}"
    return said.removesuffix(": ")


_INPUT = "shown by: "


@contextmanager
def shown_by(where: str | Callable[[], str]) -> Iterator[None]:
    """Note the input with an exception that leaves the block, for `findings`; the innermost block's is kept.

    Args:
        where: the input in words, or what makes the words; it is called only where something was raised.
    """
    try:
        yield
    except Exception as error:
        if shown(error) is None:
            error.add_note(_INPUT + (where if isinstance(where, str) else where()))
        raise


def shown(error: Exception) -> str | None:
    """The input that `shown_by` noted with an exception."""
    notes = getattr(error, "__notes__", [])
    return next((note.removeprefix(_INPUT) for note in notes if note.startswith(_INPUT)), None)


def findings(check: Callable[[_Given], Iterator[str]], given: _Given, kind: str) -> list[str]:
    """What a check says of a plugin; a plugin may fail with anything at all, and the other checks go on."""
    try:
        return list(check(given))
    except Exception as error:
        plugin = vars(given).get(kind, given)  # what it does not hold yet, a bundle for one, is not asked for
        where = shown(error) or getattr(given, "latest", "") or f"the {kind} as it is"
        return [advice(f"the {kind} to run", raised(error), where, f"Look at {line_of(error, plugin)}.")]


def line_of(error: Exception, plugin: object) -> str:
    """Where in a plugin's own source an exception came from, or where it was raised at all: `line 12 of acme.py`."""
    own = None
    with suppress(TypeError, OSError):
        own = inspect.getsourcefile(type(plugin))
    frames = traceback.extract_tb(error.__traceback__)
    frame = next((frame for frame in reversed(frames) if frame.filename == own), frames[-1])
    return f"line {frame.lineno} of {Path(frame.filename).name}"


def judge(name: str, check: Callable[[_Given], Iterator[str]], given: _Given, kind: str) -> CheckOutcome:
    """Run one check and take its time."""
    start = time.perf_counter()
    said = findings(check, given, kind)
    return CheckOutcome(name, tuple(said), time.perf_counter() - start)


def chosen(checks: Mapping[str, Any], only: Collection[str] | None) -> list[str]:
    """The names of all checks, or of the chosen ones, in their order.

    Raises:
        UnknownCheck
    """
    for name in only or ():
        if name not in checks:
            raise UnknownCheck(
                f"no check {name!r}", cure=f"{nearest(name, checks)} There are {', '.join(checks)}.".lstrip()
            )
    return [name for name in checks if only is None or name in only]


def demand(plugin: str, outcomes: Iterator[CheckOutcome]) -> None:
    """Raise `ConformanceError` for everything that was said."""
    failures = [Failure(outcome.check, said) for outcome in outcomes for said in outcome.said]
    if failures:
        raise ConformanceError(plugin, failures)
