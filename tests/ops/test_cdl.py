"""`cdl` against OpenColorIO, the reference of film."""

from __future__ import annotations

import PyOpenColorIO as ocio
import pytest
import torch
from colours import by_ocio


@pytest.fixture
def pixels() -> torch.Tensor:
    """Random colours (3, 4000) in [-0.1, 1.2] in float64, then the cube's corners."""
    generator = torch.Generator().manual_seed(1)
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 3).T
    return torch.cat([1.3 * torch.rand(3, 4000, generator=generator, dtype=torch.float64) - 0.1, corners], dim=1)


GRADES = {
    "slope": {"slope": [1.2, 0.9, 1.1]},
    "offset": {"offset": [0.05, -0.03, 0.1]},
    "power": {"power": [1.3, 0.8, 1.0]},
    "saturation": {"saturation": 1.4},
    "monochrome": {"saturation": 0.0},
    "all": {"slope": [1.1, 0.8, 1.3], "offset": [-0.05, 0.02, 0.0], "power": [0.7, 1.2, 1.6], "saturation": 0.7},
    "strong": {"slope": [2.5, 0.3, 1.0], "offset": [-0.4, 0.3, 0.0], "power": [2.2, 0.45, 1.6], "saturation": 2.0},
}


@pytest.mark.parametrize("grade", GRADES.values(), ids=GRADES)
def test_cdl_gives_the_values_of_opencolorio_without_clamping(apply, pixels, grade):
    transform = ocio.CDLTransform()
    transform.setStyle(ocio.CDL_NO_CLAMP)
    transform.setSlope(grade.get("slope", [1.0] * 3))
    transform.setOffset(grade.get("offset", [0.0] * 3))
    transform.setPower(grade.get("power", [1.0] * 3))
    transform.setSat(grade.get("saturation", 1.0))
    assert float((apply("cdl", pixels, **grade) - by_ocio(transform, pixels)).abs().max()) < 1e-5
