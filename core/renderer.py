"""The renderer: registered ops in stage order, in torch, on any device, differentiable, in cache-sized tiles."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from .chain import Step, at_identity, run
from .color import at_least_single
from .errors import InvalidLatents, InvalidPhoto, InvalidRequest, nearest
from .latents import Latents
from .lut import ColorMap, bake_for
from .op import Frame, Op
from .photo import ColorSpace
from .photo.color import Floats, Pixels, from_working, to_working
from .plan import Plan
from .registry import registry
from .schema import Schema
from .slots import GROUPS
from .subject import Subject
from .tiles import TILE_PIXELS, strips

Engine = Literal["auto", "exact", "lut"]
# Below this a photo is rendered exactly in the time that baking takes.
LUT_PIXELS = 2**20


@dataclass(frozen=True)
class Report:
    """How a photo was rendered.

    Attributes:
        engine: `exact` or `lut`, whichever made the pixels.
        ops: the ids of the ops that ran.
        lattice: points an axis of the look-up table; None where there is none.
        error: the 99th percentile of CIEDE2000 on a sample of the photo's own pixels: the table's, or the best one's that was not
            good enough; None where no table was tried.
        timings: seconds per stage.
    """

    engine: str
    ops: tuple[str, ...] = ()
    lattice: int | None = None
    error: float | None = None
    timings: dict[str, float] = field(default_factory=dict)


class Renderer:
    """Ops in stage order, applied to photos.

    Args:
        ops: op classes or instances; None takes, for each plan, the installed ops that it names.
        device: where photos that come as files, PIL images or arrays are rendered; tensors stay on their own.

    Raises:
        InvalidSchema: the same op twice.
    """

    def __init__(self, ops: Iterable[type[Op] | Op] | None = None, *, device: Any = None) -> None:
        self.device = torch.device(device) if device is not None else torch.device("cpu")
        made = None if ops is None else [op() if isinstance(op, type) else op for op in ops]
        self._ops = None if made is None else {id: op for id in Schema.of(made).specs for op in made if op.id == id}

    def render(self, photo: Any, edit: Plan | Latents, **options: Any) -> Any:
        """Render a photo and give it back in its own kind; see `render_reported` for the options."""
        return self.render_reported(photo, edit, **options)[0]

    def render_reported(
        self,
        photo: Any,
        edit: Plan | Latents,
        *,
        groups: Collection[str] | None = None,
        strength: float | None = None,
        seed: int | None = None,
        engine: Engine = "auto",
        tolerance: float = 1.0,
        clamp: bool = True,
        color_space: ColorSpace = "keep",
        reuse: bool = False,
    ) -> tuple[Any, Report]:
        """Render a photo by a plan or latents.

        Args:
            photo: a path, PIL image, array (H, W, C), tensor (3, H, W) or (B, 3, H, W) in [0, 1], or `Photo`.
            edit: a `Plan`, or `Latents` with one row or one row a photo.
            groups: only these groups, of those that are on in the plan.
            strength: blend with the input, 0..1; the plan's own by default. 0 gives the input back.
            engine: `exact` (the ops themselves), `lut` (a look-up table, for photos whose ops are all pointwise; the ops themselves
                where no table is good enough), or `auto`: `lut` for photos of a megapixel and more, `exact` for tensors.
            tolerance: for `lut`, the 99th percentile of CIEDE2000 that is allowed, measured on the photo's own pixels.
            clamp: clamp to [0, 1] once at the end; False for training, since a clamp has no gradient on clipped pixels.
            color_space: `keep`, `srgb` or `p3`, for photos with a profile.
            reuse: the photo is not needed any more: its memory may be overwritten.

        Returns:
            The photo in the kind that was given (a path gives a `Photo`), and a `Report`.

        Raises:
            InvalidPhoto, InvalidLatents, InvalidRequest
        """
        if engine not in get_args(Engine):
            raise InvalidRequest(f"engine {engine!r} is not known", cure="Use 'auto', 'exact' or 'lut'.")
        if not tolerance > 0:
            raise InvalidRequest(f"tolerance {tolerance} is not above 0", cure="1.0 is about the least that is seen.")
        latents, blend, grain = _unfold(edit, groups, strength, seed)
        start = time.perf_counter()
        subject = Subject.of(photo)
        if engine == "lut" and subject.held is None:
            raise InvalidRequest("engine 'lut' for a tensor: it has no gradient", cure="Use 'auto' or 'exact'.")
        opened = time.perf_counter()
        registry.announce("render_begins", latents=latents, size=subject.size)
        image, report = None, Report("exact")
        if engine == "lut" or (engine == "auto" and subject.held is not None and prod(subject.size) >= LUT_PIXELS):
            image, report = self._by_lut(subject, latents, blend, grain, clamp, color_space, tolerance, reuse)
        if image is None:
            # A photo's own profile may hold colours beyond sRGB: it is clipped there, when it is given back.
            whole = clamp and not subject.has_profile
            rgb = subject.pixels(self.device)
            loaded = time.perf_counter()
            done, ran = self._apply(rgb, latents, strength=blend, seed=grain, clamp=whole)
            rendered = time.perf_counter()
            image = subject.give_back(done, unchanged=blend == 0, color_space=color_space)
            timings = {"convert": loaded - opened + time.perf_counter() - rendered, "render": rendered - loaded}
            report = replace(report, ops=ran, timings=report.timings | timings)
        report = replace(report, timings={"open": opened - start} | report.timings)
        registry.announce("render_done", latents=latents, report=report)
        return image, report

    def _by_lut(
        self,
        subject: Subject,
        latents: Latents,
        strength: float,
        seed: int,
        clamp: bool,
        color_space: ColorSpace,
        tolerance: float,
        reuse: bool,
    ) -> tuple[Any, Report]:
        """The photo by a look-up table in its own encoding, or None with what was found on the way."""
        photo = subject.held
        chain = list(self._steps(latents, torch.empty(1, 3, 1, 1, device=self.device), keep_identities=False))
        suits = photo is not None and latents.batch == 1 and all(step.op.pointwise for step in chain)
        if photo is None or not suits or not chain or strength == 0 or not photo.has_colour_encoding:
            return None, Report("exact")
        profile, _ = photo.target(color_space)
        bounded = clamp and not subject.has_profile

        def color_map(colours: Floats) -> Floats:
            rgb = torch.from_numpy(to_working(colours, photo.profile)).permute(2, 0, 1).unsqueeze(0).to(self.device)
            done = run(chain, rgb, seed=seed)
            if strength < 1:
                done = rgb + strength * ((done.clamp(0, 1) if bounded else done) - rgb)
            own = done[0].permute(1, 2, 0).cpu().numpy()
            return from_working(own, profile, colours, same_profile=False)

        start = time.perf_counter()
        baked = bake_for(
            photo.pixels,
            color_map,
            lambda colours: to_working(colours, profile),
            tolerance=tolerance,
            device=self.device,
        )
        made = time.perf_counter()
        if baked.cube is None:
            return None, Report("exact", error=baked.error, timings={"bake": made - start})
        reuse = reuse and photo.pixels.dtype.kind == "u" and photo.pixels.flags.writeable
        pixels = baked.cube.apply(photo.pixels, self.device, in_place=reuse)
        if pixels.dtype.kind == "f":
            _exactly_beyond(photo.pixels, pixels, color_map)
            if bounded:
                np.clip(pixels, 0, 1, out=pixels)
        timings = {"bake": made - start, "render": time.perf_counter() - made}
        ran = tuple(step.op.id for step in chain)
        image = subject.hand_over(photo.with_pixels(pixels, color_space=color_space))
        return image, Report("lut", ran, baked.cube.size, baked.error, timings)

    def color_map(self, edit: Plan | Latents, *, clamp: bool = True) -> ColorMap:
        """An edit as a map of colours (H, W, 3) float32, sRGB-encoded: what a look-up table is made of.

        Raises:
            InvalidRequest: an op looks at neighbouring pixels.
        """
        latents, strength, seed = _unfold(edit, None, None, None)
        chain = self._steps(latents, torch.empty(1, 3, 1, 1, device=self.device), keep_identities=False)
        for step in chain:
            if not step.op.pointwise:
                raise InvalidRequest(
                    f"op {step.op.id!r} looks at neighbouring pixels, which no table can", cure="Leave it out."
                )

        def color_map(colours: Floats) -> Floats:
            rgb = torch.from_numpy(colours).permute(2, 0, 1).unsqueeze(0).to(self.device)
            with torch.inference_mode():
                done = self.apply(rgb, latents, strength=strength, seed=seed, clamp=clamp)
            return done[0].permute(1, 2, 0).cpu().numpy()

        return color_map

    def apply(
        self, rgb: Tensor, latents: Latents, *, strength: float = 1.0, seed: int = 0, clamp: bool = True
    ) -> Tensor:
        """Apply the chain to pixels: differentiable in pixels and latents.

        Args:
            rgb: (B, 3, H, W) sRGB-encoded floats; float16 and bfloat16 are computed in float32 and returned as they came.
            latents: one row for all photos, or one a photo; rows in which an op is absent pass it bit for bit.

        Raises:
            InvalidPhoto, InvalidRequest
            InvalidLatents: rows that are not the photos', an op that is not there, or there in another version.
        """
        return self._apply(rgb, latents, strength=strength, seed=seed, clamp=clamp)[0]

    def _apply(
        self, rgb: Tensor, latents: Latents, *, strength: float, seed: int, clamp: bool
    ) -> tuple[Tensor, tuple[str, ...]]:
        """The pixels, and the ids of the ops that ran."""
        _check_pixels(rgb)
        if latents.batch not in (1, rgb.shape[0]):
            raise InvalidLatents(
                f"latents of {latents.batch} rows for {rgb.shape[0]} photos", cure="Give one row, or one a photo."
            )
        if not 0 <= strength <= 1:
            raise InvalidRequest(f"strength {strength} lies outside [0, 1]", cure="0 gives the input, 1 the full edit.")
        if strength == 0:
            return rgb, ()
        traced = torch.is_grad_enabled() and (
            rgb.requires_grad or any(v.requires_grad for slots in latents.values.values() for v in slots.values())
        )
        chain = list(self._steps(latents, rgb, keep_identities=traced))
        done = run(chain, rgb, seed=seed, whole=traced)
        if clamp:
            done = done.clamp(0, 1)
        blended = done if strength == 1 else rgb + strength * (done - rgb)
        return blended, tuple(step.op.id for step in chain)

    def _steps(self, latents: Latents, rgb: Tensor, *, keep_identities: bool) -> Iterator[Step]:
        """The present ops in chain order. At identity an op does nothing, so it is left out where no gradient is wanted."""
        for id, slots in latents.values.items():
            present = latents.present[id].to(rgb.device)
            if latents.batch == 1 and rgb.shape[0] > 1:
                slots = {name: value.expand(rgb.shape[0], *value.shape[1:]) for name, value in slots.items()}
                present = present.expand(rgb.shape[0])
            if not keep_identities:
                present = present & ~at_identity(latents, id, slots).to(rgb.device)
            if not bool(present.any()):
                continue
            rows = None if bool(present.all()) else present.nonzero().flatten()
            dtype = at_least_single(rgb).dtype
            values = {}
            for name, value in slots.items():
                moved = value.to(device=rgb.device, dtype=dtype)
                values[name] = moved if rows is None else moved.index_select(0, rows)
            op = self._op(id, latents.schema.spec(id).version)
            yield Step(op, op.params(values, Frame(0, 0, *rgb.shape[2:])), rows)

    def _op(self, id: str, version: int) -> Op:
        """The op, once it is sure that it understands values of this version."""
        op: Op
        if self._ops is None:
            op = registry.ops.load(id)()
        elif id in self._ops:
            op = self._ops[id]
        else:
            raise InvalidLatents(f"this renderer has no op {id!r}", cure=f"It was made with {', '.join(self._ops)}.")
        if op.version != version:
            raise InvalidLatents(
                f"latents for version {version} of op {id!r}, whose version here is {op.version}",
                cure="Make them anew with this version; Plan.load brings saved plans forward.",
            )
        return op


def _exactly_beyond(before: Pixels, after: Pixels, color_map: ColorMap) -> None:
    """Do exactly, in place, what lies beyond the lattice: floats outside [0, 1]."""
    for rows in strips(before.shape[0], before.shape[1], 16 * TILE_PIXELS):
        beyond = ((before[rows] < 0) | (before[rows] > 1)).any(axis=2)
        if beyond.any():
            after[rows][beyond] = color_map(before[rows][beyond][None])[0]


def _unfold(
    edit: Plan | Latents, groups: Collection[str] | None, strength: float | None, seed: int | None
) -> tuple[Latents, float, int]:
    """The latents, strength and seed that a plan or latents ask for, with the caller's own wishes applied."""
    if isinstance(edit, Plan):
        latents = edit.latents()
        strength = edit.strength if strength is None else strength
        seed = edit.seed if seed is None else seed
    elif isinstance(edit, Latents):
        latents = edit
    else:
        raise InvalidRequest(f"{type(edit).__name__} is neither a Plan nor Latents", cure="Load one with Plan.load.")
    if groups is not None:
        check_groups(groups, latents.schema)
        latents = latents.masked([frozenset(groups)] * latents.batch)
    return latents, 1.0 if strength is None else strength, seed or 0


def check_groups(groups: Collection[str], schema: Schema) -> None:
    """Refuse a text, and names of groups that neither the schema's slots nor the built-in ones have.

    Raises:
        InvalidRequest
    """
    if isinstance(groups, str | bytes):
        raise InvalidRequest(f"groups is {groups!r}", cure='Give a collection of names, such as {"lighting"}.')
    known = dict.fromkeys((*GROUPS, *schema.groups))
    for group in groups:
        if group not in known:
            cure = f"{nearest(str(group), known)} There are {', '.join(known)}.".lstrip()
            raise InvalidRequest(f"no group {group!r}", cure=cure)


def _check_pixels(rgb: Tensor) -> None:
    if rgb.ndim != 4 or rgb.shape[1] != 3 or not rgb.is_floating_point():
        raise InvalidPhoto(
            f"pixels of shape {tuple(rgb.shape)} and {rgb.dtype}", cure="Give floats of shape (B, 3, H, W)."
        )
    if rgb.numel() == 0:
        raise InvalidPhoto(f"pixels of shape {tuple(rgb.shape)} are empty", cure="Give at least one pixel.")
