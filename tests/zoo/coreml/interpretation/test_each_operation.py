"""Parity would fail without any one operation: each of a package is deleted and spoilt in turn, package by package.

Small networks of the same architecture and random weights stand for the large ones: same operations,
fewer of them and smaller.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from coreml_spoilt import (
    Case,
    Given,
    codes,
    contrasty,
    deleted,
    latents,
    looks,
    of,
    picture,
    scene_sampled,
    seeded,
    spoilt,
    survivors,
)
from small_vera import model as small_model

from veraretouch.core.contract.schema import Schema
from veraretouch.core.errors import InvalidDocument
from veraretouch.core.plugins.registry import registry
from veraretouch.ops.neural import Neural
from veraretouch.planners.reference.encoder import ReferenceEncoder
from veraretouch.planners.scene.weights import installed
from veraretouch.planners.tiny.latents import own_schema, wish_of_prompt
from veraretouch.planners.tiny.planner import Tiny
from veraretouch.planners.vera.packages import package
from veraretouch.zoo.coreml import language
from veraretouch.zoo.coreml.interpretation.interpreter import Interpreter
from veraretouch.zoo.coreml.judging import golden_inputs
from veraretouch.zoo.coreml.networks import OpsNetwork, PairNetwork, Pixels, Vision
from veraretouch.zoo.coreml.packages import convert, save
from veraretouch.zoo.coreml.photos import mosaic
from veraretouch.zoo.coreml.recipe import Feature, network_recipe
from veraretouch.zoo.coreml.recipes import of_scene, of_tiny
from veraretouch.zoo.coreml.renderers import of_neural

pytestmark = [pytest.mark.xdist_group("coreml"), pytest.mark.slow]


def _as_it_is(case: Case, far: Callable[[Given, Given], float]) -> Case:
    """The case of a package of few bits, which is judged against itself: what bits cost is another bar's matter."""
    wanted = [case.interpreter.run(given) for given in case.given]
    return Case(case.interpreter, case.given, wanted, far)


CASES: dict[str, Callable[[Path], Case]] = {}


def case(build: Callable[[Path], Case]) -> Callable[[Path], Case]:
    CASES[build.__name__] = build
    return build


@case
def renderer(folder: Path) -> Case:
    (recipe,) = of_neural(Neural(contrasty()), sides=[16], cubes=[])
    photo = np.random.default_rng(0).random((1, 3, 16, 16), np.float32)
    return of(recipe, folder, [{"photo": photo, "latents": latents(0)}], codes)


@case
def renderer_of_four_bits(folder: Path) -> Case:
    (recipe,) = of_neural(Neural(contrasty()), sides=[16], cubes=[])
    photo = np.random.default_rng(0).random((1, 3, 16, 16), np.float32)
    return _as_it_is(of(recipe, folder, [{"photo": photo, "latents": latents(0)}], lambda *unused: 0.0, bits=4), codes)


@case
def retouch_decoder(folder: Path) -> Case:
    """The network of `ref_retouch_decoder` too."""
    inputs = {"input_img": Feature((1, 3, 16, 16)), "retouch_latent": Feature((1, 2688))}
    recipe = network_recipe(
        "retouch_decoder",
        Pixels(contrasty()),
        inputs,
        {"output": Feature((1, 3, 16, 16))},
        about="",
        half=lambda operation: operation.op_type not in ("sigmoid", "identity"),
    )
    photo = 2 * np.random.default_rng(0).random((1, 3, 16, 16), np.float32) - 1
    return of(recipe, folder, [{"input_img": photo, "retouch_latent": latents(1)}], codes)


@case
def bake_neural(folder: Path) -> Case:
    (recipe,) = of_neural(Neural(contrasty()), sides=[], cubes=[5])
    return of(recipe, folder, [{"latents": latents(2)}], codes)


def _chain(op: str) -> Callable[[Path], Case]:
    """One explicit op of the baker's chain, on colours as the ops before it leave them: beyond [0, 1] too."""
    generator = np.random.default_rng(3)
    photo = generator.uniform(-0.1, 1.1, (1, 3, 24, 24))
    photo[..., :4, :] = generator.uniform(-0.01, 0.03, (1, 3, 4, 24))
    photo[..., 4:8, :] = generator.uniform(0.97, 1.03, (1, 3, 4, 24))
    photo[..., 8:12, :] = np.linspace(0, 1, 96).reshape(4, 24)  # greys, black and white among them

    def build(folder: Path) -> Case:
        schema = Schema.of([registry.ops.load(op)])
        inputs = {"photo": Feature((1, 3, 24, 24)), "latents": Feature((1, schema.size))}
        recipe = network_recipe(
            op, OpsNetwork(schema), inputs, {"made": Feature((1, 3, 24, 24))}, about="", half=lambda operation: False
        )
        seen = looks(schema)
        if op == "white_balance":  # a branch begins at 450 mired, where the slot does not reach
            seen.append({"latents": np.float32([[2.2, 0.5]])})
        return of(recipe, folder, [{"photo": photo.astype(np.float32), **look} for look in seen], codes)

    return build


CASES |= {f"bake_ops: {op}": _chain(op) for op in own_schema().specs}


@case
def bake_ops(folder: Path) -> Case:
    """All of them: 3,000 operations, of which every twentieth is tried; each op alone is above."""
    return of(of_tiny(Tiny(), cubes=[10])[2], folder, [*looks(own_schema())[:5], looks(own_schema())[-1]], codes)


def _repaired(planner: Tiny) -> list[int]:
    """Places of latents that the network moves."""
    sizes = [(f"{op}.{name}" in planner.repairs, slot.size) for op, name, slot in planner.schema]
    return np.flatnonzero(np.repeat(*zip(*sizes, strict=True))).tolist()


def _tiny(folder: Path, styled: bool) -> Case:
    planner = Tiny()
    recipe = of_tiny(planner, cubes=[])[int(styled)]
    # What needs most work stands first: dark enough that a mean divided by nothing is another, and foggy.
    pictures = [(picture("reds", 256) / 4).round(), picture("dim", 256), (picture("barn", 256) / 2 + 60).round()]
    kinds = ("greys", "hues", "axes", "reds", "barn", "sunset", "night", "desert")
    pictures += [golden_inputs(recipe)["image"].astype(np.float32), *(picture(kind, 256) for kind in kinds)]
    given = [{"image": image} for image in pictures]
    if styled:
        # Of every slot, far up and far down, which no prompt asks for; and of one alone, where the photo needs repairs.
        still, up, down = (looks(planner.schema)[place]["latents"] for place in (-1, 5, 6))
        words = wish_of_prompt(planner.schema, "dreamy bright pink").numpy()[None]
        wishes = [0.6 * (up - still), 0.6 * (down - still), words]
        plain = [{**each, "style": 0 * still} for each in given]
        given = [{**each, "style": wish} for each in given[:3] for wish in wishes] + plain
        for place in _repaired(planner):
            one = np.arange(planner.schema.size) == place
            given += [{"image": pictures[0], "style": wish * one} for wish in wishes[:2]]

    def far(found: Given, wanted: Given) -> float:
        apart = np.abs(found["latents"] - wanted["latents"]) / recipe.span(wanted["latents"])  # type: ignore[misc]
        return float(apart.max() / 1e-2)

    return of(recipe, folder, given, far)


@case
def tiny_auto(folder: Path) -> Case:
    return _tiny(folder, styled=False)


@case
def tiny_style(folder: Path) -> Case:
    return _tiny(folder, styled=True)


@case
def scene(folder: Path) -> Case:
    """By the bar of its parity: 0.06 of a share."""
    (recipe,) = of_scene(SimpleNamespace(network=installed()))
    image = golden_inputs(recipe)["image"].astype(np.float32)
    return of(
        recipe,
        folder,
        [{"image": image}],
        lambda found, wanted: np.abs(found["shares"] - wanted["shares"]).max() / 0.06,
    )


@case
def fastvithd(folder: Path) -> Case:
    """A tower of each kind of block, narrow and shallow, that sees 128 pixels."""
    build = lambda: package("timm").create_model(  # noqa: E731
        "fastvit_mci3",
        num_classes=0,
        global_pool="",
        inference_mode=True,
        layers=(1, 1, 1, 1, 1),
        embed_dims=(32, 32, 32, 64, 64),
        mlp_ratios=(2, 2, 2, 2, 2),
    )
    recipe = network_recipe(
        "fastvithd",
        Vision(SimpleNamespace(model=seeded(build))),
        {"images": Feature((1, 3, 128, 128))},
        {"image_features": Feature((1, 4, 128))},
        about="",
        half=lambda operation: operation.op_type != "identity",
        tolerance=0.05,
    )
    return of(recipe, folder, [{"images": mosaic(128).astype(np.float32) / 255}])


def head_of(folder: Path, bits: int) -> Case:
    recipe = network_recipe(
        "retouch_head",
        small_model().head,
        {"input": Feature((1, 192))},
        {"output": Feature((1, 2688))},
        about="",
        half=lambda operation: operation.op_type != "identity",
    )
    given = {"input": np.random.default_rng(0).standard_normal((1, 192)).astype(np.float32)}
    return of(recipe, folder, [given], bits=bits)


@case
def retouch_head(folder: Path) -> Case:
    return head_of(folder, 16)


@case
def retouch_head_of_eight_bits(folder: Path) -> Case:
    return head_of(folder, 8)


@case
def projector(folder: Path) -> Case:
    recipe = network_recipe(
        "projector",
        small_model().projector,
        {"image_features": Feature((1, 8, 3072))},
        {"embeddings": Feature((1, 8, 64))},
        about="",
        half=lambda operation: operation.op_type != "identity",
    )
    given = {"image_features": np.random.default_rng(0).standard_normal((1, 8, 3072)).astype(np.float32)}
    return of(recipe, folder, [given])


@case
def ref_retouch_encoder(folder: Path) -> Case:
    """The published network in its own width, which sees 64 pixels."""
    features = {name: Feature((1, 3, 64, 64)) for name in ("ref_before_img", "ref_after_img")} | {
        "mask": Feature((1, 3))
    }
    recipe = network_recipe(
        "ref_retouch_encoder",
        PairNetwork(seeded(ReferenceEncoder)),
        features,
        {"retouch_latent": Feature((1, 2688))},
        about="",
        half=lambda operation: operation.op_type != "identity",
        tolerance=0.02,
    )
    before, after = (mosaic(64, first=first).astype(np.float32) / 127.5 - 1 for first in (0, 1))
    given = {"ref_before_img": before, "ref_after_img": after, "mask": np.float32([[1, 0, 1]])}
    return of(recipe, folder, [given])


def _language(folder: Path, name: str, model: Any, given: Given) -> Case:
    (recipe,) = [recipe for recipe in language.of_language(model) if recipe.name == name]
    return of(recipe, folder, [given])


@case
def embedding(folder: Path) -> Case:
    return _language(folder, "embedding", small_model(), {"ids": np.arange(7, 71, dtype=np.float32)[None]})


@case
def lm_head(folder: Path) -> Case:
    """Of a vocabulary that takes three outputs."""
    from veraretouch.planners.vera.model import VeraConfig, VeraModel

    config = VeraConfig(
        vocab_size=2 * language.CHUNK + 100,
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_size=8,
    )
    model = seeded(lambda: VeraModel(config))
    hidden = np.random.default_rng(0).standard_normal((1, 1, 32)).astype(np.float16)
    return _language(folder, "lm_head", model, {"hidden": hidden})


# What nothing can notice, and why.
_SIGN = "the sign of half a turn: a remainder by 360 makes both equal"
_FAR = "the sign of half a turn: either way the hue is too far from skin's"
_GREY = "turns the hue of greys towards 0: greys have no chroma that a hue could move"
_SMALL = "0.004 of a cone's response, in how much lighter than the photo its things are: half precision costs more"
_CHAIN = "of the sample alone: on this lattice no colour gets there; the op alone, above, needs it"
_TINY = {
    ("deleted", "less", "less_0"): _SIGN,
    ("spoilt", "less", "less_0"): _SIGN,
    ("deleted", "mul", "mul_169"): _SMALL,
}
SURVIVORS: dict[str, dict[tuple[str, str, str], str]] = {
    "tiny_auto": _TINY,
    "tiny_style": _TINY,
    "bake_ops": {("deleted", "sub", "sub_46"): _CHAIN, ("deleted", "minimum", "minimum_61"): _CHAIN},
    "bake_ops: vibrance": {("deleted", "less", "less_0"): _FAR, ("deleted", "sub", "sub_2"): _GREY},
    "bake_ops: hsl": {
        ("deleted", "less", "less_0"): _SIGN,
        ("spoilt", "less", "less_0"): _SIGN,
        ("deleted", "sub", "sub_1"): _GREY,
    },
    "bake_ops: grey_mixer": {
        ("deleted", "less", "less_0"): _SIGN,
        ("spoilt", "less", "less_0"): _SIGN,
        ("deleted", "sub", "sub_0"): _GREY,
    },
}


# Of the others each operation is tried.
TRIED: dict[str, Callable[[Case], list[Any]]] = {
    "bake_ops": lambda case: case.interpreter.operations[::20],
    "tiny_auto": lambda case: scene_sampled(case.interpreter, 25),
    "tiny_style": lambda case: scene_sampled(case.interpreter, 25),
}


@pytest.mark.parametrize("name", CASES)
def test_each_operation_counts(name, tmp_path):
    case = CASES[name](tmp_path)
    left = survivors(case, TRIED[name](case) if name in TRIED else None)
    assert sorted(left) == sorted(SURVIVORS.get(name, {}))


@pytest.mark.parametrize("tokens", [4, 1])
def test_each_operation_of_the_decoder_counts(tokens, tmp_path):
    """By the decoder's own bar, 1e-2 relative, over 8 tokens; with outliers, since its norm is written for them."""
    model = copy.deepcopy(small_model())
    for layer in model.language.layers:  # attention that looks closely: else what turns queries and keys hardly counts
        layer.self_attn.q_proj.weight.mul_(6)
    interpreter = Interpreter(
        save(convert(language.decoder(model, tokens, context=32)), tmp_path / "decoder.mlpackage", about={})
    )
    embedded = np.random.default_rng(0).standard_normal((1, 8, 64)).astype(np.float16)
    embedded[:, :2, 7] = 1e4
    embedded[:, 5] *= 1e-3  # where the norm's floor counts
    with torch.no_grad():
        wanted = model.language(inputs_embeds=torch.from_numpy(embedded).float()).last_hidden_state.numpy()

    def far(alter: Any = None) -> float:
        states = interpreter.states()
        calls = [
            interpreter.run({"embeddings": embedded[:, at : at + tokens], "position": [at]}, states, alter=alter)
            for at in range(0, 8, tokens)
        ]
        found = np.concatenate([call["hidden"] for call in calls], axis=1).astype(float)
        return float((np.linalg.norm(found - wanted, axis=-1) / np.linalg.norm(wanted, axis=-1)).max() / 1e-2)

    def notices(operation: Any, spoil: Any) -> bool:
        try:
            return not far(lambda each, results: spoil(results) if each is operation else results) < min(
                1.0, 10 * itself
            )
        except InvalidDocument:
            return True

    itself = far()
    assert itself < 1
    left = [
        (spoil.__name__, operation.op_type, operation.name)
        for operation in interpreter.operations
        for spoil in (deleted, spoilt)
        if not notices(operation, spoil)
    ]
    assert sorted(left) == sorted(
        # By what a norm scales down first, it scales up again: any size does that keeps half precision finite.
        [("spoilt", "abs", f"abs_{place}") for place in range(5)]
        # A norm's floor counts where a row is tiny: here before the first norm, after that in no row any more.
        + [("deleted", "real_div", f"real_div_{place}") for place in (4, 7, 10, 13)]
        + [("deleted", "mul", f"mul_{place}") for place in (19, 24, 41, 46)]
    )
