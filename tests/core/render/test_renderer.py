"""The renderer: order, strength, groups, batches, gradients."""

import pytest
import torch
from renderings import BUILT_IN, SCHEMA, Add, Blur, built_in, latents_of, photos

from veraretouch import Latents, Renderer, Schema, registry
from veraretouch.core.errors import InvalidLatents, InvalidRequest, InvalidSchema


def test_ops_are_applied_in_order_of_stage_whatever_order_they_are_given_in(renderer):
    done = renderer(torch.full((1, 3, 2, 2), 0.25), latents_of(double=1.0, add=0.125))
    assert torch.equal(done, torch.full((1, 3, 2, 2), (0.25 + 0.125) * 2))


def test_strength_0_gives_the_input_back_bit_for_bit(renderer):
    rgb = photos() * 3 - 1
    assert torch.equal(renderer(rgb, latents_of(add=0.5), strength=0.0), rgb)
    assert torch.equal(renderer(rgb, latents_of(add=float("inf")), strength=0.0, clamp=False), rgb)


def test_strength_lies_midway_between_input_and_finished_picture(renderer):
    rgb = photos()
    full = renderer(rgb, latents_of(add=0.5))
    torch.testing.assert_close(renderer(rgb, latents_of(add=0.5), strength=0.5), (rgb + full) / 2)
    torch.testing.assert_close(renderer(rgb, latents_of(add=0.5), strength=0.25), 0.75 * rgb + 0.25 * full)


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan"), float("inf")])
def test_strength_beyond_its_range_is_refused(renderer, strength):
    with pytest.raises(InvalidRequest, match=r"strength .* lies outside \[0, 1\]. 0 gives the input"):
        renderer(photos(), latents_of(add=0.5), strength=strength)


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
    free = renderer(rgb, latents, clamp=False)
    torch.testing.assert_close(free, (rgb + 1.5) * 0.5)
    assert free.max() > 1
    # A clamp between the ops would leave 0.5 everywhere.
    assert torch.equal(renderer(rgb, latents), free.clamp(0, 1))
    assert renderer(rgb, latents_of(add=-2.0), clamp=False).max() < 0


def test_the_seed_reaches_the_frame(renderer):
    rgb = torch.zeros(1, 3, 2, 2)
    assert float(renderer(rgb, latents_of(grain=1.0), seed=50).max()) == 0.5
    assert float(renderer(rgb, latents_of(grain=1.0)).max()) == 0.0


# Batches.


def test_a_batch_is_what_its_photos_are_one_by_one():
    latents, _ = built_in(5, batch=3)
    rgb = photos(3, 13, 9)
    done = Renderer()(rgb, latents)
    for i in range(3):
        alone = Renderer()(rgb[i : i + 1], latents.row(i))
        # Random tables are steep: between ten and a hundred times what rounds off in single precision.
        torch.testing.assert_close(alone, done[i : i + 1], rtol=0, atol=5e-5)


def test_one_row_of_latents_serves_all_photos(renderer):
    rgb = photos(3)
    assert torch.equal(renderer(rgb, latents_of(add=0.25), clamp=False), rgb + 0.25)


@pytest.mark.parametrize(("rows", "batch"), [(2, 3), (3, 1), (3, 2)])
def test_another_number_of_rows_than_of_photos_is_refused(renderer, rows, batch):
    with pytest.raises(
        InvalidLatents, match=f"latents of {rows} rows for {batch} photos. Give one row, or one a photo"
    ):
        renderer(photos(batch), latents_of(add=[0.1] * rows))


def test_an_op_that_the_renderer_lacks_is_named():
    with pytest.raises(InvalidLatents, match=r"this renderer has no op 'test.add'. It was made with test.blur"):
        Renderer([Blur])(photos(), latents_of(add=0.1))


def test_instances_serve_as_well_as_classes():
    assert torch.equal(Renderer([Add()])(photos(), latents_of(add=0.25), clamp=False), photos() + 0.25)


def test_latents_of_another_version_of_an_op_are_refused(monkeypatch):
    latents = latents_of(add=0.25)
    monkeypatch.setattr(Add, "version", 2)
    said = r"latents for version 1 of op 'test.add', whose version here is 2\. Make them anew"
    with pytest.raises(InvalidLatents, match=said):
        Renderer([Add])(photos(), latents)


def test_the_same_op_twice_is_refused():
    with pytest.raises(InvalidSchema, match=r"op 'test.add' occurs twice\."):
        Renderer([Add, Add()])


def test_an_edit_as_a_map_of_colours_is_what_rendering_makes_of_them(renderer):
    rgb = photos(1)
    colours = rgb[0].permute(1, 2, 0).numpy()
    for clamp in (True, False):
        done = renderer.color_map(latents_of(add=0.75), clamp=clamp)(colours)
        expected = renderer(rgb, latents_of(add=0.75), clamp=clamp)[0].permute(1, 2, 0)
        torch.testing.assert_close(torch.from_numpy(done), expected)


def test_several_edits_and_what_looks_around_are_no_map_of_colours(renderer):
    with pytest.raises(InvalidLatents, match="latents of 2 rows for 1 photos"):
        renderer.color_map(latents_of(add=[0.1, 0.2]))
    with pytest.raises(InvalidRequest, match=r"op 'test.blur' looks at neighbouring pixels, which no table can"):
        renderer.color_map(latents_of(add=0.1, blur=0.5))


def test_weights_that_nobody_names_or_opens_are_refused(monkeypatch):
    class Weighted(Add):
        """Adds what a bundle says."""

        @classmethod
        def from_bundle(cls, bundle, *, device, dtype):
            return cls()

    monkeypatch.setattr(registry.ops, "load", lambda id: Weighted)
    with pytest.raises(InvalidLatents, match=r"op 'test.add' has weights, and nothing says which\. Render a plan"):
        Renderer()(photos(), latents_of(add=0.1))
    monkeypatch.setattr(registry, "announce", lambda hook, asset: [])
    with pytest.raises(InvalidLatents, match=r"nobody here opens the weights \{'bundle': 'none'\} of op 'test.add'"):
        Renderer()._op("test.add", 1, {"bundle": "none"})
    monkeypatch.setattr(registry, "announce", lambda hook, asset: [asset])
    own = Renderer()
    opened = own._op("test.add", 1, {"bundle": "one"})
    assert own._op("test.add", 1, {"bundle": "one"}) is opened
    assert own._op("test.add", 1, {"bundle": "two"}) is not opened


# Gradients.


def test_an_op_at_identity_is_not_run_where_no_gradient_is_wanted(renderer, monkeypatch):
    def fail(self, rgb, p):
        raise AssertionError("it was run")

    monkeypatch.setattr(Add, "apply", fail)
    rgb = photos()
    assert torch.equal(renderer(rgb, latents_of(add=0.0)), rgb)
    wanted = Latents(SCHEMA, {"test.add": {"amount": torch.zeros(1, requires_grad=True)}})
    with torch.no_grad():
        assert torch.equal(renderer(rgb, wanted), rgb)
    with pytest.raises(AssertionError, match="it was run"):
        renderer(rgb, wanted)


def test_rows_at_identity_are_left_out_of_a_batch(renderer):
    rows = []

    class Counting(Add):
        """Note how many rows it is given."""

        id = "test.counting"

        def apply(self, rgb, p):
            rows.append(len(rgb))
            return rgb + p.amount

    latents = Latents(Schema.of([Counting]), {"test.counting": {"amount": torch.tensor([0.0, 0.5, 0.0])}})
    done = Renderer([Counting])(photos(3), latents, clamp=False)
    assert rows == [1]
    assert torch.equal(done[1], photos(3)[1] + 0.5)


def test_the_shortcut_at_identity_is_off_where_the_photo_wants_gradients(renderer):
    rgb = photos().requires_grad_(True)
    done = renderer(rgb, latents_of(add=0.0), clamp=False)
    done.sum().backward()
    assert torch.equal(rgb.grad, torch.ones_like(rgb))


def test_gradients_flow_at_identity(renderer):
    amount = torch.zeros(2, requires_grad=True)
    latents = Latents(SCHEMA, {"test.add": {"amount": amount}, "test.double": {"amount": amount * 1}})
    rgb = photos()
    renderer(rgb, latents, clamp=False).sum().backward()
    torch.testing.assert_close(amount.grad, rgb.shape[2] * rgb.shape[3] * 3 + rgb.sum(dim=(1, 2, 3)))


@pytest.mark.parametrize("id", BUILT_IN)
def test_every_built_in_op_can_be_trained_away_from_identity(id):
    schema = Schema.of([registry.ops.load(id)], lattice=3)
    raw = torch.zeros(1, schema.size, requires_grad=True)
    rgb = photos(1, 16, 16)
    target = Renderer()(rgb, Latents.squash(schema, torch.full((1, schema.size), 0.3)), clamp=False)
    (Renderer()(rgb, Latents.squash(schema, raw), clamp=False) - target).square().mean().backward()
    assert torch.isfinite(raw.grad).all()
    assert raw.grad.abs().max() > 0


def test_gradients_through_the_whole_chain_are_finite_on_black_white_grey_and_primaries():
    latents, raw = built_in(2, requires_grad=True)
    colors = [[r, g, b] for r in (0.0, 0.5, 1.0) for g in (0.0, 0.5, 1.0) for b in (0.0, 0.5, 1.0)]
    rgb = torch.tensor(colors).T.reshape(1, 3, 9, 3).clone().requires_grad_(True)
    done = Renderer()(rgb, latents, clamp=False)
    done.square().sum().backward()
    assert torch.isfinite(done).all()
    assert torch.isfinite(rgb.grad).all()
    assert torch.isfinite(raw.grad).all()


def test_gradients_in_tiles_are_those_of_the_whole(renderer, small_tiles):
    def slopes():
        amount = torch.tensor([0.3], requires_grad=True)
        latents = Latents(SCHEMA, {"test.add": {"amount": amount}, "test.blur": {"amount": amount}})
        rgb = photos(1, 60, 5).requires_grad_(True)
        renderer(rgb, latents, clamp=False).square().sum().backward()
        return amount.grad, rgb.grad

    whole = slopes()
    small_tiles(1)
    for left, right in zip(slopes(), whole, strict=True):
        torch.testing.assert_close(left, right)


def test_the_input_is_never_written_to(renderer):
    rgb = photos()
    before = rgb.clone()
    for latents in (latents_of(add=0.5), latents_of(blur=0.5), latents_of(add=[0.0, 0.5])):
        renderer(rgb, latents)
    assert torch.equal(rgb, before)
