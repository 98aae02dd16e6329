"""Plans that a command is given: a file, or - for stdin."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..plan.plan import Plan

STDIN = Path("-")


def load_plan(path: Path) -> Plan:
    """A plan from a file, or from stdin for "-".

    Raises:
        InvalidPlan
    """
    from ..plan.plan import Plan
    from ..strict_json import LARGEST

    return Plan.load(sys.stdin.buffer.read(LARGEST + 1) if path == STDIN else path)
