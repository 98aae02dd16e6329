"""Renderers and bakers as packages: of the op `neural`, and of a schema's explicit ops."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from ...core.contract.schema import Schema
from ...ops.neural import WIDTH, Neural
from .networks import CUBES, SIDES, Baker, OpsNetwork, Pixels
from .photos import sample
from .recipe import Array, Feature, Joined, PackageRecipe, network_recipe
from .styles import names

LATENT: Final = 3 * WIDTH


def heavy(operation: Any) -> bool:
    """Convolutions and linear layers in half precision; all else, colour above all, in single."""
    return bool(operation.op_type in ("conv", "linear", "gelu"))


def all_but_the_end(operation: Any) -> bool:
    return bool(operation.op_type not in ("sigmoid", "identity"))


def whole(operation: Any) -> bool:
    return bool(operation.op_type != "identity")


def never(operation: Any) -> bool:
    return False


def photo(side: int, low: float, **about: Any) -> Feature:
    facts = {
        "layout": "NCHW",
        "range": [low, 1],
        "channels": "RGB",
        "color_space": "sRGB",
        "orientation": "upright: EXIF orientation applied",
        **about,
    }
    return Feature((1, 3, side, side), facts, photo=True, scale=(1 - low) / 255, bias=low)


def drawn(name: str, size: int) -> Callable[[np.random.Generator], Mapping[str, Array]]:
    """An example (1, size) of normal numbers."""
    return lambda generator: {name: generator.standard_normal((1, size)).astype(np.float32)}


def cube(n: int) -> Feature:
    facts = {
        "layout": "blue, green, red, RGBA: red runs fastest",
        "range": [0, 1],
        "color_space": "sRGB",
        "alpha": 1,
    }
    return Feature((n, n, n, 4), facts)


def of_neural(op: Neural, *, sides: Sequence[int] = SIDES, cubes: Sequence[int] = CUBES) -> list[PackageRecipe]:
    """The renderer at fixed sizes, and its baker of cubes."""
    latents = Feature((1, LATENT), {"layout": "light, global_color, specific_color: 896 each"})
    common: dict[str, Any] = {
        "half": all_but_the_end,
        "units": "cpuAndNeuralEngine",
        "example": drawn("latents", LATENT),
    }
    made = []
    for side in sides:
        inputs = {"photo": photo(side, 0), "latents": latents}
        made.append(
            network_recipe(
                f"renderer_{side}",
                Pixels(op.network, encoded=True),
                inputs,
                {"retouched": photo(side, 0)},
                about=f"Retouch {side} x {side} pixels by the neural renderer.",
                tolerance=2 / 255,
                **common,
            )
        )
    for n in cubes:
        made.append(
            network_recipe(
                f"bake_neural_{n}",
                Baker(Pixels(op.network, encoded=True), n),
                {"latents": latents},
                {"cube": cube(n)},
                about=f"Latents to a cube of {n} points an axis for CIColorCubeWithColorSpace.",
                tolerance=2 / 255,
                facts={"cube": {"n": n, "interpolation": "trilinear"}},
                **common,
            )
        )
    return made


RENDERER: Final = Joined("renderer", "Latents to a photo by `photo`, to a cube by `cube`: the neural renderer.")


def joined_renderer(op: Neural) -> list[PackageRecipe]:
    """The renderer of photos and its baker of cubes at their smaller sizes, as one package."""
    parts = of_neural(op, sides=SIDES[:1], cubes=CUBES[:1])
    return [
        replace(part, name=f"{RENDERER.name}_{function}", joined=RENDERER)
        for part, function in zip(parts, ("photo", "cube"), strict=True)
    ]


def of_ops(schema: Schema, *, cubes: Sequence[int] = CUBES) -> list[PackageRecipe]:
    """The baker of a chain of explicit ops."""
    latents = Feature((1, schema.size), {"layout": names(schema), "range": "each slot's own"})
    return [
        network_recipe(
            f"bake_ops_{n}",
            Baker(OpsNetwork(schema), n),
            {"latents": latents},
            {"cube": cube(n)},
            about=f"Latents of {', '.join(schema.specs)} to a cube of {n} points an axis.",
            half=never,
            units="cpuAndGPU",
            example=lambda generator: {"latents": _look(schema)},
            tolerance=1 / 255,
            facts={"cube": {"n": n, "interpolation": "trilinear"}},
        )
        for n in cubes
    ]


def decoder_of(op: Neural, name: str) -> PackageRecipe:
    """A published renderer.

    `input_img` is in [-1, 1], as its network sees it; nobody here has seen the published package.
    """
    return network_recipe(
        name,
        Pixels(op.network),
        {"input_img": photo(512, -1), "retouch_latent": Feature((1, LATENT))},
        {"output": photo(512, 0)},
        about="Retouch 512 x 512 pixels.",
        half=all_but_the_end,
        units="cpuAndNeuralEngine",
        example=drawn("retouch_latent", LATENT),
        tolerance=2 / 255,
    )


def seen_through(op: Neural) -> dict[str, Any]:
    """How latents of the neural renderer are judged."""
    pixels = Pixels(op.network, encoded=True).eval()
    return {"render": lambda values: pixels(sample(), values), "span": _largest}


def seen_by_ops(schema: Schema) -> dict[str, Any]:
    """How latents of explicit ops are judged."""
    chain, spans = OpsNetwork(schema), np.concatenate([_span(slot) for _, _, slot in schema])
    return {"render": lambda values: chain(sample(), values).clamp(0, 1), "span": lambda values: spans}


def _span(slot: Any) -> Array:
    """The range of each number of a slot."""
    low, high = (
        np.broadcast_to(np.asarray(bound, np.float32).reshape(-1), (slot.size,)) for bound in (slot.low, slot.high)
    )
    return high - low


def _largest(values: Array) -> Array:
    return np.full_like(values, np.abs(values).max())


def _look(schema: Any) -> Array:
    """Latents of a strong look: every slot a quarter of the way from its identity to a bound."""
    found = []
    for _, _, slot in schema:
        identity = np.broadcast_to(np.asarray(slot.identity, np.float32).reshape(-1), (slot.size,))
        high = np.broadcast_to(np.asarray(slot.high, np.float32).reshape(-1), (slot.size,))
        found.append(identity + 0.25 * (high - identity))
    return np.concatenate(found)[None].astype(np.float32)
