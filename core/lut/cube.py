"""A cube: a map of colours on a lattice, and its application to whole photos by OpenColorIO."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import torch

from ..contract.slot_kinds import identity_lattice
from ..photo.color.encoding import Floats, Pixels, full_scale
from ..threads import WORTH_SHARING, side_by_side
from .interpolation import tetrahedral

ColorMap = Callable[[Floats], Floats]
"""A map of (H, W, 3) float32 colours to as many."""


@cache
def nodes(n: int) -> Floats:
    """The colours (n, n * n, 3) of a lattice's points in [0, 1].

    Red runs fastest, then green, then blue, as in a .cube file.
    """
    return np.ascontiguousarray(identity_lattice(n).reshape(n, n * n, 3), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Cube:
    """Colours (n, n, n, 3) float32, unclamped, at the points of a lattice from `low` to `high` on each axis.

    Axes blue, green, red, as everywhere. A lattice over other values than [0, 1] is for floats.
    """

    values: Floats
    low: float = 0.0
    high: float = 1.0

    @classmethod
    def of(cls, color_map: ColorMap, n: int, *, low: float = 0.0, high: float = 1.0) -> Cube:
        """A map of colours, evaluated on n points an axis."""
        points = nodes(n) if (low, high) == (0, 1) else nodes(n) * np.float32(high - low) + np.float32(low)
        return cls(np.ascontiguousarray(color_map(points), dtype=np.float32).reshape(n, n, n, 3), low, high)

    @property
    def size(self) -> int:
        """Points an axis."""
        return len(self.values)

    def apply(self, pixels: Pixels, device: torch.device | None = None, *, out: Pixels | None = None) -> Pixels:
        """Colours of (H, W, 3) pixels at their own depth, [0, 1] or full scale; integers are rounded and clipped.

        `out`, on the CPU alone, is where they are written, which may be the pixels themselves.

        On the CPU by OpenColorIO in strips, side by side, each depth without a trip through another;
        elsewhere by torch.
        """
        if device is not None and device.type != "cpu":
            return self._by_torch(pixels, device)
        processor = self._processor(pixels.dtype, pixels.dtype)
        pixels = np.ascontiguousarray(pixels)
        done = np.empty(pixels.shape, pixels.dtype) if out is None else out
        if pixels.shape[0] * pixels.shape[1] <= WORTH_SHARING:
            processor.apply(_packed(pixels), _packed(done))
        else:
            side_by_side(pixels.shape[0], lambda rows: processor.apply(_packed(pixels[rows]), _packed(done[rows])))
        return done

    def to_floats(self, pixels: Pixels) -> Floats:
        """Colours of (H, W, 3) pixels at their own depth as floats, neither rounded nor clipped, by this thread."""
        done = np.empty(pixels.shape, np.float32)
        self._processor(pixels.dtype, done.dtype).apply(_packed(np.ascontiguousarray(pixels)), _packed(done))
        return done

    def _by_torch(self, pixels: Pixels, device: torch.device) -> Pixels:
        lattice = torch.from_numpy(self.values).to(device).unsqueeze(0)
        scale = full_scale(pixels.dtype)
        done = np.empty(pixels.shape, pixels.dtype)
        for top in range(0, pixels.shape[0], 512):
            wide = pixels[top : top + 512].astype(np.int32 if scale > 1 else np.float32)
            rgb = torch.from_numpy(wide).to(device).float().div(scale).sub(self.low).div(self.high - self.low)
            rgb = rgb.clamp(0, 1).permute(2, 0, 1).unsqueeze(0)
            found = tetrahedral(rgb, lattice)[0].permute(1, 2, 0)
            if scale > 1:
                found = found.clamp(0, 1).mul(scale).round()
            done[top : top + 512] = found.cpu().numpy().astype(pixels.dtype)
        return done

    def _processor(self, taken: np.dtype[Any], given: np.dtype[Any]) -> Any:
        """OpenColorIO's processor from a depth to another, made once: photos and the samples they are judged by share
        it.
        """
        import PyOpenColorIO as ocio

        depths = _depth(taken), _depth(given)
        if depths not in self._processors:
            self._processors[depths] = self._generic.getOptimizedCPUProcessor(
                *depths, ocio.OptimizationFlags.OPTIMIZATION_DEFAULT
            )
        return self._processors[depths]

    @cached_property
    def _processors(self) -> dict[Any, Any]:
        return {}

    @cached_property
    def _generic(self) -> Any:
        """The processor that those for a depth are made from."""
        import PyOpenColorIO as ocio

        transform = ocio.Lut3DTransform(self.size)
        transform.setInterpolation(ocio.INTERP_TETRAHEDRAL)
        # OpenColorIO takes blue fastest, and alone in that.
        transform.setData(self.values.transpose(2, 1, 0, 3).ravel())
        if (self.low, self.high) == (0, 1):
            return ocio.Config.CreateRaw().getProcessor(transform)
        scale = 1 / (self.high - self.low)
        matrix = [
            scale if row == column and row < 3 else float(row == column) for row in range(4) for column in range(4)
        ]
        onto = ocio.MatrixTransform(matrix=matrix, offset=[-self.low * scale] * 3 + [0.0])
        return ocio.Config.CreateRaw().getProcessor(ocio.GroupTransform([onto, transform]))


def _packed(rows: Pixels) -> Any:
    import PyOpenColorIO as ocio

    height, width = rows.shape[:2]
    step = rows.itemsize
    return ocio.PackedImageDesc(rows, width, height, 3, _depth(rows.dtype), step, 3 * step, 3 * step * width)


def _depth(dtype: np.dtype[Any]) -> Any:
    import PyOpenColorIO as ocio

    return {"B": ocio.BIT_DEPTH_UINT8, "H": ocio.BIT_DEPTH_UINT16}.get(dtype.char, ocio.BIT_DEPTH_F32)
