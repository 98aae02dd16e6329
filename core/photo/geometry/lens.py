"""What a lens did to a photo, undone: distortion, lateral chromatic aberration and vignetting, by a profile of it.

A profile is measured by others: see `core.photo.geometry.lens_profiles`. Distortion and aberration are a map of
positions, which takes part in the one resampling of the frame; vignetting is a gain of linear light, given before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidRequest
from ...strict_json import shorten
from ..color import encoding
from ..color.encoding import Floats, Pixels

if TYPE_CHECKING:
    from torch import Tensor

AUTO: Final = "auto"
LENS_RANGES: Final = {"distortion": (0.0, 200.0), "vignetting": (0.0, 200.0), "chromatic_aberration": (0.0, 100.0)}
_NODES: Final = 97  # of the lattice, a side
_FINER: Final = 6  # times as many are interpolated between them
_BEYOND: Final = 0.15  # of the photo's sides, that the lattice reaches beyond each
_STEPS: Final = 24  # of the search for the zoom
_ZOOMS: Final = (0.8, 1.6)
_LONGEST: Final = 200  # characters of a name

Positions = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""From positions (N, 2) in a photo put right, in pixels from its top left corner, to those of red, green and blue in
the photo as it is, (3, N, 2)."""


@dataclass(frozen=True)
class LensCorrection:
    """How far a lens's faults are corrected: the `lens` of a plan's frame.

    Attributes:
        profile: `auto`, which finds the lens by the photo's EXIF, or the name of a lens as lensfun's database has it.
        distortion, vignetting: percent of what the profile says, 0..200.
        chromatic_aberration: likewise of the lateral one, 0..100.

    Raises:
        InvalidRequest: a value of the wrong type or out of range.
    """

    profile: str = AUTO
    distortion: float = 100.0
    vignetting: float = 100.0
    chromatic_aberration: float = 100.0

    def __post_init__(self) -> None:
        if not isinstance(self.profile, str) or not 0 < len(self.profile) <= _LONGEST:
            raise InvalidRequest(
                f"frame.lens.profile is {shorten(self.profile)}", cure='Give "auto" or the name of a lens.'
            )
        for name, (low, high) in LENS_RANGES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise InvalidRequest(
                    f"frame.lens.{name} is {shorten(value)}", cure=f"Give a number from {low:g} to {high:g}."
                )
            object.__setattr__(self, name, float(value))

    def document(self) -> dict[str, str | float]:
        """The profile, and the values that are not 100, as JSON."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if name == "profile" or value != 100}


class LensMap:
    """Where each point of a photo put right lies in the photo as the lens drew it: a `GeometricMap` of three colours.

    The photo put right is made as much larger or smaller about its centre as lets it fill its frame.

    Args:
        positions: of a photo of `size` (width, height), asked at the nodes of a lattice, between which it is smooth.
        correction: how far `positions` are followed.
    """

    def __init__(self, positions: Positions, size: tuple[int, int], correction: LensCorrection) -> None:
        import torch

        self._size = size
        across, down = (np.linspace(-_BEYOND * side, (1 + _BEYOND) * side, _NODES) for side in size)
        nodes = np.stack(np.meshgrid(across, down, indexing="xy"), -1)
        red, green, blue = positions(nodes.reshape(-1, 2)).reshape(3, _NODES, _NODES, 2)
        shares = correction.distortion / 100, correction.chromatic_aberration / 100
        shifts = [shares[0] * (green - nodes) + shares[1] * (each - green) for each in (red, green, blue)]
        # (1, 6, nodes, nodes): across and down of each colour.
        finer = _catmull_rom(_NODES, _FINER)
        self._shifts = torch.from_numpy(finer @ np.concatenate(shifts, -1).transpose(2, 0, 1) @ finer.T)[None]
        self.zoom = self._filling()

    def __call__(self, points: Tensor) -> Tensor:
        """Map (H, W, 2) positions to (3, H, W, 2); see `GeometricMap`."""
        import torch

        middle = torch.tensor(self._size, dtype=points.dtype) / 2
        return self._mapped(middle + (points - middle) / self.zoom)

    def _mapped(self, points: Tensor) -> Tensor:
        import torch
        from torch.nn.functional import grid_sample

        size = torch.tensor(self._size, dtype=points.dtype)
        places = (points / size * 2 - 1) / (1 + 2 * _BEYOND)
        found = grid_sample(
            self._shifts.to(points.dtype), places[None], mode="bilinear", padding_mode="border", align_corners=True
        )
        moved: Tensor = points + found[0].reshape(3, 2, *points.shape[:2]).permute(0, 2, 3, 1)
        return moved

    def _filling(self) -> float:
        """The least zoom at which no edge of the photo as it was is seen."""
        import torch

        width, height = self._size
        edge = torch.linspace(0, 1, 65, dtype=torch.float64)
        sides = [torch.stack((edge, torch.full_like(edge, end)), -1) for end in (0, 1)]
        border = torch.cat([*sides, *(side.flip(-1) for side in sides)]) * torch.tensor((width, height))
        low, high = _ZOOMS
        for _ in range(_STEPS):
            self.zoom = (low + high) / 2
            found = self(border[None].double())
            inside = bool((found >= 0).all()) and bool((found <= torch.tensor((width, height))).all())
            low, high = (low, self.zoom) if inside else (self.zoom, high)
        return high


def _catmull_rom(nodes: int, times: int) -> NDArray[np.float64]:
    """What turns values at so many nodes into those at `times` as many and their ends, by Catmull and Rom's spline."""
    places = np.linspace(0, nodes - 1, (nodes - 1) * times + 1)
    before = np.minimum(np.floor(places).astype(int), nodes - 2)
    t = (places - before)[:, None]
    weights = np.hstack(
        [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3],
    )
    matrix = np.zeros((len(places), nodes))
    for k in range(4):
        np.add.at(matrix, (np.arange(len(places)), np.clip(before + k - 1, 0, nodes - 1)), weights[:, k] / 2)
    return matrix


def brightened(pixels: Pixels, profile: bytes | None, gains: Floats, share: float) -> Pixels:
    """(H, W, 3) pixels of any depth in a colour profile, their linear light multiplied.

    Args:
        gains: (h, w), of the whole photo at any size; enlarged along straight lines.
        share: how much of each gain counts: at 0 none, at 1 all, at 2 its square.
    """
    import torch

    from ...filters.enlarging import enlarged

    height, width = pixels.shape[:2]
    small = torch.from_numpy(np.power(gains, np.float32(share)))[None, None]
    made = np.empty_like(pixels)
    for rows in encoding.strips(height, width):
        count = min(rows.stop, height) - rows.start
        gain = enlarged(small, (count, width), top=rows.start, left=0, height=height, width=width)[0, 0, :, :, None]
        linear = encoding.decode(encoding.to_working(pixels[rows], profile)) * gain.numpy()
        made[rows] = encoding.from_working(encoding.encode(linear), profile, pixels[rows], same_profile=False)
    return made
