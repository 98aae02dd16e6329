"""The peers do what their names say, and those that are not installed say so."""

import numpy as np
import pytest
from judged import pixels, spoilt
from PIL import Image, ImageOps

from veraretouch import Plan, Renderer
from veraretouch.planners.eval import peers
from veraretouch.planners.eval.data import Case, Pictures, Stored
from veraretouch.planners.eval.metrics import difference, psnr
from veraretouch.planners.training.data import eight_bit

GOOD = pixels("lake")


def case(photo, subset="auto"):
    return Case(photo, photo, photo, subset, Stored("none"), Stored("none"))


def exposed(picture, ev):
    plan = {
        "schema": "veraretouch.plan/1",
        "mode": "param",
        "edits": {"exposure": {"version": 1, "params": {"ev": ev}}},
    }
    return np.asarray(Renderer().render(picture, Plan.load(plan), engine="exact"))


def pair(good, ev):
    return Pictures(good.astype(np.float32) / 255, exposed(good, ev))


def test_doing_nothing_gives_the_photo_back():
    assert (peers.nothing(case("a"), pair(GOOD, 1.0)) == GOOD).all()


def test_autocontrast_is_pillows():
    assert (peers.autocontrast(GOOD) == np.asarray(ImageOps.autocontrast(Image.fromarray(GOOD), cutoff=1))).all()


def test_grey_world_makes_the_channels_means_agree():
    means = peers.grey_world(GOOD // 2).reshape(-1, 3).mean(axis=0)
    assert np.ptp(means) < 1.0


def test_clahe_raises_local_contrast():
    flat = (GOOD // 4 + 90).astype(np.uint8)
    assert peers.equalize_adapthist(flat).std() > 1.5 * flat.std()


@pytest.mark.skipif(peers.imagemagick() is None, reason="ImageMagick is not installed")
def test_imagemagick_levels_the_range():
    done = peers.by_imagemagick((GOOD // 2 + 30).astype(np.uint8))
    assert done.shape == GOOD.shape
    assert (done.min(), done.max()) == (0, 255)


def test_a_constant_fault_is_undone_by_the_constant_correction_of_the_others():
    names = ("lake", "flower", "portrait")
    cases, pictures = (
        [case(name) for name in names],
        [pair((pixels(name) * 0.5).astype(np.uint8), 0.8) for name in names],
    )
    correct = peers.ConstantCorrection(cases, [peers.stops_between(found) for found in pictures])
    assert (
        psnr(correct(cases[0], pictures[0]), pictures[0].after)
        > 40
        > psnr(eight_bit(pictures[0].before), pictures[0].after)
    )


def test_the_constant_correction_does_not_know_the_photo_that_it_corrects():
    cases = [case("lake"), case("flower")]
    pictures = [pair(pixels("lake"), 1.5), pair(pixels("flower"), 0.0)]
    correct = peers.ConstantCorrection(cases, [peers.stops_between(found) for found in pictures])
    assert np.abs(correct(cases[0], pictures[0]).astype(int) - pixels("lake")).max() <= 1
    assert difference(correct(cases[1], pictures[1]), pixels("flower")) > 3  # it got the other's 1.5 stops


def test_subsets_have_constant_corrections_of_their_own():
    cases = [case("lake"), case("flower", "style")]
    correct = peers.ConstantCorrection(cases, [np.zeros(3), np.ones(3)])
    assert (correct(cases[0], pair(GOOD, 0.0)) == GOOD).all()


def test_what_is_missing_says_so_with_the_cure(monkeypatch):
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    monkeypatch.setattr(peers, "imagemagick", lambda: None)
    monkeypatch.setattr("veraretouch.zoo.names.listings", dict)
    missing = {peer.name: peer.missing for peer in peers.plain_peers() if peer.retouch is None}
    assert missing == {
        "scikit-image CLAHE": "scikit-image is not installed: pip install scikit-image",
        peers.MAGICK: "ImageMagick is not installed: apt-get install imagemagick",
        "ia3dlut": "ia3dlut is not installed: pip install ./contrib/ia3dlut",
    }


@pytest.mark.slow
def test_the_oracle_undoes_what_the_ops_can_undo():
    good = pixels("portrait", 192)
    before = spoilt(good, 5)
    pictures = Pictures(before.astype(np.float32) / 255, good)
    assert psnr(peers.oracle(case("portrait"), pictures), good) > psnr(before, good) + 5
