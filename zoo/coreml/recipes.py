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
from ...planners.scene.network import CLASSES, GRID, SIDE
from ...planners.vera.answer import RETOUCH_TOKENS
from ...planners.vera.picture import short_edge
from ...planners.vera.tower import NAME as PUBLISHED
from .language import of_language
from .networks import CUBES, PICTURE, SIDES, PairNetwork, ScenePhone, TinyPhone, Vision
from .photos import mosaic
from .recipe import Array, Feature, PackageRecipe, network_recipe
from .renderers import (
    LATENT,
    decoder_of,
    drawn,
    heavy,
    joined_renderer,
    of_neural,
    of_ops,
    photo,
    seen_by_ops,
    seen_through,
    whole,
)
from .sliders import of_sliders
from .styles import names


def of_tiny(planner: Any, *, cubes: Sequence[int] = CUBES) -> list[PackageRecipe]:
    """The planner, with and without a style, and the baker of its ops' chain."""
    schema = planner.schema
    layout = names(schema)
    latents = Feature((1, schema.size), {"layout": layout, "range": "each slot's own"})
    style = Feature(
        (1, schema.size), {"layout": layout, "range": "what a prompt moves, less the identity; zeros for none"}
    )
    picture = photo(
        PICTURE, 0, resize="the whole photo, to a square, by averaging", range=[0, 255], image="8 bits a channel"
    )
    picture = Feature(picture.shape, picture.about, "uint8", photo=True)
    network = TinyPhone(planner)
    common: dict[str, Any] = {
        "half": heavy,
        "by_value": True,
        "image": True,
        "units": "cpuAndGPU",
        **seen_by_ops(schema),
    }
    return [
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
        *of_ops(schema, cubes=cubes),
    ]


def _dull() -> Array:
    """Photos made dark and flat: a planner that leaves finished ones alone gives the identity for those, whatever its
    packages are worth.
    """
    return mosaic(PICTURE) // 3 + 20


def of_reference(planner: Any) -> list[PackageRecipe]:
    """The published reference encoder and its renderer, under their published names."""
    mask = Feature((1, 3), {"layout": "light, global_color, specific_color", "range": "1 on, 0 off"})
    pictures = {name: photo(512, -1) for name in ("ref_before_img", "ref_after_img")}
    encoder = network_recipe(
        "ref_retouch_encoder",
        PairNetwork(planner.encoder),
        {**pictures, "mask": mask},
        {"retouch_latent": Feature((1, LATENT))},
        about="A pair, before and after, to the latent that leads from one to the other.",
        half=whole,
        units="cpuAndNeuralEngine",
        example=lambda generator: {"mask": np.ones((1, 3), np.float32)},
        tolerance=0.02,
        **seen_through(planner.ops[0]),
    )
    return [encoder, decoder_of(planner.ops[0], "ref_retouch_decoder")]


def of_vera(planner: Any) -> list[PackageRecipe]:
    """The planner's tower, heads and renderers, and its language model; what was published under its published name.

    A model with sliders is one of ours, and made to be small: its renderers are of the smaller sizes.
    """
    model, op = planner.model, planner.neural
    config, vision = model.config, Vision(model.tower)
    count, width = vision.tokens(config.picture_side)
    tokens = Feature((1, count, width), {"layout": f"{count} tokens"})
    shown = f"short edge to {short_edge(config.picture_side)} (Lanczos), centred on a black square,"
    states = Feature(
        (1, len(RETOUCH_TOKENS) * config.hidden_size),
        {"layout": "the hidden states that predicted the three retouch tokens"},
    )
    if model.slot_schema is None:
        renderers = [decoder_of(op, "retouch_decoder"), *of_neural(op, sides=SIDES[1:])]
    else:
        renderers = [*of_sliders(model, states), *joined_renderer(op)]
    return [
        network_recipe(
            "fastvithd" if config.tower == PUBLISHED else "tower",
            vision,
            {"images": photo(config.picture_side, 0, resize=f"{shown} {config.picture_side} (bicubic)")},
            {"image_features": tokens},
            about="The vision tower.",
            half=whole,
            units="cpuAndNeuralEngine",
            tolerance=0.05,
        ),
        network_recipe(
            "retouch_head",
            model.head,
            {"input": states},
            {"output": Feature((1, LATENT))},
            about="Hidden states to latents; times the mask of groups, which the app applies.",
            half=whole,
            example=drawn("input", states.shape[1]),
            **seen_through(op),
        ),
        *renderers,
        network_recipe(
            "projector",
            model.projector,
            {"image_features": tokens},
            {"embeddings": Feature((1, count, config.hidden_size))},
            about="Tokens of the tower to the language model's embeddings.",
            half=whole,
            example=lambda generator: {
                "image_features": generator.standard_normal((1, count, width)).astype(np.float32)
            },
        ),
        *of_language(model),
    ]


def of_scene(reader: Any) -> list[PackageRecipe]:
    """The scene network: what a photo shows, for masks and for planners that are told."""
    facts = {"resize": "the whole photo, to a square, by averaging", "range": [0, 255], "image": "8 bits a channel"}
    picture = Feature((1, 3, SIDE, SIDE), photo(SIDE, 0, **facts).about, "uint8", photo=True)
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
            half=_all_but_shares,
            image=True,
            units="cpuAndNeuralEngine",
            tolerance=0.03,
        )
    ]


def _all_but_shares(operation: Any) -> bool:
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
    schemas = [getattr(planner, "schema", None), getattr(getattr(planner, "model", None), "slot_schema", None)]
    for schema in schemas:
        if isinstance(schema, Schema):
            _check_rendered(planner.id, schema)
    return PLANNERS[planner.id](planner)


def _check_rendered(planner: str, schema: Schema) -> None:
    """Raise where no package renders what a planner emits."""
    if schema.local:
        raise IncompatibleBundle(
            f"planner {planner!r} emits the local adjustment {schema.local[0].name!r}, which no package renders",
            cure="Export a planner of global ops.",
        )
    for id in schema.specs:
        if not registry.ops.load(id).pointwise:
            raise IncompatibleBundle(
                f"planner {planner!r} emits {id!r}, which looks at neighbouring pixels, as no cube does",
                cure="Export a planner of pointwise ops.",
            )


def reference(recipe: PackageRecipe, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """What torch makes of inputs, in float32."""
    with torch.no_grad():
        found = recipe.reference(*(torch.from_numpy(np.asarray(inputs[name], np.float32)) for name in recipe.inputs))
    values: Sequence[Tensor] = found if isinstance(found, list | tuple) else [found]
    return {name: value.float().numpy() for name, value in zip(recipe.outputs, values, strict=True)}
