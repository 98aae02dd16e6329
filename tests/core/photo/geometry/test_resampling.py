"""Pixels made anew: exact where nothing moves, sharp where it does, together with a lens's map, at every depth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from veraretouch.core.photo import as_photo
from veraretouch.core.photo.geometry.framing import Framing, Perspective
from veraretouch.core.photo.geometry.resampling import framed_tensor, homography, resampled
from veraretouch.core.photo.photo_input import PhotoInput

DEPTHS = {"uint8": 255, "uint16": 65535, "float32": 1}


def waves(dtype: str, height: int = 300, width: int = 420) -> np.ndarray:
    """A smooth picture, of at least eight pixels a wave."""
    y, x = np.mgrid[0:height, 0:width] + 0.5
    values = np.stack(
        [0.5 + 0.3 * np.sin(x / 3 + y / 9), 0.5 + 0.4 * np.cos(y / 4), 0.3 + 0.4 * x / width + 0.2 * y / height], -1
    )
    return (np.rint(values * DEPTHS[dtype]) if DEPTHS[dtype] > 1 else values).astype(dtype)


@pytest.mark.parametrize("dtype", DEPTHS)
def test_crops_and_flips_take_pixels_bit_for_bit(dtype):
    pixels = waves(dtype)
    photo = as_photo(pixels)
    part = pixels[60:240, 42:378]
    assert np.array_equal(photo.framed(Framing(crop=(0.1, 0.2, 0.9, 0.8))).pixels, part)
    for flip, across, down in (("horizontal", -1, 1), ("vertical", 1, -1), ("both", -1, -1)):
        assert np.array_equal(photo.framed(Framing(flip=flip)).pixels, pixels[::down, ::across])
        framed = photo.framed(Framing(crop=(0.1, 0.2, 0.9, 0.8), flip=flip))
        assert np.array_equal(framed.pixels, part[::down, ::across])
        assert framed.pixels.flags.c_contiguous


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("dtype", DEPTHS)
def test_quarter_turns_take_pixels_bit_for_bit_and_the_rest_is_said_of_the_turned_photo(dtype, count):
    pixels = waves(dtype)
    photo, turned = as_photo(pixels), as_photo(np.rot90(pixels, -count))
    assert np.array_equal(photo.framed(Framing(quarter_turns=count)).pixels, turned.pixels)
    for frame in (
        Framing(crop=(0.1, 0.2, 0.7, 0.9), flip="horizontal"),
        Framing(crop=(0.1, 0.2, 0.7, 0.9), angle=4, perspective=Perspective(vertical=-20)),
    ):
        both = replace(frame, quarter_turns=count)
        assert np.array_equal(photo.framed(both).pixels, turned.framed(frame).pixels)
        height, width = pixels.shape[:2]
        placed, upright = both.placed(width, height), frame.placed(turned.width, turned.height)
        assert placed.size == upright.size
        at = upright.matrix @ (20, 30, 1)
        x, y = at[:2] / at[2]
        there = {1: (y, height - x), 2: (width - x, height - y), 3: (width - y, x)}[count]
        found = placed.matrix @ (20, 30, 1)
        assert found[:2] / found[2] == pytest.approx(there)
        rgb = torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1)
        assert tuple(PhotoInput.of(rgb).framed(both).size) == upright.size[::-1]


def test_a_frame_that_changes_nothing_gives_the_photo_itself():
    photo = as_photo(waves("uint8"))
    assert photo.framed(Framing()) is photo


def test_flipping_twice_gives_the_photo_back():
    photo = as_photo(waves("uint8"))
    for flip in ("horizontal", "vertical", "both"):
        twice = photo.framed(Framing(flip=flip)).framed(Framing(flip=flip))
        assert np.array_equal(twice.pixels, photo.pixels)


@pytest.mark.parametrize("dtype", DEPTHS)
def test_resampling_where_nothing_moves_gives_the_same_pixels(dtype):
    pixels = waves(dtype)
    placed = Framing(crop=(0.1, 0.2, 0.9, 0.8), flip="both").placed(420, 300)
    done, _ = resampled(pixels, None, placed.size, homography(placed.matrix))
    assert np.abs(done.astype(float) - pixels[60:240, 42:378][::-1, ::-1]).max() <= (0 if DEPTHS[dtype] > 1 else 1e-5)


@pytest.mark.parametrize("dtype", DEPTHS)
def test_there_and_back_is_nearly_the_photo(dtype):
    photo = as_photo(waves(dtype))
    turned = photo.framed(Framing(angle=4))
    back = turned.framed(Framing(angle=-4))
    top, left = (300 - back.height) / 2, (420 - back.width) / 2
    y, x = np.mgrid[0 : back.height, 0 : back.width] + 0.5
    expected = 0.5 + 0.3 * np.sin((x + left) / 3 + (y + top) / 9)
    apart = np.abs(back.pixels[..., 0] / DEPTHS[dtype] - expected)[8:-8, 8:-8]
    assert apart.mean() < 0.006
    assert apart.max() < 0.03


def test_a_straight_edge_stays_sharp_and_straight():
    pixels = np.zeros((400, 400, 3), np.uint8)
    pixels[:, 200:] = 255
    done = as_photo(pixels).framed(Framing(angle=7)).pixels[..., 0].astype(float) / 255
    # Along each row the edge lies where a line has it, to a tenth of a pixel, and is crossed within three.
    found = (1 - done).clip(0, 1).sum(axis=1)
    line = np.polyfit(np.arange(len(found)), found, 1)
    assert line[0] == pytest.approx(-np.tan(np.radians(7)), abs=0.001)
    assert np.abs(np.polyval(line, np.arange(len(found))) - found).max() < 0.1
    assert ((done > 0.05) & (done < 0.95)).sum(axis=1).max() <= 3


def test_what_shrinks_is_averaged_and_makes_no_moire():
    fine = np.zeros((400, 400, 3), np.uint8)
    fine[:, ::2] = 255
    small = as_photo(fine).framed(Framing(perspective=Perspective(scale=50)))
    assert small.pixels.shape[:2] == (200, 200)
    middle = small.pixels[20:-20, 20:-20].astype(float)
    assert abs(middle.mean() - 127.5) < 2
    assert middle.std() < 6


def test_strips_and_tiles_leave_no_seam():
    y, x = np.mgrid[0:560, 0:620]
    plane = np.stack([x, y, x + y], -1).astype(np.float32) / 2000
    done = as_photo(plane).framed(Framing(angle=3)).pixels
    slopes = np.diff(done[8:-8, 8:-8, 0], axis=1)
    assert np.abs(slopes - np.cos(np.radians(3)) / 2000).max() < 5e-6


def test_hidden_colours_do_not_bleed_into_what_is_seen():
    pixels = np.zeros((120, 120, 3), np.uint8)
    pixels[:, :60], pixels[:, 60:] = (0, 200, 0), (255, 0, 0)
    alpha = np.zeros((120, 120), np.uint8)
    alpha[:, :60] = 255
    done = as_photo(np.dstack((pixels, alpha))).framed(Framing(angle=5))
    seen = done.alpha > 20
    assert done.alpha.dtype == np.uint8
    assert done.pixels[seen][:, 0].max() <= 2
    assert done.pixels[seen][:, 1].min() >= 197


def test_a_lens_and_a_frame_are_one_resampling():
    """Barrel distortion r (1 + 0.1 r^2) undone: what is seen equals the undistorted scene, resampled once."""
    height, width, strength = 300, 420, 0.1

    def scene(x, y):
        return 0.5 + 0.3 * np.sin(x / 5) * np.cos(y / 6)

    def distort(points, library=torch):
        centre = torch.tensor((width / 2, height / 2), dtype=torch.float64)
        apart = (points - centre) / (width / 2)
        return centre + apart * (1 + strength * (apart**2).sum(-1, keepdim=True)) * (width / 2)

    y, x = np.mgrid[0:height, 0:width] + 0.5
    # The lens draws at distort(p) what lies at p: found for each pixel by iteration.
    drawn = torch.from_numpy(np.stack((x, y), -1))
    straight = drawn.clone()
    for _ in range(20):
        straight = straight + (drawn - distort(straight))
    taken = scene(straight[..., 0].numpy(), straight[..., 1].numpy())
    photo = as_photo(np.repeat(taken[..., None], 3, -1).astype(np.float32))

    frame = Framing(crop=(0.25, 0.25, 0.75, 0.75), angle=3)
    done = photo.framed(frame, lens=distort)
    placed = frame.placed(width, height)
    across, down = np.meshgrid(np.arange(done.width) + 0.5, np.arange(done.height) + 0.5)
    where = placed.matrix @ np.stack((across.ravel(), down.ravel(), np.ones(across.size)))
    expected = scene(where[0] / where[2], where[1] / where[2]).reshape(across.shape)
    assert np.abs(done.pixels[..., 0] - expected).max() < 0.01


def test_a_lens_may_move_each_colour_its_own_way():
    pixels = waves("float32")

    def apart(points):
        return torch.stack([points + shift for shift in (0.0, 1.0, -1.0)])

    done = as_photo(pixels).framed(Framing(crop=(0.1, 0.1, 0.9, 0.9)), lens=apart)
    for colour, shift in enumerate((0, 1, -1)):
        expected = pixels[30 + shift : 270 + shift, 42 + shift : 378 + shift, colour]
        assert np.abs(done.pixels[..., colour] - expected).max() < 1e-5


def test_a_tensor_is_framed_alike_and_has_gradients():
    pixels = waves("float32", 60, 90)
    frame = Framing(crop=(0.1, 0.2, 0.9, 0.9), angle=3, flip="horizontal")
    rgb = torch.from_numpy(pixels).permute(2, 0, 1)[None].repeat(2, 1, 1, 1).requires_grad_()
    done = framed_tensor(rgb, frame.placed(90, 60))
    expected = as_photo(pixels).framed(frame).pixels
    assert done.shape == (2, 3, *expected.shape[:2])
    limited = done[1].detach().permute(1, 2, 0).clamp(float(pixels.min()), float(pixels.max()))
    assert np.abs(limited.numpy() - expected).max() < 1e-5
    assert torch.equal(framed_tensor(rgb[1], frame.placed(90, 60)), done[1])
    (gradient,) = torch.autograd.grad(done.sum(), rgb)
    assert float(gradient.sum()) == pytest.approx(done.numel(), rel=1e-4)


@pytest.mark.parametrize("flip", ["none", "horizontal", "vertical", "both"])
def test_crops_and_flips_take_the_values_of_a_tensor_as_they_are(flip):
    pixels = waves("float32", 60, 90)
    for crop in ((0, 0, 1, 1), (0.1, 0.2, 0.7, 0.9)):
        frame = Framing(crop=crop, flip=flip)
        done = framed_tensor(torch.from_numpy(pixels).permute(2, 0, 1), frame.placed(90, 60))
        assert np.array_equal(done.permute(1, 2, 0).numpy(), as_photo(pixels).framed(frame).pixels)


def test_a_small_copy_framed_is_the_frame_made_small():
    photo = as_photo(waves("uint8", 600, 900))
    frame = Framing(crop=(0.1, 0.05, 0.8, 0.9), angle=-2.5, perspective=Perspective(vertical=-20))
    small, large = photo.resized(300).framed(frame), photo.framed(frame)
    again = large.resized(max(small.width, small.height))
    assert abs(again.height - small.height) <= 1
    height, width = min(again.height, small.height), min(again.width, small.width)
    apart = np.abs(again.pixels[:height, :width].astype(float) - small.pixels[:height, :width])
    assert apart.mean() < 2.5
