"""The renderer in tiles and strips, and in each float type."""

import pytest
import torch
from renderings import BUILT_IN, SCHEMA, Blur, built_in, latents_of, photos

from veraretouch import Latents, Renderer, Schema, registry


@pytest.mark.parametrize("pixels", [1, 7, 14, 28, 49, 10_000])
def test_tiles_of_plain_arithmetic_give_the_same_bits_as_the_whole(renderer, small_tiles, pixels):
    rgb, latents = photos(), latents_of(add=[0.1, -0.2], double=0.3)
    whole = renderer(rgb, latents)
    small_tiles(pixels)
    assert torch.equal(renderer(rgb, latents), whole)


# Not the same bits: torch computes powers by vectors, and by other code where a vector is not full.
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float16, 1e-3), (torch.float64, 1e-12)])
@pytest.mark.parametrize("id", BUILT_IN)
def test_tiles_of_each_built_in_op_give_the_same_picture_as_the_whole(small_tiles, id, dtype, tolerance):
    schema = Schema.of([registry.ops.load(id)], lattice=5)
    raw = torch.randn(2, schema.size, generator=torch.Generator().manual_seed(3))
    latents, rgb = Latents.squash(schema, raw), photos(2, 37, 29, dtype=dtype)
    whole = Renderer()(rgb, latents)
    small_tiles(29 * 2 * 5)
    torch.testing.assert_close(Renderer()(rgb, latents), whole, rtol=0, atol=tolerance)


@pytest.mark.parametrize("height", [1, 2, 3, 16, 17, 33, 100])
@pytest.mark.parametrize("name", ["blur", "shade", "equalize"])
def test_strips_of_a_spatial_op_give_the_same_picture_as_the_whole(renderer, small_tiles, name, height):
    rgb, latents = photos(2, height, 5), latents_of(**{name: [0.9, 0.4]})
    whole = renderer(rgb, latents)
    assert not torch.equal(whole, rgb)
    small_tiles(1)
    torch.testing.assert_close(renderer(rgb, latents), whole, rtol=0, atol=1e-6)


def test_the_test_of_strips_would_notice_a_halo_that_is_too_small(renderer, small_tiles, monkeypatch):
    rgb, latents = photos(1, 100, 5), latents_of(blur=1.0)
    whole = renderer(rgb, latents)
    monkeypatch.setattr(Blur, "halo", lambda self, p, size: 1)
    small_tiles(1)
    assert (renderer(rgb, latents) - whole).abs().max() > 1e-2


def test_a_chain_of_pointwise_and_spatial_ops_is_the_same_in_tiles(renderer, small_tiles):
    rgb, latents = photos(2, 60, 5), latents_of(add=0.2, blur=[0.5, 0.0], shade=0.7, double=-0.25)
    whole = renderer(rgb, latents)
    small_tiles(4)
    torch.testing.assert_close(renderer(rgb, latents), whole, rtol=0, atol=1e-6)


def test_a_spatial_op_in_some_rows_leaves_the_others_bit_for_bit(renderer, small_tiles):
    rgb = photos(3, 40, 5)
    latents = Latents(
        SCHEMA,
        {"test.blur": {"amount": torch.full((3,), 0.8)}},
        present={"test.blur": torch.tensor([False, True, False])},
    )
    small_tiles(1)
    done = renderer(rgb, latents)
    assert [torch.equal(done[i], rgb[i]) for i in range(3)] == [True, False, True]


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3, 2)])
def test_the_smallest_photos_are_rendered(size):
    latents, _ = built_in()
    done = Renderer()(photos(1, *size), latents)
    assert done.shape == (1, 3, *size)
    assert torch.isfinite(done).all()


# Float types.


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float16, 2e-3), (torch.bfloat16, 1.6e-2), (torch.float32, 0), (torch.float64, 2e-4)]
)
def test_every_float_type_comes_back_as_it_came_and_near_float32(dtype, tolerance):
    latents, _ = built_in(1, scale=0.3)
    rgb = photos(1, 9, 9, dtype=dtype)
    done = Renderer()(rgb, latents, clamp=False)
    assert done.dtype == dtype
    reference = Renderer()(rgb.float(), latents, clamp=False)
    torch.testing.assert_close(done.float(), reference, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_latents_of_another_float_type_than_the_photo_are_taken(renderer, dtype):
    latents = latents_of(add=0.25).to(dtype=dtype)
    assert torch.equal(renderer(photos(), latents, clamp=False), photos() + 0.25)


def test_absent_rows_pass_bit_for_bit_in_half_precision(renderer):
    rgb = photos(2, dtype=torch.bfloat16)
    latents = Latents(
        SCHEMA, {"test.add": {"amount": torch.full((2,), 0.1)}}, present={"test.add": torch.tensor([False, True])}
    )
    done = renderer(rgb, latents)
    assert torch.equal(done[0], rgb[0])
    assert not torch.equal(done[1], rgb[1])
