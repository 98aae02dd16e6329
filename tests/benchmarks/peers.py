"""What stands beside the planner in the undo test: four automatic corrections that need no understanding."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps
from skimage import exposure
from spoilings import Picture, eight_bit


def nothing(rgb: Picture) -> Picture:
    """The photo as it is."""
    return rgb


def autocontrast(rgb: Picture) -> Picture:
    """Pillow's ImageOps.autocontrast, 1 % cut off at either end."""
    return np.asarray(ImageOps.autocontrast(Image.fromarray(rgb), cutoff=1))


def equalize_adapthist(rgb: Picture) -> Picture:
    """scikit-image's CLAHE with its defaults."""
    return eight_bit(exposure.equalize_adapthist(rgb))


def grey_world(rgb: Picture) -> Picture:
    """Each encoded channel scaled until the three means agree."""
    means = rgb.reshape(-1, 3).mean(axis=0).clip(min=1)
    return eight_bit(rgb / 255 * (means.mean() / means))


PEERS = {
    "doing nothing": nothing,
    "Pillow autocontrast": autocontrast,
    "skimage equalize_adapthist": equalize_adapthist,
    "grey world": grey_world,
}
