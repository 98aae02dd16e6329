"""What a photo shows, as shares of classes: of the whole, on a grid, and lifted to every pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from ...core.errors import InvalidRequest, nearest
from ...core.filters.guided_filter import guided_filter
from ...core.photo import Photo
from .network import CLASSES, SIDE, SceneNetwork
from .weights import installed

# A photo is first made small in good quality, then averaged to the square that the network sees.
_SHARP: Final = 2 * SIDE


@dataclass(frozen=True, eq=False)
class Scene:
    """The shares of one photo.

    Attributes:
        shares: (9, 96, 96) float32 in [0, 1], in the order of `CLASSES`; the sum over classes is 1. The grid spans the
            whole photo, whatever its shape.
    """

    shares: Tensor

    def share(self, name: str) -> float:
        """How much of the photo is of a class, 0 to 1.

        Raises:
            InvalidRequest: no such class.
        """
        return float(self.shares[_place(name)].mean())

    def by_name(self) -> Mapping[str, float]:
        """The share of every class, largest first."""
        means = self.shares.mean(dim=(1, 2)).tolist()
        return dict(sorted(zip(CLASSES, means, strict=True), key=lambda pair: -pair[1]))

    def lifted(self, rgb: Tensor, names: Sequence[str]) -> Tensor:
        """Masks of some classes at the size of a picture, along its edges.

        Args:
            rgb: (1, 3, H, W) encoded sRGB, the photo at any size.

        Returns:
            (len(names), H, W) in [0, 1]. See `guided_filter`.

        Raises:
            InvalidRequest: no such class.
        """
        chosen = self.shares[[_place(name) for name in names]].to(rgb)
        with torch.no_grad():
            return guided_filter(rgb, chosen.unsqueeze(0))


def scene_of(photo: Photo, *, network: SceneNetwork | None = None) -> Scene:
    """What a photo shows.

    Args:
        network: a `quick` or `folded` one; by default the one that is installed with veraretouch.
    """
    rgb = photo.resized(_SHARP).tensor().unsqueeze(0)
    return Scene(shares_of(rgb, network=network)[0])


@torch.no_grad()
def shares_of(rgb: Tensor, *, network: SceneNetwork | None = None) -> Tensor:
    """The shares of pictures, each of which goes through the network alone, so that no row depends on another.

    Args:
        rgb: (B, 3, H, W) encoded sRGB in [0, 1], whole photos; values beyond are clamped.
        network: as in `scene_of`.

    Returns:
        (B, 9, 96, 96), which sums to 1 over the classes in `CLASSES`; on the device and of the dtype of `rgb`.
    """
    ready = installed() if network is None else network
    device = ready.head.weight.device
    rows = [ready(_last(seen(row.unsqueeze(0).to(device, torch.float32)))).softmax(dim=1) for row in rgb]
    return torch.cat(rows).to(rgb).contiguous()


def seen(rgb: Tensor) -> Tensor:
    """What the network sees of pictures (B, 3, H, W): squares of 192 pixels a side, (B, 3, 192, 192) in [0, 1]."""
    rgb = rgb.clamp(0, 1)
    if rgb.shape[2:] == (SIDE, SIDE):
        return rgb
    return functional.interpolate(rgb, size=(SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)


def _last(rgb: Tensor) -> Tensor:
    """With its channels last in memory, as the network is quickest."""
    return rgb.contiguous(memory_format=torch.channels_last)


def _place(name: str) -> int:
    if name not in CLASSES:
        raise InvalidRequest(
            f"no class {name!r} of a scene", cure=f"{nearest(name, CLASSES)} There are {', '.join(CLASSES)}.".lstrip()
        )
    return CLASSES.index(name)
