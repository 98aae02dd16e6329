"""White balance by the grey world: the mean of a photo's light is taken for grey.

Source: Buchsbaum (1980), "A spatial processor model for object colour perception".
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from veraretouch import Latents, Photo, Proposal, Request, Schema, registry
from veraretouch.core.color.srgb import srgb_to_linear

FURTHEST = 1.5  # no channel is scaled by more, nor by less than its inverse


class GreyWorld:
    """Scale the channels of linear light so that their means agree; luminance stays about what it was."""

    id = "acme.grey_world"
    version = "0.1.0"
    modes = frozenset({"auto"})

    def plan(self, photos: Sequence[Photo], requests: Sequence[Request]) -> Proposal:
        """Latents of `color_matrix`, one row a photo, and the reasoning."""
        schema = Schema.of([registry.ops.load("color_matrix")])
        gains = torch.stack([_gains(photo) for photo in photos])
        latents = Latents(schema, {"color_matrix": {"matrix": torch.diag_embed(gains)}})
        groups = [{"global_color"} if r.groups is None else set(r.groups) for r in requests]
        return Proposal(latents.masked(groups), [{"global_color": _thought(row)} for row in gains])


def _gains(photo: Photo) -> torch.Tensor:
    """What red, green and blue (3,) are scaled by."""
    light = srgb_to_linear(photo.resized(256).tensor().clamp(0, 1).unsqueeze(0))[0]
    means = light.flatten(1).mean(dim=1).clamp(min=1e-4)
    return (means.mean() / means).clamp(1 / FURTHEST, FURTHEST)


def _thought(gains: torch.Tensor) -> dict[str, str]:
    red, green, blue = gains.tolist()
    lean = ("red", "green", "blue")[int(gains.argmin())]
    problem = f"The photo leans towards {lean}." if float(gains.max() / gains.min()) > 1.05 else "No cast to speak of."
    return {"problem": problem, "plan": f"Scale red by {red:.2f}, green by {green:.2f} and blue by {blue:.2f}."}
