"""Pictures are enlarged part by part to what they are as a whole."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import interpolate

from veraretouch.core.filters.enlarging import enlarged, resized

WHOLE = {"top": 0, "left": 0, "height": 31, "width": 47}


@pytest.fixture
def coarse() -> torch.Tensor:
    return torch.rand(2, 3, 7, 9, generator=torch.Generator().manual_seed(0))


def test_the_whole_is_what_torch_makes_of_it(coarse: torch.Tensor) -> None:
    expected = interpolate(coarse, size=(31, 47), mode="bilinear", align_corners=False)
    assert torch.allclose(enlarged(coarse, (31, 47), **WHOLE), expected, atol=1e-6)


@pytest.mark.parametrize(("top", "left", "size"), [(5, 0, (4, 47)), (0, 3, (31, 5)), (30, 46, (1, 1))])
def test_a_part_is_cut_from_the_whole(coarse: torch.Tensor, top: int, left: int, size: tuple[int, int]) -> None:
    whole = enlarged(coarse, (31, 47), **WHOLE)
    part = enlarged(coarse, size, **WHOLE | {"top": top, "left": left})
    assert torch.allclose(part, whole[:, :, top : top + size[0], left : left + size[1]], atol=1e-6)


def test_one_value_fills_a_picture_and_pictures_shrink_to_their_mean(coarse: torch.Tensor) -> None:
    assert enlarged(torch.full((1, 1, 1, 1), 0.3), (31, 47), **WHOLE).unique().tolist() == [pytest.approx(0.3)]
    assert torch.allclose(resized(coarse, (1, 1))[:, :, 0, 0], coarse.mean(dim=(2, 3)))
    assert resized(coarse, (14, 3)).shape == (2, 3, 14, 3)
