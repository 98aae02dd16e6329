"""The photo that was given, whatever its kind, and the way back to that kind."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from ..errors import InvalidPhoto
from . import ColorSpace, Photo, as_photo
from .geometry.framing import Framing
from .geometry.lens_profiles import say_unknown


@dataclass(frozen=True)
class PhotoInput:
    """A photo in any accepted kind: seen as pixels by the renderer and as a `Photo` by planners.

    PIL image, array or tensor in: the same kind out. A path, bytes and an open file give a `Photo`.
    """

    kind: Literal["photo", "pil", "array", "tensor"]
    given: Any
    held: Photo | None
    _framed: dict[Framing, PhotoInput] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, photo: Any) -> PhotoInput:
        """Take a photo of any kind.

        Raises:
            InvalidPhoto, UnreadablePhoto
        """
        if isinstance(photo, PhotoInput):
            return photo
        if isinstance(photo, Tensor):
            shaped = photo.ndim in (3, 4) and photo.shape[-3] == 3 and photo.numel() > 0
            if not shaped or not photo.is_floating_point():
                raise InvalidPhoto(
                    f"a tensor of shape {tuple(photo.shape)} and {photo.dtype}",
                    cure="Give floats in [0, 1] of shape (3, H, W) or (B, 3, H, W).",
                )
            return cls("tensor", photo, None)
        held = as_photo(photo)
        if isinstance(photo, np.ndarray):
            return cls("array", photo, held)
        return cls("pil" if is_pil(photo) else "photo", photo, held)

    def framed(self, frame: Framing | None) -> PhotoInput:
        """What a frame shows of the photo, in the kind that was given; the latest is kept, as planner and renderer both
        ask for it.

        Raises:
            InvalidRequest: the crop lies beyond the photo.
        """
        if frame is None:
            return self
        if frame not in self._framed:
            self._framed.clear()
            self._framed[frame] = self._in(frame)
        return self._framed[frame]

    def _in(self, frame: Framing) -> PhotoInput:
        if self.held is not None:
            seen = self.held.framed(frame)
            return self if seen is self.held else PhotoInput(self.kind, self.hand_over(seen), seen)
        from .geometry.resampling import framed_tensor

        if frame.lens is not None:
            say_unknown("a tensor tells no lens")
        upright = self.given.rot90(-frame.quarter_turns, (-2, -1)) if frame.quarter_turns else self.given
        height, width = upright.shape[-2:]
        placed = replace(frame, quarter_turns=0).placed(width, height)
        return PhotoInput(self.kind, framed_tensor(upright, placed), None)

    @property
    def has_profile(self) -> bool:
        """Whether colours beyond sRGB may come back: the photo carries an ICC profile."""
        return self.held is not None and self.held.profile is not None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return (self.held.height, self.held.width) if self.held is not None else tuple(self.given.shape[-2:])

    def pixels(self, device: torch.device) -> Tensor:
        """Extended sRGB floats (B, 3, H, W); a tensor stays on its own device."""
        if self.held is None:
            return self.given if self.given.ndim == 4 else self.given.unsqueeze(0)  # type: ignore[no-any-return]
        # A view of (H, W, 3): the renderer lays out its tiles, and the way back needs no other order.
        return torch.from_numpy(self.held.working()).permute(2, 0, 1).unsqueeze(0).to(device)

    def photo(self) -> Photo:
        """The photo as planners see it.

        Raises:
            InvalidPhoto: a batch of several.
        """
        if self.held is not None:
            return self.held
        rows = self.pixels(torch.device("cpu"))
        if len(rows) != 1:
            raise InvalidPhoto(
                f"a batch of {len(rows)} photos", cure="Plan one photo at a time, or call the planner itself."
            )
        return as_photo(rows[0].detach().float().clamp(0, 1).permute(1, 2, 0).cpu().numpy())

    def give_back(self, rgb: Tensor, *, unchanged: bool = False, color_space: ColorSpace = "keep") -> Any:
        """Rendered pixels (B, 3, H, W) in the kind that was given; `unchanged` gives the very input."""
        if unchanged and color_space == "keep":
            return self.held if self.kind == "photo" else self.given
        if self.held is None:
            return rgb if self.given.ndim == 4 else rgb[0]
        return self.hand_over(self.held.with_working(rgb[0].permute(1, 2, 0).cpu().numpy(), color_space=color_space))

    def hand_over(self, done: Photo) -> Any:
        """A rendered `Photo` in the kind that was given."""
        if self.kind == "photo":
            return done
        return done.pil() if self.kind == "pil" else done.array()


def is_pil(photo: Any) -> bool:
    """Whether this is a PIL image; asks for no import of Pillow where nobody has made one."""
    image = sys.modules.get("PIL.Image")
    return image is not None and isinstance(photo, image.Image)
