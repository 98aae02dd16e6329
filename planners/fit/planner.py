"""The planner that takes a look from a pair or from one target, as sliders: no weights are needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...core.contract.latents import Latents
from ...core.contract.planner import Proposal, Reasoning
from ...core.contract.request import Mode, Request
from ...core.contract.schema import Schema
from ...core.errors import InvalidRequest
from ...core.photo import Photo
from .align import align
from .fit import DEFAULT_OPS, VERSION, explain_pictures, told
from .pairs import pairs_of
from .search import search
from .sliders import load_ops
from .target import towards

# Of one picture only the broad look is known: sliders of single bands and curves would copy its subject.
TARGET_OPS: Final = ("white_balance", "exposure", "contrast", "tone_regions", "vibrance", "saturation", "color_grading")

# How many fits a planner remembers.
KEPT: Final = 16

_Key = tuple[tuple[str, str, frozenset[str] | None], tuple[str, ...]]


class FitPlanner:
    """Plan by example: the sliders that explain a pair of photos,
    or that bring a photo's colours to those of one target.
    """

    id = "fit"
    version = VERSION
    modes: frozenset[Mode] = frozenset({"reference"})

    def __init__(self) -> None:
        self.schema = Schema.of(load_ops(DEFAULT_OPS))
        self._fitted: dict[_Key, tuple[Latents, Reasoning]] = {}

    def plan(self, photos: Sequence[Photo], requests: Sequence[Request]) -> Proposal:
        """Propose sliders by each request's reference; equal pairs are fitted once.

        Raises:
            InvalidRequest: a request without a reference.
        """
        made = [self._by_example(photo, request) for photo, request in zip(photos, requests, strict=True)]
        return Proposal(Latents.cat([latents for latents, _ in made]), [reasons for _, reasons in made])

    def _by_example(self, photo: Photo, request: Request) -> tuple[Latents, Reasoning]:
        """What one photo gets; a folder of photos by one pair is fitted once."""
        ops: tuple[str, ...]
        match request.reference:
            case (before, after):
                key, ops = (before.hash, after.hash, request.groups), DEFAULT_OPS
            case (target,):
                before, after = photo, target
                key, ops = (photo.hash, target.hash, request.groups), TARGET_OPS
            case _:
                raise InvalidRequest(
                    f"planner 'fit' was asked for mode {request.mode!r} without a reference",
                    cure="Give one target photo, or (before, after).",
                )
        if (key, ops) not in self._fitted:
            pictures, retouched = align(before, after), None
            if ops is DEFAULT_OPS and pictures.alike:
                found, retouched = explain_pictures(pictures, load_ops(ops), request.groups)
            else:  # pixels of two scenes tell nothing of each other: their statistics do
                pictures = towards(before, after)
                pairs = pairs_of(pictures.before, pictures.after, exact=True)
                found = search(pairs, load_ops(TARGET_OPS), request.groups)
            latents = Latents(self.schema, found.sliders.latents(found.x).values, batch=1)
            while len(self._fitted) >= KEPT:
                self._fitted.pop(next(iter(self._fitted)))
            self._fitted[key, ops] = latents, told(found, pictures, retouched).plan.reasoning
        return self._fitted[key, ops]
