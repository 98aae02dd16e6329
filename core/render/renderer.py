"""The renderer: registered ops in stage order as one torch module, differentiable, in cache-sized tiles."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any, Unpack, get_args, overload

import torch
from torch import Tensor, nn

from ..color.elementwise import at_least_single
from ..contract.area import VIEW, small_view
from ..contract.latents import Latents
from ..contract.op import Op
from ..contract.schema import Schema
from ..errors import InvalidLatents, InvalidPhoto, InvalidRequest
from ..lut import Baked, ColorMap, Cube
from ..photo import ColorSpace, Photo
from ..photo.photo_input import PhotoInput
from ..plan.plan import Plan
from ..plugins.registry import registry
from .assembly import Assembly
from .chain import Chain
from .compiled import is_tracing
from .job import RenderJob
from .monochrome import is_monochrome
from .options import Engine, Kind, RenderOptions
from .report import RenderReport
from .tables.rendering import Tables

# Below this a photo is rendered exactly in the time that baking takes.
LUT_PIXELS = 2**20


class Renderer(nn.Module):
    """Ops in stage order, applied to photos: a module, whose parameters are those of its ops with weights.

    `renderer(rgb, latents)` is differentiable, see `forward`; `render` takes photos of any kind and plans.

    Args:
        ops: op classes or instances; None takes, for each plan, the installed ops that it names.
        device: where photos that come as files, PIL images or arrays are rendered, and the ops' weights; tensors
            stay on their own.
            `.to(device)` moves both.
        fused: fuse pointwise ops with torch.compile: several times as fast, gradients included, once each op is
            compiled, which takes up to a minute an op and is kept on disk. Without a compiler the ops run as they are,
            with a warning.

    Raises:
        InvalidSchema: the same op twice.
    """

    _place: Tensor

    def __init__(self, ops: Iterable[type[Op] | Op] | None = None, *, device: Any = None, fused: bool = False) -> None:
        super().__init__()
        self.fused = fused
        made = None if ops is None else [op() if isinstance(op, type) else op for op in ops]
        self._ops = None if made is None else {id: op for id in Schema.of(made).specs for op in made if op.id == id}
        self._opened: dict[tuple[str, ...], Op] = {}
        # An op is no module, but what it computes with may be: these are its weights.
        self.weights = nn.ModuleDict(
            {id.replace(".", "-"): held for id, op in (self._ops or {}).items() if (held := _modules_of(op))}
        )
        self.register_buffer("_place", torch.empty(0), persistent=False)  # goes where `.to()` goes
        if device is not None:
            self.to(device)

    @property
    def device(self) -> torch.device:
        """Where photos that are no tensors are rendered."""
        return self._place.device

    def _apply(self, fn: Any, recurse: bool = True) -> Renderer:
        """What `.to()`, `.half()` and their like do to every tensor; weights opened for plans are opened anew."""
        self._opened.clear()
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    @property
    def ops(self) -> tuple[Op, ...]:
        """The ops that it was made with, in chain order; none where each plan names its own."""
        return tuple((self._ops or {}).values())

    @property
    def assets(self) -> dict[str, Mapping[str, str]]:
        """Which bundles the weights of this renderer's own ops are from, by op id."""
        return {id: op.asset for id, op in (self._ops or {}).items() if op.asset is not None}

    @overload
    def render(
        self, photo: Photo | str | os.PathLike[str], edit: Plan | Latents, **options: Unpack[RenderOptions]
    ) -> Photo: ...
    @overload
    def render(self, photo: Kind, edit: Plan | Latents, **options: Unpack[RenderOptions]) -> Kind: ...
    def render(self, photo: Any, edit: Plan | Latents, **options: Unpack[RenderOptions]) -> Any:
        """Render a photo and give it back in its own kind; see `render_reported` for the options."""
        return self.render_reported(photo, edit, **options)[0]

    @overload
    def render_reported(
        self, photo: Photo | str | os.PathLike[str], edit: Plan | Latents, **options: Unpack[RenderOptions]
    ) -> tuple[Photo, RenderReport]: ...
    @overload
    def render_reported(
        self, photo: Kind, edit: Plan | Latents, **options: Unpack[RenderOptions]
    ) -> tuple[Kind, RenderReport]: ...
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
    ) -> tuple[Any, RenderReport]:
        """Render a photo by a plan or latents, in the plan's frame.

        Args:
            photo: a path, PIL image, array (H, W, C), tensor (3, H, W) or (B, 3, H, W) in [0, 1], or `Photo`.
            edit: a `Plan`, or `Latents` with one row or one row a photo.
            groups: only these groups, of those that are on in the plan.
            strength: blend with the input, 0..1; the plan's own by default. 0 gives the input back, in its frame.
            seed: of whatever is random, such as grain, from 0; the plan's own by default.
            engine: `exact` (the ops themselves), `lut` (a look-up table, for photos whose ops are all pointwise;
                the ops themselves where no table is good enough), or `auto`: `lut` for photos of a megapixel and more,
                `exact` for tensors.
            tolerance: for `lut`, the 99th percentile of CIEDE2000 that is allowed, measured on the photo's own pixels.
            clamp: clamp to [0, 1] once at the end; False for training, since a clamp has no gradient on clipped pixels.
            color_space: `keep`, `srgb` or `p3`, for photos with a profile.
            reuse: the photo is not needed any more: its memory may be overwritten.

        Returns:
            The photo in the kind that was given (a path gives a `Photo`), and a `RenderReport`.

        Raises:
            InvalidPhoto, InvalidLatents, InvalidRequest
        """
        if engine not in get_args(Engine):
            raise InvalidRequest(f"engine {engine!r} is not known", cure="Use 'auto', 'exact' or 'lut'.")
        if not tolerance > 0:
            raise InvalidRequest(f"tolerance {tolerance} is not above 0", cure="1.0 is about the least that is seen.")
        wanted = RenderJob.of(edit, groups=groups, strength=strength, seed=seed)
        start = time.perf_counter()
        subject = PhotoInput.of(photo).framed(edit.frame if isinstance(edit, Plan) else None)
        if wanted.neutral:
            wanted = replace(wanted, neutral=subject.held is not None and is_monochrome(subject.held.pixels))
        if engine == "lut" and subject.held is None:
            raise InvalidRequest("engine 'lut' for a tensor: it has no gradient", cure="Use 'auto' or 'exact'.")
        opened = time.perf_counter()
        registry.announce("render_begins", latents=wanted.latents, size=subject.size)
        # A photo's own profile may hold colours beyond sRGB: it is clipped there, when it is given back.
        bounded = clamp and not subject.has_profile
        large = subject.held is not None and prod(subject.size) >= LUT_PIXELS
        image, report = None, RenderReport("exact")
        if wanted.latents.batch == 1 and (engine == "lut" or (engine == "auto" and large)):
            layers = self._assembly(wanted, 1, subject.size, self.device).layers(lambda: _small(subject))
            tables = Tables(self.device, tolerance, color_space, reuse)
            image, report = tables.render(subject, layers, clamp=bounded)
        if image is None:
            image, report = self._exactly(subject, wanted, bounded, color_space, report)
        report = replace(report, timings={"open": opened - start} | report.timings)
        registry.announce("render_done", latents=wanted.latents, report=report)
        return image, report

    def _exactly(
        self, subject: PhotoInput, edit: RenderJob, clamp: bool, color_space: ColorSpace, report: RenderReport
    ) -> tuple[Any, RenderReport]:
        start = time.perf_counter()
        rgb = subject.pixels(self.device)
        loaded = time.perf_counter()
        # A photo that is no tensor has no gradient, though an op's weights may.
        with torch.set_grad_enabled(torch.is_grad_enabled() and subject.held is None):
            done, ran, local = self._run(rgb, edit, clamp=clamp)
        rendered = time.perf_counter()
        image = subject.give_back(done, unchanged=edit.strength == 0, color_space=color_space)
        timings = {"convert": loaded - start + time.perf_counter() - rendered, "render": rendered - loaded}
        return image, replace(report, ops=ran, local=local, timings=report.timings | timings)

    def color_map(self, edit: Plan | Latents, *, clamp: bool = True) -> ColorMap:
        """An edit as a map of colours (H, W, 3) float32, sRGB-encoded: what a look-up table is made of. A frame changes
        no colours: it is left out.

        Raises:
            InvalidRequest: an op looks at neighbouring pixels, or an adjustment is local.
            InvalidLatents: several rows.
        """
        return self._pointwise(RenderJob.of(edit)).color_map(self.device, clamp=clamp)

    def table(
        self,
        photo: Photo,
        edit: Plan | Latents,
        *,
        color_space: ColorSpace = "keep",
        tolerance: float = 1.0,
        points: int | None = None,
    ) -> Baked:
        """The table that the engine `lut` applies to a photo: for whoever applies it elsewhere, as on a screen.

        Args:
            photo: one in colour; the table takes its own encoding, in [0, 1].
            edit, color_space, tolerance: as for `render_reported`; the table gives the encoding of `color_space`,
                within [0, 1] where the photo has no profile.
            points: so many an axis, from 2, at once and unmeasured; its error is then not a number.

        Raises:
            InvalidRequest: an op looks at neighbouring pixels, or an adjustment is local.
            InvalidPhoto: a photo whose profile knows greys alone. InvalidLatents: several rows.
        """
        if not photo.has_colour_encoding:
            raise InvalidPhoto("a photo in a profile of greys takes no table of colours", cure="Convert it to sRGB.")
        wanted = RenderJob.of(edit)
        chain = self._pointwise(replace(wanted, neutral=wanted.neutral and is_monochrome(photo.pixels)))
        tables = Tables(self.device, tolerance, color_space, reuse=False)
        color_map = tables.in_own_encoding(photo, chain, clamp=photo.profile is None)
        return tables.bake(photo, color_map) if points is None else Baked(Cube.of(color_map, points), float("nan"))

    def _pointwise(self, wanted: RenderJob) -> Chain:
        """The chain of a job that any colour goes through by itself."""
        _check_rows(wanted.latents, 1)
        if wanted.latents.schema.local:
            name = wanted.latents.schema.local[0].name
            raise InvalidRequest(
                f"local adjustment {name!r} depends on the place, which no table knows", cure="Leave it out."
            )
        chain = self._assembly(wanted, 1, (1, 1), self.device).chain()
        for step in chain.steps:
            if not step.op.pointwise:
                raise InvalidRequest(
                    f"op {step.op.id!r} looks at neighbouring pixels, which no table can", cure="Leave it out."
                )
        return chain

    if TYPE_CHECKING:

        def __call__(
            self, rgb: Tensor, latents: Latents, *, strength: float = 1.0, seed: int = 0, clamp: bool = True
        ) -> Tensor: ...

    def forward(
        self, rgb: Tensor, latents: Latents, *, strength: float = 1.0, seed: int = 0, clamp: bool = True
    ) -> Tensor:
        """Apply the chain to pixels: differentiable in pixels, latents and the ops' weights.

        It goes through torch.compile, torch.export and the transforms of torch.func, such as `vmap` and `jacfwd`. Under
        them values cannot decide what runs: every op sees every row, and rows in which it is absent are put back
        afterwards.

        Args:
            rgb: (B, 3, H, W) sRGB-encoded floats; float16 and bfloat16 are computed in float32 and returned as they
                came.
            latents: one row for all photos, or one a photo; rows in which an op is absent pass it bit for bit.
            strength: blend with the input, 0..1. `seed`: of whatever is random, from 0.
            clamp: to [0, 1], once at the end.

        Raises:
            InvalidPhoto, InvalidRequest
            InvalidLatents: rows that are not the photos', an op that is not there, or there in another version.
            InvalidOp: an op gave back another shape or dtype, or changed what it was given in place.
        """
        return self._run(rgb, RenderJob(latents, strength, seed), clamp=clamp)[0]

    def _run(self, rgb: Tensor, edit: RenderJob, *, clamp: bool) -> tuple[Tensor, tuple[str, ...], tuple[str, ...]]:
        """The pixels, the ids of the ops that ran, and the names of the local adjustments."""
        _check_pixels(rgb)
        batch = rgb.shape[0]
        _check_rows(edit.latents, batch)
        if edit.strength == 0:
            return rgb, (), ()
        if self.fused and batch > 1:  # compiled once, for single photos
            rows = [
                edit if edit.latents.batch == 1 else replace(edit, latents=edit.latents.row(i)) for i in range(batch)
            ]
            done, *ran = zip(*(self._run(rgb[i : i + 1], row, clamp=clamp) for i, row in enumerate(rows)), strict=True)
            ops, local = (tuple(dict.fromkeys(name for names in each for name in names)) for each in ran)
            return torch.cat(done), ops, local
        tracing = is_tracing()
        dtype = at_least_single(rgb).dtype
        keep = tracing or _is_differentiated(rgb, edit.latents)
        assembly = self._assembly(edit, batch, (rgb.shape[2], rgb.shape[3]), rgb.device)
        assembly = replace(assembly, dtype=dtype, keep_identities=keep, tracing=tracing)
        layers = assembly.layers(lambda: small_view(at_least_single(rgb)))
        return layers.run(rgb, clamp=clamp, whole=keep), layers.ids, layers.names

    def _assembly(self, job: RenderJob, batch: int, size: tuple[int, int], device: torch.device) -> Assembly:
        return Assembly(job, self._op, batch, size, device, fused=self.fused)

    def _op(self, id: str, version: int, asset: Mapping[str, str] | None) -> Op:
        """The op, once it is sure that it understands values of this version, with the weights that the plan names."""
        if self._ops is None:
            op = self._installed(id, asset)
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

    def _installed(self, id: str, asset: Mapping[str, str] | None) -> Op:
        plugin: Any = registry.ops.load(id)
        if not hasattr(plugin, "from_bundle"):
            op: Op = plugin()
            return op
        if asset is None:
            raise InvalidLatents(
                f"op {id!r} has weights, and nothing says which",
                cure="Render a plan that names its asset, or make the renderer with the op: Renderer([...]).",
            )
        key = (id, *sorted(f"{name}={value}" for name, value in asset.items()))
        if key not in self._opened:
            for bundle in registry.announce("open_asset", asset=dict(asset)):
                self._opened[key] = plugin.from_bundle(bundle, device=self.device, dtype=None)
        if key not in self._opened:
            raise InvalidLatents(
                f"nobody here opens the weights {dict(asset)} of op {id!r}", cure="Is the zoo's hook blocked?"
            )
        return self._opened[key]


def _small(subject: PhotoInput) -> Tensor:
    """The small photo (1, 3, h, w) for areas, made from the photo's own pixels."""
    return subject.photo().resized(VIEW).tensor().unsqueeze(0)


def _modules_of(op: Op) -> nn.ModuleDict | None:
    """What an op computes with, by attribute; None where it has no weights."""
    found = {name: value for name, value in vars(op).items() if isinstance(value, nn.Module)}
    return nn.ModuleDict(found) if found else None


def _is_differentiated(rgb: Tensor, latents: Latents) -> bool:
    values = (value for slots in latents.values.values() for value in slots.values())
    return torch.is_grad_enabled() and (rgb.requires_grad or any(value.requires_grad for value in values))


def _check_rows(latents: Latents, photos: int) -> None:
    if latents.batch not in (1, photos):
        raise InvalidLatents(
            f"latents of {latents.batch} rows for {photos} photos", cure="Give one row, or one a photo."
        )


def _check_pixels(rgb: Tensor) -> None:
    if rgb.ndim != 4 or rgb.shape[1] != 3 or not rgb.is_floating_point():
        raise InvalidPhoto(
            f"pixels of shape {tuple(rgb.shape)} and {rgb.dtype}", cure="Give floats of shape (B, 3, H, W)."
        )
    if rgb.numel() == 0:
        raise InvalidPhoto(f"pixels of shape {tuple(rgb.shape)} are empty", cure="Give at least one pixel.")
