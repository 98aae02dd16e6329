"""The planner that takes a look from a pair or from one target, as sliders: no weights are needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ...core.errors import InvalidRequest
from ...core.latents import Latents
from ...core.photo import Photo
from ...core.planner import Proposal, Reasoning
from ...core.request import Mode, Request
from ...core.schema import Schema
from .align import align
from .fit import DEFAULT_OPS, VERSION, explain_pictures, told
from .sliders import load_ops
from .target import towards

# Of one picture only the broad look is known: sliders of single bands and curves would copy its subject.
TARGET_OPS: Final = ("white_balance", "exposure", "contrast", "tone_regions", "vibrance", "saturation", "color_grading")


class FitPlanner:
    """Plan by example: the sliders that explain a pair of photos, or that bring a photo's colours to those of one target."""

    id = "fit"
    version = VERSION
    modes: frozenset[Mode] = frozenset({"reference"})

    def __init__(self) -> None:
        self.schema = Schema.of(load_ops(DEFAULT_OPS))

    def plan(self, photos: Sequence[Photo], requests: Sequence[Request]) -> Proposal:
        """Propose sliders by each request's reference; equal pairs are fitted once.

        Raises:
            InvalidRequest: a request without a reference.
        """
        known: dict[tuple[Any, ...], tuple[Latents, Reasoning]] = {}
        made = []
        for photo, request in zip(photos, requests, strict=True):
            before: Photo | None
            match request.reference:
                case (before, after):
                    key: tuple[Any, ...] = (before.hash, after.hash, request.groups)
                case (after,):
                    before, key = None, (photo.hash, after.hash, request.groups, "target")
                case _:
                    raise InvalidRequest(
                        f"planner 'fit' was asked for mode {request.mode!r} without a reference",
                        cure="Give one target photo, or (before, after).",
                    )
            if key not in known:
                known[key] = self._fitted(photo, before, after, request.groups)
            made.append(known[key])
        return Proposal(Latents.cat([latents for latents, _ in made]), [reasons for _, reasons in made])

    def _fitted(
        self, photo: Photo, before: Photo | None, after: Photo, groups: frozenset[str] | None
    ) -> tuple[Latents, Reasoning]:
        pictures = towards(photo, after) if before is None else align(before, after)
        found, retouched = explain_pictures(pictures, load_ops(TARGET_OPS if before is None else DEFAULT_OPS), groups)
        latents = found.sliders.latents(found.x)
        return Latents(self.schema, latents.values, batch=1), told(found, pictures, retouched).plan.reasoning
