"""One resampling for everything that moves pixels: frame and lens together.

Bicubic (Keys 1981, a = -0.75), by torch's `grid_sample`, on the values as the file holds them. Where the picture
shrinks, several samples are averaged for each pixel.

OpenCV's `remap` took a third of the processor time on 12 megapixels (0.25 s, this 0.8 s), but rounds positions to 1/32
of a pixel, knows no gradients, and would be 150 MB more to install. In linear light photos that were turned there and
back lost 2.8 dB more (see the guide to framing).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ..color.encoding import Pixels, full_scale
from .framing import PlacedFrame

if TYPE_CHECKING:
    from torch import Tensor

_TILE: Final = 512  # pixels a side
_REACH: Final = 3  # pixels that a sample of the bicubic kernel may ask for around its own
_SLIGHT: Final = 0.3  # so much shrinking asks for no second sample
_MOST: Final = 8  # samples a side
_COLOURS: Final = (0, 1, 2, 1, 0, 1, 2)  # whose map each channel of `_weighted` takes


class GeometricMap(Protocol):
    """Where each point of a picture lies in the one that it is made of, such as a lens's distorted one."""

    def __call__(self, points: Tensor) -> Tensor:
        """Map positions.

        Args:
            points: (H, W, 2) float64, x and y in pixels from the top left corner: the first pixel's middle is
                (0.5, 0.5).

        Returns:
            (H, W, 2) likewise; or (3, H, W, 2), one map for each of red, green and blue.
        """
        ...


def homography(matrix: NDArray[np.float64], then: GeometricMap | None = None) -> GeometricMap:
    """The map of a 3 x 3 matrix on homogeneous positions, followed by another, such as a lens's: both are one
    resampling.
    """

    def mapped(points: Tensor) -> Tensor:
        import torch

        row = torch.from_numpy(matrix).to(points)
        x, y = points.unbind(-1)
        across, down, depth = (row[i, 0] * x + row[i, 1] * y + row[i, 2] for i in range(3))
        found = torch.stack((across / depth, down / depth), -1)
        return found if then is None else then(found)

    return mapped


def resampled(
    pixels: Pixels, alpha: Pixels | None, size: tuple[int, int], source: GeometricMap
) -> tuple[Pixels, Pixels | None]:
    """A picture of `size` (width, height), each at its own depth, whose points lie in the given one where `source`
    says; beyond its edges those are continued.

    Args:
        pixels: (H, W, 3) uint8, uint16 or float32. `alpha`: (H, W) of the same dtype, or None; hidden colours do not
            bleed into what is seen.
    """

    from ...threads import work_by_threads

    width, height = size
    samples = _samples(source, width, height)
    given, full = _tensor(pixels), full_scale(pixels.dtype)
    hidden = None if alpha is None else _tensor(alpha)
    done = np.empty((height, width, pixels.shape[2]), pixels.dtype)
    seen = None if alpha is None else np.empty((height, width), alpha.dtype)
    low, high = (0.0, full) if pixels.dtype.kind == "u" else (float(pixels.min()), float(pixels.max()))

    def fill(rows: slice) -> None:
        for left in range(0, width, _TILE):
            columns = slice(left, min(left + _TILE, width))
            places = [source(_points(rows, columns, offset, samples)) for offset in _offsets(samples)]
            window = _window(places, *given.shape[:2])
            tile = _weighted(given, hidden, window, full)
            colours, weight = _unweighted(_mean(tile[None], places, window)[0], hidden is not None)
            _write(done[rows, columns], colours.clamp(low, high).permute(1, 2, 0))
            if seen is not None and weight is not None:
                _write(seen[rows, columns], weight.clamp(0, 1) * full)

    work_by_threads([slice(top, min(top + _TILE, height)) for top in range(0, height, _TILE)], fill)
    return done, seen


def framed_tensor(rgb: Tensor, placed: PlacedFrame) -> Tensor:
    """What a frame shows of floats (3, H, W) or (B, 3, H, W) on any device, with gradients; values are not limited."""
    if placed.exact:
        for axis, part in zip((-2, -1), placed.window, strict=True):
            first, last = sorted((part.start, (part.stop if part.stop is not None else -1) - part.step))
            rgb = rgb.narrow(axis, first, last - first + 1)
            rgb = rgb.flip(axis) if part.step == -1 else rgb
        return rgb
    width, height = placed.size
    source = homography(placed.matrix)
    samples = _samples(source, width, height)
    every = (slice(0, height), slice(0, width))
    places = [source(_points(*every, offset, samples)).to(rgb.device) for offset in _offsets(samples)]
    whole = (slice(0, rgb.shape[-2]), slice(0, rgb.shape[-1]))
    batch = rgb.float().reshape(-1, *rgb.shape[-3:])
    return _mean(batch, places, whole).to(rgb.dtype).reshape(*rgb.shape[:-2], height, width)


def _tensor(pixels: Pixels) -> Tensor:
    """Pixels as a tensor that shares their memory, unless that may not be written to: torch warns of it."""
    import torch

    return torch.from_numpy(np.require(pixels, requirements=("C", "W")))


def _samples(source: GeometricMap, width: int, height: int) -> int:
    """How many samples a side each pixel takes: as many as pixels of the given picture fall on one, somewhere."""
    import torch

    columns = torch.linspace(0.5, width - 0.5, min(width, 33), dtype=torch.float64)
    rows = torch.linspace(0.5, height - 0.5, min(height, 33), dtype=torch.float64)
    here = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), -1)
    across, down = (
        source(here + torch.tensor(step, dtype=torch.float64)) - source(here - torch.tensor(step, dtype=torch.float64))
        for step in ((0.5, 0.0), (0.0, 0.5))
    )
    stretch = float(torch.linalg.matrix_norm(torch.stack((across, down), -1), ord=2).max())
    return max(1, min(_MOST, math.ceil(stretch - _SLIGHT)))


def _offsets(samples: int) -> list[tuple[float, float]]:
    steps = [(i + 0.5) / samples for i in range(samples)]
    return [(x, y) for y in steps for x in steps]


def _points(rows: slice, columns: slice, offset: tuple[float, float], samples: int) -> Tensor:
    """The positions (H, W, 2) of one sample in each pixel."""
    import torch

    across = torch.arange(columns.start, columns.stop, dtype=torch.float64) + offset[0]
    down = torch.arange(rows.start, rows.stop, dtype=torch.float64) + offset[1]
    return torch.stack(torch.meshgrid(across, down, indexing="xy"), -1)


def _window(places: list[Tensor], height: int, width: int) -> tuple[slice, slice]:
    """The rows and columns of the given picture that samples at these places may ask for."""
    lows = np.min([place.flatten(0, -2).amin(0).numpy() for place in places], axis=0) - _REACH
    highs = np.max([place.flatten(0, -2).amax(0).numpy() for place in places], axis=0) + _REACH
    left, top = (int(np.clip(low, 0, side - 1)) for low, side in zip(lows, (width, height), strict=True))
    right, bottom = (math.ceil(min(high, side)) for high, side in zip(highs, (width, height), strict=True))
    return slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))


def _weighted(given: Tensor, hidden: Tensor | None, window: tuple[slice, slice], full: float) -> Tensor:
    """The window (C, h, w) as floats: colours, or with alpha colours by weight, weight, and colours."""
    import torch

    colours = given[window].permute(2, 0, 1).float()
    if hidden is None:
        return colours
    weight = hidden[window].float()[None] / full
    return torch.cat((colours * weight, weight, colours))


def _unweighted(sampled: Tensor, by_weight: bool) -> tuple[Tensor, Tensor | None]:
    if not by_weight:
        return sampled, None
    import torch

    count = sampled.shape[0] // 2
    colours, weight, plain = sampled[:count], sampled[count : count + 1], sampled[count + 1 :]
    seen = weight > 1 / 512
    return torch.where(seen, colours / torch.where(seen, weight, 1), plain), weight[0]


def _mean(given: Tensor, places: list[Tensor], window: tuple[slice, slice]) -> Tensor:
    """The mean of all samples of each pixel."""
    found = _sampled(given, places[0], window)
    for place in places[1:]:
        found = found + _sampled(given, place, window)
    return found / len(places)


def _sampled(given: Tensor, place: Tensor, window: tuple[slice, slice]) -> Tensor:
    """(B, C, h, w) at positions (H, W, 2) in the whole picture, of which it is the window; (3, H, W, 2): by colour."""
    import torch
    from torch.nn.functional import grid_sample

    if place.ndim == 4:
        maps = [place[colour] for colour in _COLOURS[: given.shape[1]]]
        return torch.cat([_sampled(given[:, i : i + 1], each, window) for i, each in enumerate(maps)], dim=1)
    rows, columns = window
    grid = torch.empty((1, *place.shape), dtype=torch.float32, device=given.device)
    grid[0, ..., 0] = (place[..., 0] - columns.start) * (2 / (columns.stop - columns.start)) - 1
    grid[0, ..., 1] = (place[..., 1] - rows.start) * (2 / (rows.stop - rows.start)) - 1
    grid = grid.expand(given.shape[0], -1, -1, -1)
    return grid_sample(given, grid, mode="bicubic", padding_mode="border", align_corners=False)


def _write(place: Pixels, values: Tensor) -> None:
    """Put floats where pixels of any depth are."""
    import torch

    torch.from_numpy(place).copy_(values.round() if place.dtype.kind == "u" else values)
