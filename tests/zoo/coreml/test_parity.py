"""Packages against torch on real photos: the bars of each kind, in half precision and with few bits a weight."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small_vera import model as small_model

from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.contract.latents import Latents
from veraretouch.core.lut.interpolation import tetrahedral, trilinear
from veraretouch.ops.neural import Neural
from veraretouch.planners.scene.scene import seen
from veraretouch.planners.tiny.latents import wish_of_prompt
from veraretouch.planners.tiny.planner import Tiny
from veraretouch.zoo.coreml.exporting import make
from veraretouch.zoo.coreml.interpretation.interpreter import Interpreter
from veraretouch.zoo.coreml.judging import as_given, farthest, golden_inputs
from veraretouch.zoo.coreml.language import CHUNK, decoder, embedding, head
from veraretouch.zoo.coreml.networks import TinyPhone
from veraretouch.zoo.coreml.packages import convert, save
from veraretouch.zoo.coreml.recipes import of_tiny, reference
from veraretouch.zoo.coreml.renderers import of_neural

pytestmark = pytest.mark.xdist_group("coreml")
PHOTOS = sorted((Path(__file__).parents[3] / "docs" / "samples").glob("*.jpg"))[::2]
ABOUT = {}


def photo(path, side):
    """(1, 3, side, side), 0 to 255."""
    pixels = np.asarray(Image.open(path).convert("RGB").resize((side, side), Image.Resampling.LANCZOS))
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]).astype(np.float32)


def latents(seed):
    return np.random.default_rng(seed).standard_normal((1, 2688)).astype(np.float32)


@pytest.mark.parametrize(
    ("bits", "mean", "most"), [(16, 0.5, 2.0), pytest.param(8, 1.0, 255.0, marks=pytest.mark.slow)]
)
def test_the_renderer_gives_torchs_picture(renderers, tmp_path, bits, mean, most):
    recipe = renderers["renderer_64"]
    interpreter = Interpreter(make(recipe, tmp_path, bits, about=ABOUT))
    apart = []
    for seed, path in enumerate(PHOTOS):
        given = {"photo": photo(path, 64) / 255, "latents": latents(seed)}
        apart.append(np.abs(interpreter.run(given)["retouched"] - reference(recipe, given)["retouched"]) * 255)
    assert np.mean(apart) < mean
    assert np.max(apart) < most
    assert np.max(apart) > 0  # it is not torch that was run


def test_a_renderer_whose_norms_have_learnt_something_is_stored_in_few_bits(network, tmp_path):
    """As training begins they are the identity, and drop out of the program."""
    taught = copy.deepcopy(network)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        for norm in taught.layer_norms:
            norm.weight.uniform_(0.8, 1.2)
            norm.bias.uniform_(-0.1, 0.1)
    (recipe,) = of_neural(Neural(taught), sides=[16], cubes=[])
    given = {"photo": photo(PHOTOS[0], 16) / 255, "latents": latents(0)}
    found = Interpreter(make(recipe, tmp_path, 8, about=ABOUT)).run(given)["retouched"]
    assert 255 * np.abs(found - reference(recipe, given)["retouched"]).mean() < 1.0


def test_a_cube_gives_the_renderers_picture_by_both_interpolations(renderers, network, tmp_path):
    recipe = renderers["bake_neural_17"]
    given = {"latents": latents(0)}
    cube = torch.from_numpy(Interpreter(make(recipe, tmp_path, 16, about=ABOUT)).run(given)["cube"])
    wanted = torch.from_numpy(reference(recipe, given)["cube"])
    assert float((cube - wanted).abs().max()) < 2 / 255
    assert torch.equal(cube[..., 3], torch.ones(17, 17, 17))
    assert not torch.allclose(cube[0, 0, 16], cube[16, 0, 0], atol=0.01)
    rgb = torch.from_numpy(photo(PHOTOS[0], 96)) / 255
    exact = network(rgb.flatten(2).transpose(1, 2), network.conditions(torch.from_numpy(given["latents"])))[0]
    for interpolate in (trilinear, tetrahedral):
        found = interpolate(rgb, cube[None, ..., :3])[0].flatten(1).T
        apart = ciede2000(found.clamp(0, 1), exact)
        assert float(apart.mean()) < 0.5
        # Red runs fastest: with the axes turned round it is another picture.
        turned = interpolate(rgb, cube[None, ..., :3].transpose(1, 3))[0].flatten(1).T
        assert float(ciede2000(turned.clamp(0, 1), exact).mean()) > float(apart.mean())


def hidden_states(model, tmp_path, embedded, context=128):
    """The decoder's own by one call of 32 tokens and single steps after it, and torch's."""
    parts = {}
    for tokens in (32, 1):
        package = save(convert(decoder(model, tokens, context)), tmp_path / f"of{tokens}.mlpackage", about={})
        parts[tokens] = Interpreter(package)
    states = parts[32].states()
    found = [parts[32].run({"embeddings": embedded[:, :32], "position": [0]}, states)["hidden"]]
    for place in range(32, embedded.shape[1]):
        given = {"embeddings": embedded[:, place : place + 1], "position": [place]}
        found.append(parts[1].run(given, states)["hidden"])
    with torch.no_grad():
        wanted = model.language(inputs_embeds=torch.from_numpy(embedded).float()).last_hidden_state
    return np.concatenate(found, axis=1).astype(np.float32), wanted.numpy()


def relative(found, wanted):
    return np.linalg.norm(found - wanted, axis=-1) / np.linalg.norm(wanted, axis=-1)


@pytest.mark.slow
def test_hidden_states_and_greedy_tokens_over_64_steps(tmp_path):
    model = small_model()
    ids = np.random.default_rng(3).integers(0, 500, (1, 96))
    ids = np.concatenate([ids, np.zeros((1, 64 - 32), int)], axis=1)
    lookup = Interpreter(save(convert(embedding(model)), tmp_path / "embedding.mlpackage", about={}))
    embedded = np.concatenate([lookup.run({"ids": ids[:, at : at + 64]})["embeddings"] for at in (0, 64)], axis=1)
    found, wanted = hidden_states(model, tmp_path, embedded[:, :96])
    assert relative(found, wanted).max() < 1e-2

    logits = Interpreter(save(convert(head(model)), tmp_path / "head.mlpackage", about={}))
    decided = 0
    for place in range(32, 96):
        parts = logits.run({"hidden": found[:, place : place + 1].astype(np.float16)})
        ours = np.concatenate([parts[name] for name in sorted(parts)], axis=-1).ravel().astype(float)
        theirs = model.lm_head(torch.from_numpy(wanted[:, place])).numpy().ravel()
        first, second = np.sort(theirs)[::-1][:2]
        if first - second > 2e-2 * np.abs(theirs).max():
            decided += 1
            assert ours.argmax() == theirs.argmax()
    assert decided > 32


def outliers(model):
    """The model with large biases of queries and keys, and embeddings of which three channels are at 1e3 and 1e4."""
    import copy

    planted = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for layer in planted.language.layers:
            for part, size in ((layer.self_attn.q_proj, 20.0), (layer.self_attn.k_proj, 200.0)):
                part.bias.copy_(torch.randn(part.bias.shape, generator=generator) * 0.3)
                part.bias[::8] = size
            # Large in some rotations alone, as trained ones are: all of them would make softmax a choice of one.
    embedded = np.random.default_rng(4).standard_normal((1, 96, 64)).astype(np.float16)
    for channel, size in ((5, 1e3), (20, -1e3), (41, 1e4)):
        embedded[..., channel] = size
    return planted, embedded


@pytest.mark.slow
def test_planted_outliers_leave_everything_finite_and_close(tmp_path):
    model, embedded = outliers(small_model())
    found, wanted = hidden_states(model, tmp_path, embedded)
    assert np.isfinite(found).all()
    assert relative(found, wanted).max() < 1e-2


@pytest.mark.slow
def test_a_head_of_a_large_vocabulary_comes_in_chunks(tmp_path):
    from veraretouch.planners.vera.model import VeraConfig, VeraModel
    from veraretouch.zoo.coreml.language import logits

    config = VeraConfig(
        vocab_size=2 * CHUNK + 100,
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_size=8,
    )
    model = VeraModel(config).eval()
    assert logits(model) == ["logits_0", "logits_1", "logits_2"]
    package = Interpreter(save(convert(head(model)), tmp_path / "head.mlpackage", about={}))
    hidden = np.random.default_rng(0).standard_normal((1, 1, 32)).astype(np.float16)
    parts = package.run({"hidden": hidden})
    assert [parts[name].shape[-1] for name in logits(model)] == [CHUNK, CHUNK, 100]
    whole = np.concatenate([parts[name] for name in logits(model)], axis=-1)
    np.testing.assert_allclose(whole, model.lm_head(torch.from_numpy(hidden).float()).detach(), atol=5e-3)


def test_tiny_shows_the_scene_network_what_the_desktop_does():
    image = torch.from_numpy(photo(PHOTOS[0], 256))
    found = TinyPhone(Tiny())._resampled(image)
    assert torch.allclose(found / 255, seen(image / 255), atol=1e-5)


@pytest.mark.parametrize("styled", [False, True])
def test_the_golden_picture_of_tiny_needs_an_edit(styled):
    """Else golden latents are the identity, and a package that plans nothing passes."""
    planner = Tiny()
    recipe = of_tiny(planner, cubes=[])[int(styled)]
    planned = reference(recipe, as_given(recipe, golden_inputs(recipe)))["latents"]
    nothing = Latents.identity(planner.schema).pack().numpy()
    assert (np.abs(planned - nothing) / recipe.span(planned) > 0.02).sum() >= 5
    assert farthest(nothing, planned) > 0.2  # few bits a weight cost a quarter of it


@pytest.mark.slow
@pytest.mark.parametrize("styled", [False, True])
def test_tiny_gives_torchs_latents_on_photos(tmp_path, styled):
    planner = Tiny()
    recipe = of_tiny(planner)[1 if styled else 0]
    interpreter = Interpreter(make(recipe, tmp_path, 16, about=ABOUT))
    wish = wish_of_prompt(planner.schema, "dreamy bright pink").unsqueeze(0)
    assert float(wish.abs().max()) > 0
    for path in PHOTOS:
        image = photo(path, 256)
        given = {"image": image} | ({"style": wish.numpy()} if styled else {})
        planned, _ = planner.repair(torch.from_numpy(image) / 255, "natural", wish if styled else None)
        found = interpreter.run(given)["latents"]
        share = np.abs(found - planned.pack().numpy()) / recipe.span(found)
        assert share.max() < 1e-2


@pytest.mark.slow
def test_the_chain_of_ops_bakes_the_planners_picture(tmp_path):
    from veraretouch import Renderer

    planner = Tiny()
    (recipe,) = [recipe for recipe in of_tiny(planner, cubes=[33]) if recipe.name == "bake_ops_33"]
    interpreter = Interpreter(make(recipe, tmp_path, 16, about=ABOUT))
    wish = wish_of_prompt(planner.schema, "moody teal and orange film").unsqueeze(0)
    for path in PHOTOS:
        pixels = torch.from_numpy(photo(path, 256)) / 255
        plan, _ = planner.repair(pixels, "natural", wish)
        cube = torch.from_numpy(interpreter.run({"latents": plan.pack().numpy()})["cube"])
        with torch.no_grad():
            exact = Renderer()(pixels, Latents.unpack(planner.schema, plan.pack()))[0].flatten(1).T
        for interpolate in (trilinear, tetrahedral):
            shown = interpolate(pixels, cube[None, ..., :3])[0].flatten(1).T
            assert float(ciede2000(shown.clamp(0, 1), exact).quantile(0.99)) < 1.0
