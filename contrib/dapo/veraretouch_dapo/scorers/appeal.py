"""The scorer `dapo.appeal`: how little a photo looks spoilt; a small network of ours, see weights/README.md."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Final

import torch
from safetensors.torch import load_file
from torch import Tensor

from .network import AppealNetwork, grid_of, measure

# Divides what the network says: scores of ordinary photos then use the middle of the range.
SOFT: Final = 2.0


class Appeal:
    """Score pictures by a network that was taught to tell photographers' photos from spoilt ones.

    Scores say little across photos, and much of two renderings of one photo: in that case it prefers the better one in
    the share of pairs that its card states.
    """

    licence = "Apache-2.0"
    commercial_use = True

    def __init__(self) -> None:
        with as_file(files(__package__) / "weights" / "appeal.safetensors") as path:
            tensors = load_file(path)
        self.network = AppealNetwork()
        self.network.load_state_dict(tensors)
        self.network.eval().requires_grad_(False)

    @torch.no_grad()
    def __call__(self, pictures: Tensor) -> Tensor:
        """(B,) from 0 to 1, of pictures (B, 3, H, W) in [0, 1]."""
        grids = grid_of(pictures.float().clamp(0, 1)).cpu()
        return torch.sigmoid(self.network(measure(grids)) / SOFT).to(pictures.device)
