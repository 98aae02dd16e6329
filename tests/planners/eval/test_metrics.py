"""Each measure against a peer of its own, or against what a hand computes."""

import numpy as np
import pytest
import torch
from judged import pixels, spoilt
from lazily import Lazy, colour

from veraretouch.planners.eval import metrics
from veraretouch.planners.vera.torchvision_operators import make_torchvision_importable

skimage_metrics = Lazy("skimage.metrics")
GOOD = pixels("lake")
DONE = spoilt(GOOD)


def test_psnr_is_that_of_scikit_image():
    assert metrics.psnr(DONE, GOOD) == pytest.approx(skimage_metrics.peak_signal_noise_ratio(GOOD, DONE))


def test_psnr_of_a_picture_one_step_off_is_48_and_of_equal_ones_what_rounding_allows():
    grey = np.full((8, 8, 3), 100, np.uint8)
    assert metrics.psnr(grey + 1, grey) == pytest.approx(48.13, abs=0.01)
    assert metrics.psnr(grey, grey) == pytest.approx(58.92, abs=0.01)


def test_ssim_of_flat_pictures_is_what_a_hand_computes():
    one, two = (np.full((16, 16, 3), value, np.uint8) for value in (100, 140))
    steady = (0.01 * 255) ** 2
    assert metrics.ssim(one, two) == pytest.approx((2 * 100 * 140 + steady) / (100**2 + 140**2 + steady))


@pytest.mark.slow
def test_ssim_is_that_of_torchmetrics():
    make_torchvision_importable()
    from torchmetrics.functional.image import structural_similarity_index_measure

    batch = [torch.from_numpy(picture / 255).permute(2, 0, 1)[None] for picture in (DONE, GOOD)]
    theirs = float(structural_similarity_index_measure(*batch, sigma=1.5, kernel_size=11, data_range=1.0))
    # They differ by what they do beyond the frame.
    assert metrics.ssim(DONE, GOOD) == pytest.approx(theirs, abs=0.01)
    assert metrics.ssim(GOOD, GOOD) == pytest.approx(1.0)


@pytest.mark.xdist_group("colour")
@pytest.mark.parametrize(("measure", "method"), [("difference", "CIE 2000"), ("difference_1976", "CIE 1976")])
def test_differences_are_those_of_colour_science(measure, method):
    lab = [
        colour.XYZ_to_Lab(colour.sRGB_to_XYZ(picture / 255), colour.CCS_ILLUMINANTS["cie_2_1931"]["D65"])
        for picture in (DONE, GOOD)
    ]
    theirs = colour.delta_E(*lab, method=method).mean()
    assert getattr(metrics, measure)(DONE, GOOD) == pytest.approx(theirs, rel=2e-3)


def test_histograms_that_share_half_of_their_pixels_match_by_half():
    left, right = np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 3), np.uint8)
    right[:2] = 200
    assert metrics.histogram_match(left, right) == 50
    assert metrics.histogram_match(right[::-1], right) == 100  # where the pixels lie does not count
    assert metrics.histogram_match(left + 3, left) == 100  # nor what is within a bin
    assert metrics.histogram_match(left + 255, left) == 0


def test_the_background_counts_a_quarter_of_its_squared_error():
    wanted, people = np.full((2, 2, 3), 100, np.uint8), np.array([[True, True], [False, False]])
    done = wanted + 10
    assert metrics.weighted_psnr(done, wanted, people) == pytest.approx(10 * np.log10(255**2 / ((100 + 25) / 2)))
    whole = metrics.difference_1976(done, wanted)
    assert metrics.weighted_difference_1976(done, wanted, people) == pytest.approx(0.75 * whole)


def test_groups_are_consistent_where_their_colours_are_and_single_photos_count_as_such():
    assert metrics.group_consistency({"1": [(1.0, 2.0), (1.0, 2.0)], "2": [(5.0, 5.0)]}) == 0
    assert metrics.group_consistency({"1": [(0.0, 0.0), (2.0, 4.0)], "2": [(5.0, 5.0)]}) == pytest.approx(
        (2 + 8) / 2 / 2
    )
    assert metrics.group_consistency({"1": [(0.0, 0.0)]}) is None


def test_what_takes_people_is_not_measured_without(pairs):
    from veraretouch.planners.eval.data import Pictures

    found = {metric.id: metric for metric in metrics.plain_metrics()}
    pictures = Pictures(DONE.astype(np.float32) / 255, GOOD)
    assert found["psnr_hc"].of_photo(DONE, pictures) is None
    assert found["psnr"].of_photo(DONE, pictures) == metrics.psnr(DONE, GOOD)
