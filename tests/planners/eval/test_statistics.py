"""Intervals over photos: as scipy has them, and as often right as they claim."""

import numpy as np
import pytest
from lazily import Lazy

from veraretouch.planners.eval.statistics import figure, interval

scipy_stats = Lazy("scipy.stats")


def test_the_interval_is_that_of_scipy():
    values = np.random.default_rng(3).gamma(2.0, size=40)
    theirs = scipy_stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=20_000, random_state=1
    ).confidence_interval
    assert interval(values, draws=20_000) == pytest.approx((theirs.low, theirs.high), abs=0.02)


def test_an_interval_of_95_percent_holds_the_truth_about_that_often():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        low, high = interval(rng.normal(5.0, 2.0, size=60), draws=300)
        held += low <= 5.0 <= high
    assert 0.91 <= held / 400 <= 0.98


def test_photos_count_alike_however_many_cases_each_has():
    found = figure({"a": [1.0, 1.0, 1.0, 1.0], "b": [3.0]})
    assert (found.mean, found.photos) == (2.0, 2)


def test_many_cases_of_few_photos_make_no_narrow_interval():
    few = {str(photo): [float(photo)] * 50 for photo in range(5)}
    once = {str(photo): [float(photo)] for photo in range(5)}
    assert figure(few) == figure(once)


def test_one_photo_has_no_interval():
    assert figure({"a": [1.0, 2.0]}).document() == {"mean": 1.5, "low": None, "high": None, "photos": 1}
