"""Files that hold an edit, of this program and of others: plans, presets, look-up tables, colour decision lists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.errors import InvalidRequest
from ..core.lut.cdl_files import read_decision
from ..core.lut.files import read_table
from ..core.plan.addresses import Values, edits_of, set_address
from ..core.plan.plan import Plan
from ..ops.presets import read_preset
from .fit.explain import LUTS


def read_edit_file(path: Path) -> tuple[Plan, list[str]]:
    """The edit that a file holds.

    Args:
        path: a plan (.json), a preset (.xmp, .lrtemplate), a look-up table (.cube and others) or a colour decision
            list (.cc, .ccc, .cdl); the suffix says which.

    Returns:
        The plan, and which settings of a preset change pictures in Lightroom and not here.

    Raises:
        InvalidRequest: another suffix. InvalidPlan, InvalidDocument: what is no such file.
    """
    suffix = path.suffix.lower()
    if suffix == ".json":
        return Plan.load(path), []
    if suffix in (".xmp", ".lrtemplate"):
        preset = read_preset(path)
        return preset.plan(), [str(item) for item in preset.unrendered]
    if suffix in (".cc", ".ccc", ".cdl"):
        return _exactly(read_decision(path).params), []
    if suffix in LUTS:
        return _exactly(read_table(path).params), []
    raise InvalidRequest(
        f"a file {suffix or 'without a suffix'} holds no values that are known",
        cure="Give a plan (.json), a preset (.xmp), a look-up table (.cube) or a colour decision list (.cc).",
    )


def _exactly(params: Mapping[str, Any]) -> Plan:
    """The plan of values by address."""
    values: Values = {}
    for address, value in params.items():
        set_address(values, address, value)
    return Plan("param", edits_of(values))
