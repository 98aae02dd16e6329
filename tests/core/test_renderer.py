"""The renderer: order, strength, groups, tiles, float types, batches and kinds of photos."""

import numpy as np
import pytest
import torch
from PIL import Image

from veraretouch import Latents, Op, Photo, Plan, Renderer, Schema, Slot, Stage, registry
from veraretouch.core import renderer as renderer_module
from veraretouch.core.errors import InvalidLatents, InvalidPhoto, InvalidRequest, InvalidSchema

AMOUNT = {"low": -2.0, "high": 2.0, "group": "lighting", "doc": "How far."}


class Add(Op):
    """Add an amount."""

    id = "test.add"
    version = 1
    stage = Stage.EXPOSURE
    pointwise = True
    amount = Slot(**AMOUNT)

    def apply(self, rgb, p):
        return rgb + p.amount


class Double(Op):
    """Multiply by one plus an amount, after Add."""

    id = "test.double"
    version = 1
    stage = Stage.CONTRAST
    pointwise = True
    amount = Slot(**AMOUNT | {"group": "global_color"})

    def apply(self, rgb, p):
        return rgb * (1 + p.amount)


class Blur(Op):
    """Blend with a box blur of five pixels: the spatial op whose tiles must overlap."""

    id = "test.blur"
    version = 1
    stage = Stage.EFFECTS
    pointwise = False
    amount = Slot(0.0, low=0.0, high=1.0, group="effects", doc="How far.")

    def apply(self, rgb, p):
        padded = torch.nn.functional.pad(rgb, (2, 2, 2, 2), mode="replicate")
        return rgb + p.amount * (torch.nn.functional.avg_pool2d(padded, 5, stride=1) - rgb)

    def halo(self, p, size):
        return 2


class Shade(Op):
    """Darken towards the lower right corner of the whole photo: it needs its frame."""

    id = "test.shade"
    version = 1
    stage = Stage.FINISH
    pointwise = False
    amount = Slot(0.0, low=0.0, high=1.0, group="effects", doc="How far.")

    def apply(self, rgb, p):
        rows = torch.arange(rgb.shape[2], dtype=rgb.dtype, device=rgb.device) + p.frame.top
        columns = torch.arange(rgb.shape[3], dtype=rgb.dtype, device=rgb.device) + p.frame.left
        fall = rows[:, None] / p.frame.height + columns / p.frame.width
        return rgb * (1 - 0.5 * p.amount * fall)

    def halo(self, p, size):
        # More than it needs, so that a strip does not begin where its tile does.
        return 1


class Equalize(Op):
    """Subtract the mean of the whole photo: no tile will do."""

    id = "test.equalize"
    version = 1
    stage = Stage.FINISH
    pointwise = False
    amount = Slot(0.0, low=0.0, high=1.0, group="effects", doc="How far.")

    def apply(self, rgb, p):
        return rgb - p.amount * rgb.mean(dim=(2, 3), keepdim=True)

    def halo(self, p, size):
        return None


class Grain(Op):
    """Add the seed, for want of grain."""

    id = "test.grain"
    version = 1
    stage = Stage.FINISH
    pointwise = False
    amount = Slot(0.0, low=0.0, high=1.0, group="effects", doc="How far.")

    def apply(self, rgb, p):
        return rgb + p.amount * p.frame.seed / 100

    def halo(self, p, size):
        return 0


OPS = [Double, Add, Blur, Shade, Equalize, Grain]
SCHEMA = Schema.of(OPS)


def latents_of(**amounts):
    """Latents of the test ops by their last names: a number for all rows, or a list of one a row."""
    rows = torch.broadcast_tensors(*(torch.tensor(value).reshape(-1) for value in amounts.values()))
    return Latents(SCHEMA, {f"test.{name}": {"amount": value} for name, value in zip(amounts, rows, strict=True)})


def photos(batch=2, height=11, width=7, *, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(batch, 3, height, width, generator=generator, dtype=torch.float32).to(dtype)


@pytest.fixture
def renderer():
    return Renderer(OPS)


@pytest.fixture
def small_tiles(monkeypatch):
    """Tiles of a row or two of the test photos."""

    def shrink(pixels):
        monkeypatch.setattr(renderer_module, "TILE_PIXELS", pixels)

    return shrink


def built_in(generator_seed=0, *, batch=1, scale=0.7, requires_grad=False):
    """Random latents of all built-in ops, and their raw values."""
    schema = Schema.of((registry.ops.load(id) for id in BUILT_IN), lattice=5)
    raw = scale * torch.randn(batch, schema.size, generator=torch.Generator().manual_seed(generator_seed))
    raw.requires_grad_(requires_grad)
    return Latents.squash(schema, raw), raw


BUILT_IN = [id for id, entry in registry.ops.entries().items() if entry.distribution == "veraretouch"]


# Order, strength, groups.


def test_ops_are_applied_in_order_of_stage_whatever_order_they_are_given_in(renderer):
    done = renderer.apply(torch.full((1, 3, 2, 2), 0.25), latents_of(double=1.0, add=0.125))
    assert torch.equal(done, torch.full((1, 3, 2, 2), (0.25 + 0.125) * 2))


def test_strength_0_gives_the_input_back_bit_for_bit(renderer):
    rgb = photos() * 3 - 1
    assert torch.equal(renderer.apply(rgb, latents_of(add=0.5), strength=0.0), rgb)
    assert torch.equal(renderer.apply(rgb, latents_of(add=float("inf")), strength=0.0, clamp=False), rgb)


def test_strength_lies_midway_between_input_and_finished_picture(renderer):
    rgb = photos()
    full = renderer.apply(rgb, latents_of(add=0.5))
    torch.testing.assert_close(renderer.apply(rgb, latents_of(add=0.5), strength=0.5), (rgb + full) / 2)
    torch.testing.assert_close(renderer.apply(rgb, latents_of(add=0.5), strength=0.25), 0.75 * rgb + 0.25 * full)


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan"), float("inf")])
def test_strength_beyond_its_range_is_refused(renderer, strength):
    with pytest.raises(InvalidRequest, match=r"strength .* lies outside \[0, 1\]. 0 gives the input"):
        renderer.apply(photos(), latents_of(add=0.5), strength=strength)


def test_groups_switch_ops_off(renderer):
    rgb, latents = photos(), latents_of(add=0.25, double=1.0)
    lighting = renderer.render(rgb, latents, groups={"lighting"}, clamp=False)
    assert torch.equal(lighting, rgb + 0.25)
    assert torch.equal(renderer.render(rgb, latents, groups=["global_color"], clamp=False), rgb * 2)
    assert torch.equal(renderer.render(rgb, latents, groups=()), rgb)


def test_groups_in_a_text_are_refused(renderer):
    with pytest.raises(InvalidRequest, match=r"groups is 'lighting'\. Give a collection of names"):
        renderer.render(photos(), latents_of(add=0.25), groups="lighting")


def test_a_group_that_nobody_has_is_refused_and_one_that_the_latents_lack_is_not(renderer):
    with pytest.raises(InvalidRequest, match=r"no group 'lihgting'\. Did you mean 'lighting'\? There are lighting, "):
        renderer.render(photos(), latents_of(add=0.25), groups=["lihgting"])
    assert torch.equal(renderer.render(photos(), latents_of(add=0.25), groups=["specific_color"]), photos())
    assert "effects" in SCHEMA.groups
    renderer.render(photos(), latents_of(add=0.25), groups=["effects"])


def test_clamp_false_keeps_values_outside_and_true_clamps_once_at_the_end(renderer):
    rgb, latents = photos(), latents_of(add=1.5, double=-0.5)
    free = renderer.apply(rgb, latents, clamp=False)
    torch.testing.assert_close(free, (rgb + 1.5) * 0.5)
    assert free.max() > 1
    # A clamp between the ops would leave 0.5 everywhere.
    assert torch.equal(renderer.apply(rgb, latents), free.clamp(0, 1))
    assert renderer.apply(rgb, latents_of(add=-2.0), clamp=False).max() < 0


def test_the_seed_reaches_the_frame(renderer):
    rgb = torch.zeros(1, 3, 2, 2)
    assert float(renderer.apply(rgb, latents_of(grain=1.0), seed=50).max()) == 0.5
    assert float(renderer.apply(rgb, latents_of(grain=1.0)).max()) == 0.0


# Tiles.


@pytest.mark.parametrize("pixels", [1, 7, 14, 28, 49, 10_000])
def test_tiles_of_plain_arithmetic_give_the_same_bits_as_the_whole(renderer, small_tiles, pixels):
    rgb, latents = photos(), latents_of(add=[0.1, -0.2], double=0.3)
    whole = renderer.apply(rgb, latents)
    small_tiles(pixels)
    assert torch.equal(renderer.apply(rgb, latents), whole)


# Not the same bits: torch computes powers by vectors, and by other code where a vector is not full.
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float16, 1e-3), (torch.float64, 1e-12)])
@pytest.mark.parametrize("id", BUILT_IN)
def test_tiles_of_each_built_in_op_give_the_same_picture_as_the_whole(small_tiles, id, dtype, tolerance):
    schema = Schema.of([registry.ops.load(id)], lattice=5)
    raw = torch.randn(2, schema.size, generator=torch.Generator().manual_seed(3))
    latents, rgb = Latents.squash(schema, raw), photos(2, 37, 29, dtype=dtype)
    whole = Renderer().apply(rgb, latents)
    small_tiles(29 * 2 * 5)
    torch.testing.assert_close(Renderer().apply(rgb, latents), whole, rtol=0, atol=tolerance)


@pytest.mark.parametrize("height", [1, 2, 3, 16, 17, 33, 100])
@pytest.mark.parametrize("name", ["blur", "shade", "equalize"])
def test_strips_of_a_spatial_op_give_the_same_picture_as_the_whole(renderer, small_tiles, name, height):
    rgb, latents = photos(2, height, 5), latents_of(**{name: [0.9, 0.4]})
    whole = renderer.apply(rgb, latents)
    assert not torch.equal(whole, rgb)
    small_tiles(1)
    torch.testing.assert_close(renderer.apply(rgb, latents), whole, rtol=0, atol=1e-6)


def test_the_test_of_strips_would_notice_a_halo_that_is_too_small(renderer, small_tiles, monkeypatch):
    rgb, latents = photos(1, 100, 5), latents_of(blur=1.0)
    whole = renderer.apply(rgb, latents)
    monkeypatch.setattr(Blur, "halo", lambda self, p, size: 1)
    small_tiles(1)
    assert (renderer.apply(rgb, latents) - whole).abs().max() > 1e-2


def test_a_chain_of_pointwise_and_spatial_ops_is_the_same_in_tiles(renderer, small_tiles):
    rgb, latents = photos(2, 60, 5), latents_of(add=0.2, blur=[0.5, 0.0], shade=0.7, double=-0.25)
    whole = renderer.apply(rgb, latents)
    small_tiles(4)
    torch.testing.assert_close(renderer.apply(rgb, latents), whole, rtol=0, atol=1e-6)


def test_a_spatial_op_in_some_rows_leaves_the_others_bit_for_bit(renderer, small_tiles):
    rgb = photos(3, 40, 5)
    latents = Latents(
        SCHEMA,
        {"test.blur": {"amount": torch.full((3,), 0.8)}},
        present={"test.blur": torch.tensor([False, True, False])},
    )
    small_tiles(1)
    done = renderer.apply(rgb, latents)
    assert [torch.equal(done[i], rgb[i]) for i in range(3)] == [True, False, True]


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3, 2)])
def test_the_smallest_photos_are_rendered(size):
    latents, _ = built_in()
    done = Renderer().apply(photos(1, *size), latents)
    assert done.shape == (1, 3, *size)
    assert torch.isfinite(done).all()


# Float types.


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float16, 2e-3), (torch.bfloat16, 1.6e-2), (torch.float32, 0), (torch.float64, 2e-4)]
)
def test_every_float_type_comes_back_as_it_came_and_near_float32(dtype, tolerance):
    latents, _ = built_in(1, scale=0.3)
    rgb = photos(1, 9, 9, dtype=dtype)
    done = Renderer().apply(rgb, latents, clamp=False)
    assert done.dtype == dtype
    reference = Renderer().apply(rgb.float(), latents, clamp=False)
    torch.testing.assert_close(done.float(), reference, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_latents_of_another_float_type_than_the_photo_are_taken(renderer, dtype):
    latents = latents_of(add=0.25).to(dtype=dtype)
    assert torch.equal(renderer.apply(photos(), latents, clamp=False), photos() + 0.25)


def test_absent_rows_pass_bit_for_bit_in_half_precision(renderer):
    rgb = photos(2, dtype=torch.bfloat16)
    latents = Latents(
        SCHEMA, {"test.add": {"amount": torch.full((2,), 0.1)}}, present={"test.add": torch.tensor([False, True])}
    )
    done = renderer.apply(rgb, latents)
    assert torch.equal(done[0], rgb[0])
    assert not torch.equal(done[1], rgb[1])


# Batches.


def test_a_batch_is_what_its_photos_are_one_by_one():
    latents, _ = built_in(5, batch=3)
    rgb = photos(3, 13, 9)
    done = Renderer().apply(rgb, latents)
    for i in range(3):
        torch.testing.assert_close(Renderer().apply(rgb[i : i + 1], latents.row(i)), done[i : i + 1], rtol=0, atol=1e-5)


def test_one_row_of_latents_serves_all_photos(renderer):
    rgb = photos(3)
    assert torch.equal(renderer.apply(rgb, latents_of(add=0.25), clamp=False), rgb + 0.25)


@pytest.mark.parametrize(("rows", "batch"), [(2, 3), (3, 1), (3, 2)])
def test_another_number_of_rows_than_of_photos_is_refused(renderer, rows, batch):
    with pytest.raises(
        InvalidLatents, match=f"latents of {rows} rows for {batch} photos. Give one row, or one a photo"
    ):
        renderer.apply(photos(batch), latents_of(add=[0.1] * rows))


def test_an_op_that_the_renderer_lacks_is_named():
    with pytest.raises(InvalidLatents, match=r"this renderer has no op 'test.add'. It was made with test.blur"):
        Renderer([Blur]).apply(photos(), latents_of(add=0.1))


def test_instances_serve_as_well_as_classes():
    assert torch.equal(Renderer([Add()]).apply(photos(), latents_of(add=0.25), clamp=False), photos() + 0.25)


def test_latents_of_another_version_of_an_op_are_refused(monkeypatch):
    latents = latents_of(add=0.25)
    monkeypatch.setattr(Add, "version", 2)
    said = r"latents for version 1 of op 'test.add', whose version here is 2\. Make them anew"
    with pytest.raises(InvalidLatents, match=said):
        Renderer([Add]).apply(photos(), latents)


def test_the_same_op_twice_is_refused():
    with pytest.raises(InvalidSchema, match=r"op 'test.add' occurs twice\."):
        Renderer([Add, Add()])


# Gradients.


def test_an_op_at_identity_is_not_run_where_no_gradient_is_wanted(renderer, monkeypatch):
    def fail(self, rgb, p):
        raise AssertionError("it was run")

    monkeypatch.setattr(Add, "apply", fail)
    rgb = photos()
    assert torch.equal(renderer.apply(rgb, latents_of(add=0.0)), rgb)
    wanted = Latents(SCHEMA, {"test.add": {"amount": torch.zeros(1, requires_grad=True)}})
    with torch.no_grad():
        assert torch.equal(renderer.apply(rgb, wanted), rgb)
    with pytest.raises(AssertionError, match="it was run"):
        renderer.apply(rgb, wanted)


def test_rows_at_identity_are_left_out_of_a_batch(renderer):
    rows = []

    class Counting(Add):
        """Note how many rows it is given."""

        id = "test.counting"

        def apply(self, rgb, p):
            rows.append(len(rgb))
            return rgb + p.amount

    latents = Latents(Schema.of([Counting]), {"test.counting": {"amount": torch.tensor([0.0, 0.5, 0.0])}})
    done = Renderer([Counting]).apply(photos(3), latents, clamp=False)
    assert rows == [1]
    assert torch.equal(done[1], photos(3)[1] + 0.5)


def test_the_shortcut_at_identity_is_off_where_the_photo_wants_gradients(renderer):
    rgb = photos().requires_grad_(True)
    done = renderer.apply(rgb, latents_of(add=0.0), clamp=False)
    done.sum().backward()
    assert torch.equal(rgb.grad, torch.ones_like(rgb))


def test_gradients_flow_at_identity(renderer):
    amount = torch.zeros(2, requires_grad=True)
    latents = Latents(SCHEMA, {"test.add": {"amount": amount}, "test.double": {"amount": amount * 1}})
    rgb = photos()
    renderer.apply(rgb, latents, clamp=False).sum().backward()
    torch.testing.assert_close(amount.grad, rgb.shape[2] * rgb.shape[3] * 3 + rgb.sum(dim=(1, 2, 3)))


@pytest.mark.parametrize("id", BUILT_IN)
def test_every_built_in_op_can_be_trained_away_from_identity(id):
    schema = Schema.of([registry.ops.load(id)], lattice=3)
    raw = torch.zeros(1, schema.size, requires_grad=True)
    rgb = photos(1, 16, 16)
    target = Renderer().apply(rgb, Latents.squash(schema, torch.full((1, schema.size), 0.3)), clamp=False)
    (Renderer().apply(rgb, Latents.squash(schema, raw), clamp=False) - target).square().mean().backward()
    assert torch.isfinite(raw.grad).all()
    assert raw.grad.abs().max() > 0


def test_gradients_through_the_whole_chain_are_finite_on_black_white_grey_and_primaries():
    latents, raw = built_in(2, requires_grad=True)
    colors = [[r, g, b] for r in (0.0, 0.5, 1.0) for g in (0.0, 0.5, 1.0) for b in (0.0, 0.5, 1.0)]
    rgb = torch.tensor(colors).T.reshape(1, 3, 9, 3).clone().requires_grad_(True)
    done = Renderer().apply(rgb, latents, clamp=False)
    done.square().sum().backward()
    assert torch.isfinite(done).all()
    assert torch.isfinite(rgb.grad).all()
    assert torch.isfinite(raw.grad).all()


def test_gradients_in_tiles_are_those_of_the_whole(renderer, small_tiles):
    def slopes():
        amount = torch.tensor([0.3], requires_grad=True)
        latents = Latents(SCHEMA, {"test.add": {"amount": amount}, "test.blur": {"amount": amount}})
        rgb = photos(1, 60, 5).requires_grad_(True)
        renderer.apply(rgb, latents, clamp=False).square().sum().backward()
        return amount.grad, rgb.grad

    whole = slopes()
    small_tiles(1)
    for left, right in zip(slopes(), whole, strict=True):
        torch.testing.assert_close(left, right)


def test_the_input_is_never_written_to(renderer):
    rgb = photos()
    before = rgb.clone()
    for latents in (latents_of(add=0.5), latents_of(blur=0.5), latents_of(add=[0.0, 0.5])):
        renderer.apply(rgb, latents)
    assert torch.equal(rgb, before)


# Kinds of photos.


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
    assert set(report.timings) == {"read", "render", "write"}
    assert all(seconds >= 0 for seconds in report.timings.values())


def test_the_report_names_only_the_ops_that_ran(renderer):
    latents = latents_of(add=0.25, double=0.0, blur=0.5).masked([{"lighting", "global_color"}])
    assert renderer.render_reported(photos(), latents)[1].ops == ("test.add",)
