"""Which packages a planner becomes, and what goes in and out of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from ...core.contract.schema import Schema
from ...core.errors import IncompatibleBundle
from ...core.plugins.registry import registry
from ...ops.neural import WIDTH, Neural
from ...planners.scene.network import CLASSES, GRID, SIDE
from .language import of_language
from .networks import CUBES, PICTURE, SIDES, Baker, OpsNetwork, PairNetwork, Pixels, ScenePhone, TinyPhone, Vision
from .photos import mosaic, sample
from .recipe import Array, Feature, PackageRecipe, network_recipe
from .styles import names

LATENT: Final = 3 * WIDTH


def _heavy(operation: Any) -> bool:
    """Convolutions and linear layers in half precision; all else, colour above all, in single."""
    return bool(operation.op_type in ("conv", "linear", "gelu"))


def _all_but_the_end(operation: Any) -> bool:
    return bool(operation.op_type not in ("sigmoid", "identity"))


def _whole(operation: Any) -> bool:
    return bool(operation.op_type != "identity")


def _never(operation: Any) -> bool:
    return False


def _photo(side: int, low: float, **about: Any) -> Feature:
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


def _cube(n: int) -> Feature:
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
        "half": _all_but_the_end,
        "units": "cpuAndNeuralEngine",
        "example": drawn("latents", LATENT),
    }
    made = []
    for side in sides:
        inputs = {"photo": _photo(side, 0), "latents": latents}
        made.append(
            network_recipe(
                f"renderer_{side}",
                Pixels(op.network, encoded=True),
                inputs,
                {"retouched": _photo(side, 0)},
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
                {"cube": _cube(n)},
                about=f"Latents to a cube of {n} points an axis for CIColorCubeWithColorSpace.",
                tolerance=2 / 255,
                facts={"cube": {"n": n, "interpolation": "trilinear"}},
                **common,
            )
        )
    return made


def of_tiny(planner: Any, *, cubes: Sequence[int] = CUBES) -> list[PackageRecipe]:
    """The planner, with and without a style, and the baker of its ops' chain."""
    schema = planner.schema
    layout = names(schema)
    latents = Feature((1, schema.size), {"layout": layout, "range": "each slot's own"})
    chain, spans = OpsNetwork(schema), np.concatenate([_span(slot) for _, _, slot in schema])
    style = Feature(
        (1, schema.size), {"layout": layout, "range": "what a prompt moves, less the identity; zeros for none"}
    )
    picture = _photo(
        PICTURE, 0, resize="the whole photo, to a square, by averaging", range=[0, 255], image="8 bits a channel"
    )
    picture = Feature(picture.shape, picture.about, "uint8", photo=True)
    network = TinyPhone(planner)
    common: dict[str, Any] = {
        "half": _heavy,
        "by_value": True,
        "image": True,
        "units": "cpuAndGPU",
        "render": lambda values: chain(sample(), values).clamp(0, 1),
        "span": lambda values: spans,
    }
    made = [
        network_recipe(
            "tiny_auto",
            network,
            {"image": picture},
            {"latents": latents},
            about="A photo to latents.",
            example=lambda generator: {"image": _dull()},
            **common,
        ),
        network_recipe(
            "tiny_style",
            network,
            {"image": picture, "style": style},
            {"latents": latents},
            about="A photo and a style to latents.",
            example=lambda generator: {"image": _dull(), "style": np.zeros((1, schema.size), np.float32)},
            **common,
        ),
    ]
    for n in cubes:
        made.append(
            network_recipe(
                f"bake_ops_{n}",
                Baker(chain, n),
                {"latents": latents},
                {"cube": _cube(n)},
                about=f"Latents of {', '.join(schema.specs)} to a cube of {n} points an axis.",
                half=_never,
                units="cpuAndGPU",
                example=lambda generator: {"latents": _look(schema)},
                tolerance=1 / 255,
                facts={"cube": {"n": n, "interpolation": "trilinear"}},
            )
        )
    return made


def _dull() -> Array:
    """Photos made dark and flat: a planner that leaves finished ones alone gives the identity for those, whatever its
    packages are worth.
    """
    return mosaic(PICTURE) // 3 + 20


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


def of_reference(planner: Any) -> list[PackageRecipe]:
    """The published reference encoder and its renderer, under their published names."""
    mask = Feature((1, 3), {"layout": "light, global_color, specific_color", "range": "1 on, 0 off"})
    pictures = {name: _photo(512, -1) for name in ("ref_before_img", "ref_after_img")}
    encoder = network_recipe(
        "ref_retouch_encoder",
        PairNetwork(planner.encoder),
        {**pictures, "mask": mask},
        {"retouch_latent": Feature((1, LATENT))},
        about="A pair, before and after, to the latent that leads from one to the other.",
        half=_whole,
        units="cpuAndNeuralEngine",
        example=lambda generator: {"mask": np.ones((1, 3), np.float32)},
        tolerance=0.02,
        **_seen_through(planner.ops[0]),
    )
    return [encoder, decoder_of(planner.ops[0], "ref_retouch_decoder")]


def _seen_through(op: Neural) -> dict[str, Any]:
    """How latents of the neural renderer are judged."""
    pixels = Pixels(op.network, encoded=True).eval()
    return {"render": lambda values: pixels(sample(), values), "span": _largest}


def decoder_of(op: Neural, name: str) -> PackageRecipe:
    """A published renderer.

    `input_img` is in [-1, 1], as its network sees it; nobody here has seen the published package.
    """
    return network_recipe(
        name,
        Pixels(op.network),
        {"input_img": _photo(512, -1), "retouch_latent": Feature((1, LATENT))},
        {"output": _photo(512, 0)},
        about="Retouch 512 x 512 pixels.",
        half=_all_but_the_end,
        units="cpuAndNeuralEngine",
        example=drawn("retouch_latent", LATENT),
        tolerance=2 / 255,
    )


def of_vera(planner: Any) -> list[PackageRecipe]:
    """The published planner's tower, head and renderer under their published names, and its language model."""
    model, size = planner.model, planner.model.config.hidden_size
    tokens = Feature((1, 256, 3072), {"layout": "256 tokens"})
    return [
        network_recipe(
            "fastvithd",
            Vision(model.tower),
            {
                "images": _photo(
                    1024, 0, resize="short edge to 512 (Lanczos), centred on a black square, 1024 (bicubic)"
                )
            },
            {"image_features": tokens},
            about="The vision tower.",
            half=_whole,
            units="cpuAndNeuralEngine",
            tolerance=0.05,
        ),
        network_recipe(
            "retouch_head",
            model.head,
            {"input": Feature((1, 3 * size), {"layout": "the hidden states that predicted the three retouch tokens"})},
            {"output": Feature((1, LATENT))},
            about="Hidden states to latents; times the mask of groups, which the app applies.",
            half=_whole,
            example=drawn("input", 3 * size),
            **_seen_through(planner.ops[0]),
        ),
        decoder_of(planner.ops[0], "retouch_decoder"),
        *of_neural(planner.ops[0], sides=SIDES[1:]),
        network_recipe(
            "projector",
            model.projector,
            {"image_features": tokens},
            {"embeddings": Feature((1, 256, size))},
            about="Tokens of the tower to the language model's embeddings.",
            half=_whole,
            example=lambda generator: {"image_features": generator.standard_normal((1, 256, 3072)).astype(np.float32)},
        ),
        *of_language(model),
    ]


def of_scene(reader: Any) -> list[PackageRecipe]:
    """The scene network: what a photo shows, for masks and for planners that are told."""
    facts = {"resize": "the whole photo, to a square, by averaging", "range": [0, 255], "image": "8 bits a channel"}
    picture = Feature((1, 3, SIDE, SIDE), _photo(SIDE, 0, **facts).about, "uint8", photo=True)
    shares = Feature(
        (1, len(CLASSES), GRID, GRID), {"layout": ", ".join(CLASSES), "range": [0, 1], "grid": "spans the whole photo"}
    )
    return [
        network_recipe(
            "scene",
            ScenePhone(reader.network),
            {"image": picture},
            {"shares": shares},
            about="A photo to the share of each class at each place.",
            half=_all_but_the_end_of_shares,
            image=True,
            units="cpuAndNeuralEngine",
            tolerance=0.03,
        )
    ]


def _all_but_the_end_of_shares(operation: Any) -> bool:
    return bool(operation.op_type not in ("softmax", "identity"))


PLANNERS: Final[Mapping[str, Callable[[Any], list[PackageRecipe]]]] = {
    "tiny": of_tiny,
    "reference": of_reference,
    "scene": of_scene,
    "vera": of_vera,
}


def recipes(planner: Any) -> list[PackageRecipe]:
    """The packages of a planner.

    Raises:
        IncompatibleBundle: it has none, or it emits local adjustments or ops that look at neighbouring pixels.
    """
    if planner.id not in PLANNERS:
        raise IncompatibleBundle(
            f"planner {planner.id!r} has no Core ML packages", cure=f"These have: {', '.join(sorted(PLANNERS))}."
        )
    schema = getattr(planner, "schema", None)
    if isinstance(schema, Schema) and schema.local:
        raise IncompatibleBundle(
            f"planner {planner.id!r} emits the local adjustment {schema.local[0].name!r}, which no package renders",
            cure="Export a planner of global ops.",
        )
    for id in schema.specs if isinstance(schema, Schema) else ():
        if not registry.ops.load(id).pointwise:
            raise IncompatibleBundle(
                f"planner {planner.id!r} emits {id!r}, which looks at neighbouring pixels, as no cube does",
                cure="Export a planner of pointwise ops.",
            )
    return PLANNERS[planner.id](planner)


def reference(recipe: PackageRecipe, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """What torch makes of inputs, in float32."""
    with torch.no_grad():
        found = recipe.reference(*(torch.from_numpy(np.asarray(inputs[name], np.float32)) for name in recipe.inputs))
    values: Sequence[Tensor] = found if isinstance(found, list | tuple) else [found]
    return {name: value.float().numpy() for name, value in zip(recipe.outputs, values, strict=True)}
