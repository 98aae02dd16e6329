"""The renderer: registered ops in stage order, in torch, on any device, differentiable, in cache-sized tiles."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Literal

import torch
from torch import Tensor

from .color import at_least_single
from .errors import InvalidLatents, InvalidPhoto, InvalidRequest
from .latents import Latents
from .op import Frame, Op, Params
from .plan import Plan
from .registry import registry
from .subject import Subject

Engine = Literal["auto", "exact"]

# A tile's float32 pixels take 768 KiB: with an op's temporaries it stays within the caches of common CPUs.
_TILE_PIXELS = 2**16


@dataclass(frozen=True)
class Report:
    """How a photo was rendered: the engine, the ops that ran, seconds per stage."""

    engine: str
    ops: tuple[str, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Step:
    """One op with its values for the rows in which it is present."""

    op: Op
    values: dict[str, Tensor]
    rows: Tensor | None  # None: every row

    def run(self, rgb: Tensor, frame: Frame) -> Tensor:
        params = Params(self.values, frame)
        if self.rows is None:
            return self.op.apply(rgb, params)
        return rgb.index_copy(0, self.rows, self.op.apply(rgb.index_select(0, self.rows), params).to(rgb.dtype))


class Renderer:
    """Ops in stage order, applied to photos.

    Args:
        ops: op classes or instances; None takes, for each plan, the installed ops that it names.
        device: where photos that come as files, PIL images or arrays are rendered; tensors stay on their own.
    """

    def __init__(self, ops: Iterable[type[Op] | Op] | None = None, *, device: Any = None) -> None:
        self.device = torch.device(device) if device is not None else torch.device("cpu")
        self._ops = None if ops is None else {op.id: op() if isinstance(op, type) else op for op in ops}

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
        clamp: bool = True,
        color_space: str = "keep",
    ) -> tuple[Any, Report]:
        """Render a photo by a plan or latents.

        Args:
            photo: a path, PIL image, array (H, W, C), tensor (3, H, W) or (B, 3, H, W) in [0, 1], or `Photo`.
            edit: a `Plan`, or `Latents` with one row or one row a photo.
            groups: only these groups, of those that are on in the plan.
            strength: blend with the input, 0..1; the plan's own by default. 0 gives the input back.
            engine: `exact` (the ops themselves); `auto` takes the best there is.
            clamp: clamp to [0, 1] once at the end; False for training, since a clamp has no gradient on clipped pixels.
            color_space: `keep`, `srgb` or `p3`, for photos with a profile.

        Returns:
            The photo in the kind that was given (a path gives a `Photo`), and a `Report`.

        Raises:
            InvalidPhoto, InvalidLatents, InvalidRequest
        """
        if engine not in ("auto", "exact"):
            raise InvalidRequest(f"engine {engine!r} is not known", cure="Use 'exact' or 'auto'.")
        latents, blend, grain = _unfold(edit, groups, strength, seed)
        start = time.perf_counter()
        subject = Subject.of(photo)
        rgb = subject.pixels(self.device)
        loaded = time.perf_counter()
        registry.announce("render_begins", latents=latents, size=(rgb.shape[2], rgb.shape[3]))
        # A photo's own profile may hold colours beyond sRGB: it is clipped there, when it is given back.
        done = self.apply(rgb, latents, strength=blend, seed=grain, clamp=clamp and not subject.has_profile)
        rendered = time.perf_counter()
        image = subject.give_back(done, unchanged=blend == 0, color_space=color_space)
        timings = {"read": loaded - start, "render": rendered - loaded, "write": time.perf_counter() - rendered}
        report = Report("exact", tuple(op for op in latents.values), timings)
        registry.announce("render_done", latents=latents, report=report)
        return image, report

    def apply(
        self, rgb: Tensor, latents: Latents, *, strength: float = 1.0, seed: int = 0, clamp: bool = True
    ) -> Tensor:
        """Apply the chain to pixels: differentiable in pixels and latents.

        Args:
            rgb: (B, 3, H, W) sRGB-encoded floats; float16 and bfloat16 are computed in float32 and returned as they came.
            latents: one row for all photos, or one a photo; rows in which an op is absent pass it bit for bit.
        """
        _check_pixels(rgb)
        if latents.batch not in (1, rgb.shape[0]):
            raise InvalidLatents(
                f"latents of {latents.batch} rows for {rgb.shape[0]} photos", cure="Give one row, or one a photo."
            )
        if not 0 <= strength <= 1:
            raise InvalidRequest(f"strength {strength} lies outside [0, 1]", cure="0 gives the input, 1 the full edit.")
        if strength == 0:
            return rgb
        traced = torch.is_grad_enabled() and (
            rgb.requires_grad or any(v.requires_grad for slots in latents.values.values() for v in slots.values())
        )
        chain = list(self._steps(latents, rgb, keep_identities=traced))
        done = rgb
        for pointwise, steps in groupby(chain, key=lambda step: step.op.pointwise):
            done = self._run(list(steps), done, seed=seed, pointwise=pointwise, whole=traced)
        if clamp:
            done = done.clamp(0, 1)
        return done if strength == 1 else rgb + strength * (done - rgb)

    def _steps(self, latents: Latents, rgb: Tensor, *, keep_identities: bool) -> Iterator[_Step]:
        """The present ops in chain order. At identity an op does nothing, so it is left out where no gradient is wanted."""
        for id, slots in latents.values.items():
            present = latents.present[id].to(rgb.device)
            if latents.batch == 1 and rgb.shape[0] > 1:
                slots = {name: value.expand(rgb.shape[0], *value.shape[1:]) for name, value in slots.items()}
                present = present.expand(rgb.shape[0])
            if not keep_identities:
                present = present & ~_at_identity(latents, id, slots).to(rgb.device)
            if not bool(present.any()):
                continue
            rows = None if bool(present.all()) else present.nonzero().flatten()
            dtype = at_least_single(rgb).dtype if not keep_identities or rgb.dtype != torch.float64 else torch.float64
            values = {}
            for name, value in slots.items():
                moved = value.to(device=rgb.device, dtype=dtype)
                values[name] = _shaped(moved if rows is None else moved.index_select(0, rows))
            yield _Step(self._op(id), values, rows)

    def _op(self, id: str) -> Op:
        if self._ops is None:
            return registry.ops.load(id)()  # type: ignore[no-any-return]
        if id not in self._ops:
            raise InvalidLatents(f"this renderer has no op {id!r}", cure=f"It was made with {', '.join(self._ops)}.")
        return self._ops[id]

    def _run(self, steps: list[_Step], rgb: Tensor, *, seed: int, pointwise: bool, whole: bool) -> Tensor:
        """Apply a run of pointwise ops, or of spatial ones, tile by tile."""
        if not pointwise:
            for step in steps:
                rgb = _run_spatial(step, rgb, seed)
            return rgb
        batch, _, height, width = rgb.shape
        tall = height if whole else max(1, _TILE_PIXELS // (batch * width))
        if tall >= height:
            return _chain(steps, rgb, Frame(0, 0, height, width, seed))
        done = torch.empty_like(rgb)
        for top in range(0, height, tall):
            rows = slice(top, min(top + tall, height))
            done[:, :, rows] = _chain(steps, rgb[:, :, rows], Frame(top, 0, height, width, seed))
        return done


def _chain(steps: list[_Step], tile: Tensor, frame: Frame) -> Tensor:
    done = at_least_single(tile)
    for step in steps:
        done = step.run(done, frame)
    return done.to(tile.dtype)


def _run_spatial(step: _Step, rgb: Tensor, seed: int) -> Tensor:
    """A spatial op in strips that overlap by its halo; with a halo of None, on the whole photo."""
    batch, _, height, width = rgb.shape
    halo = step.op.halo(Params(step.values, Frame(0, 0, height, width, seed)), (height, width))
    tall = max(1, 16 * _TILE_PIXELS // (batch * width))
    if halo is None or tall >= height or rgb.requires_grad:
        return _chain([step], rgb, Frame(0, 0, height, width, seed))
    strips = []
    for top in range(0, height, tall):
        bottom = min(top + tall, height)
        first, last = max(0, top - halo), min(height, bottom + halo)
        strip = _chain([step], rgb[:, :, first:last], Frame(first, 0, height, width, seed))
        strips.append(strip[:, :, top - first : bottom - first])
    return torch.cat(strips, dim=2)


def _shaped(value: Tensor) -> Tensor:
    """A slot's values as `Op.apply` gets them: scalars (B,1,1,1), vectors (B,n,1,1), others as they are."""
    if value.ndim == 1:
        return value.reshape(-1, 1, 1, 1)
    return value.reshape(*value.shape, 1, 1) if value.ndim == 2 else value


def _at_identity(latents: Latents, id: str, slots: dict[str, Tensor]) -> Tensor:
    """For each row, whether every slot of the op stands exactly at its identity."""
    spec = latents.schema.spec(id)
    batch = next(iter(slots.values())).shape[0]
    idle = torch.ones(batch, dtype=torch.bool)
    for name, value in slots.items():
        identity = spec.slots[name].identity
        if identity is None:
            return torch.zeros(batch, dtype=torch.bool)
        same = value.detach().cpu() == torch.tensor(identity, dtype=value.dtype)
        idle &= same.reshape(batch, -1).all(dim=1)
    return idle


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
        latents = latents.masked([frozenset(groups)] * latents.batch)
    return latents, 1.0 if strength is None else strength, seed or 0


def _check_pixels(rgb: Tensor) -> None:
    if rgb.ndim != 4 or rgb.shape[1] != 3 or not rgb.is_floating_point():
        raise InvalidPhoto(
            f"pixels of shape {tuple(rgb.shape)} and {rgb.dtype}", cure="Give floats of shape (B, 3, H, W)."
        )
    if rgb.numel() == 0:
        raise InvalidPhoto(f"pixels of shape {tuple(rgb.shape)} are empty", cure="Give at least one pixel.")
