"""The keywords of retouchers and renderers, spelled out once for type checkers."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, TypeVar

from numpy.typing import NDArray
from torch import Tensor

from ..contract.request import Taste
from ..photo import ColorSpace, Photo

if TYPE_CHECKING:
    from PIL import Image

    from ..plan.addresses import Local
    from ..plan.frame import FrameLike
    from ..plan.plan import Plan

Engine = Literal["auto", "exact", "lut"]
Whatever: TypeAlias = "Photo | str | os.PathLike[str] | Image.Image | NDArray[Any] | Tensor"
Several: TypeAlias = "list[Any] | tuple[Any, ...] | Iterator[Any]"
Kind = TypeVar("Kind", "Image.Image", NDArray[Any], Tensor)
"""A kind of photo that comes back as it was given; files come back as a `Photo`."""


class PlanKeywords(TypedDict, total=False):
    """What `Retoucher.plan` takes besides photos."""

    style: str | None
    params: Plan | Mapping[str, Any] | str | os.PathLike[str] | None
    reference: Whatever | tuple[Whatever, Whatever] | list[Whatever] | None
    groups: Collection[str] | None
    strength: float
    seed: int
    taste: Taste | None
    local: Local | None
    frame: FrameLike | None
    level: bool


class RetouchOptions(PlanKeywords, total=False):
    """What `Retoucher.__call__` takes besides photos."""

    engine: Engine
    tolerance: float


class RenderOptions(TypedDict, total=False):
    """What `Renderer.render` takes besides a photo and a plan."""

    groups: Collection[str] | None
    strength: float | None
    seed: int | None
    engine: Engine
    tolerance: float
    clamp: bool
    color_space: ColorSpace
    reuse: bool


def are_several(photo: object) -> bool:
    """Whether a list, tuple or iterator of photos was given, and not one photo; open files are one."""
    if isinstance(photo, list | tuple):
        return True
    return isinstance(photo, Iterator) and not hasattr(photo, "read")
