"""Areas of what a photo shows: they cover it, follow its edges, and are of the installed weights' version."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from masks import at, mask_of
from torch import Tensor
from torch.nn.functional import avg_pool2d

from veraretouch import Photo, open_photo, registry
from veraretouch.planners.scene import weights
from veraretouch.planners.scene.areas import Foliage, Person, SceneArea, Skin, Sky

SAMPLES = Path(__file__).parents[3] / "docs" / "samples"

# With other weights the same slots give other masks: raise `weights.VERSION`, and note the new file here.
FILES = {
    1: "e2d40f5a40a758a5f1648cc00a3671d7aa6dad45c2709ae0eabdfd06a13f2204",
    2: "f1b9b912eb7e186e9319ab5affcfc5b3046bd110d1cef65e26628516837eecdb",
}


def shown(name: str, side: int = 640) -> Tensor:
    """A sample photo (1, 3, H, W), its sides multiples of 4."""
    photo: Photo = open_photo(SAMPLES / f"{name}.jpg").resized(side)
    rgb = photo.tensor()[None]
    return rgb[:, :, : rgb.shape[2] // 4 * 4, : rgb.shape[3] // 4 * 4]


@pytest.fixture(scope="module")
def lake() -> Tensor:
    """Mountains and their sky above a lake."""
    return shown("lake")


def test_the_version_rises_with_the_weights() -> None:
    file = Path(weights.__file__).with_name("bundle") / weights.FILE
    assert hashlib.sha256(file.read_bytes()).hexdigest() == FILES[weights.VERSION]
    assert {area.version for area in SceneArea.__subclasses__()} == {weights.VERSION}
    assert {area.id for area in SceneArea.__subclasses__()} <= set(registry.areas.ids())


def test_the_sky_is_covered_and_the_rest_is_not(lake: Tensor) -> None:
    mask = mask_of(Sky, lake)
    assert mask[:, :, : lake.shape[2] // 8].min() > 0.98
    assert mask[:, :, lake.shape[2] * 2 // 3 :].max() < 0.02
    assert mask_of(Skin, lake).mean() < 0.01


def test_edges_are_those_of_the_photo_and_not_of_the_networks_grid(lake: Tensor) -> None:
    sharp, coarse = mask_of(Sky, lake), mask_of(Sky, lake, refine=0.0)

    def photo_steps_along_edges(mask: Tensor) -> float:
        """How much the photo changes from row to row where the mask does, on average."""
        steps, weight = lake.mean(dim=1, keepdim=True).diff(dim=2).abs(), mask.diff(dim=2).abs()
        return float((steps * weight).sum() / weight.sum())

    assert photo_steps_along_edges(sharp) > 1.5 * photo_steps_along_edges(coarse)


def test_growing_takes_in_more_and_a_softer_edge_is_less_sure(lake: Tensor) -> None:
    less, plain, more = (mask_of(Sky, lake, grow=grow).mean() for grow in (-1.0, 0.0, 1.0))
    assert less < plain < more
    hard, soft = (mask_of(Sky, lake, feather=feather) for feather in (0.0, 1.0))
    assert ((hard > 0.02) & (hard < 0.98)).sum() < ((soft > 0.02) & (soft < 0.98)).sum()


def test_a_person_holds_the_skin() -> None:
    portrait = shown("portrait")
    person, skin = mask_of(Person, portrait), mask_of(Skin, portrait)
    assert at(person, 0.56, 0.27) > 0.9
    assert at(skin, 0.56, 0.27) > 0.9  # the face
    assert at(person, 0.56, 0.7) > 0.9
    assert at(skin, 0.56, 0.7) < 0.1  # the dress
    assert person.mean() > skin.mean()
    assert at(mask_of(Foliage, portrait), 0.56, 0.27) < 0.1


@pytest.mark.parametrize("name", ["lake", "barn"])
def test_a_preview_shows_the_mask_of_the_photo(name: str) -> None:
    photo = shown(name, 1200)
    full, small = mask_of(Sky, photo), mask_of(Sky, avg_pool2d(photo, 4))
    assert (avg_pool2d(full, 4) - small).abs().mean() < 0.02


def test_plans_of_older_weights_are_read_with_their_values() -> None:
    assert Sky.migrate({"grow": 0.2}, 1) == {"grow": 0.2}


def test_many_of_one_photo_are_as_the_photo_alone(lake: Tensor) -> None:
    grow = torch.tensor([0.0, 0.5])
    both = mask_of(Sky, lake.expand(2, -1, -1, -1), grow=grow.reshape(2))
    assert torch.allclose(both[1:], mask_of(Sky, lake, grow=0.5), atol=1e-5)
