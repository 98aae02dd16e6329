"""Ops, latents and pixels to test a renderer with."""

import torch

from veraretouch import Latents, Op, Schema, Slot, Stage, registry

AMOUNT = {"low": -2.0, "high": 2.0, "group": "lighting", "doc": "How far."}


class Add(Op):
    """Add an amount."""

    id = "test.add"
    version = 1
    stage = Stage.EXPOSURE
    pointwise = True
    amount = Slot(**AMOUNT)

    def apply(self, rgb, p):
        return rgb + p.amount


class Double(Op):
    """Multiply by one plus an amount, after Add."""

    id = "test.double"
    version = 1
    stage = Stage.CONTRAST
    pointwise = True
    amount = Slot(**AMOUNT | {"group": "global_color"})

    def apply(self, rgb, p):
        return rgb * (1 + p.amount)


class Blur(Op):
    """Blend with a box blur of five pixels: the spatial op whose tiles must overlap."""

    id = "test.blur"
    version = 1
    stage = Stage.EFFECTS
    pointwise = False
    amount = Slot(0.0, low=0.0, high=1.0, group="effects", doc="How far.")

    def apply(self, rgb, p):
        padded = torch.nn.functional.pad(rgb, (2, 2, 2, 2), mode="replicate")
        return rgb + p.amount * (torch.nn.functional.avg_pool2d(padded, 5, stride=1) - rgb)

    def halo(self, p, size):
        return 2


class Shade(Op):
    """Darken towards the lower right corner of the whole photo: it needs its frame."""

    id = "test.shade"
    version = 1
    stage = Stage.FINISH
    pointwise = False
    amount = Slot(0.0, low=0.0, high=1.0, group="effects", doc="How far.")

    def apply(self, rgb, p):
        rows = torch.arange(rgb.shape[2], dtype=rgb.dtype, device=rgb.device) + p.frame.top
        columns = torch.arange(rgb.shape[3], dtype=rgb.dtype, device=rgb.device) + p.frame.left
        fall = rows[:, None] / p.frame.height + columns / p.frame.width
        return rgb * (1 - 0.5 * p.amount * fall)

    def halo(self, p, size):
        # More than it needs, so that a strip does not begin where its tile does.
        return 1


class Equalize(Op):
    """Subtract the mean of the whole photo: no tile will do."""

    id = "test.equalize"
    version = 1
    stage = Stage.FINISH
    pointwise = False
    amount = Slot(0.0, low=0.0, high=1.0, group="effects", doc="How far.")

    def apply(self, rgb, p):
        return rgb - p.amount * rgb.mean(dim=(2, 3), keepdim=True)

    def halo(self, p, size):
        return None


class Grain(Op):
    """Add the seed, for want of grain."""

    id = "test.grain"
    version = 1
    stage = Stage.FINISH
    pointwise = False
    amount = Slot(0.0, low=0.0, high=1.0, group="effects", doc="How far.")

    def apply(self, rgb, p):
        return rgb + p.amount * p.frame.seed / 100

    def halo(self, p, size):
        return 0


OPS = [Double, Add, Blur, Shade, Equalize, Grain]
SCHEMA = Schema.of(OPS)


def latents_of(**amounts):
    """Latents of the test ops by their last names: a number for all rows, or a list of one a row."""
    rows = torch.broadcast_tensors(*(torch.tensor(value).reshape(-1) for value in amounts.values()))
    return Latents(SCHEMA, {f"test.{name}": {"amount": value} for name, value in zip(amounts, rows, strict=True)})


def photos(batch=2, height=11, width=7, *, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(batch, 3, height, width, generator=generator, dtype=torch.float32).to(dtype)


# The pointwise ones, without the one that needs weights.
BUILT_IN = [
    id
    for id, entry in registry.ops.entries().items()
    if entry.distribution == "veraretouch" and id != "neural" and registry.ops.load(id).pointwise
]


def built_in(generator_seed=0, *, batch=1, scale=0.7, requires_grad=False):
    """Random latents of all built-in ops, and their raw values."""
    schema = Schema.of((registry.ops.load(id) for id in BUILT_IN), lattice=5)
    raw = scale * torch.randn(batch, schema.size, generator=torch.Generator().manual_seed(generator_seed))
    raw.requires_grad_(requires_grad)
    return Latents.squash(schema, raw), raw
