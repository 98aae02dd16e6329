"""Downscale a picture of any depth: Lanczos, antialiased; large ones by a box first, in strips, side by side."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .color.encoding import Floats, Pixels, full_scale

_GAP = 3.0
_STRIP = 2**20  # pixels: Pillow makes a copy of what it shrinks
_WORTH_SHARING = 2**21


def fitted(pixels: Pixels, alpha: Pixels | None, long_side: int) -> tuple[Pixels, Pixels | None]:
    """Resize (H, W, 3) pixels and (H, W) alpha so that the longer side has `long_side` pixels,
    each at its own depth.
    """
    height, width = pixels.shape[:2]
    scale = long_side / max(width, height)
    return resize(pixels, alpha, (max(1, round(width * scale)), max(1, round(height * scale))))


def resize(pixels: Pixels, alpha: Pixels | None, size: tuple[int, int]) -> tuple[Pixels, Pixels | None]:
    """Resize (H, W, 3) pixels and (H, W) alpha to `size` (width, height), each at its own depth."""
    if alpha is None:
        return _resize(pixels, size), None
    # Weighted by alpha, so that the colour hidden under transparent pixels does not bleed into the visible edge.
    weight = alpha.astype(np.float32) / full_scale(alpha.dtype)
    small_weight = _channel(weight, size)
    layers = []
    for channel in range(pixels.shape[2]):
        plain = _channel(pixels[..., channel], size)
        weighted = _channel(pixels[..., channel] * weight, size)
        seen = small_weight > 1 / 512
        layers.append(np.where(seen, weighted / np.where(seen, small_weight, 1), plain))
    return _like(np.dstack(layers), pixels), _like(small_weight * full_scale(alpha.dtype), alpha)


def _resize(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    if pixels.dtype == np.uint8:
        return _scaled(pixels, size)
    return _like(np.dstack([_channel(pixels[..., channel], size) for channel in range(pixels.shape[2])]), pixels)


def _channel(values: Pixels, size: tuple[int, int]) -> Floats:
    return _scaled(values, size).astype(np.float32, copy=False)


def _scaled(values: Pixels, size: tuple[int, int]) -> Pixels:
    """Bytes as they are, all else as float32 channels. The box is of whole pixels and leaves Lanczos at least a
    factor of 3.
    """
    height, width = values.shape[:2]
    across, down = (max(1, int(before / after / _GAP)) for before, after in zip((width, height), size, strict=True))
    dtype = np.uint8 if values.dtype == np.uint8 else np.float32
    boxes = np.empty((-(-height // down), -(-width // across), *values.shape[2:]), dtype)

    def reduce(rows: slice) -> None:
        tall = max(1, _STRIP // (width * down))
        for top in range(rows.start, rows.stop, tall):
            bottom = min(top + tall, rows.stop)
            part = np.ascontiguousarray(values[top * down : bottom * down], dtype=dtype)
            boxes[top:bottom] = Image.fromarray(part).reduce((across, down))

    if height * width < _WORTH_SHARING:
        reduce(slice(0, len(boxes)))
    else:
        from ..threads import side_by_side  # imports torch

        side_by_side(len(boxes), reduce)
    image = Image.fromarray(boxes)
    return np.array(image.resize(size, Image.Resampling.LANCZOS, box=(0, 0, width / across, height / down)))


def _like(values: Floats, source: Pixels) -> Pixels:
    """Back to the source's depth. Lanczos overshoots: integers are clipped to their range, floats to the source's."""
    if source.dtype.kind == "f":
        return np.clip(values, source.min(), source.max()).astype(source.dtype)
    return np.rint(np.clip(values, 0, full_scale(source.dtype))).astype(source.dtype)
