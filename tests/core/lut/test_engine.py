"""The lut engine: it holds its tolerance on every pixel of real photos, or leaves the work to the ops themselves."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from renderings import Blur

from veraretouch import Latents, Op, Photo, Plan, Renderer, Schema, Slot, Stage, registry
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.contract.slots import GROUPS
from veraretouch.core.errors import InvalidRequest
from veraretouch.core.lut import engine
from veraretouch.core.lut.engine import sample
from veraretouch.core.photo.color.icc import DISPLAY_P3

PHOTOS = Path(__file__).parents[2] / "data" / "photos"
STYLES = {
    "warm": {"white_balance.temperature": 0.3, "exposure.ev": 0.3, "vibrance.amount": 0.3},
    "moody": {"contrast.amount": 0.4, "tone_regions.shadows": -0.3, "saturation.amount": -0.3, "exposure.ev": -0.5},
    "mixer": {"hsl.saturation": [0.3, 0, -0.3, -0.5, 0, 0.4, 0, 0], "hsl.hue": [0, 0.2, 0, -0.3, 0, 0.1, 0, 0]},
}


def plan_of(values):
    edits = {}
    for address, value in values.items():
        op, slot = address.split(".")
        edits.setdefault(op, {"version": 1, "params": {}})["params"][slot] = value
    return Plan.load(
        {
            "schema": "veraretouch.plan/1",
            "mode": "param",
            "planner": {"id": "test", "version": "1"},
            "groups": ["lighting", "global_color", "specific_color"],
            "edits": edits,
            "reasoning": {},
        }
    )


def picture(name="kodak-18", dtype=np.uint8):
    with Image.open(PHOTOS / f"{name}.jpg") as opened:
        pixels = np.array(opened)
    return (
        pixels
        if dtype == np.uint8
        else (pixels / 255).astype(np.float32)
        if dtype == np.float32
        else pixels * np.uint16(257)
    )


def difference(a, b):
    scale = np.iinfo(a.dtype).max if a.dtype.kind == "u" else 1
    one, two = (torch.from_numpy(np.clip(x / scale, 0, 1)) for x in (a, b))
    return float(np.percentile(ciede2000(one, two).numpy(), 99))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("style", STYLES)
def test_every_depth_holds_the_tolerance_on_every_pixel(style, dtype):
    photo, plan = picture(dtype=dtype), plan_of(STYLES[style])
    done, report = Renderer().render_reported(photo, plan, engine="lut")
    exact, _ = Renderer().render_reported(photo, plan, engine="exact")
    assert (report.engine, report.lattice in (33, 49, 65)) == ("lut", True)
    assert report.error <= 1
    assert done.dtype == dtype
    assert difference(done, exact) <= 1


def test_a_photo_with_a_wide_profile_is_done_in_its_own_encoding():
    photo = Photo(picture(), profile=DISPLAY_P3)
    plan = plan_of(STYLES["warm"])
    done, report = Renderer().render_reported(photo, plan, engine="lut")
    exact, _ = Renderer().render_reported(photo, plan, engine="exact")
    assert report.engine == "lut"
    assert done.profile == DISPLAY_P3
    assert difference(done.pixels, exact.pixels) <= 1


@pytest.mark.parametrize("space", ["srgb", "p3"])
def test_the_profile_that_is_asked_for_is_written(space):
    plan = plan_of(STYLES["warm"])
    done, report = Renderer().render_reported(Photo(picture()), plan, engine="lut", color_space=space)
    exact, _ = Renderer().render_reported(Photo(picture()), plan, engine="exact", color_space=space)
    assert report.engine == "lut"
    assert done.profile == exact.profile
    assert difference(done.pixels, exact.pixels) <= 1


def test_strength_is_baked_in():
    plan = plan_of(STYLES["moody"])
    done, _ = Renderer().render_reported(picture(), plan, engine="lut", strength=0.5)
    exact, _ = Renderer().render_reported(picture(), plan, engine="exact", strength=0.5)
    assert difference(done, exact) <= 1


def test_alpha_is_carried():
    pixels = np.dstack(
        (picture(), np.arange(picture().shape[1], dtype=np.uint8) + np.zeros(picture().shape[:2], np.uint8))
    )
    done, report = Renderer().render_reported(pixels, plan_of(STYLES["warm"]), engine="lut")
    assert report.engine == "lut"
    assert np.array_equal(done[..., 3], pixels[..., 3])


class Ripple(Op):
    """A wave in red that no lattice of 65 points can follow."""

    id = "test.ripple"
    version = 1
    stage = Stage.LOOK
    pointwise = True
    amount = Slot(0.0, low=0.0, high=1.0, group="lighting", doc="How high.")

    def apply(self, rgb, p):
        return rgb + p.amount * 0.3 * torch.sin(900 * rgb)


def only(op, amount=1.0):
    return Renderer([op]), Latents(Schema.of([op]), {op.id: {"amount": torch.tensor([amount])}})


def test_what_no_lattice_can_follow_is_done_exactly_and_says_so():
    renderer, latents = only(Ripple)
    done, report = renderer.render_reported(picture(), latents, engine="lut")
    exact, _ = renderer.render_reported(picture(), latents, engine="exact")
    assert (report.engine, report.lattice) == ("exact", None)
    assert report.error > 1
    assert np.array_equal(done, exact)


def test_a_chain_of_spatial_ops_alone_is_done_exactly():
    renderer, latents = only(Blur)
    done, report = renderer.render_reported(picture(), latents, engine="lut")
    assert (report.engine, report.ops, report.error) == ("exact", ("test.blur",), None)
    assert np.array_equal(done, renderer.render_reported(picture(), latents, engine="exact")[0])


class Sharpen(Blur):
    """Blur's opposite: its pixels leave [0, 1], where no lattice reaches."""

    id = "test.sharpen"
    stage = Stage.TONE

    def apply(self, rgb, p):
        return 2 * rgb - super().apply(rgb, p)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_pointwise_ops_on_either_side_of_a_spatial_one_go_by_tables(dtype, strength):
    ops = [registry.ops.load("exposure"), Sharpen, registry.ops.load("hsl")]
    schema = Schema.of(ops)
    assert list(schema.specs) == ["exposure", "test.sharpen", "hsl"]
    bands = {name: torch.tensor([[0.3, 0, -0.3, -0.5, 0, 0.4, 0, 0]]) for name in ("hue", "saturation", "luminance")}
    latents = Latents(
        schema, {"exposure": {"ev": torch.tensor([0.6])}, "test.sharpen": {"amount": torch.ones(1)}, "hsl": bands}
    )
    photo = Photo(picture("kodak-18", dtype=dtype), profile=DISPLAY_P3)
    done, report = Renderer(ops).render_reported(photo, latents, engine="lut", strength=strength)
    exact = Renderer(ops).render(photo, latents, engine="exact", strength=strength)
    assert (report.engine, report.ops) == ("lut", tuple(schema.specs))
    assert report.error <= 1
    assert difference(done.pixels, exact.pixels) <= 1


class EarlyRipple(Ripple):
    """A wave before all others."""

    id = "test.early"
    stage = Stage.WHITE_BALANCE


@pytest.mark.parametrize(("first", "last", "engine"), [(EarlyRipple, "hsl", "lut"), ("exposure", Ripple, "exact")])
def test_a_run_that_no_table_can_follow_is_done_exactly_and_the_others_only_where_it_does_not_magnify(
    first, last, engine
):
    ops = [registry.ops.load(op) if isinstance(op, str) else op for op in (first, Sharpen, last)]
    schema = Schema.of(ops)
    latents = Latents.squash(schema, torch.full((1, schema.size), 0.2))
    done, report = Renderer(ops).render_reported(picture(), latents, engine="lut")
    assert report.engine == engine
    assert difference(done, Renderer(ops).render(picture(), latents, engine="exact")) <= 1


def test_a_smaller_tolerance_takes_a_larger_lattice_or_the_ops():
    plan, photo = plan_of(STYLES["mixer"]), picture(dtype=np.uint16)
    sizes = []
    for tolerance in (5.0, 0.3, 0.001):
        _, report = Renderer().render_reported(photo, plan, engine="lut", tolerance=tolerance)
        sizes.append(report.lattice or 1000)
    assert sizes[0] == 33
    assert sizes == sorted(sizes)
    assert sizes[-1] == 1000


def test_auto_takes_the_table_from_a_megapixel_and_never_for_tensors():
    plan = plan_of(STYLES["warm"])
    large = np.tile(picture(), (6, 6, 1))
    assert Renderer().render_reported(large, plan)[1].engine == "lut"
    assert Renderer().render_reported(picture()[:200, :200], plan)[1].engine == "exact"
    tensor = torch.from_numpy(large).permute(2, 0, 1).float() / 255
    assert Renderer().render_reported(tensor, plan)[1].engine == "exact"


def test_a_table_for_a_tensor_and_a_tolerance_of_nothing_are_refused():
    plan = plan_of(STYLES["warm"])
    with pytest.raises(InvalidRequest, match="no gradient"):
        Renderer().render(torch.rand(3, 8, 8), plan, engine="lut")
    for tolerance in (0, -1, float("nan")):
        with pytest.raises(InvalidRequest, match="tolerance"):
            Renderer().render(picture(), plan, tolerance=tolerance)


@pytest.mark.parametrize("engine", ["exact", "lut"])
def test_a_strength_beyond_its_range_is_refused_by_every_engine(engine):
    with pytest.raises(InvalidRequest, match=r"strength 1.5 lies outside \[0, 1\]"):
        Renderer().render(picture(), plan_of(STYLES["warm"]), engine=engine, strength=1.5)


def test_floats_beyond_the_lattice_are_done_exactly():
    pixels = picture(dtype=np.float32)
    pixels[5:9, 5:9] = 1.3
    pixels[20, 20] = -0.1
    photo, plan = Photo(pixels, profile=DISPLAY_P3), plan_of(STYLES["warm"])
    done, report = Renderer().render_reported(photo, plan, engine="lut")
    exact, _ = Renderer().render_reported(photo, plan, engine="exact")
    assert report.engine == "lut"
    for y, x in ((6, 6), (20, 20)):
        assert np.abs(done.pixels[y, x] - exact.pixels[y, x]).max() < 1e-5


@pytest.mark.parametrize("style", STYLES)
def test_a_preview_is_the_photo(style):
    photo, plan = Photo(np.tile(picture("kodak-12"), (6, 6, 1))), plan_of(STYLES[style])
    renderer = Renderer()
    preview = renderer.render(photo.resized(500), plan).pixels
    full = renderer.render(photo, plan).resized(500).pixels
    one, two = (torch.from_numpy(pixels / 255.0) for pixels in (preview, full))
    assert float(ciede2000(one, two).mean()) < 0.5


class SoftFocus(Op):
    """Mix in a box blur whose radius is a share of the whole photo's long side."""

    id = "test.soft_focus"
    version = 1
    stage = Stage.TONE
    pointwise = False
    amount = Slot(0.0, low=0.0, high=1.0, group="effects", doc="How much.")

    def apply(self, rgb, p):
        radius = self.halo(p, (p.frame.height, p.frame.width))
        padded = torch.nn.functional.pad(rgb, (radius,) * 4, mode="replicate")
        return rgb + p.amount * (torch.nn.functional.avg_pool2d(padded, 2 * radius + 1, stride=1) - rgb)

    def halo(self, p, size):
        return max(1, round(0.02 * max(size)))


@pytest.mark.slow
def test_a_preview_is_the_photo_with_spatial_ops_too():
    ops = [registry.ops.load("exposure"), SoftFocus, registry.ops.load("vibrance")]
    schema = Schema.of(ops)
    latents = Latents.squash(schema, torch.full((1, schema.size), 0.4))
    photo, renderer = Photo(np.tile(picture("kodak-12"), (6, 6, 1))), Renderer(ops)
    preview = renderer.render(photo.resized(500), latents).pixels
    full, report = renderer.render_reported(photo, latents)
    assert report.engine == "lut"
    one, two = (torch.from_numpy(pixels / 255.0) for pixels in (preview, full.resized(500).pixels))
    assert float(ciede2000(one, two).mean()) < 0.5


def test_reused_memory_gives_the_same_picture():
    plan = plan_of(STYLES["moody"])
    photo = Photo(picture().copy())
    wanted = Renderer().render(photo, plan, engine="lut").pixels
    done = Renderer().render(photo, plan, engine="lut", reuse=True).pixels
    assert np.array_equal(done, wanted)
    assert np.shares_memory(done, photo.pixels)


def test_the_input_is_never_written_to():
    photo = picture()
    before = photo.copy()
    Renderer().render(photo, plan_of(STYLES["mixer"]), engine="lut")
    assert np.array_equal(photo, before)


def test_the_sample_holds_the_extremes():
    pixels = np.full((900, 1300, 3), 128, np.uint8)
    pixels[40:44, 60:64] = (255, 0, 0)
    colours = sample(pixels)[0]
    assert [255, 0, 0] in colours.tolist()
    assert 30_000 < len(colours) < 36_000


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (3, 2)])
def test_small_and_narrow_photos_are_sampled(size):
    assert sample(np.zeros((*size, 3), np.uint8)).shape[2] == 3


def test_a_table_is_judged_at_the_percentile_of_the_photos_pixels(monkeypatch):
    asked = []
    monkeypatch.setattr(engine, "percentile", lambda pixels: asked.append(pixels) or 99.0)
    engine.bake_for(np.zeros((4, 7, 3), np.uint8), lambda rgb: rgb, lambda rgb: rgb, tolerance=1.0)
    assert asked == [28]


def test_a_table_is_judged_by_colours_of_its_lattice_or_the_nearest_ones():
    seen = []
    for values in ([0.25, 1.5, -0.1, 1.0], [1.5, -0.1, 1.2, 7.0]):
        pixels = np.repeat(np.float32(values)[None, :, None], 3, axis=2)
        engine.bake_for(pixels, lambda rgb: seen.append(rgb) or rgb, lambda rgb: rgb, tolerance=1.0)
    judged = [set(np.round(colours, 3).ravel().tolist()) for colours in seen if colours.shape[0] == 1]
    assert judged == [{0.25, 1.0}, {0.0, 1.0}]


def test_every_built_in_op_of_the_groups_of_planners_is_pointwise_so_that_their_plans_can_be_baked():
    for id, entry in registry.ops.entries().items():
        if entry.distribution == "veraretouch":
            op = registry.ops.load(id)
            assert op.pointwise or set(op.groups()) <= {"detail", "effects"}
            assert not op.pointwise or set(op.groups()) <= set(GROUPS)
