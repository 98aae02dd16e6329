"""The contract of an area: where an edit applies, as a soft mask made from declared slots."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..errors import InvalidArea
from .declaration import WHOLE_VERSION, Rule, check_declaration, declared_slots
from .op import Frame, Params
from .slots import Slot

if TYPE_CHECKING:
    from torch import Tensor

GROUP: Final = "area"
"""The group of every slot of an area. It is never switched off: it says where, and not what."""

VIEW: Final = 768
"""The long side, in pixels, of the small photo that an area with `view` is shown; smaller photos stay as they are."""


class Area:
    """Where an edit applies: a soft mask, steered by the slots that the class declares, all of the group `area`.

    A subclass states `id` and `version`, declares slots as class attributes and defines `mask`. The class docstring's
    first line says what of a photo it covers. A pixel's mask depends on its place, its own colour and, with
    `view = True`, on a small view of the whole photo: so a tile, a preview and the whole photo agree. With
    `placed = False` it does not depend on the place: look-up tables can then hold it. With `monotonic = True` it
    depends on nothing else, and along a row or a column it rises or falls without turning back.

    `requires` and `deprecated` are as those of `Op`.

    Raises:
        InvalidArea: at class creation, where a declaration is missing or breaks a rule.
    """

    id: ClassVar[str]
    version: ClassVar[int]
    view: ClassVar[bool] = False
    placed: ClassVar[bool] = True
    monotonic: ClassVar[bool] = False
    requires: ClassVar[Mapping[str, str]] = MappingProxyType({})
    deprecated: ClassVar[str] = ""
    slots: ClassVar[Mapping[str, Slot]] = MappingProxyType({})

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.slots = declared_slots(cls, Area, ("frame", "id", "version"), InvalidArea)
        if "id" in vars(cls):
            _check_area_class(cls)

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        """Return the mask (B, 1, H, W), from 0, where the edit does not apply, to 1, where it does wholly.

        Args:
            rgb: (B, 3, H, W), the photo before any edit, or a tile of it: nominally in [0, 1], sRGB-encoded.
            p: the slots' values, see `Params`; `p.frame` says where the tile lies, see `positions`. What
                `prepare` gave is there by its names.
        """
        raise TypeError(f"{type(self).__name__} defines no mask()")

    def prepare(self, small: Tensor, p: Params) -> Mapping[str, Any]:
        """What `mask` needs beyond the values: made once a photo, not once a tile.

        Args:
            small: with `view`, the whole photo (B, 3, h, w), its long side at most `VIEW`; without, (B, 3, 0, 0).
            p: the slots' values.
        """
        return {}

    def params(self, values: Mapping[str, Tensor], frame: Frame, small: Tensor) -> Params:
        """The params that `mask` is given: the slots' values, (B, *shape) as latents hold them, and what `prepare`
        made of them and of the small photo.
        """
        p = Params.of({name: self.slots[name].settled(value) for name, value in values.items()}, frame)
        return Params({**vars(p), **self.prepare(small, p)}, frame)

    def bounds(self, p: Params) -> tuple[float, float, float, float] | None:
        """A rectangle beyond which the mask is 0: its top, bottom, left and right, as shares of the photo's height and
        width; None, as by default, where none is known. What it leaves out costs no time.

        Args:
            p: what `params` gave for one photo.
        """
        return None

    @classmethod
    def from_words(cls, words: str) -> Mapping[str, Any] | None:
        """Slot values from words of the area's own, as people write them after its id: `from top to 0.4`.

        None where the words are not of that kind: they are then read as SLOT=VALUE.
        """
        return None

    @classmethod
    def migrate(cls, values: Mapping[str, Any], version: int) -> Mapping[str, Any] | None:
        """Bring values written by an older `version`, from 1, forward; None where that is not possible."""
        return None


def positions(frame: Frame, rgb: Tensor) -> tuple[Tensor, Tensor]:
    """Where the pixels of a tile lie: x (1, 1, 1, W) and y (1, 1, H, 1), as shares of the photo's width and height.

    The first pixel's centre lies half a pixel from the edge. Both fit the tile `rgb`, (B, 3, H, W).
    """
    import torch

    height, width = rgb.shape[2:]
    x = (torch.arange(width, dtype=rgb.dtype, device=rgb.device) + (frame.left + 0.5)) / frame.width
    y = (torch.arange(height, dtype=rgb.dtype, device=rgb.device) + (frame.top + 0.5)) / frame.height
    return x.reshape(1, 1, 1, width), y.reshape(1, 1, height, 1)


def sides(frame: Frame) -> tuple[float, float]:
    """Width and height of the photo as shares of its long side: what turns shares of each into one unit of length."""
    long = max(frame.height, frame.width)
    return frame.width / long, frame.height / long


def small_view(rgb: Tensor) -> Tensor:
    """The small photo that areas with `view` are shown: averaged down until its long side is at most `VIEW`."""
    from torch.nn import functional

    height, width = rgb.shape[2:]
    scale = VIEW / max(height, width)
    if scale >= 1:
        return rgb
    size = max(1, round(height * scale)), max(1, round(width * scale))
    return functional.interpolate(rgb, size=size, mode="bilinear", align_corners=False, antialias=True)


def _check_area_class(cls: type[Area]) -> None:
    name = cls.__name__
    rules: dict[str, Rule] = {
        "version": WHOLE_VERSION,
        "view": (
            lambda v: isinstance(v, bool),
            "True where the mask needs a small view of the photo, else False",
        ),
        "placed": (
            lambda v: isinstance(v, bool),
            "False where the mask is the same wherever a colour lies, else True",
        ),
        "monotonic": (
            lambda v: isinstance(v, bool),
            "True where the mask of every row and column rises or falls without turning back, else False",
        ),
    }
    check_declaration(cls, rules, "area", InvalidArea)
    for slot, declared in cls.slots.items():
        if declared.group != GROUP:
            raise InvalidArea(f"{name}: slot {slot!r} is of group {declared.group!r}", cure=f'Give group="{GROUP}".')
        if declared.identity is None:
            raise InvalidArea(f"{name}: slot {slot!r} has no identity", cure="Give the value to begin with.")
    if cls.mask is Area.mask:
        raise InvalidArea(f"{name}: no mask()", cure="Define mask(self, rgb, p).")
