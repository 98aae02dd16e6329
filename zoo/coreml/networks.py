"""What a phone runs, as torch modules: one photo at a time, fixed shapes, plain tensors in and out."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...core.color.srgb import linear_to_srgb, srgb_to_linear
from ...core.contract.op import Frame, Op
from ...core.contract.schema import Schema
from ...core.lut.cube import nodes
from ...core.plugins.registry import registry
from ...ops.neural import RetouchNetwork
from ...planners.scene.network import SIDE as SCENE
from ...planners.scene.network import SceneNetwork, folded
from ...planners.scene.weights import stored as stored_scene
from ...planners.tiny.latents import moved_by, seen_only
from ...planners.tiny.network import EDITS
from ...planners.tiny.planner import Tiny
from ...planners.tiny.regions import regions
from ...planners.tiny.statistics import grid, statistics

CUBES: Final = (33, 64)
SIDES: Final = (512, 1024)
PICTURE: Final = 256


class Pixels(nn.Module):
    """The retouch renderer as convolutions of one pixel: photos (1, 3, H, W) and a latent (1,
    2688) to photos in [0, 1].

    Args:
        encoded: photos come in [0, 1]; else in [-1, 1], as the network sees them.
    """

    def __init__(self, network: RetouchNetwork, *, encoded: bool = False) -> None:
        super().__init__()
        self.network, self.encoded = network, encoded

    def forward(self, photo: Tensor, latent: Tensor) -> Tensor:
        net: Any = self.network  # whose layers mypy takes for plain modules
        x = photo
        for place, (layer, norm, project) in enumerate(zip(net.layers, net.layer_norms, net.z_projs, strict=True)):
            weight, bias = layer.weight, layer.bias
            if place == 0 and self.encoded:  # W (2 x - 1) + b
                weight, bias = 2 * weight, bias - weight.sum(dim=1)
            x = torch.relu(functional.conv2d(x, weight[:, :, None, None], bias))
            x = _normalised(norm, x) + project(torch.relu(latent))[:, :, None, None]
        last: Tensor = functional.conv2d(x, net.out_layer.weight[:, :, None, None], net.out_layer.bias)
        return torch.sigmoid(last)


def _normalised(norm: Any, x: Tensor) -> Tensor:
    """Layer normalisation over channels, which the phone has for this layout without turning it."""
    centred = x - x.mean(dim=1, keepdim=True)
    spread = torch.rsqrt(centred.square().mean(dim=1, keepdim=True) + norm.eps)
    # The weight comes first: coremltools 9.0, when it stores weights in few bits, would fuse a last product and sum
    # with constants to a batch norm of two precisions, which it then refuses.
    done: Tensor = centred * norm.weight[:, None, None] * spread + norm.bias[:, None, None]
    return done


class Baker(nn.Module):
    """Latents to a cube (n, n, n, 4) for CIColorCubeWithColorSpace: axes blue, green, red,
    so that red runs fastest; alpha is 1.

    Args:
        colours: a network from photos (1, 3, H, W) in [0, 1] and latents (1, D) to photos.
    """

    lattice: Tensor
    opaque: Tensor

    def __init__(self, colours: nn.Module, n: int) -> None:
        super().__init__()
        self.colours, self.n = colours, n
        # A layer's values on all points take twenty times as much space as the points;
        # what ops make of them first, less.
        self.written = () if isinstance(colours, OpsNetwork) else ("lattice",)
        points = torch.from_numpy(nodes(n).copy()).reshape(n * n, n, 3)
        self.register_buffer("lattice", points.permute(2, 0, 1).unsqueeze(0))
        self.register_buffer("opaque", torch.ones(1, 1, n * n, n))

    def forward(self, latents: Tensor) -> Tensor:
        made = self.colours(self.lattice, latents).clamp(0, 1)
        return torch.cat([made, self.opaque], dim=1).permute(0, 2, 3, 1).reshape(self.n, self.n, self.n, 4)


class OpsNetwork(nn.Module):
    """Explicit ops in the order of their stages: photos (1, 3, H, W) in [0, 1] and packed latents (1,
    D) of their schema.
    """

    def __init__(self, schema: Schema) -> None:
        super().__init__()
        self.schema = schema
        self.ops: list[Op] = [registry.ops.load(id)() for id in schema.specs]

    def forward(self, photo: Tensor, latents: Tensor) -> Tensor:
        at, light = 0, False
        for op, spec in zip(self.ops, self.schema.specs.values(), strict=True):
            values = {}
            for name, slot in spec.slots.items():
                values[name] = latents[:, at : at + slot.size].reshape(1, *slot.shape)
                at += slot.size
            if op.linear != light:
                photo, light = (srgb_to_linear if op.linear else linear_to_srgb)(photo), op.linear
            photo = op.apply(photo, op.params(values, Frame(0, 0, photo.shape[2], photo.shape[3])))
        return linear_to_srgb(photo) if light else photo


class TinyPhone(nn.Module):
    """The planner `tiny`: a picture (1, 3, 256, 256) from 0 to 255 to packed latents (1, D) of its schema,
    in the slots' own units, by the taste `natural`.

    The picture is the whole photo, scaled to a square. With `styled` it takes a style vector (1, D) as well: what the
    lexicon reads in a prompt, as `planners.tiny.latents.wish_of` gives it.
    """

    smaller: Tensor

    def __init__(self, planner: Tiny) -> None:
        super().__init__()
        self.network, self.schema, self.repairs = planner.network, planner.schema, planner.repairs
        self.scene = ScenePhone(stored_scene())
        # The scene's square from ours: a resampling is a product with a matrix of each side.
        sides = torch.eye(PICTURE).reshape(1, 1, PICTURE, PICTURE)
        matrix = functional.interpolate(
            sides, size=(SCENE, PICTURE), mode="bilinear", align_corners=False, antialias=True
        )
        self.register_buffer("smaller", matrix[0, 0])

    def forward(self, image: Tensor, style: Tensor | None = None) -> Tensor:
        shares = self.scene(self._resampled(image))
        places = grid(image * (1 / 255))
        measured = torch.cat([statistics(places), regions(places, shares)], dim=1)
        wishes = torch.zeros(1, self.schema.size) if style is None else style
        raw = seen_only(self.network(measured)[:, EDITS.index("natural")])
        return self._assembled(raw, wishes)

    def _resampled(self, image: Tensor) -> Tensor:
        """The square that the scene network sees; by matrices from the left, which are stored in single precision and
        once, where layers would be of few bits, and a product of each channel would store a matrix for each.
        """
        picture = image[0]
        for _ in range(2):  # rows, then columns
            lines = self.smaller @ picture.transpose(0, 1).flatten(1)
            picture = lines.reshape(SCENE, 3, -1).permute(1, 2, 0)
        return picture.unsqueeze(0)

    def _assembled(self, raw: Tensor, wishes: Tensor) -> Tensor:
        """As `planners.tiny.latents.assemble`, packed, and without asking what was wished for."""
        parts, taken, at = [], 0, 0
        for op, name, slot in self.schema:
            identity = torch.from_numpy(np.asarray(slot.identity, dtype=np.float32).reshape(1, slot.size))
            value = identity + wishes[:, at : at + slot.size]
            at += slot.size
            if f"{op}.{name}" in self.repairs:
                value = moved_by(slot, value, raw[:, taken : taken + slot.size])
                taken += slot.size
            parts.append(value)
        return torch.cat(parts, dim=1)


class ScenePhone(nn.Module):
    """The scene network: a picture (1, 3, 192, 192) from 0 to 255 to shares (1, 9, 96, 96), which sum to 1.

    The picture is the whole photo, scaled to a square.
    """

    def __init__(self, network: SceneNetwork) -> None:
        super().__init__()
        self.network = folded(network)
        for merge in self.network.merges:
            merge.doubled = _DoubledBySums()

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.network(image * (1 / 255))
        return logits.softmax(dim=1)


class _DoubledBySums(nn.Module):
    """As `Doubled`, by sums of neighbours: a quarter of the further one, three quarters of the nearer."""

    def forward(self, x: Tensor) -> Tensor:
        for axis in (2, 3):
            size = x.shape[axis]
            before = torch.cat([x.narrow(axis, 0, 1), x.narrow(axis, 0, size - 1)], dim=axis)
            after = torch.cat([x.narrow(axis, 1, size - 1), x.narrow(axis, size - 1, 1)], dim=axis)
            pairs = torch.stack([0.25 * before + 0.75 * x, 0.75 * x + 0.25 * after], dim=axis + 1)
            x = pairs.flatten(axis, axis + 1)
        return x


class Vision(nn.Module):
    """The tower, one picture (1, 3, side, side) in [0, 1] at a time, to tokens (1, places, width): of the published
    one, 1024 pixels a side become 256 tokens of 3072.
    """

    def __init__(self, tower: Any) -> None:
        super().__init__()
        self.model = tower.model

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.model.forward_features(images)
        return features.flatten(2).transpose(1, 2)

    def tokens(self, side: int) -> tuple[int, int]:
        """How many tokens a picture of so many pixels a side becomes, and how wide they are; nothing is computed."""
        stored = {**dict(self.named_parameters()), **dict(self.named_buffers())}
        shapes = {name: value.to("meta") for name, value in stored.items()}
        made = torch.func.functional_call(self.eval(), shapes, torch.empty(1, 3, side, side, device="meta"))
        return made.shape[1], made.shape[2]


class PairNetwork(nn.Module):
    """The reference encoder: pictures (1, 3, 512, 512) in [-1, 1] and a mask (1, 3) of groups to a latent (1, 2688)."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, before: Tensor, after: Tensor, mask: Tensor) -> Tensor:
        latent: Tensor = self.encoder(before, after)
        return (latent.reshape(1, 3, -1) * mask.reshape(1, 3, 1)).reshape(1, -1)
