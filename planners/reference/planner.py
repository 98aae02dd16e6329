"""The planner that takes a look from a reference: a pair before and after, or one target."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ...core.contract.latents import Latents
from ...core.contract.planner import Proposal, Reasoning
from ...core.contract.request import Mode, Request
from ...core.contract.schema import Schema
from ...core.errors import InvalidDocument, InvalidRequest, UnknownBundle
from ...core.photo import Photo
from ...core.photo.color.encoding import full_scale
from ...core.photo.resize import resize
from ...core.strict_json import shorten
from ...ops.neural import FILE as RENDERER_FILE
from ...ops.neural import Neural
from ..precision import float_of
from ..saving import save_weights
from .author_weights import pick_published, read_published
from .encoder import FILE, ReferenceEncoder

SIDE: Final = 512
_VISIBLE: Final = 1 / 512
ChannelOrder = Literal["rgb", "bgr"]

_SUBJECTS: Final = {
    "lighting": "the light",
    "global_color": "the colours of the whole",
    "specific_color": "single colours",
}

_CONFIGURATION: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"side": {"type": ["integer", "null"], "minimum": 16, "maximum": 4096}},
}


class Reference:
    """Plan by the published reference encoder: what was done to a pair of photos, as latents of `neural`.

    Args:
        encoder: the trained network; it is put into evaluation mode. `op`: the renderer's network that it was trained
            with.
        side: of the pictures that it was trained on, in pixels; by default the published 512, scaled as published.
        channel_order: of the pictures that the encoder is given. The published script feeds BGR, as its file reader
            gives it, and the published app RGB; which of the two the weights expect only a trial with them can tell.

    Raises:
        UnknownBundle: without them; there is no such planner without weights. InvalidRequest: another channel order.
    """

    id = "reference"
    version = "0.1.0"
    modes: frozenset[Mode] = frozenset({"reference"})
    configuration_schema = _CONFIGURATION

    def __init__(
        self,
        encoder: ReferenceEncoder | None = None,
        op: Neural | None = None,
        *,
        side: int | None = None,
        channel_order: ChannelOrder = "rgb",
    ) -> None:
        if encoder is None or op is None:
            raise UnknownBundle(
                "planner 'reference' is made from a bundle and none was named",
                cure='Load it by zoo.load("vera-reference").',
            )
        if channel_order not in get_args(ChannelOrder):
            raise InvalidRequest(
                f"channel_order is {shorten(channel_order)}", cure=f"It is one of {', '.join(get_args(ChannelOrder))}."
            )
        self.encoder, self.side, self.channel_order = encoder.eval(), side, channel_order
        self.ops = (op,)
        self.schema = Schema.of(self.ops)

    @classmethod
    def from_bundle(
        cls, bundle: Any, *, device: Any = None, dtype: Any = None, channel_order: ChannelOrder = "rgb"
    ) -> Reference:
        """The planner of a bundle: float32 unless another `dtype` is wished for the encoder; the renderer's network
        stays in float32.

        Raises:
            InvalidRequest: a dtype that is none of torch's floats, or another channel order.
            InvalidDocument: their tensors are not these networks', or the side of their pictures is no size.
        """
        side = bundle.configuration.get("side")
        if side is not None and not (type(side) is int and 16 <= side <= 4096):
            raise InvalidDocument(f"is {side!r}", path="configuration.side", cure="Fetch the bundle again.")
        encoder = ReferenceEncoder.from_tensors(bundle.tensors(FILE))
        encoder = encoder.to(device=device, dtype=float_of(dtype))
        return cls(encoder, Neural.from_bundle(bundle, device=device), side=side, channel_order=channel_order)

    @classmethod
    def from_published(cls, files: Mapping[str, Path]) -> Reference:
        """The planner with the authors' own weights: name in their repository -> path here.

        Raises:
            IncompatibleBundle: the file is not among them.
            InvalidDocument, MissingExtra, UnreachableBundle: see `read_published`.
        """
        name = pick_published(files)
        encoder, network = read_published(files[name], name=name)
        return cls(encoder, Neural(network))

    @staticmethod
    def published_files(names: Collection[str]) -> list[str]:
        """Which files of the authors' repository `from_published` needs, of those that it has.

        Raises:
            IncompatibleBundle: they are not there.
        """
        return [pick_published(names)]

    def save_bundle(self, folder: Path) -> dict[str, Any]:
        """Write the weights into a folder and return the configuration; see `zoo.pack`."""
        save_weights(self.encoder.state_dict(), folder / FILE)
        save_weights(self.ops[0].network.state_dict(), folder / RENDERER_FILE)
        return {} if self.side is None else {"side": self.side}

    def plan(self, photos: Sequence[Photo], requests: Sequence[Request]) -> Proposal:
        """Propose latents by each request's reference: (before, after), or one target, before which is then the photo
        itself.

        Groups that are off get zeros, as the published mask does. Equal pairs are encoded once. Each pair goes through
        the network alone, so that no row depends on another.

        Raises:
            InvalidRequest: a request without a reference.
        """
        encoded: dict[tuple[str, str], Tensor] = {}
        rows, reasoning = [], []
        for photo, request in zip(photos, requests, strict=True):
            before, after = _pair(photo, request)
            key = before.hash, after.hash
            if key not in encoded:
                encoded[key] = self.encode(before, after)
            groups = [group for group in self.schema.groups if request.groups is None or group in request.groups]
            rows.append(Latents.unpack(self.schema, encoded[key]).masked([groups]))
            reasoning.append(_reasons(groups, paired=before is not photo))
        return Proposal(Latents.cat(rows), reasoning)

    def encode(self, before: Photo, after: Photo) -> Tensor:
        """The latent (1, 2688) of one pair, in at least float32; differentiable in the encoder's weights."""
        like = self.encoder.fc.weight
        latent: Tensor = self.encoder(
            *(
                picture(photo, self.side, channel_order=self.channel_order).to(device=like.device, dtype=like.dtype)
                for photo in (before, after)
            )
        )
        return latent.to(torch.promote_types(latent.dtype, torch.float32))


def picture(photo: Photo, side: int | None = None, *, channel_order: ChannelOrder = "rgb") -> Tensor:
    """A photo as the encoder is given it: (1, 3, side, side) in [-1, 1], the whole of it without regard to its
    proportions.

    Without `side` as the published script does it: 512 pixels, bilinear, as OpenCV scales (each pixel between its four
    nearest). With it as `training.pairs` prepares what an encoder is trained on here: by Lanczos. Colours outside sRGB
    are clipped.
    """
    if side is None:
        rgb = _bilinear(photo)
    else:
        pixels, alpha = resize(photo.pixels, photo.alpha, (side, side))
        rgb = replace(photo, pixels=pixels, alpha=alpha).tensor().unsqueeze(0)
    if channel_order == "bgr":
        rgb = rgb.flip(1)
    return 2 * rgb.clamp(0, 1) - 1


def _bilinear(photo: Photo) -> Tensor:
    """A photo at the published size, (1, 3, 512, 512); colours hidden under transparent pixels do not bleed into the
    visible edge.
    """

    def scaled(values: Tensor) -> Tensor:
        return functional.interpolate(values, (SIDE, SIDE), mode="bilinear", align_corners=False)

    rgb = photo.tensor().unsqueeze(0)
    if photo.alpha is None:
        return scaled(rgb)
    weight = torch.from_numpy(photo.alpha.astype(np.float32) / full_scale(photo.alpha.dtype))[None, None]
    visible = scaled(weight)
    return torch.where(visible > _VISIBLE, scaled(rgb * weight) / visible.clamp(min=_VISIBLE), scaled(rgb))


def _pair(photo: Photo, request: Request) -> tuple[Photo, Photo]:
    match request.reference:
        case (before, after):
            return before, after
        case (target,):
            return photo, target
    raise InvalidRequest(
        f"planner 'reference' was asked for mode {request.mode!r} without a reference",
        cure="Give one target photo, or (before, after).",
    )


def _reasons(groups: Sequence[str], *, paired: bool) -> Reasoning:
    plan = "Do to {} what was done from before to after" if paired else "Bring {} to the target's"
    return {
        group: {
            "problem": "No problem was looked for: a reference was given.",
            "plan": f"{plan.format(_SUBJECTS[group])}; the network says it in numbers alone.",
        }
        for group in groups
    }
