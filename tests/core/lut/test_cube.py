"""Cubes: what a map of colours becomes on a lattice, at every depth, on either way of applying it."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch

from veraretouch.core.lut import Cube
from veraretouch.core.lut.cube import nodes

DEPTHS = {"uint8": 255, "uint16": 65535, "float32": 1}


def warm(colours):
    """A map that is linear between the points of any lattice, so that interpolation is exact."""
    return colours @ np.array([[0.8, 0.0, 0.1], [0.1, 0.8, 0.0], [0.0, 0.1, 0.7]], np.float32) + np.float32(0.02)


def pixels(dtype, height=37, width=23):
    values = np.random.default_rng(2).random((height, width, 3))
    values[0, 0], values[-1, -1] = 0, 1
    scale = DEPTHS[dtype]
    return (np.rint(values * scale) if scale > 1 else values).astype(dtype)


def test_the_points_of_a_lattice_run_red_fastest():
    points = nodes(3).reshape(-1, 3)
    assert points[1].tolist() == [0.5, 0, 0]
    assert points[-1].tolist() == [1, 1, 1]
    assert len(points) == 27


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("n", [2, 17, 33])
def test_a_linear_map_is_exact_at_every_depth(dtype, n):
    photo, scale = pixels(dtype), DEPTHS[dtype]
    done = Cube.of(warm, n).apply(photo)
    wanted = warm((photo / scale).astype(np.float32)) * scale
    assert done.dtype == photo.dtype
    assert np.abs(done - wanted).max() <= (0.51 if scale > 1 else 1e-6)


def test_a_lattice_over_other_values_holds_there_on_either_way():
    cube = Cube.of(warm, 5, low=-0.25, high=1.5)
    photo = pixels("float32") * 1.75 - 0.25
    assert np.abs(cube.apply(photo) - warm(photo)).max() <= 1e-6
    assert np.abs(cube._by_torch(photo, torch.device("cpu")) - warm(photo)).max() <= 1e-6


@pytest.mark.parametrize("dtype", DEPTHS)
def test_opencolorio_and_torch_give_the_same_picture(dtype):
    cube = Cube.of(lambda colours: np.sin(3 * colours).astype(np.float32) ** 2, 9)
    photo, scale = pixels(dtype), DEPTHS[dtype]
    by_torch = cube._by_torch(photo, torch.device("cpu")).astype(float)
    assert np.abs(cube.apply(photo) - by_torch).max() <= (1 if scale > 1 else 2e-6)


def test_what_leaves_the_range_is_clipped_in_integers_and_kept_in_floats():
    cube = Cube.of(lambda colours: colours * 2 - 0.5, 5)
    assert cube.apply(pixels("uint8")).max() == 255
    done = cube.apply(pixels("float32"))
    assert done.min() < -0.4
    assert done.max() > 1.4


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (5, 7)])
def test_the_smallest_photos_are_done(size):
    photo = pixels("uint8", *size)
    assert np.abs(Cube.of(lambda colours: colours, 2).apply(photo).astype(int) - photo).max() == 0


def test_a_view_that_is_not_contiguous_is_taken():
    photo = pixels("uint8")
    cube = Cube.of(warm, 5)
    assert np.array_equal(cube.apply(photo[::2, ::-1]), cube.apply(np.ascontiguousarray(photo[::2, ::-1])))


@pytest.mark.parametrize("dtype", DEPTHS)
def test_torch_does_tall_photos_strip_by_strip_and_clips_integers_at_both_ends(dtype):
    cube = Cube.of(lambda colours: colours * 2 - 0.5, 5)
    photo, scale = pixels(dtype, 1100, 3), DEPTHS[dtype]
    by_torch = cube._by_torch(photo, torch.device("cpu")).astype(float)
    assert np.abs(cube.apply(photo) - by_torch).max() <= (1 if scale > 1 else 2e-6)
    assert by_torch.min() == (0 if scale > 1 else pytest.approx(-0.5))


def test_nodes_are_made_once_and_a_cube_stays_as_it_is():
    assert nodes(4) is nodes(4)
    cube = Cube.of(lambda colours: colours, 2)
    with pytest.raises(FrozenInstanceError):
        cube.values = cube.values


def test_torch_takes_what_is_beyond_black_and_white_as_those():
    cube = Cube.of(lambda colours: colours * 2 - 0.5, 5)
    beyond, within = np.float32([[[-1, 0.5, 3]]]), np.float32([[[0, 0.5, 1]]])
    cpu = torch.device("cpu")
    assert np.array_equal(cube._by_torch(beyond, cpu), cube._by_torch(within, cpu))


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_colours_are_given_as_floats_neither_rounded_nor_clipped(dtype):
    photo, scale = pixels(dtype), DEPTHS[dtype]
    cube = Cube.of(lambda colours: 3 * warm(colours) - 1, 17)
    done = cube.to_floats(photo)
    assert done.dtype == np.float32
    assert done.min() < -0.2
    assert done.max() > 1.2
    np.testing.assert_allclose(done, 3 * warm((photo / scale).astype(np.float32)) - 1, atol=1e-5)
    assert np.abs(np.rint(done.clip(0, 1) * scale) - cube.apply(photo)).max() <= 1
