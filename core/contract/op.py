"""The contract of an op: a differentiable map of photos, steered by declared slots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ..errors import InvalidOp
from .declaration import WHOLE_VERSION, Rule, check_declaration, declared_slots
from .slots import Slot

if TYPE_CHECKING:
    from torch import Tensor


class Stage(IntEnum):
    """Where in the chain an op stands. Hundreds leave room between; ties are broken by id."""

    WHITE_BALANCE = 100
    EXPOSURE = 200
    CONTRAST = 300
    TONE = 400
    PARAMETRIC_CURVE = 500
    TONE_CURVE = 600
    MATRIX = 700
    CALIBRATION = 800
    VIBRANCE = 900
    SATURATION = 1000
    MIXER = 1100
    MONOCHROME = 1200
    GRADING = 1300
    CDL = 1400
    LOOK = 1500
    NEURAL = 1600
    EFFECTS = 1700
    FINISH = 1800


@dataclass(frozen=True)
class Frame:
    """Where a tile lies in its photo: `top`, `left` of the tile, `height`, `width` of the photo, in pixels;
    `seed` for grain.
    """

    top: int
    left: int
    height: int
    width: int
    seed: int = 0


class Weights(Protocol):
    """What an op with weights is made from: a bundle."""

    @property
    def asset(self) -> Mapping[str, str]:
        """By what a plan names it."""
        ...

    def tensors(self, name: str) -> dict[str, Tensor]:
        """The tensors of one of its safetensors files."""
        ...


class Params:
    """An op's slot values, shaped to broadcast over (B, 3, H, W): scalars (B,1,1,1), vectors (B,n,1,1),
    others (B, *shape).

    `frame` says where the tile lies; every other attribute is a slot's value, or what `Op.prepare` made of them.
    """

    frame: Frame

    def __init__(self, values: Mapping[str, Tensor], frame: Frame) -> None:
        self.__dict__.update(values)
        self.frame = frame

    @classmethod
    def of(cls, values: Mapping[str, Tensor], frame: Frame) -> Params:
        """The params of a slot's values as latents hold them: (B,), (B, n) and (B, *shape), on the same memory."""
        return cls({name: _broadcast(value) for name, value in values.items()}, frame)

    def at(self, frame: Frame) -> Params:
        """The same values for another tile."""
        return Params(self.__dict__, frame)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Tensor: ...


def _broadcast(value: Tensor) -> Tensor:
    if value.ndim == 1:
        return value.reshape(-1, 1, 1, 1)
    return value.reshape(*value.shape, 1, 1) if value.ndim == 2 else value


class Op:
    """A differentiable map of photos, steered by the slots that the class declares.

    A subclass states `id`, `version`, `stage` and `pointwise`, declares slots as class attributes and defines `apply`.
    The class docstring's first line says what it does to a photo. With `linear = True`, `apply` takes and gives linear
    light: the renderer converts, once for such ops in a row. With `costly = True`, a few thousand pixels take so long
    that threads share them. An op with weights has a class method `from_bundle(bundle, *, device, dtype)`, which keeps
    the bundle's `asset` in the instance: plans record it, and whoever renders one opens the same weights.

    `requires = {"contract": ">=1,<2"}` says what the op was written for, see `core.plugins.requirements`;
    `deprecated = "Use acme.new."` warns whoever uses it, once a process.

    Raises:
        InvalidOp: at class creation, where a declaration is missing or breaks a rule.
    """

    id: ClassVar[str]
    version: ClassVar[int]
    stage: ClassVar[int]
    pointwise: ClassVar[bool]
    linear: ClassVar[bool] = False
    costly: ClassVar[bool] = False
    requires: ClassVar[Mapping[str, str]] = MappingProxyType({})
    deprecated: ClassVar[str] = ""
    slots: ClassVar[Mapping[str, Slot]] = MappingProxyType({})
    asset: Mapping[str, str] | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        reserved = ("frame", "apply", "id", "version", "stage", "pointwise", "linear", "from_bundle")
        cls.slots = declared_slots(cls, Op, reserved, InvalidOp)
        if "id" in vars(cls):
            _check_op_class(cls)

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Return the changed photo.

        Args:
            rgb: (B, 3, H, W), nominally in [0, 1], sRGB-encoded or, for an op that is `linear`,
                linear light in at least float32; values outside survive.
            p: the slots' values, see `Params`.
        """
        raise TypeError(f"{type(self).__name__} defines no apply()")

    def on_srgb(self, rgb: Tensor, p: Params) -> Tensor:
        """`apply` to sRGB-encoded pixels (B, 3, H, W), whatever the op works in; the same shape and dtype come out."""
        if not self.linear:
            return self.apply(rgb, p)
        from ..color.elementwise import at_least_single
        from ..color.srgb import linear_to_srgb, srgb_to_linear

        return linear_to_srgb(self.apply(srgb_to_linear(at_least_single(rgb)), p)).to(rgb.dtype)

    def prepare(self, p: Params) -> Mapping[str, Any]:
        """What `apply` needs of the values alone, by names that it finds in its params: made once a photo,
        not once a tile.
        """
        return {}

    def params(self, values: Mapping[str, Tensor], frame: Frame) -> Params:
        """The params that `apply` is given: the slots' values, (B, *shape) as latents hold them,
        and what `prepare` made of them.
        """
        p = Params.of({name: self.slots[name].settled(value) for name, value in values.items()}, frame)
        return Params({**vars(p), **self.prepare(p)}, frame)

    def halo(self, p: Params, size: tuple[int, int]) -> int | None:
        """How many neighbouring pixels each pixel depends on, in a photo of `size` (height, width); None:
        on the whole photo.
        """
        return 0 if self.pointwise else None

    @classmethod
    def migrate(cls, values: Mapping[str, Any], version: int) -> Mapping[str, Any] | None:
        """Bring values written by an older `version` forward; None where that is not possible."""
        return None

    @classmethod
    def groups(cls) -> tuple[str, ...]:
        """The groups of the op's slots, in order of declaration."""
        return tuple(dict.fromkeys(slot.group for slot in cls.slots.values()))


def _check_op_class(cls: type[Op]) -> None:
    name = cls.__name__
    rules: dict[str, Rule] = {
        "version": WHOLE_VERSION,
        "stage": (lambda v: isinstance(v, int) and not isinstance(v, bool), "a Stage or a whole number between stages"),
        "pointwise": (lambda v: isinstance(v, bool), "True or False; there is no default"),
        "linear": (lambda v: isinstance(v, bool), "True for an op on linear light, else False"),
        "costly": (lambda v: isinstance(v, bool), "True for an op that is slow at each pixel, else False"),
    }
    check_declaration(cls, rules, "op", InvalidOp)
    if not cls.slots:
        raise InvalidOp(
            f"{name}: no slots", cure="An op without latents has nothing to plan; declare at least one Slot."
        )
    for slot in (slot for slot, declared in cls.slots.items() if declared.group == "area"):
        raise InvalidOp(f"{name}: slot {slot!r} is of group 'area'", cure="That group is for slots of areas.")
    if cls.apply is Op.apply:
        raise InvalidOp(f"{name}: no apply()", cure="Define apply(self, rgb, p).")
    if not cls.pointwise and cls.halo is Op.halo:
        raise InvalidOp(
            f"{name}: not pointwise but no halo()", cure="Say how far it reaches; None for the whole photo."
        )
