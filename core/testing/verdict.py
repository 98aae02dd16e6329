"""What a conformance check finds: failures that read like advice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..errors import VeraRetouchError

_Given = TypeVar("_Given")


@dataclass(frozen=True)
class Failure:
    """One promise that was not kept: the check's name, and what was expected, what came and the smallest input that shows it."""

    check: str
    message: str


class ConformanceError(VeraRetouchError):
    """A plugin does not keep its contract. `failures` holds one entry a finding, `checks` the names of the failed checks."""

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


def advice(expected: str, came: str, at: str, cure: str) -> str:
    """A failure's message: what was expected, what came, the smallest input that shows it, and what usually helps."""
    return f"expected {expected}; came {came}, at {at}. {cure}"


def findings(check: Callable[[_Given], Iterator[str]], given: _Given, kind: str) -> list[str]:
    """What a check says of a plugin; a plugin may fail with anything at all, and the other checks go on."""
    try:
        return list(check(given))
    except Exception as error:
        line = (str(error).strip().splitlines() or [""])[0]
        return [f"expected the {kind} to run; came {type(error).__name__}: {line}"]
