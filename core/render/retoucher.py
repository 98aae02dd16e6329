"""A retoucher: a planner and a renderer behind one call."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack, overload

from torch import nn

from .. import strict_json
from ..contract.latents import Latents
from ..contract.planner import Planner, Proposal, Reasoning, check_taste, levelled
from ..contract.request import Request, Taste
from ..contract.schema import Schema
from ..errors import InvalidRequest, VeraRetouchError
from ..photo import Photo, as_photo
from ..photo.geometry.framing import Framing
from ..photo.photo_input import PhotoInput
from ..plan.addresses import Local, read_adjustments
from ..plan.frame import FrameLike, read_frame
from ..plan.plan import Plan, groups_of, placed_by_params, with_local
from ..plugins.registry import registry
from .job import check_groups, check_strength
from .monochrome import hold_colour
from .options import Engine, Kind, PlanKeywords, RetouchOptions, Several, are_several
from .renderer import Renderer
from .result import Result


class Retoucher:
    """A planner and a renderer.

    Args:
        origin: the bundle that the planner's weights come from: name, version, revision, licence. Every plan
            records it.

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
        taste: Taste | None = None,
        local: Local | None = None,
        frame: FrameLike | None = None,
        level: bool = False,
    ) -> Plan:
        """The plan alone; keywords as in `__call__`: `strength` from 0 to 1, `seed` from 0.

        Raises:
            InvalidRequest: a mode or taste that the planner has not, a strength outside [0, 1], unknown groups, and as
                `Request.of`.
            InvalidPhoto, UnreadablePhoto and whatever the planner refuses.
        """
        wishes: PlanKeywords = {
            "style": style,
            "params": params,
            "reference": reference,
            "groups": groups,
            "strength": strength,
            "seed": seed,
            "taste": taste,
            "local": local,
            "frame": frame,
            "level": level,
        }
        return self.plans([photo], **wishes)[0]

    def plans(self, photos: Sequence[Any], **wishes: Unpack[PlanKeywords]) -> list[Plan]:
        """The plans of several photos by the same wishes, as `plan` makes them: the planner is asked once, for a batch
        of shape (N,). Keywords as there: `strength` from 0 to 1, `seed` from 0.

        Raises:
            InvalidRequest, InvalidPhoto, UnreadablePhoto and whatever the planner refuses: one photo that is refused
                takes the batch with it.
        """
        params, groups, strength = wishes.get("params"), wishes.get("groups"), wishes.get("strength", 1.0)
        taste, seed, local = wishes.get("taste"), wishes.get("seed", 0), wishes.get("local")
        request = Request.of(
            style=wishes.get("style"),
            params=params,
            reference=_pair(wishes.get("reference")),
            groups=groups,
            seed=seed,
            taste=taste,
        )
        if request.mode not in self.planner.modes:
            raise InvalidRequest(
                f"planner {self.planner.id!r} has no mode {request.mode!r}",
                cure=f"It has {', '.join(sorted(self.planner.modes))}.",
            )
        check_taste(self.planner, request)
        check_strength(strength)
        if isinstance(params, str | os.PathLike):
            params = strict_json.load(params, "parameters", name="params")  # once: a pipe gives them no second time
            request = replace(request, params=params)
        subjects = [PhotoInput.of(photo) for photo in photos]
        placed, own_frame = placed_by_params(params)
        adjustments = (*placed, *(read_adjustments(local) if local is not None else ()))
        frame = read_frame(wishes.get("frame")) or own_frame
        framings = [self.framing(subject, frame, level=wishes.get("level", False)) for subject in subjects]
        seen = [subject.framed(framing).photo() for subject, (framing, _) in zip(subjects, framings, strict=True)]
        if adjustments and isinstance(params, Mapping) and not params:
            proposal = Proposal(Latents(Schema([]), {}, batch=len(seen)))  # nothing is asked of the planner
        else:
            proposal = self.planner.plan(seen, [request] * len(seen))
        check_groups(groups or (), proposal.latents.schema, groups_of(adjustments))
        made = []
        for row, (framing, why) in enumerate(framings):
            plan = Plan.of(
                proposal.latents.row(row),
                assets=self.renderer.assets,
                mode=request.mode,
                prompt=request.prompt,
                seed=seed,
                strength=float(strength),
                taste=taste,
                planner={"id": self.planner.id, "version": self.planner.version}
                | ({"bundle": dict(self.origin)} if self.origin else {}),
                groups=tuple(g for g in proposal.latents.schema.groups if groups is None or g in groups),
                reasoning={**(proposal.reasoning[row] if proposal.reasoning else {}), **why},
                frame=framing,
            )
            plan = self.held_back(with_local(plan, adjustments, groups), seen[row])
            registry.announce("plan_made", plan=plan)
            made.append(plan)
        return made

    def to(self, device: Any) -> Retoucher:
        """Move the renderer, and the planner's networks, to a torch device; returns itself.

        A planner is moved by its own `to(device)`, or else by its attributes that are modules.
        """
        self.renderer.to(device)
        move = getattr(self.planner, "to", None)
        if callable(move):
            move(device)
            return self
        for value in list(vars(self.planner).values()):
            if isinstance(value, nn.Module):
                value.to(device)
        return self

    def framing(self, photo: Any, frame: Framing | None, *, level: bool = False) -> tuple[Framing | None, Reasoning]:
        """The frame of a photo, made level if that is asked for, and why.

        Raises:
            InvalidRequest: as `core.contract.planner.levelled`.
        """
        return levelled(self.planner, PhotoInput.of(photo).photo(), frame) if level else (frame, {})

    def held_back(self, plan: Plan, photo: Photo) -> Plan:
        """A plan of this planner for another photo: one without colour has the groups of colour off, unless exact
        values or words ask for some.
        """
        held = plan if plan.mode == "param" else hold_colour(plan, photo)
        if held is plan or plan.prompt is None:
            return held
        asks = getattr(self.planner, "asks_for_color", None)
        return plan if asks is not None and asks(Request.of(style=plan.prompt)) else held

    @overload
    def __call__(self, photo: Photo | str | os.PathLike[str], **options: Unpack[RetouchOptions]) -> Result[Photo]: ...
    @overload
    def __call__(self, photo: Kind, **options: Unpack[RetouchOptions]) -> Result[Kind]: ...
    @overload
    def __call__(self, photo: Several, **options: Unpack[RetouchOptions]) -> list[Result[Any]]: ...
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
        taste: Taste | None = None,
        local: Local | None = None,
        frame: FrameLike | None = None,
        level: bool = False,
        engine: Engine = "auto",
        tolerance: float = 1.0,
    ) -> Any:
        """Plan and render one photo, or each of a list.

        A photo without colour stays without, unless exact values or words ask for some: the plan's groups of colour
            are then off.

        Args:
            photo: a path, PIL image, array (H, W, C), tensor (3, H, W) in [0, 1], or `Photo`; or a list, tuple or
                iterator of them, of any kinds and sizes.
            style: the look in words; `params`: exact values (a plan, ``{"exposure.ev": 0.35}``, a parameter file or
                its path);
                `reference`: a target photo, or a pair (before, after). None of them: auto. At most one.
            groups: only these groups are edited.
            strength: blend with the input, 0..1.
            seed: of whatever is random, from 0; the same one gives the same picture.
            taste: how far the planner goes, for auto and style: `faithful` repairs faults and no more, `natural` also
                finishes what is unfinished, `vivid` goes on. None is the planner's default.
            local: edits that apply where an area says, over whatever else is planned:
                ``{"skin": {"exposure.ev": 0.2}}``, or a list of `LocalAdjustment`. With ``params={}`` there is nothing
                else.
            frame: which part of the photo is seen, and from where; planner, ops and areas see what it shows: a
                `Framing`, or words: ``"crop: 0.1 0 0.9 1; angle: -1.2"``. By default that of the plan in `params`.
            level: turn the photo so that its horizon is level, where the planner is sure of one.
            engine, tolerance: how it is rendered, see `Renderer.render_reported`.

        Returns:
            A `Result`; a list of them for several photos.

        Raises:
            InvalidRequest, InvalidPhoto, UnreadablePhoto and whatever the planner refuses; of several photos the error
            says which.
        """
        wishes: RetouchOptions = {
            "style": style,
            "params": params,
            "reference": reference,
            "groups": groups,
            "strength": strength,
            "seed": seed,
            "taste": taste,
            "local": local,
            "frame": frame,
            "level": level,
            "engine": engine,
            "tolerance": tolerance,
        }
        if not are_several(photo):
            return self._one(photo, **wishes)
        results = []
        for place, each in enumerate(photo):
            try:
                results.append(self._one(each, **wishes))
            except VeraRetouchError as error:
                error.add_note(f"at photo {place} of the list, counted from 0")
                raise
        return results

    def _one(
        self, photo: Any, *, engine: Engine = "auto", tolerance: float = 1.0, **wishes: Unpack[PlanKeywords]
    ) -> Result[Any]:
        start = time.perf_counter()
        subject = PhotoInput.of(photo)
        read = time.perf_counter()
        plan = self.plan(subject, **wishes)
        planned = time.perf_counter()
        given: Any = subject
        image, report = self.renderer.render_reported(given, plan, engine=engine, tolerance=tolerance)
        timings = report.timings | {"open": read - start, "plan": planned - read}
        return Result(image, plan, replace(report, timings=timings), subject.held or photo)


def _pair(reference: Any) -> tuple[Photo, ...] | None:
    if reference is None:
        return None
    items = reference if isinstance(reference, tuple | list) else (reference,)
    if len(items) not in (1, 2):
        raise InvalidRequest(f"a reference of {len(items)} photos", cure="Give one target, or (before, after).")
    return tuple(as_photo(item) for item in items)
