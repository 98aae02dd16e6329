"""`check_area`: one function that says whether an area keeps the contract of `Area`, and what to do where it does
not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import torch

from ..contract.area import Area
from ..plugins.registry import registry
from ..threads import one_thread
from .area_checks.specimen import AreaSpecimen
from .checks import OF_AREAS, functions
from .verdict import CheckOutcome, chosen, demand, judge

AREA_CHECKS: Final = functions(OF_AREAS)


def check_area(area: type[Area] | Area | str, *, only: Collection[str] | None = None) -> None:
    """Check an area, given as its class, an instance or the id of an installed one.

    Every check runs, whatever the others found: `AREA_CHECKS` holds them by name,
    and `veraretouch check --kind area --list` says what each looks at.

    Args:
        only: the names of the checks to run; all by default.

    Raises:
        ConformanceError: one failure a broken promise: what was expected, what came, the smallest input that shows it.
        UnknownPlugin: no area of this id is installed.
        UnknownCheck: no check has a name in `only`.

    >>> check_area("ellipse", only=["range", "place"])
    """
    specimen = _specimen(area)
    demand(f"area {specimen.area.id!r}", _outcomes(specimen, only))


def area_outcomes(area: type[Area] | Area | str, *, only: Collection[str] | None = None) -> Iterator[CheckOutcome]:
    """The same, check by check, each as soon as it is done; nothing is raised for a broken promise."""
    return _outcomes(_specimen(area), only)


def _specimen(area: type[Area] | Area | str) -> AreaSpecimen:
    given = registry.areas.load(area) if isinstance(area, str) else area
    return AreaSpecimen(given() if isinstance(given, type) else given)


def _outcomes(specimen: AreaSpecimen, only: Collection[str] | None) -> Iterator[CheckOutcome]:
    for name in chosen(AREA_CHECKS, only):
        # Threads gain nothing on a few hundred pixels, and wait for each other where others use the machine.
        with torch.random.fork_rng(devices=[]), one_thread():
            outcome = judge(name, AREA_CHECKS[name], specimen, "area")
        yield outcome
