"""Rendering by tables: which photos get one, what the report says, what lies beyond the lattice, how tolerances are
shared.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from renderings import OPS, Add, Blur, Double, latents_of

from veraretouch import Op, Photo, Renderer, Slot, Stage
from veraretouch.core.errors import InvalidPhoto, InvalidRequest
from veraretouch.core.lut import Cube, bake_for
from veraretouch.core.photo.color.icc import grey_profile
from veraretouch.core.photo.photo_input import PhotoInput
from veraretouch.core.render.chain import Chain
from veraretouch.core.render.job import RenderJob
from veraretouch.core.render.local import Layers
from veraretouch.core.render.tables import rendering as module
from veraretouch.core.render.tables.in_turn import by_table
from veraretouch.core.render.tables.rendering import Tables

CPU = torch.device("cpu")


class Wave(Op):
    """A wave that no lattice can follow."""

    id = "test.wave"
    version = 1
    stage = Stage.LOOK
    pointwise = True
    amount = Slot(0.0, low=0.0, high=1.0, group="lighting", doc="How high.")

    def apply(self, rgb, p):
        return rgb + p.amount * 0.3 * torch.sin(900 * rgb)


def photo(dtype: str = "uint8") -> Photo:
    values = np.random.default_rng(4).random((40, 50, 3))
    scale = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    return Photo((np.rint(values * scale) if scale > 1 else values).astype(dtype))


def chain_of(**amounts: float) -> Layers:
    job = RenderJob(latents_of(**amounts))
    return Layers(Renderer(OPS)._assembly(job, 1, (1, 1), CPU).chain())


def tables(tolerance: float = 1.0, *, reuse: bool = False) -> Tables:
    return Tables(CPU, tolerance, "keep", reuse)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_one_table_serves_a_pointwise_chain_at_the_photos_own_depth(dtype):
    given = photo(dtype)
    done, report = tables().render(PhotoInput.of(given), chain_of(add=0.1, double=-0.2), clamp=True)
    scale = np.iinfo(dtype).max if dtype != "float32" else 1
    wanted = ((given.pixels / scale + 0.1) * 0.8).clip(0, 1) * scale
    assert done.pixels.dtype == given.pixels.dtype
    assert np.abs(done.pixels - wanted).max() < (0.51 if scale > 1 else 1e-5)
    assert (report.engine, report.ops, report.lattice) == ("lut", ("test.add", "test.double"), 33)
    assert 0 <= report.error <= 1
    assert set(report.timings) == {"bake", "render"}
    assert min(report.timings.values()) > 0


def test_no_ops_strength_0_and_tensors_are_left_to_the_exact_engine():
    for subject, chain in (
        (PhotoInput.of(photo()), Layers(Chain(()))),
        (PhotoInput.of(photo()), Layers(replace(chain_of(add=0.1).chain, strength=0.0))),
        (PhotoInput.of(torch.rand(3, 8, 8)), chain_of(add=0.1)),
    ):
        done, report = tables().render(subject, chain, clamp=True)
        assert done is None
        assert (report.engine, report.lattice, report.error, report.timings) == ("exact", None, None, {})


def test_where_no_table_holds_the_report_keeps_the_best_error_and_the_time_it_took():
    from veraretouch import Latents, Schema

    latents = Latents(Schema.of([Wave]), {"test.wave": {"amount": torch.tensor([1.0])}})
    chain = Layers(Renderer([Wave])._assembly(RenderJob(latents), 1, (1, 1), CPU).chain())
    done, report = tables(0.5).render(PhotoInput.of(photo()), chain, clamp=True)
    assert done is None
    assert report.engine == "exact"
    assert report.error > 0.5
    assert list(report.timings) == ["bake"]
    assert report.timings["bake"] > 0


def test_timings_are_parts_of_the_time_it_took():
    from veraretouch import Latents, Schema

    latents = Latents(Schema.of([Wave]), {"test.wave": {"amount": torch.tensor([1.0])}})
    wave = Layers(Renderer([Wave])._assembly(RenderJob(latents), 1, (1, 1), CPU).chain())
    for chain in (chain_of(add=0.1), chain_of(add=0.1, blur=0.5), chain_of(blur=0.5), wave):
        start = time.perf_counter()
        _, report = tables(0.5).render(PhotoInput.of(photo()), chain, clamp=True)
        assert 0 < sum(report.timings.values()) <= time.perf_counter() - start


def test_around_a_spatial_op_each_run_has_a_table_and_errors_add_up():
    given = photo("float32")
    chain = chain_of(add=0.1, double=0.2, blur=0.5)
    done, report = tables().render(PhotoInput.of(given), chain, clamp=False)
    rgb = torch.from_numpy(given.pixels).permute(2, 0, 1)[None]
    wanted = chain.run(rgb)[0].permute(1, 2, 0).numpy()
    assert np.abs(done.pixels - wanted).max() < 1e-4
    assert (report.engine, report.ops) == ("lut", chain.ids)
    assert set(report.timings) == {"convert", "bake", "render"}


def test_a_table_before_a_spatial_op_is_judged_by_the_pointwise_ops_after_it(monkeypatch):
    judged = []

    def bake(colours, color_map, seen, **options):
        judged.append((seen, options["tolerance"]))
        return bake_for(colours, color_map, seen, **options)

    monkeypatch.setattr(module, "bake_for", bake)
    given = photo("float32")
    add, double, blur = chain_of(add=0.1, double=0.2, blur=0.5).chain.steps
    tables().render(PhotoInput.of(given), Layers(Chain((add, blur, double))), clamp=False)
    colours = np.full((1, 1, 3), 0.5, np.float32)
    # Half of the tolerance each; the first seen as the second leaves it, the second as it is.
    assert [(float(seen(colours).mean()), share) for seen, share in judged] == [
        (pytest.approx(0.6), 0.5),
        (pytest.approx(0.5), 0.5),
    ]


def test_spatial_ops_alone_have_no_table():
    done, report = tables().render(PhotoInput.of(photo()), chain_of(blur=1.0), clamp=True)
    assert done is not None
    assert (report.engine, report.lattice, report.error) == ("exact", None, None)


def test_what_lies_beyond_the_lattice_is_done_exactly():
    asked = []

    def color_map(colours):
        asked.append(colours)
        return 2 * colours

    before = np.full((20, 30, 3), 0.25, np.float32)
    before[3, 4] = (1.5, 0.2, 0.2)
    before[18, 1] = (0.1, -0.3, 0.2)
    cube = Cube.of(lambda colours: np.zeros_like(colours), 2)
    after = by_table(before, cube, color_map, CPU)
    assert after[3, 4].tolist() == pytest.approx([3.0, 0.4, 0.4])
    assert after[18, 1].tolist() == pytest.approx([0.2, -0.6, 0.4])
    assert float(np.abs(after).sum()) == pytest.approx(3.8 + 1.2)
    assert sum(colours.shape[1] for colours in asked) == 2


@pytest.mark.parametrize("beyond", [-0.25, 1.25])
def test_what_lies_beyond_one_end_alone_is_done_exactly(beyond):
    before = np.full((5, 6, 3), 0.5, np.float32)
    before[1, 2, 1], before[0, 0], before[0, 1] = beyond, 0, 1
    after = by_table(before, Cube.of(lambda colours: np.zeros_like(colours), 2), lambda colours: colours + 1, CPU)
    assert after[1, 2].tolist() == [1.5, 1 + beyond, 1.5]
    after[1, 2] = 0
    assert not after.any()


def test_floats_are_clamped_where_that_is_asked_for():
    given = photo("float32")
    plain, clamped = (
        tables().render(PhotoInput.of(given), chain_of(add=0.6), clamp=clamp)[0].pixels for clamp in (False, True)
    )
    assert plain.max() > 1.4
    assert clamped.max() == 1.0


def test_memory_is_reused_only_where_that_is_allowed_and_it_may_be_written():
    for allowed, writeable in ((True, True), (True, False), (False, True)):
        given = photo()
        given.pixels.flags.writeable = writeable
        before = given.pixels.copy()
        done, _ = tables(reuse=allowed).render(PhotoInput.of(given), chain_of(add=0.2), clamp=True)
        shared = allowed and writeable
        assert np.shares_memory(done.pixels, given.pixels) == shared
        assert np.array_equal(given.pixels, before) != shared


def test_the_test_ops_are_what_these_tests_take_them_for():
    assert (Add.pointwise, Double.pointwise, Blur.pointwise) == (True, True, False)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("space", ["srgb", "p3"])
def test_the_table_that_is_given_away_makes_the_picture_that_the_engine_makes(dtype, space):
    given, renderer = photo(dtype), Renderer(OPS)
    edit = latents_of(add=0.1, double=-0.2)
    done, report = renderer.render_reported(given, edit, engine="lut", color_space=space)
    baked = renderer.table(given, edit, color_space=space)
    assert (baked.cube.size, baked.error) == (report.lattice, report.error)
    assert np.array_equal(baked.cube.apply(given.pixels), done.pixels)


def test_a_table_of_so_many_points_is_made_at_once_and_unmeasured():
    baked = Renderer(OPS).table(photo(), latents_of(add=0.1), points=17)
    assert baked.cube.size == 17
    assert np.isnan(baked.error)


def test_what_no_table_can_show_is_refused_by_name():
    with pytest.raises(InvalidRequest, match=r"'test\.blur' looks at neighbouring pixels"):
        Renderer(OPS).table(photo(), latents_of(blur=1.0))
    grey = replace(photo(), profile=grey_profile("grey", [2.2]))
    with pytest.raises(InvalidPhoto, match="profile of greys"):
        Renderer(OPS).table(grey, latents_of(add=0.1))
