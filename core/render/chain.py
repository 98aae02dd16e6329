"""Ops with their values, in order: pointwise ones run tile by tile, spatial ones in strips that overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

import torch
from torch import Tensor

from ..color.elementwise import at_least_single
from ..color.srgb import linear_to_srgb, srgb_to_linear
from ..contract.latents import Latents
from ..contract.op import Frame, Op, Params
from ..errors import InvalidOp
from ..lut import ColorMap
from ..photo.color.encoding import Floats
from ..threads import ACCELERATOR_TILE_PIXELS, TILE_PIXELS, WORTH_SHARING, fill, keep_freed_memory, one_thread, strips
from .compiled import Fuse, compiled, plain
from .monochrome import luminance

# So many pixels of a costly op take longer than threads wait for each other.
COSTLY_PIXELS = 2**11
# A compiled op leaves no temporaries behind, and each call of one costs a third of a millisecond: large tiles.
FUSED_PIXELS = 2**20


@dataclass(frozen=True)
class Step:
    """One op with its values for the rows in which it is present."""

    op: Op
    params: Params
    rows: Tensor | None  # None: every row
    present: Tensor | None = None  # (B,) bool, in place of `rows`, where its values cannot be read

    @property
    def linear(self) -> bool:
        """Whether it takes linear light; never where some rows pass, which stay as they are bit for bit."""
        return self.op.linear and self.rows is None and self.present is None

    def run(self, rgb: Tensor, frame: Frame, fuse: Fuse = plain) -> Tensor:
        """The op's rows changed, the others as they are.

        Raises:
            InvalidOp: the op gave back another shape or dtype, or changed what it was given in place.
        """
        params = self.params.at(frame)
        if self.present is not None:
            done = self.op.on_srgb(rgb, params)
            check_returned(self.op, rgb, done)
            return torch.where(self.present[:, None, None, None], done, rgb)
        given = rgb if self.rows is None else rgb.index_select(0, self.rows)
        versions = _versions(given, params)
        if self.rows is None:
            done = fuse(type(self.op).apply)(self.op, given, params)
        else:
            done = self.op.on_srgb(given, params)
        check_returned(self.op, given, done)
        if _versions(given, params) != versions:
            raise InvalidOp(
                f"op {self.op.id!r} changes the tensors that it is given",
                cure="Give new ones: rgb + x, not rgb.add_(x).",
            )
        return done if self.rows is None else rgb.index_copy(0, self.rows, done)


def check_returned(op: Op, rgb: Tensor, done: object) -> None:
    """Refuse what an op made of pixels if it is of another shape or dtype.

    Raises:
        InvalidOp
    """
    if isinstance(done, Tensor) and done.shape == rgb.shape and done.dtype == rgb.dtype:
        return
    found = f"{tuple(done.shape)} {done.dtype}" if isinstance(done, Tensor) else type(done).__name__
    raise InvalidOp(
        f"op {op.id!r} was given {tuple(rgb.shape)} {rgb.dtype} and gave back {found}",
        cure="The shape and the dtype stay: one row a photo, three channels, the same pixels.",
    )


def _versions(rgb: Tensor, params: Params) -> list[int]:
    """How often each tensor that an op is given was changed in place; inference tensors do not count."""
    tensors = (rgb, *(value for value in vars(params).values() if isinstance(value, Tensor)))
    return [tensor._version for tensor in tensors if not tensor.is_inference()]


@dataclass(frozen=True)
class Chain:
    """Steps in order, blended with the input by `strength`; fused ones run a photo at a time, `neutral` ones give
    greys.
    """

    steps: tuple[Step, ...]
    strength: float = 1.0
    seed: int = 0
    fused: bool = False
    neutral: bool = False

    @property
    def pointwise(self) -> bool:
        """Whether every op is."""
        return all(step.op.pointwise for step in self.steps)

    @property
    def tracing(self) -> bool:
        """Whether values cannot be read, see `compiled.is_tracing`: the ops then run as they are."""
        return any(step.present is not None for step in self.steps)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ops' ids."""
        return tuple(step.op.id for step in self.steps)

    def runs(self) -> Iterator[Chain]:
        """The runs of pointwise ops, and of spatial ones, as chains of full strength."""
        for _, steps in groupby(self.steps, key=lambda step: step.op.pointwise):
            yield replace(self, steps=tuple(steps), strength=1.0, neutral=False)

    def run(self, rgb: Tensor, *, clamp: bool = False, whole: bool = False) -> Tensor:
        """Apply the ops to (B, 3, H, W).

        Args:
            clamp: to [0, 1] at the end, before blending.
            whole: no tiles, for autograd.
        """
        if not self.tracing:
            keep_freed_memory()
        done = rgb
        for part in self.runs():
            if not part.pointwise:
                done = _spatial(part, done, whole)
            elif part.fused and not part.tracing:
                done = _fused(part, done, whole)
            else:
                done = _tiled(part, done, whole)
        return self.finish(rgb, done, clamp=clamp)

    def finish(self, rgb: Tensor, done: Tensor, *, clamp: bool) -> Tensor:
        """Clamp what the ops made of the pixels, and blend it with them."""
        if self.neutral and self.steps:
            done = luminance(done)
        if clamp:
            done = done.clamp(0, 1)
        return done if self.strength == 1 else rgb + self.strength * (done - rgb)

    def tile(self, rgb: Tensor, frame: Frame) -> Tensor:
        """What pointwise ops make of a tile (B, 3, H, W), at full strength and unclamped."""
        return _in_turn(self, rgb, frame)

    def color_map(self, device: torch.device, *, clamp: bool = False) -> ColorMap:
        """A pointwise chain as a map of sRGB-encoded colours (H, W, 3) float32."""

        def color_map(colours: Floats) -> Floats:
            rgb = torch.from_numpy(colours).permute(2, 0, 1).unsqueeze(0).to(device)
            with torch.no_grad():
                done = self.run(rgb, clamp=clamp)
            return done[0].permute(1, 2, 0).cpu().numpy()

        return color_map


def _tiled(chain: Chain, rgb: Tensor, whole: bool) -> Tensor:
    """Pointwise ops, tile by tile."""
    _, _, height, width = rgb.shape
    if whole:
        return _in_turn(chain, rgb, Frame(0, 0, height, width, chain.seed))

    def compute(rows: slice) -> Tensor:
        return _in_turn(chain, rgb[:, :, rows], Frame(rows.start, 0, height, width, chain.seed))

    return tile_by_tile(rgb, compute, costly=any(step.op.costly for step in chain.steps))


def tile_by_tile(rgb: Tensor, compute: Callable[[slice], Tensor], *, costly: bool = False) -> Tensor:
    """A photo like (B, 3, H, W) `rgb`, of which `compute` gives the rows of each tile; by as many threads as pays."""
    batch, _, height, width = rgb.shape
    rows = strips(height, batch * width, _tile_pixels(rgb), worth=COSTLY_PIXELS if costly else WORTH_SHARING)
    if len(rows) == 1:
        with one_thread():
            return compute(rows[0])
    return fill(torch.empty_like(rgb), rows, compute)


def _tile_pixels(rgb: Tensor) -> int:
    return TILE_PIXELS if rgb.device.type == "cpu" else ACCELERATOR_TILE_PIXELS


def _fused(chain: Chain, rgb: Tensor, whole: bool) -> Tensor:
    """Pointwise ops compiled, which share a tile among torch's threads themselves; a photo's rows count for nothing
    there.
    """
    line = rgb.reshape(1, 3, 1, -1)
    frame = Frame(0, 0, 1, line.shape[3], chain.seed)
    if whole or line.shape[3] <= FUSED_PIXELS:
        return _in_turn(chain, line, frame, compiled).reshape(rgb.shape)
    done = torch.empty_like(line)
    for start in range(0, line.shape[3], FUSED_PIXELS):
        part = slice(start, start + FUSED_PIXELS)
        done[..., part] = _in_turn(chain, line[..., part], frame, compiled)
    return done.reshape(rgb.shape)


def _spatial(chain: Chain, rgb: Tensor, whole: bool) -> Tensor:
    """Spatial ops, each in strips that overlap by its halo; with a halo of None, on the whole photo."""
    for step in chain.steps:
        rgb = _in_strips(replace(chain, steps=(step,)), rgb, whole)
    return rgb


def _in_strips(chain: Chain, rgb: Tensor, whole: bool) -> Tensor:
    batch, _, height, width = rgb.shape
    frame = Frame(0, 0, height, width, chain.seed)
    (step,) = chain.steps
    halo = None if whole else step.op.halo(step.params.at(frame), (height, width))
    if halo is None or len(rows := strips(height, batch * width, 16 * _tile_pixels(rgb))) == 1:
        return _in_turn(chain, rgb, frame)

    def compute(part: slice) -> Tensor:
        first, last = max(0, part.start - halo), min(height, part.stop + halo)
        strip = _in_turn(chain, rgb[:, :, first:last], replace(frame, top=first))
        return strip[:, :, part.start - first : part.stop - first]

    return fill(torch.empty_like(rgb), rows, compute)


def _in_turn(chain: Chain, tile: Tensor, frame: Frame, fuse: Fuse = plain) -> Tensor:
    """One op after another, in linear light where they want it."""
    done, light = at_least_single(tile).contiguous(), False
    for step in chain.steps:
        if step.linear != light:
            done, light = fuse(srgb_to_linear if step.linear else linear_to_srgb)(done), step.linear
        done = step.run(done, frame, fuse)
    return (fuse(linear_to_srgb)(done) if light else done).to(tile.dtype)


def at_identity(latents: Latents, id: str, slots: dict[str, Tensor]) -> Tensor:
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
