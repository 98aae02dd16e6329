"""Downscale a picture of any depth: Lanczos, antialiased."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .color import Floats, Pixels, full_scale


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
        image = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        return np.array(image)
    return _like(np.dstack([_channel(pixels[..., channel], size) for channel in range(pixels.shape[2])]), pixels)


def _channel(values: Pixels, size: tuple[int, int]) -> Floats:
    image = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))
    return np.array(image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0), dtype=np.float32)


def _like(values: Floats, source: Pixels) -> Pixels:
    """Back to the source's depth. Lanczos overshoots: integers are clipped to their range, floats to the source's."""
    if source.dtype.kind == "f":
        return np.clip(values, source.min(), source.max()).astype(source.dtype)
    return np.rint(np.clip(values, 0, full_scale(source.dtype))).astype(source.dtype)
