"""Haze put before photos by the atmospheric model, even or growing with a depth that the scene network makes plausible,
and the photos of a folder, parted by source.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from veraretouch.planners.scene import scene
from veraretouch.planners.scene.network import CLASSES

AIRLIGHT = torch.tensor([0.88, 0.9, 0.93]).reshape(1, 3, 1, 1)
SKY = CLASSES.index("sky")
OUTDOORS = 0.08  # the share of sky from which on a photo is taken to be one


class Depth(NamedTuple):
    """How far away things are: at the bottom row, and the sky; 1 is the farthest land. The land's rows grow by
    `power`.
    """

    nearest: Tensor | float = 0.15
    power: Tensor | float = 1.0
    sky: Tensor | float = 1.2


def sky_of(rgb: Tensor) -> Tensor:
    """The sky (B, 1, 96, 96) of photos (B, 3, H, W), as shares."""
    with torch.inference_mode():
        return torch.cat([scene.shares_of(part)[:, SKY : SKY + 1] for part in rgb.split(16)])


def depth_of(sky: Tensor, size: tuple[int, int], depth: Depth = Depth()) -> Tensor:  # noqa: B008
    """How far away each place is, (B, 1, *size): land grows from the bottom row to the top one, the sky is one."""
    shown = ((interpolate(sky, size=size, mode="bilinear", align_corners=False) - 0.3) / 0.4).clamp(0, 1)
    rows = torch.linspace(1, 0, size[0]).reshape(1, 1, -1, 1)
    land = depth.nearest + (1 - depth.nearest) * rows**depth.power
    return land * (1 - shown) + depth.sky * shown


def hazed(rgb: Tensor, passing: Tensor | float, airlight: Tensor = AIRLIGHT) -> Tensor:
    """Photos behind haze that lets so much of their light pass."""
    return rgb * passing + airlight * (1 - passing)


def half_of(source: str) -> int:
    """0 for sources that teach, 1 for those that judge."""
    return int(hashlib.sha256(source.encode()).hexdigest(), 16) % 2


def photos_of(folder: Path, half: int, *, most: int) -> Iterator[np.ndarray]:
    """Photos (H, W, 3) of one half of a folder's sources: each .jpg is one, and each .tar of pictures, of which at most
    so many are taken, evenly by name.
    """
    for path in sorted(folder.iterdir()):
        if path.suffix in (".jpg", ".tar") and half_of(path.stem) == half:
            yield from (opened(path.read_bytes()),) if path.suffix == ".jpg" else _within(path, most)


def _within(path: Path, most: int) -> Iterator[np.ndarray]:
    with tarfile.open(path) as archive:
        members = [each for each in archive.getmembers() if each.name.lower().endswith((".jpg", ".jpeg", ".png"))]
        for member in members[:: max(1, len(members) // most)][:most]:
            file = archive.extractfile(member)
            assert file is not None
            yield opened(file.read())


def opened(file: bytes) -> np.ndarray:
    """The pixels (H, W, 3) of a picture."""
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))
