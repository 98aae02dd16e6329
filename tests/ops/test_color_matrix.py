"""The matrix and offset in linear light."""

from __future__ import annotations

import torch

from veraretouch.core.color.srgb import linear_to_srgb, srgb_to_linear


def test_a_matrix_whose_rows_sum_to_one_keeps_greys(apply, ramp, cube):
    matrix = [[1.4, -0.3, -0.1], [-0.2, 1.3, -0.1], [0.0, -0.4, 1.4]]
    assert float((apply("color_matrix", ramp, matrix=matrix) - ramp).abs().max()) < 1e-6
    assert float((apply("color_matrix", cube, matrix=matrix) - cube).abs().max()) > 0.1


def test_rows_give_the_new_channels_of_linear_light_and_the_offset_is_added_there(apply, cube):
    matrix = torch.tensor([[0.9, 0.05, 0.0], [0.1, 0.6, 0.2], [0.0, 0.3, 0.5]], dtype=torch.float64)
    offset = torch.tensor([0.02, 0.0, 0.05], dtype=torch.float64)
    expected = linear_to_srgb(matrix @ srgb_to_linear(cube) + offset[:, None])
    assert torch.allclose(apply("color_matrix", cube, matrix=matrix, offset=offset), expected, atol=1e-9)
