"""Retouchers by name, and `retouch`, which keeps the latest ones."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Collection, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, Final, Unpack, overload

from ..contract.planner import DEFAULT_PLANNER, Planner
from ..contract.request import Taste
from ..errors import InvalidRequest
from ..photo import Photo
from ..plan.addresses import Local
from ..plan.frame import FrameLike
from ..plugins.registry import registry
from .options import Engine, Kind, RetouchOptions, Several
from .renderer import Renderer
from .result import Result
from .retoucher import Retoucher

_KEPT: Final = 3


@overload
def retouch(
    photo: Photo | str | os.PathLike[str],
    *,
    planner: str | Planner | None = None,
    device: Any = None,
    **options: Unpack[RetouchOptions],
) -> Result[Photo]: ...
@overload
def retouch(
    photo: Kind, *, planner: str | Planner | None = None, device: Any = None, **options: Unpack[RetouchOptions]
) -> Result[Kind]: ...
@overload
def retouch(
    photo: Several, *, planner: str | Planner | None = None, device: Any = None, **options: Unpack[RetouchOptions]
) -> list[Result[Any]]: ...
def retouch(
    photo: Any,
    *,
    style: str | None = None,
    params: Any = None,
    reference: Any = None,
    planner: str | Planner | None = None,
    groups: Collection[str] | None = None,
    strength: float = 1.0,
    seed: int = 0,
    taste: Taste | None = None,
    local: Local | None = None,
    frame: FrameLike | None = None,
    level: bool = False,
    engine: Engine = "auto",
    tolerance: float = 1.0,
    device: Any = None,
) -> Any:
    """Retouch one photo, or each of a list, with a planner (itself, its id, or a bundle's name), by default `tiny`.

    Retouchers that were loaded by name are kept, the last three, so that calls in a loop load nothing anew.

    Args:
        photo, style, params, reference, groups, taste, local, frame, level: as in `Retoucher.__call__`.
        strength: blend with the input, 0..1. `seed`: of whatever is random, from 0.
        engine: `exact`, `lut` or `auto`. `tolerance`: maximum LUT error in CIEDE2000, above 0; above it the exact
            engine is used.
        device: where the planner computes, and where photos that are no tensors are rendered.

    Raises:
        InvalidRequest, InvalidPhoto, UnreadablePhoto
        UnknownBundle: `planner` is no planner's id and no bundle's name.

    >>> import numpy, veraretouch as vr
    >>> grey = numpy.full((8, 8, 3), 90, dtype="uint8")
    >>> vr.retouch(grey, params={"exposure.ev": 1.0}).image.shape
    (8, 8, 3)
    """
    chosen = planner or DEFAULT_PLANNER
    retoucher = (
        _kept(chosen, device)
        if isinstance(chosen, str)
        else Retoucher(chosen, Renderer(getattr(chosen, "ops", None), device=device))
    )
    return retoucher(
        photo,
        style=style,
        params=params,
        reference=reference,
        groups=groups,
        strength=strength,
        seed=seed,
        taste=taste,
        local=local,
        frame=frame,
        level=level,
        engine=engine,
        tolerance=tolerance,
    )


def load_retoucher(name: str, *, device: Any = None, dtype: Any = None) -> Retoucher:
    """The retoucher of an installed planner, or what a listener of `open_retoucher`, such as the zoo, makes of a name.

    Raises:
        UnknownPlugin and whatever the listener refuses. InvalidRequest: a dtype for a planner without weights of a
        bundle.
    """
    if name not in registry.planners:
        for found in registry.announce("open_retoucher", name=name, device=device, dtype=dtype):
            made: Retoucher = found
            return made
    elif dtype is not None:
        raise InvalidRequest(f"dtype {dtype!r} for {name!r}, whose precision is its own", cure="Leave --dtype out.")
    made = Retoucher(load_planner(name), Renderer())
    return made if device is None else made.to(device)


def load_planner(planner: str | Planner) -> Planner:
    """A planner by id, or the planner itself."""
    if not isinstance(planner, str):
        return planner
    made: Planner = registry.planners.load(planner)()
    return made


class _Shelf:
    """The latest retouchers by what they were loaded by; one thread loads, others wait for it."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[Any, ...], Retoucher] = OrderedDict()
        self._lock = Lock()

    def get(self, name: str, device: Any) -> Retoucher:
        key = (*_identity(name), str(device))
        with self._lock:
            if key not in self._made:
                self._made[key] = load_retoucher(name, device=device)
            self._made.move_to_end(key)
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
            return self._made[key]

    def clear(self) -> None:
        with self._lock:
            self._made.clear()


_shelf = _Shelf()
_kept = _shelf.get


def _identity(name: str) -> tuple[Any, ...]:
    """What a name stands for now: another class of that id, a folder that was packed anew or another cache is another
    retoucher.
    """
    if name in registry.planners:
        return name, registry.planners.load(name)
    settings: Mapping[str, str] = {k: v for k, v in os.environ.items() if k.startswith(("HF_", "VERARETOUCH_"))}
    state: tuple[int, ...] = ()
    try:
        about = (Path(name) / "bundle.json").stat()
        state = (about.st_mtime_ns, about.st_size, about.st_ino)
    except (OSError, ValueError):
        pass  # a name, or a folder that is none: loading says so
    return name, state, tuple(sorted(settings.items())), len(registry.hooks.entries())
