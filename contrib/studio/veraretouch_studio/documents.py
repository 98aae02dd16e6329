"""Files of other programs: presets, look-up tables and plans that are dropped on the page, or taken from it."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any, Final

from veraretouch.core.errors import InvalidRequest, VeraRetouchError
from veraretouch.core.lut import Cube
from veraretouch.core.lut.files import write_cube
from veraretouch.core.plan.plan import Plan
from veraretouch.ops.presets import write_preset
from veraretouch.planners.edit_files import read_edit_file

from .views import renderer

CUBE_POINTS: Final = 33


def read_values(name: str, data: bytes) -> dict[str, Any]:
    """The plan that a dropped file holds: a preset, a look-up table, a colour decision list or a plan.

    Returns:
        `plan`, its document, and `said`, what has to be said about it.

    Raises:
        VeraRetouchError: what is no such file.
    """
    suffix = Path(name).suffix.lower()
    with tempfile.TemporaryDirectory(prefix="studio-") as folder, warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        path = Path(folder, f"dropped{suffix}")
        path.write_bytes(data)
        try:
            plan, said = read_edit_file(path)
        except VeraRetouchError as error:
            raise InvalidRequest(error.problem.replace(str(path), name), cure=error.cure) from None
    return {"plan": plan.document(), "said": [*said, *(str(each.message) for each in heard)]}


def write_document(plan: Plan, kind: str, name: str) -> bytes:
    """A plan as a file for other programs.

    Args:
        kind: `plan` (JSON), `xmp` (a preset of Camera Raw, without what it cannot say) or `cube` (33 points an axis).
        name: what a preset or table is called in other programs.

    Raises:
        InvalidRequest: a plan that the format cannot hold.
    """
    if kind == "plan":
        return plan.json().encode()
    with tempfile.TemporaryDirectory(prefix="studio-") as folder:
        path = Path(folder, f"written.{kind}")
        if kind == "xmp":
            write_preset(plan, path, name=name, partial=True, overwrite=False)
        else:
            write_cube(Cube.of(renderer().color_map(plan), CUBE_POINTS), path, title=name, overwrite=False)
        return path.read_bytes()
