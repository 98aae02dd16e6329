"""OkLab against colour-science."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from lazily import colour

from veraretouch.core.color.oklab import (
    OkLab,
    angle,
    chroma,
    hue,
    lab_of,
    light_at,
    lightness,
    moved,
    moved_light,
    oklab,
    roots_of,
    with_chroma,
)
from veraretouch.core.color.planes import join, planes_of
from veraretouch.core.color.srgb import linear_to_srgb, srgb_to_linear

# One worker imports colour-science.
pytestmark = pytest.mark.xdist_group("colour")


def test_oklab_agrees_with_colour_science(cube):
    xyz = colour.RGB_to_XYZ(cube.T.numpy(), "sRGB", apply_cctf_decoding=True)
    expected = colour.XYZ_to_Oklab(xyz)
    lab = torch.cat(oklab(cube.reshape(1, 3, 1, -1)), dim=1)[0, :, 0].T.numpy()
    # Our cube root has a finite slope at 0, which moves near-blacks by 1.3e-3.
    assert np.abs(lab - expected)[xyz[:, 1] > 1e-3].max() < 2e-4
    assert np.abs(lab - expected).max() < 2e-3


def test_oklab_comes_back(cube):
    photo = cube.reshape(1, 3, 1, -1)
    assert (
        float((linear_to_srgb(join(light_at(roots_of(planes_of(srgb_to_linear(photo)))))) - photo).abs().max()) < 3e-4
    )


def lab_planes(cube):
    roots = roots_of(planes_of(srgb_to_linear(cube).reshape(1, 3, 1, -1)))
    return roots, lab_of(roots)


def test_chroma_and_hue_are_the_polar_form_of_a_and_b(cube):
    _, lab = lab_planes(cube)
    strong = chroma(lab) > 0.01
    assert torch.allclose(chroma(lab)[strong], torch.hypot(lab.a, lab.b)[strong], atol=1e-7)
    expected = torch.rad2deg(torch.atan2(lab.b, lab.a))
    assert torch.allclose(angle(lab)[strong], expected[strong], atol=1e-9)
    assert torch.allclose(hue(lab)[strong], expected[strong] % 360, atol=1e-9)
    assert float(hue(lab).min()) >= 0
    assert float(hue(lab).max()) < 360


def test_greys_have_hue_0_and_finite_slopes():
    grey = torch.full((1, 3, 1, 4), 0.5, requires_grad=True)
    lab = oklab(grey)
    (hue(lab).sum() + chroma(lab).sum() + angle(OkLab(lab.L, 0 * lab.a, 0 * lab.b)).sum()).backward()
    assert bool(grey.grad.isfinite().all())
    assert float(angle(OkLab(lab.L, 0 * lab.a, 0 * lab.b)).detach().abs().max()) == 0


def test_a_gain_of_chroma_keeps_lightness_and_hue(cube):
    roots, lab = lab_planes(cube)
    gained = lab_of(with_chroma(roots, lightness(roots), torch.full_like(lab.L, 1.7)))
    assert torch.allclose(gained.L, lab.L, atol=1e-8)
    assert torch.allclose(gained.a, 1.7 * lab.a, atol=1e-7)
    assert torch.allclose(gained.b, 1.7 * lab.b, atol=1e-7)
    assert torch.equal(lightness(roots), lab.L)


def test_moves_in_oklab_move_the_light_as_much_and_no_move_moves_nothing(cube):
    light = planes_of(srgb_to_linear(cube).reshape(1, 3, 1, -1))
    roots, lab = lab_planes(cube)
    assert torch.equal(join(moved_light(light, roots, moved(roots, lab, lab))), join(light))
    wanted = OkLab(0.9 * lab.L, lab.a + 0.02, lab.b - 0.03)
    there = lab_of(moved(roots, lab, wanted))
    assert all(torch.allclose(x, y, atol=1e-9) for x, y in zip(there, wanted, strict=True))
    done = join(moved_light(light, roots, moved(roots, lab, wanted)))
    assert torch.allclose(
        done - join(light), join(light_at(moved(roots, lab, wanted))) - join(light_at(roots)), atol=1e-9
    )


def test_half_precision_is_computed_in_single(cube):
    lab = oklab(cube.reshape(1, 3, 1, -1).half())
    assert lab.L.dtype == torch.float32
    assert torch.allclose(lab.L, oklab(cube.reshape(1, 3, 1, -1).float()).L, atol=1e-3)
