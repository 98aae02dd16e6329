"""The published renderer's network against golden values, and what an op with weights promises."""

import golden
import pytest
import torch

from veraretouch import Latents, Renderer, Schema
from veraretouch.core.errors import InvalidDocument
from veraretouch.core.render import chain
from veraretouch.ops.neural import Neural, RetouchNetwork
from veraretouch.planners.reference.encoder import ReferenceEncoder

SCHEMA = Schema.of([Neural])
GROUPS = ("lighting", "global_color", "specific_color")


class Weights:
    """A bundle of these tensors."""

    def __init__(self, tensors):
        self.held, self.asset = tensors, {"bundle": "test/golden", "revision": "0" * 40}

    def tensors(self, name):
        assert name == "renderer.safetensors"
        return self.held


def neural(dtype=None):
    return Neural.from_bundle(Weights(golden.weights("decoder")), dtype=dtype)


def render(op, image, latent, groups=GROUPS):
    """Golden images are in [-1, 1], ours in [0, 1]."""
    latents = Latents.unpack(SCHEMA, latent).masked([groups] * len(latent))
    return Renderer([op])((image + 1) / 2, latents)


def furthest(one, other):
    return float((one - other).detach().abs().max())


def test_the_parameters_are_named_as_in_the_published_checkpoint():
    shapes = {name: list(value.shape) for name, value in RetouchNetwork().state_dict().items()}
    assert shapes == golden.document()["decoder"]


def test_the_renderer_gives_the_published_pixels():
    values = golden.values()
    done = render(neural(), values["decoder.image"], values["decoder.latent"])
    assert furthest(done, values["decoder.output"]) < 1e-5


def test_encoder_mask_and_renderer_together_give_the_published_pixels():
    values = golden.values()
    encoder = ReferenceEncoder.from_tensors(golden.weights("encoder"))
    latent = encoder(values["encoder.before"], values["encoder.after"])
    on = [group for group, kept in zip(GROUPS, values["full.mask"][0].tolist(), strict=True) if kept]
    assert len(on) == 2
    done = render(neural(), values["full.image"], latent, on)
    assert furthest(done, values["full.output"]) < 1e-5
    assert furthest(render(neural(), values["full.image"], latent), values["full.output"]) > 1e-2


# Measured: at most 0.0081 and 0.0012 of the range, 0.0017 and 0.0002 on average.
@pytest.mark.parametrize(("dtype", "most", "mean"), [(torch.bfloat16, 0.012, 0.003), (torch.float16, 0.002, 0.0004)])
def test_a_network_in_half_precision_stays_close(dtype, most, mean):
    values, op = golden.values(), neural(dtype)
    assert {parameter.dtype for parameter in op.network.parameters()} == {dtype}
    done = render(op, values["decoder.image"], values["decoder.latent"])
    assert done.dtype == torch.float32
    difference = (done - values["decoder.output"]).abs()
    assert 0 < float(difference.max()) < most
    assert float(difference.mean()) < mean


@pytest.mark.parametrize("wanted", ["image", "latent", "weights"])
def test_the_gradient_is_the_slope(wanted):
    values = golden.values()
    op = Neural(neural().network.double())
    image = values["decoder.image"][:1, :, :4, :4].double()
    latent = values["decoder.latent"][:1].double()
    moved = {"image": [image], "latent": [latent], "weights": list(op.network.parameters())}[wanted]
    for tensor in moved:
        tensor.requires_grad_()
    weights = torch.linspace(-1, 1, image.numel(), dtype=torch.float64).reshape(image.shape)

    def score():
        return (render(op, image, latent) * weights).sum()

    gradients = torch.autograd.grad(score(), moved)
    assert all(bool(gradient.isfinite().all()) for gradient in gradients)
    generator = torch.Generator().manual_seed(1)
    direction = [torch.randn(tensor.shape, dtype=torch.float64, generator=generator) for tensor in moved]
    expected = sum(float((g * d).sum()) for g, d in zip(gradients, direction, strict=True))
    step, sides = 1e-7, []
    with torch.no_grad():
        for sign in (1, -2):
            for tensor, way in zip(moved, direction, strict=True):
                tensor += sign * step * way
            # The photo asks for a gradient, so that the renderer keeps float64 either way.
            sides.append(float(score()))
    slope = (sides[0] - sides[1]) / (2 * step)
    assert abs(expected) > 1e-3
    assert slope == pytest.approx(expected, rel=1e-4)


def test_conditions_are_computed_once_a_photo(monkeypatch):
    values, op, latents, calls = golden.values(), neural(), [], []
    conditions, forward = op.network.conditions, op.network.forward
    monkeypatch.setattr(op.network, "conditions", lambda latent: latents.append(latent.shape) or conditions(latent))
    monkeypatch.setattr(op.network, "forward", lambda *given: calls.append(given[0].shape) or forward(*given))
    monkeypatch.setattr(chain, "TILE_PIXELS", 100)
    done = render(op, values["decoder.image"], values["decoder.latent"])
    assert latents == [(2, 3 * 896)]
    assert len(calls) > 10
    assert furthest(done, values["decoder.output"]) < 1e-5


def test_a_photo_larger_than_a_part_is_the_same_with_and_without_gradients():
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 3, 61, 71, generator=generator) * 2 - 1
    latent, op = golden.values()["decoder.latent"][:1], neural()
    with torch.no_grad():
        parts = render(op, image, latent)
    assert furthest(parts, render(op, image, latent)) < 1e-6


def test_a_bundle_gives_its_asset_and_frozen_weights():
    op = neural()
    assert op.asset == {"bundle": "test/golden", "revision": "0" * 40}
    assert not any(parameter.requires_grad for parameter in op.network.parameters())


@pytest.mark.parametrize("spoil", ["missing", "left over", "of another shape"])
def test_tensors_that_are_not_the_network_s_are_refused(spoil):
    tensors = golden.weights("decoder")
    changed = {"missing": "out_layer.bias", "left over": "extra", "of another shape": "out_layer.bias"}[spoil]
    if spoil == "missing":
        del tensors[changed]
    else:
        tensors[changed] = torch.zeros(5)
    with pytest.raises(InvalidDocument, match=rf"1 tensors .*: {changed}\."):
        Neural.from_bundle(Weights(tensors))
