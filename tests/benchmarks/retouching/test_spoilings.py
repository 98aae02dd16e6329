"""The undo test's own footing: cases are the same on every run, and every engine makes the fault it is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import color
from spoilings import CASTS, ENGINES, Picture
from undo import DISTRIBUTION, cases, difference, load_distribution, load_photos, spoil, without_engine

from veraretouch.planners.imagemagick import imagemagick

# What a fault does: the axis (lightness, chroma, spread of lightness, Lab a, Lab b) and its sign.
EFFECTS = {
    "darker": ("L", -1),
    "brighter": ("L", 1),
    "muted": ("C", -1),
    "vivid": ("C", 1),
    "flat": ("S", -1),
    "harsh": ("S", 1),
    "warm": ("b", 1),
    "cool": ("b", -1),
    "magenta": ("a", 1),
    "green": ("a", -1),
}


@pytest.fixture(scope="module")
def photos() -> dict[str, Picture]:
    every = load_photos()
    return {name: every[name] for name in ("kodak-12", "skimage-chelsea")}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("direction", EFFECTS)
def test_a_fault_goes_in_its_direction(photos: dict[str, Picture], engine: str, direction: str) -> None:
    if engine == "imagemagick" and imagemagick() is None:
        pytest.skip("ImageMagick is not installed")
    axis, sign = EFFECTS[direction]
    for rgb in photos.values():
        for variant in (0, 1):
            weak, strong = (ENGINES[engine](rgb, direction, strength, variant) for strength in (0.3, 0.7))
            assert strong.dtype == np.uint8
            assert strong.shape == rgb.shape
            assert sign * (_along(strong, axis) - _along(rgb, axis)) > 0
            assert difference(rgb, strong) > difference(rgb, weak) > 0.3


def _along(rgb: Picture, axis: str) -> float:
    lab = color.rgb2lab(rgb)
    if axis in "Lab":
        return float(lab[..., "Lab".index(axis)].mean())
    return float(lab[..., 0].std() if axis == "S" else np.hypot(lab[..., 1], lab[..., 2]).mean())


def test_cases_are_the_same_on_every_run_and_for_every_company(photos: dict[str, Picture]) -> None:
    distribution = load_distribution()
    drawn = list(cases(distribution, photos))
    assert drawn == list(cases(distribution, photos))
    assert [case for case in drawn if case.photo == "kodak-12"] == list(cases(distribution, ["kodak-12"]))
    assert (spoil(photos["kodak-12"], drawn[0]) == spoil(photos["kodak-12"], drawn[0])).all()


def test_a_pair_has_two_families_and_strengths_stay_in_range() -> None:
    distribution = load_distribution()
    for case in cases(distribution, map(str, range(40))):
        assert len({fault.family for fault in case.faults}) == len(case.faults) <= 2
        for fault in case.faults:
            low, high = distribution["families"][fault.family]["strength"]
            assert low <= fault.strength <= high


def test_a_missing_engine_leaves_its_share_to_the_other_strangers() -> None:
    shares = without_engine(load_distribution(DISTRIBUTION), "opencolorio")["engines"]
    assert shares["veraretouch"] == 0.5
    assert "opencolorio" not in shares
    assert sum(shares.values()) == pytest.approx(1)
    assert set(CASTS) == {"warm", "cool", "green", "magenta"}
