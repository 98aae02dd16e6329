"""The renderer on photos of every kind, by plans, and what it reports."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from renderings import latents_of, photos

from veraretouch import Latents, Op, Photo, Plan, Renderer, Schema, Slot, Stage, registry
from veraretouch.core.errors import InvalidPhoto, InvalidRequest
from veraretouch.core.render import renderer as engine_module
from veraretouch.core.testing.isolation import isolated_registry


def pixels(dtype=np.uint8, channels=3):
    values = np.random.default_rng(0).random((6, 5, channels))
    if dtype == np.float32:
        return values.astype(np.float32)
    return np.round(values * np.iinfo(dtype).max).astype(dtype)


KINDS = {
    "a uint8 array": pixels(),
    "a uint16 array": pixels(np.uint16),
    "a float array": pixels(np.float32),
    "an array with alpha": pixels(channels=4),
    "a PIL image": Image.fromarray(pixels()),
    "a PIL image with alpha": Image.fromarray(pixels(channels=4)),
    "a tensor of one photo": photos(1)[0],
    "a tensor of a batch": photos(2),
    "a half tensor": photos(1, dtype=torch.float16),
}


@pytest.mark.parametrize("strength", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("photo", KINDS.values(), ids=KINDS.keys())
def test_the_kind_that_goes_in_comes_out(renderer, photo, strength):
    done = renderer.render(photo, latents_of(add=0.25), strength=strength)
    assert type(done) is type(photo)
    if isinstance(photo, Image.Image):
        assert (done.mode, done.size) == (photo.mode, photo.size)
    else:
        assert (done.shape, done.dtype) == (photo.shape, photo.dtype)
    before, after = (np.asarray(x).astype(np.float64) for x in (photo, done))
    assert (after.mean() > before.mean()) == (strength > 0)


@pytest.mark.parametrize(("dtype", "step"), [(np.uint8, 1 / 255), (np.uint16, 1 / 65535), (np.float32, 1e-6)])
def test_an_array_is_rendered_at_its_own_depth(renderer, dtype, step):
    photo = pixels(dtype)
    scale = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    done = renderer.render(photo, latents_of(add=0.25)) / scale
    np.testing.assert_allclose(done, np.clip(photo / scale + 0.25, 0, 1), atol=step)


@pytest.mark.parametrize("engine", ["exact", "auto"])
@pytest.mark.parametrize("photo", [*KINDS.values(), Photo(pixels())], ids=[*KINDS, "a photo"])
def test_strength_0_gives_back_the_very_object(renderer, photo, engine):
    assert renderer.render(photo, latents_of(add=0.25), strength=0.0, engine=engine) is photo


def test_tables_are_for_photos_of_a_megapixel_unless_an_engine_is_named(renderer, monkeypatch):
    def engine_of(photo, **options):
        return renderer.render_reported(photo, latents_of(add=0.25), **options)[1].engine

    assert engine_module.LUT_PIXELS == 2**20
    monkeypatch.setattr(engine_module, "LUT_PIXELS", 30)
    photo, rgb = pixels(), photos(1)
    assert (engine_of(photo), engine_of(photo[:5]), engine_of(rgb)) == ("lut", "exact", "exact")
    assert (engine_of(photo, engine="exact"), engine_of(photo[:5], engine="lut")) == ("exact", "lut")


def test_a_plan_of_no_group_of_colour_leaves_grey_photos_grey_and_others_as_the_ops_do():
    class Tint(Op):
        """Add to red alone, which is said to be light."""

        id = "test.tint"
        version = 1
        stage = Stage.LOOK
        pointwise = True
        amount = Slot(low=-1.0, high=1.0, group="lighting", doc="How much.")

        def apply(self, rgb, p):
            return rgb + p.amount * torch.tensor([1.0, 0, 0], dtype=rgb.dtype).reshape(3, 1, 1)

    latents = Latents(Schema.of([Tint]), {"test.tint": {"amount": torch.tensor([0.25])}})
    coloured = pixels(np.float32) / 2
    grey = np.repeat(coloured[..., :1], 3, axis=2)
    with isolated_registry():
        registry.ops.add(Tint)
        plan = Plan.of(latents, groups=("lighting",))
        for engine in ("exact", "lut"):
            for groups, tinted in ((("lighting",), 0.0), (("lighting", "global_color"), 0.25)):
                done = Renderer().render(grey, replace(plan, groups=groups), engine=engine)
                assert np.ptp(done, axis=2).max() == pytest.approx(tinted, abs=1e-3)
                shifted = Renderer().render(coloured, replace(plan, groups=groups), engine=engine) - coloured
                assert shifted[..., 0].min() == pytest.approx(0.25, abs=1e-3)
                assert np.abs(shifted[..., 1:]).max() < 1e-3


def test_alpha_is_carried(renderer):
    photo = pixels(channels=4)
    np.testing.assert_array_equal(renderer.render(photo, latents_of(add=0.25))[..., 3], photo[..., 3])


@pytest.mark.parametrize("as_text", [True, False])
def test_a_path_gives_a_photo(renderer, tmp_path, as_text):
    path = tmp_path / "photo.png"
    Image.fromarray(pixels()).save(path)
    done = renderer.render(str(path) if as_text else path, latents_of(add=0.25))
    assert isinstance(done, Photo)
    np.testing.assert_allclose(done.array() / 255, np.clip(pixels() / 255 + 0.25, 0, 1), atol=1 / 255)
    again = renderer.render(done, latents_of(add=0.0))
    assert isinstance(again, Photo)
    np.testing.assert_array_equal(again.array(), done.array())


NO_PHOTOS = {
    "nothing": None,
    "a number": 5,
    "a tensor with channels last": torch.rand(6, 5, 3),
    "a tensor of whole numbers": torch.zeros(3, 6, 5, dtype=torch.uint8),
    "a tensor of five dimensions": torch.rand(1, 1, 3, 6, 5),
    "an empty tensor": torch.rand(0, 3, 6, 5),
    "a tensor without rows": torch.rand(1, 3, 0, 5),
    "an empty array": np.zeros((0, 5, 3), np.uint8),
    "a list": [[0.5, 0.5, 0.5]],
}


@pytest.mark.parametrize("photo", NO_PHOTOS.values(), ids=NO_PHOTOS.keys())
def test_what_is_no_photo_is_refused(renderer, photo):
    with pytest.raises(InvalidPhoto):
        renderer.render(photo, latents_of(add=0.25))


@pytest.mark.parametrize("edit", [None, {}, "plan.json", 5])
def test_what_is_neither_plan_nor_latents_is_refused(renderer, edit):
    with pytest.raises(InvalidRequest, match=r"is neither a Plan nor Latents. Load one with Plan.load"):
        renderer.render(photos(), edit)


def test_an_unknown_engine_is_refused(renderer):
    with pytest.raises(InvalidRequest, match=r"engine 'fast' is not known. Use"):
        renderer.render(photos(), latents_of(add=0.25), engine="fast")


# Plans and reports.


def test_a_plan_is_rendered_with_its_own_groups_strength_and_seed():
    latents = Latents(Schema.of([registry.ops.load("exposure")]), {"exposure": {"ev": torch.tensor([1.0])}})
    rgb = photos()
    full = Renderer().render(rgb, Plan.of(latents))
    torch.testing.assert_close(Renderer().render(rgb, Plan.of(latents, strength=0.5)), (rgb + full) / 2)
    torch.testing.assert_close(Renderer().render(rgb, Plan.of(latents, strength=0.5), strength=1.0), full)
    assert torch.equal(Renderer().render(rgb, Plan.of(latents, groups=("global_color",))), rgb)
    assert torch.equal(Renderer().render(rgb, Plan()), rgb)


def test_the_report_names_engine_and_seconds(renderer):
    image, report = renderer.render_reported(photos(), latents_of(add=0.25, double=0.5))
    assert image.shape == photos().shape
    assert report.engine == "exact"
    assert report.ops == ("test.add", "test.double")
    assert set(report.timings) == {"open", "convert", "render"}
    assert all(seconds >= 0 for seconds in report.timings.values())


def test_the_report_names_only_the_ops_that_ran(renderer):
    latents = latents_of(add=0.25, double=0.0, blur=0.5).masked([{"lighting", "global_color"}])
    assert renderer.render_reported(photos(), latents)[1].ops == ("test.add",)
