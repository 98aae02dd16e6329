"""The trained network as a thing of its own: packed as a bundle, loaded from one, exported to phones."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor

from ...core.contract.bundle import OpenedBundle
from ...core.photo import Photo
from ..saving import save_weights
from . import scene
from .network import CLASSES, GRID, SIDE, SceneNetwork, quick
from .weights import FILE, dequantised, quantised


class SceneReader:
    """Reads scenes with a network of one's own, as `scene_of` does with the installed one.

    Args:
        network: a trained one, neither `folded` nor `quick`.
    """

    id = "scene"
    version = "0.1.0"
    kind = "network"

    def __init__(self, network: SceneNetwork) -> None:
        self.network = network

    @classmethod
    def from_bundle(cls, bundle: OpenedBundle) -> SceneReader:
        """The network of a bundle.

        Raises:
            InvalidDocument: its tensors are not this network's.
        """
        return cls(dequantised(bundle.tensors(FILE)))

    def save_bundle(self, folder: Path) -> dict[str, Any]:
        """Write the weights into a folder, 8 bits each, and return the configuration."""
        save_weights(quantised(self.network), folder / FILE)
        return {"side": SIDE, "grid": GRID, "classes": list(CLASSES)}

    @cached_property
    def _ready(self) -> SceneNetwork:
        return quick(self.network)

    def scene_of(self, photo: Photo) -> scene.Scene:
        """What a photo shows."""
        return scene.scene_of(photo, network=self._ready)

    def shares_of(self, rgb: Tensor) -> Tensor:
        """The shares (B, 9, 96, 96) of pictures (B, 3, H, W); see `scene.shares_of`."""
        return scene.shares_of(rgb, network=self._ready)
