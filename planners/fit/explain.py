"""An edit that is there already, as sliders: a neural op's latents, a look-up table, another planner's plan."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from ...core.contract.latents import Latents
from ...core.contract.op import Op
from ...core.contract.slots import FloatArray
from ...core.errors import InvalidRequest
from ...core.lut import ColorMap
from ...core.lut.files import read_table
from ...core.photo.geometry.framing import Framing
from ...core.photo.photo_input import PhotoInput
from ...core.plan.edit import Edit
from ...core.plan.local import LocalAdjustment
from ...core.plan.plan import Plan, with_local
from ...core.plugins.registry import registry
from ...core.render.renderer import Renderer
from .align import Aligned
from .fit import made_ops, told
from .fit_report import FitReport
from .pairs import Picture, pairs_of
from .search import search

LUTS: Final = (".cube", ".3dl", ".csp", ".spi3d", ".clf", ".png", ".tif", ".tiff")
SIDE: Final = 512
PATIENCE: Final = 3
_CHROMA: Final = 0.11


@dataclass(frozen=True)
class Explanation:
    """An edit as sliders: `plan`, `report` and `within`, the mean CIEDE2000 that was allowed;
    `report.error_after` was reached.
    """

    plan: Plan
    report: FitReport
    within: float

    @property
    def holds(self) -> bool:
        """Whether the sliders' pictures stay within it."""
        return self.report.error_after <= self.within


def explain(
    edit: Any,
    *,
    ops: Iterable[str | type[Op] | Op] | None = None,
    groups: Collection[str] | None = None,
    within: float = 2.0,
    photo: Any = None,
    renderer: Renderer | None = None,
) -> Explanation:
    """An edit of any kind as an equivalent plan of explicit sliders.

    Args:
        edit: a `Plan`, `Latents` with one row, a lattice (n, n, n, 3), or a path to a plan or a look-up table. What
            edits the whole photo is explained; local adjustments of a plan and its frame are kept as they are.
        ops: which ops may explain it; by default those that Camera Raw has sliders for. `groups`: only slots of these.
        within: the mean CIEDE2000 that is good enough; the fit is given either way, and says whether it holds.
        photo: whose colours count; without one, colours as photos have them, muted ones more than strong ones.
        renderer: what renders the edit, where its ops carry weights of their own.

    Raises:
        InvalidRequest: an edit that looks at neighbouring pixels, or is none; InvalidDocument:
            a file that cannot be read.

    >>> import numpy, veraretouch as vr
    >>> plan = vr.zoo.load("rules").plan(numpy.full((8, 8, 3), 0.4, "float32"), params={"cdl.saturation": 1.2})
    >>> explain(plan, ops=["saturation", "vibrance"]).holds
    True
    """
    if not within > 0:
        raise InvalidRequest(f"within is {within}", cure="2.0 is a difference that one has to look for.")
    before = colours() if photo is None else _shown(PhotoInput.of(photo).photo().resized(SIDE).working())
    edit, local, frame = _split(edit)
    color_map = _map_of(edit, renderer or Renderer())
    after = _shown(color_map(before))
    aligned = Aligned(before, after)
    chosen = None if groups is None else frozenset(groups)
    found = search(pairs_of(before, after, exact=True), made_ops(ops), chosen, patience=PATIENCE)
    made = told(found, aligned)
    return Explanation(replace(with_local(made.plan, local, None), frame=frame), made.report, within)


def _split(edit: Any) -> tuple[Any, tuple[LocalAdjustment, ...], Framing | None]:
    """An edit of the whole photo, the local adjustments over it, which are sliders already, and the frame."""
    if isinstance(edit, str | os.PathLike) and Path(edit).suffix.lower() not in LUTS:
        edit = Plan.load(edit)
    return (replace(edit, local=()), edit.local, edit.frame) if isinstance(edit, Plan) else (edit, (), None)


def colours() -> Picture:
    """Colours as photos have them, (H, W, 3): all lightnesses and hues, muted colours more than strong ones."""
    rng = np.random.default_rng(0)
    some = rng.random((400_000, 3), dtype=np.float32)
    grey = some.mean(axis=1, keepdims=True)
    spread = np.abs(some - grey).max(axis=1)
    kept = some[rng.random(len(some)) < np.exp(-spread / (2 * _CHROMA)) + 0.02]
    side = int(len(kept) ** 0.5)
    return np.ascontiguousarray(kept[: side * side].reshape(side, side, 3))


def _shown(pixels: FloatArray | Picture) -> Picture:
    return np.ascontiguousarray(np.clip(pixels, 0, 1), dtype=np.float32)


def _plan_of(params: Mapping[str, Any]) -> Plan:
    """Values of ops with one slot each, by address, as a plan."""
    edits = {}
    for address, value in params.items():
        op, slot = address.split(".")
        edits[op] = Edit(registry.ops.load(op).version, {slot: np.asarray(value)})
    return Plan(mode="param", edits=edits)


def _map_of(edit: Any, renderer: Renderer) -> ColorMap:
    """The edit as a map of colours."""
    if isinstance(edit, str | os.PathLike) and Path(edit).suffix.lower() in LUTS:
        edit = _plan_of(read_table(Path(edit)).params)
    if isinstance(edit, np.ndarray):
        if edit.ndim != 4 or edit.shape != (len(edit),) * 3 + (3,):
            raise InvalidRequest(f"a table of shape {edit.shape}", cure="Give (n, n, n, 3): axes blue, green, red.")
        edit = _plan_of({"lut3d.lattice": edit})
    if not isinstance(edit, Plan | Latents):
        raise InvalidRequest(
            f"{type(edit).__name__} is no edit", cure="Give a plan, latents, a lattice, or a path to a plan or a table."
        )
    return renderer.color_map(edit)
