"""The matrix and offset in linear light."""

from __future__ import annotations


def test_a_matrix_whose_rows_sum_to_one_keeps_greys(apply, ramp, cube):
    matrix = [[1.4, -0.3, -0.1], [-0.2, 1.3, -0.1], [0.0, -0.4, 1.4]]
    assert float((apply("color_matrix", ramp, matrix=matrix) - ramp).abs().max()) < 1e-6
    assert float((apply("color_matrix", cube, matrix=matrix) - cube).abs().max()) > 0.1
