"""A retoucher: a planner and a renderer behind one call."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..contract.planner import DEFAULT_PLANNER, Planner, Reasoning
from ..contract.request import Request
from ..errors import InvalidRequest
from ..photo import Photo, SaveOptions, as_photo
from ..photo.photo_input import PhotoInput
from ..plan.plan import Plan
from ..plugins.registry import registry
from .job import check_groups
from .renderer import Engine, Renderer
from .report import RenderReport


@dataclass(frozen=True)
class Result:
    """What a retoucher gives back.

    Attributes:
        image: the retouched photo in the kind that was given; a path gives a `Photo`.
        plan: what was done, as a document.
        report: how it was rendered.
    """

    image: Any
    plan: Plan
    report: RenderReport

    @property
    def reasoning(self) -> Reasoning:
        """Group -> problem and plan, in words."""
        return self.plan.reasoning

    def save(self, path: str | os.PathLike[str], *, options: SaveOptions | None = None) -> Path:
        """Write the picture, with the licence of the weights that planned it in its XMP; the format follows from the suffix.

        Raises:
            UnwritablePhoto
        """
        image = self.image if isinstance(self.image, Photo) else PhotoInput.of(self.image).photo()
        options = options or SaveOptions()
        return image.save(Path(path), options=replace(options, metadata=self.plan.notes() | dict(options.metadata)))


class Retoucher:
    """A planner and a renderer.

    Args:
        origin: the bundle that the planner's weights come from: name, version, revision, licence. Every plan records it.

    >>> import numpy, veraretouch as vr
    >>> retoucher = vr.zoo.load("rules")
    >>> result = retoucher(numpy.full((8, 8, 3), 0.2, dtype="float32"), params={"exposure.ev": 1.0})
    >>> float(result.image.mean()) > 0.2
    True
    """

    def __init__(
        self, planner: Planner, renderer: Renderer | None = None, *, origin: Mapping[str, str] | None = None
    ) -> None:
        self.planner = planner
        self.renderer = renderer or Renderer()
        self.origin = origin

    def plan(
        self,
        photo: Any,
        *,
        style: str | None = None,
        params: Any = None,
        reference: Any = None,
        groups: Collection[str] | None = None,
        strength: float = 1.0,
        seed: int = 0,
    ) -> Plan:
        """The plan alone; keywords as in `__call__`: `strength` from 0 to 1, `seed` from 0.

        Raises:
            InvalidRequest: a mode that the planner has not, a strength outside [0, 1], unknown groups, and as `Request.of`.
            InvalidPhoto, UnreadablePhoto and whatever the planner refuses.
        """
        request = Request.of(style=style, params=params, reference=_pair(reference), groups=groups, seed=seed)
        if request.mode not in self.planner.modes:
            raise InvalidRequest(
                f"planner {self.planner.id!r} has no mode {request.mode!r}",
                cure=f"It has {', '.join(sorted(self.planner.modes))}.",
            )
        if not 0 <= strength <= 1:
            raise InvalidRequest(f"strength {strength} lies outside [0, 1]", cure="0 gives the input, 1 the full edit.")
        proposal = self.planner.plan([PhotoInput.of(photo).photo()], [request])
        check_groups(groups or (), proposal.latents.schema)
        plan = Plan.of(
            proposal.latents.row(0),
            assets=self.renderer.assets,
            mode=request.mode,
            prompt=request.prompt,
            seed=seed,
            strength=float(strength),
            planner={"id": self.planner.id, "version": self.planner.version}
            | ({"bundle": dict(self.origin)} if self.origin else {}),
            groups=tuple(g for g in proposal.latents.schema.groups if groups is None or g in groups),
            reasoning=proposal.reasoning[0] if proposal.reasoning else {},
        )
        registry.announce("plan_made", plan=plan)
        return plan

    def __call__(
        self,
        photo: Any,
        *,
        style: str | None = None,
        params: Any = None,
        reference: Any = None,
        groups: Collection[str] | None = None,
        strength: float = 1.0,
        seed: int = 0,
        engine: Engine = "auto",
        tolerance: float = 1.0,
    ) -> Result:
        """Plan and render one photo.

        Args:
            photo: a path, PIL image, array (H, W, C), tensor (3, H, W) in [0, 1], or `Photo`.
            style: the look in words; `params`: exact values (a plan, ``{"exposure.ev": 0.35}``, a parameter file or its path);
                `reference`: a target photo, or a pair (before, after). None of them: auto. At most one.
            groups: only these groups are edited.
            strength: blend with the input, 0..1.
            seed: of whatever is random, from 0; the same one gives the same picture.
            engine, tolerance: how it is rendered, see `Renderer.render_reported`.

        Raises:
            InvalidRequest, InvalidPhoto, UnreadablePhoto and whatever the planner refuses.
        """
        start = time.perf_counter()
        subject = PhotoInput.of(photo)
        read = time.perf_counter()
        plan = self.plan(
            subject, style=style, params=params, reference=reference, groups=groups, strength=strength, seed=seed
        )
        planned = time.perf_counter()
        image, report = self.renderer.render_reported(subject, plan, engine=engine, tolerance=tolerance)
        timings = report.timings | {"open": read - start, "plan": planned - read}
        return Result(image, plan, replace(report, timings=timings))


def retouch(
    photo: Any,
    *,
    style: str | None = None,
    params: Any = None,
    reference: Any = None,
    planner: str | Planner | None = None,
    groups: Collection[str] | None = None,
    strength: float = 1.0,
    seed: int = 0,
    engine: Engine = "auto",
    tolerance: float = 1.0,
    device: Any = None,
) -> Result:
    """Retouch one photo with a planner (itself, its id, or a bundle's name), by default `tiny`.

    Args:
        photo, style, params, reference, groups: as in `Retoucher.__call__`.
        strength: blend with the input, 0..1. `seed`: of whatever is random, from 0.
        engine: `exact`, `lut` or `auto`. `tolerance`: what `lut` may err by, in CIEDE2000, above 0.
        device: where photos that are no tensors are rendered.

    Raises:
        InvalidRequest, InvalidPhoto, UnreadablePhoto
        UnknownBundle: `planner` is no planner's id and no bundle's name.

    >>> import numpy, veraretouch as vr
    >>> grey = numpy.full((8, 8, 3), 90, dtype="uint8")
    >>> vr.retouch(grey, params={"exposure.ev": 1.0}).image.shape
    (8, 8, 3)
    """
    chosen = planner or DEFAULT_PLANNER
    retoucher = (
        load_retoucher(chosen, device=device)
        if isinstance(chosen, str)
        else Retoucher(chosen, Renderer(getattr(chosen, "ops", None), device=device))
    )
    return retoucher(
        photo,
        style=style,
        params=params,
        reference=reference,
        groups=groups,
        strength=strength,
        seed=seed,
        engine=engine,
        tolerance=tolerance,
    )


def load_retoucher(name: str, *, device: Any = None, dtype: str | None = None) -> Retoucher:
    """The retoucher of an installed planner, or what a listener of `open_retoucher`, such as the zoo, makes of the name.

    Raises:
        UnknownPlugin and whatever the listener refuses. InvalidRequest: a dtype for a planner without weights of a bundle.
    """
    if name not in registry.planners:
        for found in registry.announce("open_retoucher", name=name, device=device, dtype=dtype):
            made: Retoucher = found
            return made
    elif dtype is not None:
        raise InvalidRequest(f"dtype {dtype!r} for {name!r}, whose precision is its own", cure="Leave --dtype out.")
    return Retoucher(load_planner(name), Renderer(device=device))


def load_planner(planner: str | Planner) -> Planner:
    """A planner by id, or the planner itself."""
    if not isinstance(planner, str):
        return planner
    made: Planner = registry.planners.load(planner)()
    return made


def _pair(reference: Any) -> tuple[Photo, ...] | None:
    if reference is None:
        return None
    items = reference if isinstance(reference, tuple | list) else (reference,)
    if len(items) not in (1, 2):
        raise InvalidRequest(f"a reference of {len(items)} photos", cure="Give one target, or (before, after).")
    return tuple(as_photo(item) for item in items)
