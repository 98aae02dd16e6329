"""The contract of an area class, judged when the class is made, and what areas are told of their photo."""

import pytest
import torch

from veraretouch import Area, Frame, Slot, registry
from veraretouch.core.contract.area import VIEW, positions, sides, small_view
from veraretouch.core.errors import InvalidArea
from veraretouch.core.testing.isolation import isolated_registry


def top(**change):
    """An area class that covers the top of a photo, with some of its declarations changed; None leaves one out."""
    body = {
        "__doc__": "Cover the top.",
        "id": "acme.top",
        "version": 1,
        "reach": Slot(0.5, low=0.0, high=1.0, group="area", doc="How far down."),
        "mask": lambda self, rgb, p: (positions(p.frame, rgb)[1] < p.reach).to(rgb).expand(len(rgb), 1, *rgb.shape[2:]),
    } | change
    return type("Top", (Area,), {name: value for name, value in body.items() if value is not None})


CONTRACT = {
    "an id of three parts": ({"id": "acme.film.top"}, "id 'acme.film.top' is not of the form 'area' or 'vendor.area'"),
    "no version": ({"version": None}, "version is None. Give a whole number from 1"),
    "a place in words": (
        {"placed": "no"},
        "placed is 'no'. Give False where the mask is the same wherever a colour lies",
    ),
    "turning back in words": ({"monotonic": 1}, "monotonic is 1. Give True where the mask of every row and column"),
    "a view in words": ({"view": "yes"}, "view is 'yes'. Give True where the mask needs a small view"),
    "no docstring": ({"__doc__": None}, "no docstring. Say in one line what the area covers"),
    "no mask": ({"mask": None}, r"no mask\(\). Define mask\(self, rgb, p\)"),
    "a slot of another group": (
        {"reach": Slot(group="lighting", doc="How far.")},
        "slot 'reach' is of group 'lighting'. Give group=\"area\"",
    ),
    "a slot named mask": ({"mask": Slot(group="area", doc="Doc.")}, "slot 'mask' shadows an attribute of Area"),
    "a slot named frame": ({"frame": Slot(group="area", doc="Doc.")}, "slot 'frame' shadows an attribute of Area"),
}


@pytest.mark.parametrize(("change", "message"), CONTRACT.values(), ids=CONTRACT.keys())
def test_an_area_class_that_breaks_the_contract_cannot_be_made(change, message):
    with pytest.raises(InvalidArea, match=f"^Top: {message}"):
        top(**change)


def test_the_registry_takes_areas_and_nothing_else_for_one():
    with isolated_registry():
        registry.areas.add(top())
        assert registry.areas.load("acme.top").version == 1
        with pytest.raises(InvalidArea, match=r"is not a subclass of veraretouch\.Area with an id"):
            registry.areas.add(object, id="acme.other")
        with pytest.raises(InvalidArea, match=r"named 'acme.other' but the area's id is 'acme.top'"):
            registry.areas.add(top(), id="acme.other")


def test_tiles_know_their_places_in_the_photo():
    whole = positions(Frame(0, 0, 40, 80), torch.zeros(1, 3, 40, 80))
    tile = positions(Frame(10, 20, 40, 80), torch.zeros(1, 3, 8, 8))
    assert torch.equal(tile[0], whole[0][..., 20:28])
    assert torch.equal(tile[1], whole[1][:, :, 10:18])
    assert whole[0].min() == 0.5 / 80
    assert whole[0].max() == 79.5 / 80
    assert sides(Frame(0, 0, 40, 80)) == (1.0, 0.5)


def test_the_small_view_keeps_the_whole_photo_and_small_photos_as_they_are():
    photo = torch.rand(1, 3, 2 * VIEW, VIEW, generator=torch.Generator().manual_seed(0))
    small = small_view(photo)
    assert small.shape == (1, 3, VIEW, VIEW // 2)
    assert small.mean() == pytest.approx(photo.mean(), abs=1e-3)
    assert small_view(small) is small
