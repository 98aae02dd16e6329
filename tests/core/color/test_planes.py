"""Channels as planes: taken apart, mixed and put together."""

from __future__ import annotations

import pytest
import torch

from veraretouch.core.color.planes import each, join, largest, mix, planes_of, smallest, weighted

RGB = torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
MATRIX = ((0.5, 0.2, 0.1), (-0.3, 1.1, 0.4), (0.7, -0.6, 0.9))


def test_planes_lie_on_the_same_memory_and_join_to_the_same_photo():
    planes = planes_of(RGB)
    assert [plane.shape for plane in planes] == [(2, 1, 4, 5)] * 3
    assert planes[1].data_ptr() == RGB[:, 1].data_ptr()
    assert torch.equal(join(planes), RGB)


def test_each_channel_goes_through_the_function_with_those_beside_it():
    done = each(lambda one, two: one - 2 * two, planes_of(RGB), planes_of(RGB.flip(1)))
    assert torch.equal(join(done), RGB - 2 * RGB.flip(1))


def test_a_fixed_matrix_and_one_for_each_row_multiply_every_pixel():
    wanted = torch.einsum("ij,bjhw->bihw", torch.tensor(MATRIX, dtype=torch.float64), RGB)
    assert torch.allclose(join(mix(planes_of(RGB), MATRIX)), wanted, atol=1e-12)
    matrices = torch.tensor(MATRIX, dtype=torch.float64) * torch.tensor([1.0, -2.0]).reshape(2, 1, 1)
    wanted = torch.einsum("bij,bjhw->bihw", matrices, RGB)
    assert torch.allclose(join(mix(planes_of(RGB), matrices)), wanted, atol=1e-12)


def test_a_matrix_of_another_precision_takes_the_photos():
    matrices = torch.eye(3, dtype=torch.float64).expand(2, 3, 3)
    assert join(mix(planes_of(RGB.float()), matrices)).dtype == torch.float32


def test_weighted_largest_and_smallest():
    planes = planes_of(RGB)
    assert torch.allclose(weighted(planes, (0.2, -0.5, 3.0)), 0.2 * planes[0] - 0.5 * planes[1] + 3 * planes[2])
    assert torch.equal(largest(planes)[:, 0], RGB.amax(dim=1))
    assert torch.equal(smallest(planes)[:, 0], RGB.amin(dim=1))


def test_photos_of_different_numbers_of_channels_are_refused():
    with pytest.raises(ValueError, match="argument 2"):
        each(torch.add, planes_of(RGB), planes_of(RGB)[:2])
