"""Local adjustments in the renderer: masks, their parts, order, strength, presence, gradients."""

import time

import numpy as np
import pytest
import torch
from renderings import Blur
from simple_areas import SIMPLE_AREAS

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.contract.local import PartSpec
from veraretouch.core.contract.schema import LocalSpec, OpSpec
from veraretouch.core.errors import InvalidArea, InvalidLatents, InvalidRequest
from veraretouch.core.lut import Baked, Cube
from veraretouch.core.lut.engine import candidates
from veraretouch.core.photo.color.icc import DISPLAY_P3
from veraretouch.core.plan.edit import Edit
from veraretouch.core.plan.local import AreaPart, LocalAdjustment
from veraretouch.core.render.tables import in_turn
from veraretouch.core.render.tables.in_turn import mapped
from veraretouch.core.testing.isolation import isolated_registry


@pytest.fixture(autouse=True)
def areas():
    with isolated_registry():
        for area in SIMPLE_AREAS:
            vr.registry.areas.add(area)
        yield


@pytest.fixture
def photo():
    return torch.rand(1, 3, 40, 30, generator=torch.Generator().manual_seed(0))


def edit(ev):
    return {"exposure": Edit(1, {"ev": np.float64(ev)})}


def part(id, combine="add", invert=False, **params):
    values = {name: np.float64(value) for name, value in params.items()}
    return AreaPart(id, values, 1, combine, invert)


def plan(*local, ev=None, **facts):
    return vr.Plan(mode="param", edits={} if ev is None else edit(ev), local=local, **facts)


def mask_of(id, photo, **values):
    area = vr.registry.areas.load(id)()
    given = {name: torch.tensor([values.get(name, float(slot.identity))]) for name, slot in area.slots.items()}
    frame = vr.Frame(0, 0, *photo.shape[2:])
    return area.mask(photo, area.params(given, frame, photo))


def exposed(photo, ev):
    return vr.Renderer().render(photo, plan(ev=ev), clamp=False)


def test_an_adjustment_is_mixed_over_the_global_result_by_its_mask(photo):
    done = vr.Renderer().render(photo, plan(LocalAdjustment("sky", (part("acme.top"),), edit(-1)), ev=0.5), clamp=False)
    base = exposed(photo, 0.5)
    mask = mask_of("acme.top", photo)
    torch.testing.assert_close(done, base + mask * (exposed(base, -1) - base))
    assert torch.equal(done[:, :, 30:], base[:, :, 30:])


def test_masks_look_at_the_photo_before_any_edit(photo):
    bright = LocalAdjustment("lights", (part("acme.bright"),), edit(-1))
    base = exposed(photo, -3)
    done = vr.Renderer().render(photo, plan(bright, ev=-3), clamp=False)
    torch.testing.assert_close(done, base + mask_of("acme.bright", photo) * (exposed(base, -1) - base))


def test_adjustments_apply_in_order_each_on_the_last(photo):
    top = LocalAdjustment("top", (part("acme.top"),), edit(1))
    whole = LocalAdjustment("whole", (), {"contrast": Edit(1, {"amount": np.float64(0.5)})})
    one, other = (vr.Renderer().render(photo, plan(*order), clamp=False) for order in ((top, whole), (whole, top)))
    first = vr.Renderer().render(photo, plan(top), clamp=False)
    torch.testing.assert_close(one, vr.Renderer().render(first, plan(whole), clamp=False))
    assert (one - other).abs().max() > 0.01


def test_an_op_can_stand_twice_by_an_adjustment_of_the_whole_photo(photo):
    twice = vr.Renderer().render(photo, plan(LocalAdjustment("again", (), edit(1)), ev=1), clamp=False)
    torch.testing.assert_close(twice, exposed(exposed(photo, 1), 1))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([("acme.top", {}), ("acme.bright", {})], lambda a, b: a + b - a * b),
        ([("acme.top", {}), ("acme.bright", {"combine": "subtract"})], lambda a, b: a * (1 - b)),
        ([("acme.top", {}), ("acme.bright", {"combine": "intersect"})], lambda a, b: a * b),
        ([("acme.top", {"invert": True}), ("acme.bright", {"combine": "intersect"})], lambda a, b: (1 - a) * b),
        ([("acme.bright", {"combine": "subtract"})], lambda a, b: 1 - b),
        ([("acme.bright", {"combine": "intersect"})], lambda a, b: b),
    ],
    ids=["add", "subtract", "intersect", "inverted", "taken from the whole", "within the whole"],
)
def test_parts_join_by_add_subtract_intersect_and_invert(photo, parts, expected):
    area = tuple(part(id, **options) for id, options in parts)
    done = vr.Renderer().render(photo, plan(LocalAdjustment("x", area, edit(1))), clamp=False)
    mask = expected(mask_of("acme.top", photo), mask_of("acme.bright", photo))
    torch.testing.assert_close(done, photo + mask * (exposed(photo, 1) - photo))


def test_both_strengths_blend_the_adjustments_own_first(photo):
    top = LocalAdjustment("top", (part("acme.top"),), edit(1), strength=0.5)
    done = vr.Renderer().render(photo, plan(top, strength=0.25), clamp=False)
    half = photo + 0.5 * mask_of("acme.top", photo) * (exposed(photo, 1) - photo)
    torch.testing.assert_close(done, photo + 0.25 * (half - photo))
    assert vr.Renderer().render(photo, plan(top, strength=0.0)) is photo


def test_groups_switch_local_edits_off_and_leave_the_mask(photo):
    top = LocalAdjustment("top", (part("acme.top"),), edit(1) | {"saturation": Edit(1, {"amount": np.float64(-1)})})
    done = vr.Renderer().render(photo, plan(top, groups=("lighting",)), clamp=False)
    only = vr.Renderer().render(photo, plan(LocalAdjustment("top", (part("acme.top"),), edit(1))), clamp=False)
    torch.testing.assert_close(done, only)
    assert torch.equal(vr.Renderer().render(photo, plan(top, groups=("specific_color",))), photo)


def test_a_small_view_is_of_the_whole_photo_whatever_its_size_and_engine():
    small = torch.rand(1, 3, 12, 8, generator=torch.Generator().manual_seed(1))
    photo = small.repeat_interleave(100, dim=2).repeat_interleave(100, dim=3)
    bright = plan(LocalAdjustment("x", (part("acme.above_mean"),), edit(-1)))
    done = vr.Renderer().render(photo, bright)
    expected = vr.Renderer().render(small, bright)
    torch.testing.assert_close(done[:, :, 50::100, 50::100], expected, atol=2e-3, rtol=0)


def test_tiles_of_a_large_photo_give_what_one_tile_gives():
    photo = torch.rand(1, 3, 700, 600, generator=torch.Generator().manual_seed(2))
    parts = (part("acme.top"), part("acme.above_mean", combine="intersect"))
    local = plan(LocalAdjustment("x", parts, edit(-1)), ev=0.3)
    with torch.enable_grad():
        latents = local.latents()
        whole = vr.Renderer()(photo.requires_grad_(), latents).detach()
    torch.testing.assert_close(vr.Renderer().render(photo.detach(), local), whole, atol=1e-6, rtol=0)


def test_tiles_of_a_spatial_op_and_gradients_through_many_tiles_are_those_of_the_whole(photo, small_tiles):
    vr.registry.ops.add(Blur)
    blur = {"test.blur": Edit(1, {"amount": np.float64(1.0)})}
    local = plan(LocalAdjustment("soft", (part("acme.top"),), blur), LocalAdjustment("x", (), edit(-1)), ev=0.3)

    def slopes():
        rgb = photo.clone().requires_grad_()
        done = vr.Renderer()(rgb, local.latents(), clamp=False)
        done.square().sum().backward()
        return done.detach(), rgb.grad, vr.Renderer().render(photo, local, clamp=False)

    whole = slopes()
    small_tiles(300)
    for found, expected in zip(slopes(), whole, strict=True):
        torch.testing.assert_close(found, expected)


def schema():
    top, exposure = vr.registry.areas.load("acme.top"), vr.registry.ops.load("exposure")
    spec = OpSpec("exposure", 1, int(exposure.stage), exposure.slots)
    return vr.Schema([spec], local=[LocalSpec("sky", (PartSpec("acme.top", 1, top.slots),), (spec,))])


def test_gradients_reach_the_slots_of_areas_ops_and_the_strength(photo):
    reach, ev, strength = (torch.tensor([value], requires_grad=True) for value in (0.4, 0.8, 0.7))
    latents = vr.Latents(
        schema(), {"sky#0": {"reach": reach}, "sky/exposure": {"ev": ev}, "sky#": {"strength": strength}}
    )
    vr.Renderer()(photo, latents, clamp=False).mean().backward()
    assert all(value.grad is not None and value.grad.abs() > 1e-4 for value in (reach, ev, strength))


def test_a_row_without_an_adjustment_passes_bit_for_bit(photo):
    batch = torch.cat([photo, photo])
    values = {"sky#0": {}, "sky/exposure": {"ev": torch.tensor([1.0, 1.0])}}
    latents = vr.Latents(schema(), values, present={"sky/exposure": torch.tensor([True, True])}, batch=2)
    latents.present["sky#"] = torch.tensor([True, False])
    done = vr.Renderer()(batch, latents)
    assert torch.equal(done[1], photo[0])
    assert (done[0] - photo[0]).abs().max() > 0.05
    single = vr.Renderer()(photo, latents.row(0))
    torch.testing.assert_close(done[:1], single)


def test_values_of_an_adjustment_bring_its_strength_and_its_area():
    latents = vr.Latents(schema(), {"sky/exposure": {"ev": torch.tensor([1.0])}})
    assert latents.values["sky#"]["strength"].tolist() == [1.0]
    assert latents.values["sky#0"]["reach"].tolist() == [0.5]


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
def test_jacobians_go_through(photo):
    def render(reach):
        values = {"sky#0": {"reach": reach}, "sky/exposure": {"ev": torch.ones(1)}}
        return vr.Renderer()(photo, vr.Latents(schema(), values), clamp=False).mean()

    slope = torch.func.jacfwd(render)(torch.tensor([0.47]))
    step = (render(torch.tensor([0.471])) - render(torch.tensor([0.469]))) / 0.002
    assert slope.item() == pytest.approx(step.item(), rel=0.05)


def test_a_local_edit_is_refused_by_tables_by_its_name():
    local = plan(LocalAdjustment("sky", (part("acme.top"),), edit(1)))
    with pytest.raises(InvalidRequest, match="local adjustment 'sky' depends on the place"):
        vr.Renderer().color_map(local)


def test_an_area_of_another_version_or_a_wrong_mask_is_refused(photo, monkeypatch):
    local = plan(LocalAdjustment("sky", (part("acme.top"),), edit(1)))
    monkeypatch.setattr(vr.registry.areas.load("acme.top"), "mask", lambda self, rgb, p: rgb)
    with pytest.raises(InvalidArea, match=r"area 'acme.top' gave back \(1, 3, 40, 30\) torch.float32 for pixels"):
        vr.Renderer().render(photo, local)
    latents = local.latents()
    monkeypatch.setattr(vr.registry.areas.load("acme.top"), "version", 2)
    with pytest.raises(InvalidLatents, match=r"latents for version 1 of area 'acme.top', whose version here is 2"):
        vr.Renderer()(photo, latents)


def picture(dtype="uint8", profile=None):
    x, y = np.meshgrid(np.linspace(0, 1, 300), np.linspace(0, 1, 200))
    values = np.stack([x, y, 0.5 + 0.4 * np.sin(9 * x * y)], axis=-1)
    scale = np.iinfo(dtype).max if dtype != "float32" else 1
    values = np.rint(values * scale) if scale > 1 else values
    return vr.Photo(values.astype(dtype), profile=profile)


LOCAL = (
    LocalAdjustment("top", (part("acme.top"), part("acme.above_mean", combine="intersect")), edit(-0.7), strength=0.8),
    LocalAdjustment("lights", (part("acme.bright"),), {"saturation": Edit(1, {"amount": np.float64(0.4)})}),
)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("profile", [None, DISPLAY_P3], ids=["sRGB", "Display P3"])
@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_tables_mixed_by_masks_give_what_the_ops_give_within_the_tolerance(dtype, profile, strength):
    photo, local = picture(dtype, profile), plan(*LOCAL, ev=0.4, strength=strength)
    exact, by_ops = vr.Renderer().render_reported(photo, local, engine="exact")
    table, report = vr.Renderer().render_reported(photo, local, engine="lut", tolerance=1.0)
    assert (report.engine, report.local, by_ops.local) == ("lut", ("top", "lights"), ("top", "lights"))
    assert (report.ops, by_ops.ops) == (("exposure", "saturation"),) * 2
    assert table.pixels.dtype == photo.pixels.dtype
    errors = ciede2000(*(torch.from_numpy(each.working()).float().clamp(0, 1) for each in (exact, table)))
    assert np.percentile(errors.numpy(), 99) <= 1.0
    assert report.error <= 1.0


@pytest.mark.parametrize("engine", ["exact", "lut"])
def test_areas_see_where_their_pixels_lie_in_the_whole_photo(engine):
    seen, whole = [], []

    class Placed(vr.registry.areas.load("acme.above_mean")):
        """Note which part of the photo is asked for."""

        id = "acme.placed"

        def prepare(self, small, p):
            whole.append(p.frame)
            return super().prepare(small, p)

        def mask(self, rgb, p):
            seen.append((p.frame, rgb.shape[2]))
            return super().mask(rgb, p)

    vr.registry.areas.add(Placed)
    photo = picture()
    vr.Renderer().render(photo, plan(LocalAdjustment("x", (part("acme.placed"),), edit(1)), seed=3), engine=engine)
    assert {(f.top, f.left, f.height, f.width) for f in whole} == {(0, 0, 200, 300)}
    assert {(f.left, f.height, f.width, f.seed) for f, _ in seen} == {(0, 200, 300, 3)}
    assert sorted(row for f, rows in seen for row in range(f.top, f.top + rows)) == list(range(200))


def test_a_tolerance_that_no_table_holds_is_kept_by_the_ops_and_the_report_tells_the_worst_error():
    photo, local = picture("uint16"), plan(*LOCAL, ev=0.4)
    done, report = vr.Renderer().render_reported(photo, local, engine="lut", tolerance=1e-9)
    assert (report.engine, report.lattice, report.local) == ("exact", None, ("top", "lights"))
    assert 1e-9 < report.error < 1
    exact = vr.Renderer().render(photo, local, engine="exact")
    assert np.abs(done.pixels.astype(int) - exact.pixels).max() <= 1


def test_each_table_is_judged_by_the_colours_that_reach_it_and_the_ways_on_from_it(monkeypatch):
    judged = []

    def tables(colours, color_map, seen, *, seen_as_well, **options):
        judged.append((colours, len(seen_as_well)))
        return candidates(colours, color_map, seen, seen_as_well=seen_as_well, **options)

    monkeypatch.setattr(in_turn, "candidates", tables)
    whole = LocalAdjustment("whole", (), edit(-0.5))
    vr.Renderer().render(picture("float32"), plan(*LOCAL, whole, ev=0.4), engine="lut")
    first, second, third, last = (colours for colours, _ in judged)
    # With 3, 2, 1 and 0 to come: none of them, all together, and each alone where there are several.
    assert [others for _, others in judged] == [4, 3, 1, 1]
    # The whole photo's chain changes every colour; a mask leaves some.
    assert first.shape == second.shape
    assert np.abs(second - first).mean() > 0.02
    assert np.array_equal(third[:, : second.shape[1]], second)
    assert third.shape[1] == 2 * second.shape[1]
    # Twice as many again are more than a table is judged by: every other one is.
    assert last.shape == third.shape
    assert np.array_equal(last[:, : third.shape[1] // 2], third[:, ::2])


def test_a_chain_goes_by_its_table_where_there_is_one():
    pixels = np.full((2, 3, 3), 0.5, np.float32)
    table = Baked(Cube.of(lambda colours: np.zeros_like(colours), 2), 0.1)
    for found, expected in ((table, 0.0), (Baked(None, 0.1), 1.5), (None, 1.5)):
        assert (mapped(pixels, found, lambda colours: colours + 1) == expected).all()


def test_timings_of_local_tables_are_parts_of_the_time_they_took():
    start = time.perf_counter()
    _, report = vr.Renderer().render_reported(picture(), plan(LOCAL[1]), engine="lut")
    assert set(report.timings) == {"open", "bake", "render"}
    assert min(report.timings.values()) >= 0
    assert sum(report.timings.values()) <= time.perf_counter() - start


def test_one_table_may_err_more_than_another_as_long_as_their_sum_is_within_three_quarters_of_the_tolerance():
    photo, local = picture("float32"), plan(*LOCAL, ev=0.4)
    _, free = vr.Renderer().render_reported(photo, local, engine="lut", tolerance=10.0)
    _, just = vr.Renderer().render_reported(photo, local, engine="lut", tolerance=free.error * 1.0001 / 0.75)
    _, finer = vr.Renderer().render_reported(photo, local, engine="lut", tolerance=free.error * 0.999 / 0.75)
    assert (free.lattice, just.lattice) == (33, 33)
    assert just.error == free.error
    assert finer.error < free.error


def test_where_no_pixel_is_covered_the_photo_stays_bit_for_bit():
    photo = picture("uint16")
    none = plan(
        LocalAdjustment("x", (part("acme.top", reach=0.0), part("acme.top", combine="subtract", reach=1.0)), edit(1))
    )
    assert np.array_equal(vr.Renderer().render(photo, none, engine="lut").pixels, photo.pixels)


def test_a_spatial_op_runs_within_an_area_and_around_one(photo):
    held = picture()
    blur = LocalAdjustment("soft", (part("acme.top"),), {"test.blur": Edit(1, {"amount": np.float64(1.0)})})
    vr.registry.ops.add(Blur)
    for local in (plan(blur, ev=0.5), plan(LOCAL[1], blur)):
        exact = vr.Renderer().render(held, local, engine="exact")
        table, report = vr.Renderer().render_reported(held, local, engine="lut")
        assert np.abs(exact.pixels.astype(int) - table.pixels).max() <= 2
        assert report.local == tuple(entry.name for entry in local.local)
