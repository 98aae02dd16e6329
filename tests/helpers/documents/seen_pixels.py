"""What decoders that are not ours show of a photo file: (H, W, 3) float32, 0 to 255."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pillow_heif


def seen_pixels(path: Path) -> np.ndarray:
    """The picture without its alpha; grey in three channels."""
    if path.suffix == ".heic":
        pixels = np.array(pillow_heif.open_heif(path, convert_hdr_to_8bit=True)[0])
    else:
        pixels = imagecodecs.imread(path)
    white = 1 if pixels.dtype.kind == "f" else 255 if pixels.dtype == np.uint8 else _white(path)
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    colours = pixels[..., :3] if pixels.shape[2] > 2 else pixels[..., :1].repeat(3, axis=2)
    return colours.astype(np.float32) * (255 / white)


def _white(path: Path) -> int:
    return 4095 if path.suffix == ".avif" else 65535  # we write AVIF of twelve bits
