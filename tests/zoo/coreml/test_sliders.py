"""Planners of two heads as packages: what the second head gives, and whole plans by the packages alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from lazily import needs
from phone import Greedy, Phone
from seedling import seedling
from torch import nn

from veraretouch import Photo, Request, zoo
from veraretouch.core.contract.schema import Schema
from veraretouch.core.errors import IncompatibleBundle
from veraretouch.core.render.retoucher import Retoucher
from veraretouch.ops.neural import Neural
from veraretouch.planners.vera.answer import RETOUCH_TOKENS
from veraretouch.planners.vera.model import VeraConfig
from veraretouch.planners.vera.planner import Vera
from veraretouch.zoo.bundles.manifest import Manifest
from veraretouch.zoo.coreml.golden import golden_failures
from veraretouch.zoo.coreml.recipes import of_vera, recipes
from veraretouch.zoo.coreml.sliders import SlidersPhone
from veraretouch.zoo.fetch import fetch

pytestmark = pytest.mark.xdist_group("coreml")
needs("coremltools")

SLOTS = ("exposure", "white_balance", "hsl", "color_grading", "grey_mixer")
GROUPS = tuple(RETOUCH_TOKENS.values())
LICENCE = {"spdx": "Apache-2.0", "commercial_use": True}
# What a plan needs; the renderers are those of other planners.
PLANNING = (
    "tower", "projector", "embedding", "decoder_prefill", "decoder_step", "lm_head", "retouch_head", "slot_head",
)  # fmt: skip


@pytest.fixture(scope="module")
def planner() -> Vera:
    """Of two heads, which plans by its sliders; of a hidden size that divides into blocks."""
    return seedling(3, head="sliders", slots=SLOTS, tie_word_embeddings=True, max_position_embeddings=512)


@pytest.fixture(scope="module")
def exported(planner: Vera, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two heads")
    source = zoo.pack(Retoucher(planner), folder / "source", name="two-heads", licence=LICENCE)
    return zoo.export(str(source), variant="fp16", out=folder / "bundle", only=PLANNING)


@pytest.fixture
def photo() -> Photo:
    return Photo(np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8))


def test_the_package_of_sliders_is_the_planners_head_whichever_groups_are_on(planner: Vera) -> None:
    network = SlidersPhone(planner.model)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        hidden = 3 * torch.randn(16, 3, 16)
    hidden[0] = 0
    for on in product((0.0, 1.0), repeat=3):
        used = [group for group, each in zip(GROUPS, on, strict=True) if each]
        wanted = planner.latents(hidden, [used] * len(hidden)).pack()
        found = torch.cat([network(each.reshape(1, -1), torch.tensor([on])) for each in hidden])
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-4)
        assert bool((found != network.off).any()) == any(on)


def test_a_slot_without_a_bound_or_of_a_group_of_its_own_is_as_the_planner_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from veraretouch.core.contract.schema import OpSpec
    from veraretouch.core.contract.slots import Slot

    slots = {
        "free": Slot(0.5, low=None, high=None, group="lighting", doc="Without bounds."),
        "up": Slot(1.0, low=1.0, high=None, group="global_color", doc="Upwards alone."),
        "own": Slot(0.0, off=0.25, group="grain", doc="Of a group that the planner has not."),
        "wide": Slot(1.0, low=0.0, high=4.0, group="lighting", doc="Further up than down."),
    }
    made = seedling(1)
    schema = Schema([OpSpec("odd", 1, 0, slots)])
    made.model.slot_schema = made.schema = schema
    made.model.slot_head = nn.Linear(48, 4, bias=False)
    made.ops = None
    hidden = 4 * torch.randn(8, 3, 16, generator=torch.Generator().manual_seed(2))
    hidden = torch.cat([hidden, -hidden])  # every number moves to either side
    wanted = made.latents(hidden, [GROUPS] * 16).pack()
    network = SlidersPhone(made.model)
    found = torch.cat([network(each.reshape(1, -1), torch.ones(1, 3)) for each in hidden])
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
    assert (found[:, 2] == 0.25).all()
    assert found[:, 3].min() < 1 < found[:, 3].max()


class PublishedTower(nn.Module):
    """Gives what the published tower does, by its shape alone."""

    def forward_features(self, images: torch.Tensor) -> torch.Tensor:
        return images[:, :1, ::64, ::64].expand(-1, 3072, -1, -1)


def test_the_published_planner_keeps_its_packages_and_sizes() -> None:
    parts = {name: nn.Identity() for name in ("head", "projector", "lm_head")}
    language = SimpleNamespace(embed_tokens=nn.Embedding(1, 1))
    tower = SimpleNamespace(model=PublishedTower())
    model = SimpleNamespace(config=VeraConfig(), tower=tower, language=language, slot_schema=None, **parts)
    made = {recipe.name: recipe for recipe in of_vera(SimpleNamespace(model=model, neural=Neural()))}
    assert list(made) == [
        "fastvithd", "retouch_head", "retouch_decoder", "renderer_1024", "bake_neural_33", "bake_neural_64",
        "projector", "embedding", "decoder_prefill", "decoder_step", "lm_head",
    ]  # fmt: skip
    assert made["fastvithd"].inputs["images"].about["resize"] == (
        "short edge to 512 (Lanczos), centred on a black square, 1024 (bicubic)"
    )
    assert made["fastvithd"].inputs["images"].shape == (1, 3, 1024, 1024)
    assert made["projector"].inputs["image_features"].document() == {
        "shape": [1, 256, 3072], "dtype": "float32", "layout": "256 tokens",
    }  # fmt: skip
    assert made["decoder_step"].facts["states"]["keys"]["shape"] == [24, 2, 1024, 64]
    assert made["embedding"].inputs["ids"].shape == (1, 64)
    assert made["lm_head"].outputs["logits_9"].shape == (1, 1, 151_936 - 9 * 16_384)


def test_sizes_are_the_models_own(planner: Vera) -> None:
    made = {recipe.name: recipe for recipe in recipes(planner)}
    assert {*PLANNING, "bake_ops_33", "renderer_photo", "renderer_cube"} == set(made)
    shown = made["tower"].inputs["images"]
    assert shown.shape == (1, 3, 64, 64)
    assert shown.about["resize"] == "short edge to 32 (Lanczos), centred on a black square, 64 (bicubic)"
    assert made["tower"].outputs["image_features"].shape == made["projector"].inputs["image_features"].shape
    assert made["projector"].outputs["embeddings"].shape[2] == 16
    assert made["decoder_prefill"].inputs["position"].about["range"] == "0 to 448: beyond is an error"
    assert made["decoder_step"].facts["states"]["keys"]["shape"] == [2, 1, 512, 8]


def test_a_second_head_of_what_no_cube_renders_is_refused_by_the_name_of_that(planner: Vera) -> None:
    from veraretouch.ops.clarity import Clarity

    model = SimpleNamespace(slot_schema=Schema.of([Clarity]))
    with pytest.raises(IncompatibleBundle, match="emits 'clarity', which looks at neighbouring pixels"):
        recipes(SimpleNamespace(id="vera", schema=Vera.schema, model=model))


def test_an_app_is_told_which_op_and_slot_each_number_is(exported: Path, planner: Vera) -> None:
    told = Manifest(exported / "bundle.json").document
    packages = told["variants"]["coreml-fp16"]["coreml"]["packages"]
    latents = packages["slot_head"]["outputs"]["latents"]
    assert latents["layout"][:3] == ["white_balance.temperature", "white_balance.tint", "exposure.ev"]
    assert latents["schema"] == planner.schema.document()
    assert latents["shape"] == [1, planner.schema.size]
    assert packages["slot_head"]["inputs"]["mask"]["layout"] == "lighting, global_color, specific_color"
    assert packages["slot_head"]["deviation"]["latent_max"] < 1e-5
    assert any(kind["memory"] == "3 to 4 GB" for kind in told["device_support"])  # small: for every device


def plans(
    bundle: Any, planner: Vera, photo: Photo, request: Request, sampler: Callable[[], Greedy]
) -> Iterator[tuple[Greedy, Any, Greedy, Any]]:
    """A plan by packages beside the planner's, head by head: tokens and packed latents of both."""
    phone = Phone.of_bundle(bundle)
    own = sampler()
    found = phone.plan(photo, request, own)
    for head in ("neural", "sliders"):
        wanted = sampler()
        desk = Vera(planner.model, planner.tokenizer, planner.neural, head=head, sampler=lambda request: wanted)  # noqa: B023
        yield own, found.latents[head], wanted, desk.plan([photo], [request]).latents.pack().numpy()


# Vibrance has no slider here: else exact values would be the sliders, whatever the head says.
EXACT = Request.of(params={"Exposure2012": {"value": 30}, "Vibrance": {"value": -20}})


@pytest.mark.parametrize("request_", [Request.of(), EXACT], ids=["auto", "param"])
def test_packages_alone_write_the_planners_tokens_and_make_its_edits(
    exported: Path, planner: Vera, photo: Photo, request_: Request
) -> None:
    """Ten times the most probable token that was not written yet, then the three that edit."""
    bundle = fetch(str(exported), variant="coreml-fp16")
    sampler = lambda: Greedy(10, planner.tokenizer.retouch, anew=True)  # noqa: E731
    for own, found, wanted, latents in plans(bundle, planner, photo, request_, sampler):
        assert min(wanted.margins) > 2e-3  # else half precision might decide
        assert own.tokens == wanted.tokens
        assert np.abs(found - latents).max() < 5e-3 * np.abs(latents).max()
        assert np.abs(latents).max() > 0.01


@pytest.mark.slow
def test_the_neural_renderer_is_one_package_of_two_functions_that_store_their_weights_once(
    exported: Path, tmp_path: Path
) -> None:
    source = exported.parent / "source"
    made = zoo.export(str(source), variant="int8", out=tmp_path / "made", only=["renderer_photo", "renderer_cube"])
    bundle = fetch(str(made), variant="coreml-int8")
    facts = bundle.manifest.document["variants"]["coreml-int8"]["coreml"]
    (package,) = facts["packages"].values()
    assert package["functions"] == ["photo", "cube"]
    assert package["cube"] == {"n": 33, "interpolation": "trilinear"}
    assert set(package["golden"]["strides"]) == {"retouched", "cube"}
    alone = zoo.export(str(source), variant="int8", out=tmp_path / "alone", only=["renderer_photo"])
    (single,) = Manifest(alone / "bundle.json").document["variants"]["coreml-int8"]["coreml"]["packages"].values()
    assert package["bytes"] < 1.2 * single["bytes"]
    assert list(golden_failures(bundle, facts)) == []
