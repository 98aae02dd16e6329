"""What the tables of local adjustments are made for: a photo, its layers and their masks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from ...contract.op import Frame
from ...lut.mixing import Box, span
from ...photo import ColorSpace, Photo
from ...photo.color.encoding import Floats, Pixels, full_scale
from ..chain import Chain
from ..local import Layers, bounds_of, combined


@dataclass(frozen=True)
class LocalJob:
    """A photo to be rendered by layers of pointwise chains."""

    photo: Photo
    layers: Layers
    tolerance: float
    device: torch.device
    color_space: ColorSpace
    clamp: bool

    @property
    def profile(self) -> bytes | None:
        """That of the result."""
        return self.photo.target(self.color_space)[0]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.photo.height, self.photo.width

    @property
    def chains(self) -> list[Chain]:
        """The whole photo's, at full strength, and each adjustment's."""
        return [replace(self.layers.chain, strength=1.0, neutral=False), *(step.chain for step in self.layers.local)]

    def box(self, place: int) -> Box:
        """The rectangle of the photo that an adjustment's mask may cover, with a pixel around it for rounding."""
        height, width = self.size
        top, bottom, left, right = bounds_of(self.layers.local[place].parts)
        return span(top, bottom, height), span(left, right, width)

    def alike(self, place: int) -> Floats | None:
        """The mask (H, W) of an adjustment over the whole photo where all rows, or all columns, are alike: one is held.

        What does not turn back is alike between ends that are.
        """
        parts, (height, width) = self.layers.local[place].parts, self.size
        if len(parts) == 1 and parts[0].area.monotonic:
            for shape, last in (((height, 1), (0, width - 1)), ((1, width), (height - 1, 0))):
                planes = torch.zeros(1, 3, *shape)
                first, other = (self.mask(place, planes, corner) for corner in ((0, 0), last))
                if np.array_equal(first, other):
                    return np.broadcast_to(first, self.size)
        return None

    def mask(self, place: int, planes: torch.Tensor, corner: tuple[int, int]) -> Floats:
        """The mask (H, W) of an adjustment over a tile (1, 3, H, W) of the photo before any edit."""
        frame = Frame(*corner, *self.size, self.layers.chain.seed)
        return combined(self.layers.local[place].parts, planes.to(self.device), frame)[0, 0].cpu().numpy()


def planes_of(pixels: Floats) -> torch.Tensor:
    """(H, W, 3) as (1, 3, H, W) on the same memory."""
    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0)


def floats_of(pixels: Pixels) -> Floats:
    return np.divide(pixels, np.float32(full_scale(pixels.dtype)), dtype=np.float32)
