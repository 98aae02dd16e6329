"""What is measured is what is there: known pictures give known numbers, and nothing breaks the measuring."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from veraretouch.core.photo import as_photo
from veraretouch.planners.rules.evidence import controls, features
from veraretouch.planners.rules.measure import Measurements, measure


def seen(rgb: object) -> Measurements:
    return measure(as_photo(np.asarray(rgb, dtype=np.uint8)))


def grey(level: int, size: int = 64) -> np.ndarray:
    return np.full((size, size, 3), level)


def test_a_grey_picture_has_one_tone_and_no_colour() -> None:
    m = seen(grey(128))
    assert m.spread == pytest.approx(0, abs=1e-6)
    # OkLab lightness of sRGB 128: the cube root of its linear light.
    assert m.tones[50] == pytest.approx(0.21586 ** (1 / 3), abs=1e-3)
    assert m.brightness == pytest.approx(math.log2(0.21586), abs=1e-3)
    assert m.chroma < 1e-4
    assert m.neutral_share == 1
    assert m.clipped_high == m.clipped_low == 0
    for name, cast in m.casts.items():
        assert cast == pytest.approx((0, 0), abs=1e-6), name


def test_clipping_is_counted_by_area() -> None:
    rgb = grey(128)
    rgb[:16], rgb[16:24, :, 0], rgb[24:32] = 255, 255, 0
    m = seen(rgb)
    assert m.clipped_high == pytest.approx(24 / 64)  # one channel at white suffices
    assert m.clipped_low == pytest.approx(8 / 64)


def test_ends_and_piles_show_a_ceiling_below_white() -> None:
    ramp = np.repeat(np.linspace(0, 255, 64).astype(int)[None, :, None], 64, 0).repeat(3, 2)
    lowered = np.minimum(ramp, 180)
    assert seen(ramp).ceilings[100] == 1
    assert seen(ramp).floors[0.5] == 0
    assert seen(lowered).ceilings[100] == pytest.approx(180 / 255)
    assert seen(lowered).piled > 0.25 > 0.06 > seen(ramp).piled


@pytest.mark.parametrize(("gains", "cast"), [((1, 0.5, 0.5), (1, 0)), ((0.5, 1, 1), (-1, 0)), ((1, 1, 0.25), (0, -2))])
def test_a_cast_on_greys_is_read_in_stops_by_every_estimator(
    gains: tuple[float, ...], cast: tuple[float, float]
) -> None:
    light = np.repeat(np.linspace(0.05, 0.8, 64)[None, :, None], 64, 0) * np.array(gains)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    m = seen((encoded * 255).round())
    for name in ("shades of grey", "grey edge", "brightest", "white patch", "median"):
        assert m.casts[name] == pytest.approx(cast, abs=0.1), name


def test_a_coloured_patch_fills_its_band() -> None:
    rgb = grey(128)
    rgb[:32] = (200, 40, 40)
    red = seen(rgb).bands["red"]
    # OkLab hue 25 degrees: nearly all red, a little orange.
    assert 0.4 < red.share <= 0.5
    assert red.chroma == pytest.approx(0.19, abs=0.02)
    assert seen(rgb).warm_share > 0.95


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (2, 3)])
@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_tiny_and_flat_pictures_are_measured(shape: tuple[int, int], level: int) -> None:
    m = seen(np.full((*shape, 3), level))
    assert all(math.isfinite(value) for value in features(m).values())
    assert all(math.isfinite(value) for value in controls(m).values())


def test_noise_and_pure_colours_are_measured() -> None:
    rng = np.random.default_rng(0)
    for rgb in (rng.integers(0, 256, (50, 70, 3)), rng.choice([0, 255], (50, 70, 3))):
        assert all(math.isfinite(value) for value in features(seen(rgb)).values())


def test_the_size_of_a_photo_hardly_matters(pictures) -> None:
    """The same photo at full and at two thirds of its size: the tones and what follows from it agree."""
    for name, rgb in list(pictures.items())[::4]:
        photo = as_photo(rgb)
        full, small = measure(photo), measure(photo.resized(2 * max(rgb.shape) // 3))
        assert small.tones == pytest.approx(full.tones, abs=0.03), name
        assert controls(small) == pytest.approx(controls(full), abs=0.12), name


def test_every_measurement_is_described() -> None:
    assert Measurements.__doc__ is not None
    for found in dataclasses.fields(Measurements):
        assert found.name in Measurements.__doc__
