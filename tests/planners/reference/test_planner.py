"""The reference planner: pairs and targets, groups, what it says, and its bundles."""

from dataclasses import replace

import golden
import numpy as np
import pytest
import torch

from veraretouch import Plan, Renderer, Request, Retoucher, zoo
from veraretouch.core.errors import InvalidDocument, InvalidRequest, UnknownBundle
from veraretouch.core.photo import as_photo
from veraretouch.core.photo.color.icc import DISPLAY_P3
from veraretouch.core.testing.planner import PLANNER_CHECKS
from veraretouch.core.testing.planner_checks.bench import PlannerBench
from veraretouch.core.testing.verdict import findings
from veraretouch.planners.reference.planner import Reference, picture
from veraretouch.zoo.bundles.bundle import Bundle
from veraretouch.zoo.bundles.manifest import Manifest

LICENCE = {"spdx": "Apache-2.0", "commercial_use": True}
GROUPS = {"light": "lighting", "global_color": "global_color", "specific_color": "specific_color"}


def noise(seed, height=40, width=56):
    return as_photo(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def asked(*reference, groups=None):
    return Request.of(reference=reference, groups=groups)


@pytest.fixture
def counted(planner, small, monkeypatch):
    """The planner and the pairs that it encoded."""
    pairs, encode = [], planner.encode
    monkeypatch.setattr(planner, "encode", lambda *pair: pairs.append(pair) or encode(*pair))
    return planner, pairs


def test_a_pair_is_encoded_at_512_pixels_a_side_from_minus_one_to_one(planner):
    before, after = noise(1), noise(2, 30, 90)
    before.pixels[0, 0], before.pixels[-1, -1] = 0, 255  # a corner is kept as it is
    shown = [picture(photo) for photo in (before, after)]
    assert [tuple(pixels.shape) for pixels in shown] == [(1, 3, 512, 512)] * 2
    assert min(float(pixels.min()) for pixels in shown) == -1
    assert max(float(pixels.max()) for pixels in shown) == 1
    latents = planner.plan([noise(3)], [asked(before, after)]).latents
    assert float((latents.pack() - planner.encoder(*shown)).abs().max()) < 1e-6


def test_a_picture_is_scaled_bilinearly_as_published():
    pixels = np.random.default_rng(4).integers(0, 256, (600, 1500, 3), np.uint8)
    # OpenCV's INTER_LINEAR: the centre of each new pixel between the four old ones about it.
    rows, columns = (((np.arange(512) + 0.5) * size / 512 - 0.5) for size in (600, 1500))
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, right = (rows - top)[:, None, None], (columns - left)[None, :, None]
    whole = pixels.astype(np.float64) / 255
    upper = whole[top][:, left] * (1 - right) + whole[top][:, left + 1] * right
    lower = whole[top + 1][:, left] * (1 - right) + whole[top + 1][:, left + 1] * right
    wanted = 2 * (upper * (1 - down) + lower * down) - 1
    assert np.abs(picture(as_photo(pixels))[0].permute(1, 2, 0).numpy() - wanted).max() < 1e-4


def test_the_channel_order_is_an_option_and_rgb_by_default(planner):
    photo = noise(5)
    assert planner.channel_order == "rgb"
    assert torch.equal(picture(photo, channel_order="bgr"), picture(photo).flip(1))
    swapped = Reference(planner.encoder, *planner.ops, channel_order="bgr")
    assert not torch.equal(swapped.encode(photo, noise(6)), planner.encode(photo, noise(6)))
    with pytest.raises(InvalidRequest, match=r"channel_order is 'grb'.*rgb, bgr"):
        Reference(planner.encoder, *planner.ops, channel_order="grb")


def test_the_channel_order_is_asked_of_a_bundle(planner, tmp_path):
    folder = tmp_path / "pair"
    zoo.pack(Retoucher(planner), folder, name="pair", licence=LICENCE)
    assert zoo.load(str(folder)).planner.channel_order == "rgb"
    assert zoo.load(str(folder), options={"channel_order": "bgr"}).planner.channel_order == "bgr"


def test_a_picture_of_one_colour_keeps_it():
    colour = np.tile(np.float32([0.25, 0.5, 1.0]), (7, 31, 1))
    wanted = torch.tensor([-0.5, 0.0, 1.0]).reshape(1, 3, 1, 1).expand(1, 3, 512, 512)
    assert float((picture(as_photo(colour)) - wanted).abs().max()) < 1e-6


def test_colours_beyond_srgb_are_clipped():
    green = replace(as_photo(np.full((8, 8, 3), (0, 255, 0), np.uint8)), profile=DISPLAY_P3)
    assert green.working().min() < -0.1
    assert green.working().max() > 1.01
    assert picture(green)[0, :, 0, 0].tolist() == [-1, 1, -1]


def test_a_photo_is_shown_in_srgb_whatever_its_profile():
    photo = as_photo(np.full((8, 8, 3), (200, 60, 60), np.uint8))
    wide = replace(photo, profile=DISPLAY_P3)
    same = picture(as_photo(wide.working()))
    assert float((picture(wide) - same).abs().max()) < 0.01
    assert float((picture(wide) - picture(photo)).abs().max()) > 0.05


def test_what_hides_under_transparent_pixels_does_not_bleed():
    pixels = np.full((64, 64, 4), 255, np.uint8)
    pixels[:, 32:] = (0, 0, 0, 0)
    assert float(picture(as_photo(pixels))[..., :254].min()) > 0.99


def test_before_one_target_stands_the_photo_itself(counted):
    planner, pairs = counted
    photo, target = noise(1), noise(2)
    alone = planner.plan([photo], [asked(target)])
    assert pairs == [(photo, target)]
    both = planner.plan([noise(5)], [asked(photo, target)])
    assert torch.equal(alone.latents.pack(), both.latents.pack())


def test_the_order_of_a_pair_counts(planner, small):
    there = planner.plan([noise(1)], [asked(noise(1), noise(2))]).latents.pack()
    back = planner.plan([noise(1)], [asked(noise(2), noise(1))]).latents.pack()
    assert float((there - back).abs().max()) > 1e-3


def test_equal_pairs_of_a_batch_are_encoded_once(counted):
    planner, pairs = counted
    again = [asked(noise(1), noise(2)) for _ in range(3)]
    latents = planner.plan([noise(7), noise(8), noise(9), noise(10)], [*again, asked(noise(2), noise(1))]).latents
    assert len(pairs) == 2
    assert torch.equal(latents.row(0).pack(), latents.row(2).pack())
    assert not torch.equal(latents.row(0).pack(), latents.row(3).pack())


def test_one_target_is_encoded_for_each_photo(counted):
    planner, pairs = counted
    target = noise(0)
    planner.plan([noise(1), noise(2), noise(1)], [asked(target)] * 3)
    assert len(pairs) == 2


def test_groups_that_are_off_get_zeros(planner, small):
    pair = noise(1), noise(2)
    wishes = [None, ["lighting"], ["specific_color", "effects"], []]
    proposal = planner.plan([noise(3)] * 4, [asked(*pair, groups=groups) for groups in wishes])
    whole = proposal.latents.row(0).values["neural"]
    for row, groups in enumerate(wishes):
        on = set(GROUPS.values()) if groups is None else set(groups)
        for slot, group in GROUPS.items():
            value = proposal.latents.values["neural"][slot][row]
            assert torch.equal(value, whole[slot][0] if group in on else torch.zeros(896)), (groups, slot)
        assert set(proposal.reasoning[row]) == on & set(GROUPS.values())
    assert proposal.latents.present["neural"].tolist() == [True, True, True, False]


def test_the_reasoning_says_where_the_look_is_from_and_claims_no_more(planner, small):
    pair, target = planner.plan([noise(1)] * 2, [asked(noise(2), noise(3)), asked(noise(2))]).reasoning
    assert pair["lighting"] == {
        "problem": "No problem was looked for: a reference was given.",
        "plan": "Do to the light what was done from before to after; the network says it in numbers alone.",
    }
    assert target["specific_color"]["plan"].startswith("Bring single colours to the target's;")


def test_latents_are_single_precision_or_better(planner, small):
    planner.encoder.to(torch.bfloat16)
    assert planner.plan([noise(1)], [asked(noise(2))]).latents.dtype == torch.float32
    planner.encoder.to(torch.float64)
    assert planner.encode(noise(1), noise(2)).dtype == torch.float64


def test_weights_in_training_get_a_gradient_through_a_plan(planner, small):
    planner.encoder.requires_grad_()
    latents = planner.plan([noise(1)], [asked(noise(2))]).latents
    Renderer(planner.ops)(noise(1).tensor().unsqueeze(0), latents, clamp=False).sum().backward()
    assert float(planner.encoder.model0[0].weight.grad.abs().max()) > 0


@pytest.mark.parametrize("request_", [Request.of(), Request.of(style="warm"), Request(mode="reference")])
def test_a_request_without_a_reference_is_refused(planner, request_):
    with pytest.raises(InvalidRequest, match=rf"mode '{request_.mode}' without a reference\. Give one target"):
        planner.plan([noise(1)], [request_])


def test_there_is_no_such_planner_without_weights():
    with pytest.raises(UnknownBundle, match=r"'reference' is made from a bundle .*zoo\.load\(\"vera-reference\"\)"):
        Reference()


def test_a_retoucher_plans_and_renders_by_a_reference(planner, small):
    result = Retoucher(planner, Renderer(planner.ops))(noise(1), reference=(noise(2), noise(3)))
    assert result.plan.mode == "reference"
    assert result.plan.planner == {"id": "reference", "version": "0.1.0"}
    assert set(result.reasoning) == set(GROUPS.values())
    assert not np.array_equal(result.image.pixels, noise(1).pixels)
    again = Renderer(planner.ops).render(noise(1), Plan.load(result.plan.json()))
    assert np.array_equal(again.pixels, result.image.pixels)


# The check `renders` makes a renderer without weights.
@pytest.mark.parametrize("check", sorted({*PLANNER_CHECKS} - {"renders"}))
def test_the_planner_keeps_the_contract(planner, small, check):
    assert list(findings(PLANNER_CHECKS[check], PlannerBench(planner), "planner")) == []


@pytest.fixture
def packed(planner, tmp_path):
    folder = zoo.pack(Retoucher(planner), tmp_path / "packed", name="my-reference", licence=LICENCE)
    return Bundle(Manifest(folder / "bundle.json"), "torch", folder, source=str(folder))


def test_a_bundle_gives_the_same_plan_and_names_itself_in_it(planner, packed, small):
    assert packed.manifest.planner["id"] == "reference"
    assert packed.manifest.latents == planner.schema
    assert set(packed.manifest.files("torch")) == {"encoder.safetensors", "renderer.safetensors"}
    loaded = Reference.from_bundle(packed)
    assert loaded.ops[0].asset == packed.asset
    assert not loaded.encoder.training
    proposals = [made.plan([noise(1)], [asked(noise(2))]) for made in (planner, loaded)]
    # Weights that lie elsewhere in memory may be summed in another order.
    difference = proposals[0].latents.pack() - proposals[1].latents.pack()
    assert float(difference.abs().max()) < 1e-6
    latents = proposals[0].latents
    renderings = [Renderer(made.ops).render(noise(1), latents).pixels.astype(int) for made in (planner, loaded)]
    assert np.abs(renderings[0] - renderings[1]).max() <= 1
    plan = Retoucher(loaded, Renderer(loaded.ops)).plan(noise(1), reference=noise(2))
    assert plan.edits["neural"].asset == packed.asset


def test_a_bundle_s_encoder_opens_in_another_precision(packed):
    loaded = Reference.from_bundle(packed, device="cpu", dtype=torch.bfloat16)
    assert {value.dtype for value in loaded.encoder.state_dict().values()} == {torch.bfloat16}
    assert {value.dtype for value in loaded.ops[0].network.state_dict().values()} == {torch.float32}


def test_a_bundle_of_other_tensors_is_refused(planner, packed, monkeypatch):
    monkeypatch.setattr(Bundle, "tensors", lambda bundle, name: golden.weights("decoder"))
    with pytest.raises(InvalidDocument, match=r"encoder\.safetensors: \d+ tensors are not the reference encoder's"):
        Reference.from_bundle(packed)
