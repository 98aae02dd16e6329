"""Image-adaptive 3D look-up tables (Zeng et al., TPAMI 2020): a network weighs three tables, whose sum is the photo's
own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from veraretouch import Latents, Photo, Proposal, Request, Schema, registry
from veraretouch.core.errors import InvalidDocument

BUNDLE = {
    "source": str(Path(__file__).with_name("bundle")),
    "summary": "Image-adaptive 3D look-up tables, Zeng et al. 2020, trained on FiveK, expert C.",
}
TABLES, POINTS = 3, 33


def network() -> nn.Sequential:
    """Photos (B, 3, H, W) in [0, 1] to the tables' weights (B, 3, 1, 1); layers are numbered as in the published
    checkpoint.
    """
    layers: list[nn.Module] = [nn.Upsample(size=(256, 256), mode="bilinear"), *_block(3, 16)]
    layers += [nn.InstanceNorm2d(16, affine=True), *_block(16, 32), nn.InstanceNorm2d(32, affine=True), *_block(32, 64)]
    layers += [nn.InstanceNorm2d(64, affine=True), *_block(64, 128), nn.InstanceNorm2d(128, affine=True)]
    return nn.Sequential(*layers, *_block(128, 128), nn.Dropout(0.5), nn.Conv2d(128, 3, 8))


def _block(wide: int, wider: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(wide, wider, 3, stride=2, padding=1), nn.LeakyReLU(0.2)


class ImageAdaptiveLut:
    """Plan a look-up table for each photo."""

    id = "zeng.ia3dlut"
    version = "0.1.0"
    modes = frozenset({"auto"})
    configuration_schema = {"type": "object", "additionalProperties": False}  # noqa: RUF012

    def __init__(self, weigh: nn.Module | None = None, tables: Tensor | None = None) -> None:
        if weigh is None or tables is None:
            from veraretouch.zoo.fetch import fetch

            weigh, tables = _parts(fetch("ia3dlut"))
        self.weigh, self.tables = weigh.eval(), tables
        self.schema = Schema.of([registry.ops.load("lut3d")], lattice=POINTS)

    @classmethod
    def from_bundle(cls, bundle: Any, *, device: Any = None, dtype: Any = None) -> ImageAdaptiveLut:
        """The planner with the weights of a bundle."""
        weigh, tables = _parts(bundle)
        return cls(weigh.to(device=device, dtype=dtype), tables.to(device=device, dtype=dtype))

    def save_bundle(self, folder: Path) -> dict[str, Any]:
        """Write the weights; there is no configuration."""
        from safetensors.torch import save_file

        save_file(dict(self.weigh.state_dict()), folder / "classifier.safetensors")
        save_file({"luts": self.tables}, folder / "luts.safetensors")
        return {}

    @torch.no_grad()
    def plan(self, photos: Sequence[Photo], requests: Sequence[Request]) -> Proposal:
        """Latents of `lut3d`, one row a photo."""
        rows = [self.weigh(photo.tensor().clamp(0, 1).unsqueeze(0).to(self.tables)).flatten() for photo in photos]
        # The published axes are channel, blue, green, red.
        lattices = torch.einsum("bk,kcxyz->bxyzc", torch.stack(rows), self.tables).float().cpu()
        values = {"lattice": lattices, "trilinear": torch.ones(len(rows))}
        latents = Latents(self.schema, {"lut3d": values})
        groups = [{"global_color"} if request.groups is None else set(request.groups) for request in requests]
        return Proposal(latents.masked(groups), [_thoughts(row.tolist()) for row in rows])


def _parts(bundle: Any) -> tuple[nn.Module, Tensor]:
    weigh, tables = network(), bundle.tensors("luts.safetensors").get("luts")
    try:
        weigh.load_state_dict(bundle.tensors("classifier.safetensors"))
    except RuntimeError as error:
        raise InvalidDocument(
            " ".join(str(error).split()), path="classifier.safetensors", cure="Fetch the bundle again."
        ) from None
    if tables is None or tables.shape != (TABLES, 3, POINTS, POINTS, POINTS):
        shape = "no tensor" if tables is None else f"a tensor of shape {tuple(tables.shape)}"
        raise InvalidDocument(
            f"holds {shape} named luts, not {(TABLES, 3, POINTS, POINTS, POINTS)}",
            path="luts.safetensors",
            cure="Fetch the bundle again.",
        )
    return weigh.requires_grad_(False), tables


def _thoughts(weights: list[float]) -> dict[str, dict[str, str]]:
    told = ", ".join(f"{weight:+.2f}" for weight in weights)
    return {
        "global_color": {
            "problem": "The network was shown the photo; it gives numbers, not words.",
            "plan": f"Map colours by the three learned tables, weighted {told}.",
        }
    }
