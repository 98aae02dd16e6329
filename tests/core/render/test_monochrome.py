"""Photos without colour stay without, unless words or exact values ask for some."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import veraretouch as vr
from veraretouch.core.render.monochrome import is_monochrome
from veraretouch.planners.rules.color_wish import asks_for_color

PORTRAIT = Path(__file__).parents[2] / "data/cases/grey-portrait.jpg"


def greys(dtype=np.uint8) -> np.ndarray:
    """A portrait's greys in three equal channels, at a depth of numpy's."""
    with Image.open(PORTRAIT) as image:
        pixels = np.asarray(image.convert("L"))
    scale = np.iinfo(dtype).max / 255 if np.issubdtype(dtype, np.integer) else 1 / 255
    return np.repeat((pixels * scale).astype(dtype)[..., None], 3, axis=2)


def apart(pixels: np.ndarray) -> float:
    """How far channels are apart at most."""
    return float((pixels.max(axis=-1).astype(float) - pixels.min(axis=-1)).max())


@pytest.fixture(params=["rules", "tiny"])
def retoucher(request) -> vr.Retoucher:
    return vr.load(request.param)


@pytest.mark.parametrize("engine", ["exact", "lut"])
@pytest.mark.parametrize("style", [None, "more contrast", "vivid, punchy"])
def test_a_grey_file_stays_grey_and_of_one_channel(retoucher, style, engine, tmp_path):
    result = retoucher(PORTRAIT, style=style, engine=engine)
    assert result.image.grey
    assert apart(result.image.pixels) == 0
    with Image.open(result.save(tmp_path / "done.jpg")) as done:
        assert done.mode == "L"
    again = vr.Renderer().render(PORTRAIT, result.plan, engine=engine)
    assert np.array_equal(again.pixels, result.image.pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_three_equal_channels_stay_equal_at_every_depth(retoucher, dtype):
    assert apart(retoucher(greys(dtype)).image) <= (0 if dtype != np.float32 else 1e-6)


def test_a_pil_image_of_mode_l_comes_back_as_one(retoucher):
    assert retoucher(Image.fromarray(greys()[..., 0])).image.mode == "L"


def test_jpegs_noise_is_no_colour(retoucher):
    noisy = greys().astype(np.int16) + np.random.default_rng(0).integers(-1, 2, greys().shape)
    assert apart(retoucher(noisy.clip(0, 255).astype(np.uint8)).image) == 0


def test_one_red_spot_is_colour():
    spotted = greys()
    assert is_monochrome(spotted)
    spotted[100:103, 50:53] = (200, 20, 20)
    assert not is_monochrome(spotted)


@pytest.mark.parametrize(("dtype", "code"), [(np.uint8, 1), (np.uint16, 257), (np.float32, 1 / 255)])
def test_jpegs_noise_is_four_codes_and_sixteen_in_one_pixel_of_a_thousand(dtype, code):
    def spread(codes: float, pixels: int) -> np.ndarray:
        grey = np.full((40, 25, 3), 100 * code, dtype)
        grey.reshape(-1, 3)[500 : 500 + pixels, 1] += dtype(codes * code)
        return grey

    near = 0.01 if dtype == np.float32 else 1 if code == 1 else 1 / 257  # the next step up
    assert is_monochrome(spread(4 - near / 2 if dtype == np.float32 else 4, 1000))
    assert not is_monochrome(spread(4 + near, 2))
    assert is_monochrome(spread(4 + near, 1))
    assert is_monochrome(spread(16 - near, 1))
    assert not is_monochrome(spread(16 + near, 1))


def test_what_a_glance_misses_is_seen_by_the_second_look():
    large = np.full((600, 400, 3), 90, np.uint8)  # of which a glance takes every third row and column
    assert is_monochrome(large)
    large[301, 200, 0] = 200
    assert not is_monochrome(large)


def test_words_and_values_that_name_colour_give_it(retoucher):
    assert apart(retoucher(greys(), style="sepia").image) > 10
    assert apart(retoucher(greys(), params={"white_balance.temperature": 0.5}).image) > 10


def test_a_network_tints_nothing_by_its_lighting_group():
    torch.manual_seed(0)
    from veraretouch.ops.neural import Neural

    op = Neural()
    slots = {name: torch.randn(1, *slot.shape) for name, slot in op.slots.items()}
    latents = vr.Latents(vr.Schema.of([op]), {"neural": slots})
    plan = vr.Plan.of(latents, groups=("lighting",))
    renderer = vr.Renderer([op])
    assert apart(renderer.render(greys(), plan)) == 0
    coloured = greys()
    coloured[0, 0] = (255, 0, 0)
    assert apart(renderer.render(coloured, plan)) > 5


@pytest.mark.parametrize(
    ("prompt", "asks"),
    [
        ("sepia", True),
        ("dreamy bright pink", True),
        ("warm", True),
        ("more contrast", False),
        ("vivid", False),
        ("", False),
        ("black and white", False),
        ("brighter", False),
    ],
)
def test_which_words_ask_for_colour(prompt, asks):
    assert asks_for_color(prompt) is asks


@pytest.mark.parametrize("options", ["--match", "--consistent"])
def test_a_grey_photo_of_a_series_stays_grey_beside_photos_with_colour(cli, tmp_path, options):
    generator = np.random.default_rng(0)
    for name in ("colour.jpg", "warm.jpg"):
        picture = generator.integers(0, 256, (40, 50, 3), dtype=np.uint8) // np.uint8([1, 2, 3])
        Image.fromarray(picture).resize((400, 300)).save(tmp_path / name)
    (tmp_path / "grey.jpg").write_bytes(PORTRAIT.read_bytes())
    names = ["colour.jpg", "grey.jpg", "warm.jpg"]
    cli("auto", *names, options, "--planner", "rules", "--jobs", 1, "--out", "done")
    with Image.open(tmp_path / "done/grey.jpg") as done:
        assert done.mode == "L"
