"""Registering an area is being tested: every installed area passes the conformance function."""

from __future__ import annotations

import pytest

from veraretouch import registry
from veraretouch.core.testing import check_area

# The areas of planners/scene are of one class; those that are left out run in `make bench`.
SLOW = {"foliage", "water", "person", "skin", "ground"}


@pytest.mark.parametrize(
    "area", [pytest.param(id, marks=pytest.mark.slow) if id in SLOW else id for id in registry.areas.ids()]
)
def test_every_installed_area_conforms(area: str) -> None:
    check_area(area)


def test_all_areas_of_the_design_are_installed() -> None:
    design = {
        "linear",
        "ellipse",
        "luminance",
        "color",
        "brush",
        "bitmap",
        "sky",
        "foliage",
        "water",
        "person",
        "skin",
        "ground",
    }
    assert design <= set(registry.areas.ids())
