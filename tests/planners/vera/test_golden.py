"""What the published code computed, stage by stage, with weights filled from their names and read by the loader of
published checkpoints.
"""

import pytest
import torch
from golden import document, values, weights

from veraretouch import Latents, Photo, Renderer, Request, Schema
from veraretouch.core.errors import InvalidDocument
from veraretouch.core.photo import open_photo
from veraretouch.ops.neural import Neural
from veraretouch.planners.vera.checkpoint import from_tensors
from veraretouch.planners.vera.picture import picture_of
from veraretouch.planners.vera.prompts import prompt_for
from veraretouch.planners.vera.writing.sampling import Forced
from veraretouch.planners.vera.writing.writer import StopCriterion, Writer

# One worker makes the networks for all.
pytestmark = pytest.mark.xdist_group("vera")

VLM = "vlm_keys.json"
FACTS, PROMPTS = document(VLM), document("prompts.json")
SPECIAL = FACTS["special"]
RETOUCH = [SPECIAL["light"], SPECIAL["color"], SPECIAL["mixer"]]


@pytest.fixture(scope="module")
def networks():
    return from_tensors(weights("keys", VLM), FACTS["config"])


@pytest.fixture(scope="module")
def writer(networks):
    return Writer(networks[0], StopCriterion(tuple(RETOUCH), (SPECIAL["eos"],), 100))


def near(found, wanted, relative=1e-3):
    """The largest difference, as a share of the largest value."""
    assert float((found - wanted).abs().max() / wanted.abs().max()) < relative


@torch.inference_mode()
def seen(networks, small):
    pictures = torch.nn.functional.interpolate(small, size=(1024, 1024), mode="bilinear", align_corners=True)
    features = []
    with networks[0].tower.register_forward_hook(lambda tower, given, made: features.append(made)):
        projected = networks[0].see(pictures)
    return features[0], projected


@torch.inference_mode()
def embedded(networks, prompt, image):
    """A prompt with its image in place of the id -200."""
    place = prompt.index(SPECIAL["image"]) if SPECIAL["image"] in prompt else None
    model = networks[0]
    if place is None:
        return model.embed(prompt)[0]
    return torch.cat([model.embed(prompt[:place])[0], image, model.embed(prompt[place + 1 :])[0]])


def rendered(networks, latent, photo):
    op = Neural(networks[1])
    slots = dict(zip(op.slots, latent.reshape(1, 3, 896).unbind(1), strict=True))
    return Renderer([op])((photo + 1) / 2, Latents(Schema.of([op]), {"neural": slots}))


def latent_of(networks, written, mask=(1, 1, 1)):
    hidden = torch.stack([written.states[token] for token in RETOUCH]).unsqueeze(0)
    with torch.no_grad():
        return hidden.flatten(1), networks[0].latent(hidden), networks[0].latent(hidden) * torch.tensor(mask)[:, None]


@pytest.fixture(scope="module")
def image(networks):
    return seen(networks, values("vlm.safetensors")["vision.pixels16"])


def test_the_tower_and_the_projector(image):
    golden = values("vlm.safetensors")
    near(image[0][:, ::4], golden["vision.features_every4"])
    near(image[1][:, ::4], golden["projector.features_every4"])


@pytest.mark.parametrize("shared", [0, 2])
@pytest.mark.parametrize(("mode", "mask"), [("auto", (1, 1, 1)), ("param", (1, 1, 0))])
def test_an_answer_its_latents_and_its_picture(networks, writer, image, mode, mask, shared):
    golden, prompt = values("vlm.safetensors"), FACTS[f"{mode}_prompt"]
    rest = embedded(networks, prompt[shared:], image[1][0])
    (written,) = writer.write(prompt[:shared], [rest], [Forced(FACTS["forced_tokens"])])
    hidden, latent, masked = latent_of(networks, written, mask)
    near(hidden, golden[f"{mode}.head.input"])
    near(latent.flatten(1), golden[f"{mode}.head.output"])
    near(masked.flatten(1), golden[f"{mode}.decoder.latent"])
    picture = rendered(networks, masked, golden["photo"].unsqueeze(0))
    assert float((picture - golden[f"{mode}.decoder.output"]).abs().max()) < 1e-4
    codes = (picture[0] * 255).round().flip(0).permute(1, 2, 0)
    assert float((codes - golden[f"{mode}.image_bgr_uint8"].float()).abs().max()) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("shared", [0, 2])
def test_a_batch_of_prompts_of_different_lengths(networks, writer, shared):
    golden, batch = values("vlm_batch.safetensors"), PROMPTS["batch"]
    images = seen(networks, golden["pixels16"])[1]
    rests = [embedded(networks, prompt[shared:], images[row]) for row, prompt in enumerate(batch["prompts"])]
    rows = writer.write(batch["prompts"][0][:shared], rests, [Forced(tokens) for tokens in batch["forced_tokens"]])
    for row, written in enumerate(rows):
        hidden, _, masked = latent_of(networks, written, batch["masks"][row])
        near(hidden, golden[f"row{row}.head.input"])
        near(masked.flatten(1), golden[f"row{row}.decoder.latent"])
        picture = rendered(networks, masked, golden[f"row{row}.photo"].unsqueeze(0))
        codes = (picture[0] * 255).round().flip(0).permute(1, 2, 0)
        assert float((codes - golden[f"row{row}.image_bgr_uint8"].float()).abs().max()) <= 1


def test_three_prompts_side_by_side_give_the_latents_that_each_gives_alone(networks, writer, image):
    prompts = [[21, 22, -200, *range(24, end)] for end in (26, 40, 70)]
    forced = [Forced([11, 401, *range(12, 12 + extra), 402, 403]) for extra in (0, 5, 2)]
    rests = [embedded(networks, prompt[2:], image[1][0]) for prompt in prompts]
    together = writer.write([21, 22], rests, forced)
    for rest, sampler, written in zip(rests, forced, together, strict=True):
        (alone,) = writer.write([21, 22], [rest], [sampler])
        assert alone.tokens == written.tokens
        near(latent_of(networks, written)[1], latent_of(networks, alone)[1], 1e-4)


def test_the_prompts_to_the_letter():
    assert str(prompt_for(Request.of())) == PROMPTS["auto"]
    assert str(prompt_for(Request.of(style="I want a dreamy bright pink style."))) == PROMPTS["style"]
    prompt = prompt_for(Request.of(params=PROMPTS["param_file"]))
    assert str(prompt) == PROMPTS["param"]
    groups = ("lighting", "global_color", "specific_color")
    assert [float(group in prompt.groups) for group in groups] == PROMPTS["param_mask"]


def test_the_picture_that_the_tower_is_shown(request):
    from golden import GOLDEN

    golden = values("vlm_batch.safetensors")
    picture = picture_of(open_photo(GOLDEN / "preprocess.png"))
    assert torch.equal(picture[:, ::8, ::8], golden["preprocess.pixels_every8"])
    assert torch.equal(picture[:, 440:444], golden["preprocess.rows_440_to_443"])


@pytest.mark.parametrize("name", ["lm_head.weight", "model.norm.weight", "retouch_decoder.out_layer.bias",
                                  "model.vision_tower.vision_tower.model.conv_exp.reparam_conv.weight"])  # fmt: skip
def test_a_checkpoint_that_lacks_a_tensor_is_refused(name):
    tensors = {key: torch.empty(shape, device="meta") for key, shape in FACTS["keys"].items() if key != name}
    with pytest.raises(InvalidDocument, match="1 tensors are missing"):
        from_tensors(tensors, FACTS["config"])


def test_a_checkpoint_with_a_tensor_that_nobody_knows_is_refused():
    tensors = {key: torch.empty(shape, device="meta") for key, shape in FACTS["keys"].items()}
    with pytest.raises(InvalidDocument, match=r"1 are left over: language\.extra\.weight"):
        from_tensors(tensors | {"model.extra.weight": torch.empty(3)}, FACTS["config"])
    with pytest.raises(InvalidDocument, match=r"1 have another shape: lm_head\.weight"):
        from_tensors(tensors | {"lm_head.weight": torch.empty(3, 64)}, FACTS["config"])


def test_a_photo_of_another_profile_is_shown_in_srgb():
    import numpy as np

    from veraretouch.core.photo.color.icc import DISPLAY_P3

    pixels = np.full((600, 700, 3), (200, 60, 60), np.uint8)
    plain, wide = picture_of(Photo(pixels)), picture_of(Photo(pixels, profile=DISPLAY_P3))
    assert float(wide[0].max()) > float(plain[0].max())
    assert float(wide[1, 512, 512]) < float(plain[1, 512, 512])
