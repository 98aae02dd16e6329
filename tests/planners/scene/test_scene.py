"""What photos show: the installed network finds skies, trees, people and skin in photos that may be copied."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from veraretouch.core.errors import InvalidRequest
from veraretouch.core.photo import as_photo, open_photo
from veraretouch.planners.scene.network import CLASSES, GRID
from veraretouch.planners.scene.scene import Scene, scene_of, shares_of

PHOTOS = Path(__file__).parents[2] / "data" / "photos"


def _scene(name: str) -> Scene:
    return scene_of(open_photo(PHOTOS / f"{name}.jpg"))


def test_shares_sum_to_one_and_each_row_depends_on_itself_alone() -> None:
    torch.manual_seed(0)
    pictures = torch.rand(3, 3, 70, 110)
    shares = shares_of(pictures)
    assert shares.shape == (3, len(CLASSES), GRID, GRID)
    assert torch.allclose(shares.sum(dim=1), torch.ones(3, GRID, GRID), atol=1e-5)
    assert torch.equal(shares_of(pictures[1:2])[0], shares[1])


def test_values_beyond_the_range_are_clamped_and_nothing_is_infinite() -> None:
    shares = shares_of(torch.tensor([-4.0, 0.5, 9.0]).reshape(1, 3, 1, 1).expand(1, 3, 5, 5))
    assert torch.isfinite(shares).all()


@pytest.mark.parametrize(
    ("name", "shown", "least"),
    [
        ("kodak-12", "person", 0.02),
        ("kodak-16", "sky", 0.2),
        ("kodak-22", "foliage", 0.1),
        ("buddiesofbudgie-singaporean-cityscape", "building", 0.1),
        ("skimage-astronaut", "skin", 0.03),
        ("skimage-astronaut", "person", 0.2),
    ],
)
def test_it_sees_what_is_there(name: str, shown: str, least: float) -> None:
    assert _scene(name).share(shown) >= least


def test_a_cat_has_no_skin_of_people_and_no_sky() -> None:
    cat = _scene("skimage-chelsea")
    assert cat.share("sky") < 0.05


def test_shares_are_named_largest_first() -> None:
    found = _scene("kodak-16").by_name()
    assert set(found) == set(CLASSES)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert sum(found.values()) == pytest.approx(1, abs=1e-4)


def test_masks_have_the_size_of_the_picture() -> None:
    photo = open_photo(PHOTOS / "kodak-16.jpg")
    lifted = scene_of(photo).lifted(photo.tensor()[None], ["sky", "foliage"])
    assert lifted.shape == (2, photo.height, photo.width)
    assert float(lifted[0, :20].mean()) > 0.8


def test_a_class_that_is_none_is_refused_with_the_nearest_name() -> None:
    scene = Scene(torch.full((len(CLASSES), GRID, GRID), 1 / len(CLASSES)))
    with pytest.raises(InvalidRequest, match=r"no class 'skye'.*sky"):
        scene.share("skye")
    with pytest.raises(InvalidRequest, match="no class"):
        scene.lifted(torch.zeros(1, 3, 8, 8), ["skye"])


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (400, 2)])
def test_photos_of_any_shape_are_seen(size: tuple[int, int]) -> None:
    assert scene_of(as_photo(np.full((*size, 3), 128, np.uint8))).shares.shape == (len(CLASSES), GRID, GRID)
