"""The planner as a retoucher uses it: modes, groups, seeds, bundles."""

import numpy as np
import pytest
import torch
from small_vera import ANSWER, PARAMS, model, planner, words

from veraretouch import Photo, Plan, Renderer, Request, zoo
from veraretouch.core.errors import InvalidLatents, InvalidRequest, TamperedBundle, UnknownBundle
from veraretouch.core.render.retoucher import Retoucher
from veraretouch.planners.vera.planner import Vera
from veraretouch.planners.vera.prompts import prompt_for

# One worker makes the networks for all.
pytestmark = pytest.mark.xdist_group("vera")

SLOTS = ("light", "global_color", "specific_color")


def picture(seed=0, height=40, width=60):
    return Photo(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def on(proposal):
    return [
        [bool(proposal.latents.values["neural"][slot][row].any()) for slot in SLOTS]
        for row in range(proposal.latents.batch)
    ]


@pytest.mark.slow
def test_auto_and_style_show_the_photo_and_param_does_not(monkeypatch):
    made, shown = planner(), []
    see = model().see
    monkeypatch.setattr(model(), "see", lambda pictures: shown.append(pictures.shape) or see(pictures))
    one, other = (made.plan([picture()], [request]) for request in (Request.of(), Request.of(style="dreamy")))
    assert shown == [(1, 3, 1024, 1024)] * 2
    assert on(one) == on(other) == [[True] * 3]
    assert one.reasoning[0]["lighting"] == {"problem": "Too dark.", "plan": "Raise exposure."}
    assert not torch.equal(one.latents.values["neural"]["light"], other.latents.values["neural"]["light"])
    assert on(made.plan([picture()], [PARAMS])) == [[True, True, False]]
    assert len(shown) == 2


def test_a_parameter_file_is_answered_once_for_many_photos(monkeypatch):
    made, steps = planner(), []
    forward = model().language.forward
    monkeypatch.setattr(model().language, "forward", lambda **given: steps.append(1) or forward(**given))
    proposal = made.plan([picture(seed) for seed in range(5)], [PARAMS] * 5)
    once = len(steps)
    made.plan([picture(9)], [PARAMS])
    assert len(steps) == once <= len(words().ids(ANSWER)) + 2
    assert proposal.latents.batch == 5
    light = proposal.latents.values["neural"]["light"]
    assert torch.equal(light[0], light[4])


def test_groups_that_are_off_have_no_latent():
    made = planner()
    request = Request.of(params={"Exposure2012": {"value": 30}, "Vibrance": {"value": 9}}, groups={"global_color"})
    assert on(made.plan([picture()], [request])) == [[False, True, False]]
    nothing = made.plan([picture()], [Request.of(params={"Exposure2012": {"value": 0}})])
    assert not nothing.latents.present["neural"].any()


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request.of(style="pink <|im_end|> and more"), r"holds '<\|im_'"),
        (Request.of(style="pink <image>"), "holds '<image>'"),
        (Request.of(params={"cdl.saturation": 1.2}), r"params\.cdl\.saturation: the model has no word for it"),
        (Request.of(params={"Exposure2012": {"value": "300"}}), "is not a number from -100 to 100"),
        (Request("reference", reference=(picture(),)), "has no mode 'reference'"),
    ],
)
def test_requests_that_the_model_has_no_words_for(request_, message):
    with pytest.raises(InvalidRequest, match=message):
        prompt_for(request_)


def test_numbers_beyond_the_sliders_are_handed_to_the_model_as_they_are():
    assert "'Exposure2012': 3.0," in str(prompt_for(Request.of(params={"Exposure2012": {"value": 300}})))


def test_sliders_and_a_parameter_file_ask_the_same():
    slots = Request.of(params={"exposure.ev": 1.5, "white_balance.temperature": -0.4, "saturation.amount": 0.3})
    file = {"Exposure2012": {"value": 30}, "IncrementalTemperature": {"value": -40}, "Saturation": {"value": 30}}
    assert str(prompt_for(slots)) == str(prompt_for(Request.of(params=file)))


@pytest.mark.parametrize(
    ("value", "written"), [(-99.65, -0.997), (-100, -1.0), (0.05, 0.001), (33.35, 0.334), (7, 0.07)]
)
def test_a_parameter_file_is_rounded_as_it_stands(value, written):
    assert round(value / 100, 3) == written
    for file in ({"Exposure2012": {"value": value}}, {"Exposure2012": value}):
        assert f"'Exposure2012': {written}," in str(prompt_for(Request.of(params=file)))


def test_without_weights_it_says_where_they_are():
    with pytest.raises(UnknownBundle, match=r'zoo\.load\("vera-0\.5b"\)'):
        Vera()


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "small"
    licence = {"spdx": "Apache-2.0", "commercial_use": True}
    return zoo.pack(Retoucher(planner(None)), folder, name="small-vera", licence=licence)


def test_what_was_packed_plans_the_same(packed, monkeypatch):
    loaded = zoo.load(str(packed))
    assert loaded.planner.model.config == model().config
    found = loaded.planner.model.state_dict()
    for name, value in model().state_dict().items():
        assert torch.equal(found[name], value), name
    assert loaded.planner.tokenizer.json() == words().json()


def test_a_plan_names_the_weights_and_whoever_renders_it_opens_them(packed, monkeypatch, tmp_path):
    retoucher = zoo.load(str(packed))
    retoucher.planner.sampler = planner().sampler
    photo = picture()
    result = retoucher(photo, params={"Exposure2012": {"value": 30}})
    assert result.plan.edits["neural"].asset == {
        "bundle": str(packed),
        "sha256": result.plan.edits["neural"].asset["sha256"],
    }
    assert result.plan.planner["bundle"]["name"] == "small-vera"
    again = Renderer().render(photo, Plan.load(result.plan.save(tmp_path / "plan.json")))
    np.testing.assert_array_equal(again.pixels, result.image.pixels)
    assert np.abs(again.pixels.astype(int) - photo.pixels).mean() > 5


def test_a_plan_whose_weights_are_others_or_unnamed_is_not_rendered(packed):
    retoucher = zoo.load(str(packed))
    retoucher.planner.sampler = planner().sampler
    document = retoucher.plan(picture(), params={"Exposure2012": {"value": 30}}).document()
    document["edits"]["neural"]["asset"]["sha256"] = "0" * 64
    with pytest.raises(TamperedBundle, match="is not the one that the plan was made with"):
        Renderer().render(picture(), Plan.load(document))
    del document["edits"]["neural"]["asset"]
    with pytest.raises(InvalidLatents, match="has weights, and nothing says which"):
        Renderer().render(picture(), Plan.load(document))


def test_a_photo_lying_on_its_side_is_shown_and_retouched_upright(tmp_path):
    from PIL import Image

    from veraretouch.core.photo import open_photo
    from veraretouch.planners.vera.picture import picture_of

    lying = Image.fromarray(np.asarray(picture(height=60, width=40).pixels))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    lying.save(tmp_path / "lying.png", exif=exif)
    upright = lying.transpose(Image.Transpose.ROTATE_270)
    opened = open_photo(tmp_path / "lying.png")
    assert torch.equal(picture_of(opened), picture_of(Photo(np.array(upright))))
    retoucher = Retoucher(planner(), Renderer(planner().ops))
    assert retoucher(tmp_path / "lying.png", params={"exposure.ev": 1.0}).image.pixels.shape == (40, 60, 3)


def test_both_sides_of_the_picture_are_tokenised_apart():
    from qwen import words as real

    prompt = prompt_for(Request.of())
    apart = [*real().ids(prompt.before), *real().ids(prompt.after)]
    # The line's end before the picture and the one after it would become one token.
    assert real().ids(prompt.before + prompt.after) != apart
    assert real().text(apart) == prompt.before + prompt.after


def test_the_shared_beginning_of_parameter_prompts_ends_where_the_tokens_part():
    from qwen import words as real

    from veraretouch.planners.vera.planner import _alike

    prompt = prompt_for(PARAMS)
    whole, shared = real().ids(prompt.before), real().ids(prompt.shared)
    # Its last token, a space, joins what follows.
    assert len(shared) - 3 <= _alike(whole, shared) < len(shared)
