"""How far a picture lies from the wanted one. Pictures are (H, W, 3) uint8 in sRGB, as a saved file holds them.

Sources: PSNR as 10 log10(255^2 / MSE) over the three channels. SSIM: Wang, Bovik, Sheikh and Simoncelli (2004), by
scikit-image. CIEDE2000: Sharma et al. (2005), see `core.color.ciede2000`. CIE 1976, by scikit-image, and the weighted
measures: Zeng et al. (2020), Liang et al. (2021). Histogram intersection: Swain and Ballard (1991), "Color indexing".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from ...core.color.ciede2000 import ciede2000
from .data import Picture, Pictures

BINS: Final = 64
# What equal pictures count as: the error of rounding to 8 bit, 58.9 dB.
_LEAST_ERROR: Final = 1 / 12
# The published weight of what is no person.
_BACKGROUND: Final = 0.5

Measure = Callable[[Picture, Pictures], float | None]


@dataclass(frozen=True)
class Metric:
    """One column of the report.

    Attributes:
        better: which way is better.
        of_photo: from the picture that was made and the case's pictures; None where the case has not what it takes.
        missing: why it is not measured here, with the cure.
    """

    id: str
    title: str
    unit: str
    better: Literal["up", "down"]
    about: str
    of_photo: Measure | None = None
    missing: str = ""


def psnr(done: Picture, wanted: Picture) -> float:
    """In dB, of pictures (H, W, 3) uint8; equal ones count as the rounding to 8 bit allows, 58.9."""
    return _decibels(np.square(done.astype(np.float64) - wanted).mean())


def ssim(done: Picture, wanted: Picture) -> float:
    """In [-1, 1], of pictures (H, W, 3) uint8: Gaussian window of 11 pixels and sigma 1.5,
    the mean of the three channels.
    """
    from skimage import metrics

    similarity: Any = metrics.structural_similarity
    return float(
        similarity(
            done,
            wanted,
            channel_axis=2,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )


def difference(done: Picture, wanted: Picture) -> float:
    """The mean CIEDE2000 of all pixels of pictures (H, W, 3) uint8; 1 is about the least that is seen."""
    return float(ciede2000(*(torch.from_numpy(picture / 255) for picture in (done, wanted))).mean())


def difference_1976(done: Picture, wanted: Picture) -> float:
    """The mean CIE 1976 difference, the distance in CIE Lab, of pictures (H, W, 3) uint8."""
    return float(_apart_1976(done, wanted).mean())


def histogram_match(done: Picture, wanted: Picture) -> float:
    """In percent: the intersection of the histograms of R, G and B, 64 bins each, of pictures (H, W, 3) uint8;
    100 where they are equal.
    """
    one, two = _histograms(done), _histograms(wanted)
    return float(100 * np.minimum(one, two).sum(axis=1).mean())


def weighted_psnr(done: Picture, wanted: Picture, people: NDArray[np.bool_]) -> float:
    """PSNR in dB of pictures (H, W, 3) uint8 whose pixels without `people` (H, W) are halved, as PPR10K weighs them."""
    weight = np.where(people, 1.0, _BACKGROUND)[..., None]
    return _decibels(np.square((done.astype(np.float64) - wanted) * weight).mean())


def weighted_difference_1976(done: Picture, wanted: Picture, people: NDArray[np.bool_]) -> float:
    """CIE 1976 of pictures (H, W, 3) uint8 whose Lab values without `people` (H, W) are halved,
    as PPR10K weighs them.
    """
    return float((_apart_1976(done, wanted) * np.where(people, 1.0, _BACKGROUND)).mean())


def mean_colour(picture: Picture) -> tuple[float, float]:
    """The means of CIE Lab's a and b of a picture (H, W, 3) uint8:
    what PPR10K's consistency of groups is the variance of.
    """
    from skimage.color import rgb2lab

    _, a, b = rgb2lab(picture / 255).reshape(-1, 3).mean(axis=0).tolist()
    return a, b


def group_consistency(colours: Mapping[str, list[tuple[float, float]]]) -> float | None:
    """PPR10K's GLC: the mean over scenes of the variance of `mean_colour` over a scene's photos, of a and b;
    0 is best, None without scenes of several photos.
    """
    several = [np.var(np.array(found), axis=0, ddof=1).mean() for found in colours.values() if len(found) > 1]
    return float(sum(several) / len(colours)) if several else None


def plain_metrics() -> list[Metric]:
    """Those that need no learned weights; some are missing where scikit-image is not installed."""
    from importlib.util import find_spec

    missing = "" if find_spec("skimage") else "scikit-image is not installed: pip install scikit-image"
    halved = "PPR10K's: the background halved"
    return [
        Metric("psnr", "PSNR", "dB", "up", "mean over photos, 8 bit, three channels", _plain(psnr)),
        Metric("ssim", "SSIM", "", "up", "Gaussian window, mean of three channels", _plain(ssim), missing),
        Metric("ciede2000", "CIEDE2000", "", "down", "mean of all pixels", _plain(difference)),
        Metric(
            "cie1976",
            "CIE 1976",
            "",
            "down",
            "mean of all pixels, as FiveK's tables have it",
            _plain(difference_1976),
            missing,
        ),
        Metric(
            "histogram", "histogram match", "%", "up", f"intersection, {BINS} bins a channel", _plain(histogram_match)
        ),
        Metric("psnr_hc", "PSNR, people", "dB", "up", halved, _of_people(weighted_psnr)),
        Metric("cie1976_hc", "CIE 1976, people", "", "down", halved, _of_people(weighted_difference_1976), missing),
    ]


def _plain(measure: Callable[[Picture, Picture], float]) -> Measure:
    return lambda done, pictures: measure(done, pictures.after)


def _of_people(measure: Callable[[Picture, Picture, NDArray[np.bool_]], float]) -> Measure:
    return lambda done, pictures: None if pictures.people is None else measure(done, pictures.after, pictures.people)


def _decibels(error: float) -> float:
    return float(10 * np.log10(255**2 / max(error, _LEAST_ERROR)))


def _apart_1976(one: Picture, two: Picture) -> NDArray[np.float64]:
    from skimage.color import rgb2lab

    apart: NDArray[np.float64] = np.linalg.norm(rgb2lab(one / 255) - rgb2lab(two / 255), axis=-1)
    return apart


def _histograms(picture: Picture) -> NDArray[np.float64]:
    """Shares (3, BINS)."""
    binned = picture.reshape(-1, 3) // (256 // BINS)
    return np.stack([np.bincount(channel, minlength=BINS) for channel in binned.T]) / len(binned)
