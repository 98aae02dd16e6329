"""The reference encoder against golden values of the published code."""

import golden
import pytest
import torch

from veraretouch.core.errors import InvalidDocument
from veraretouch.planners.reference.encoder import ReferenceEncoder


def pair():
    return golden.values()["encoder.before"], golden.values()["encoder.after"]


def test_the_parameters_are_named_as_in_the_published_checkpoint():
    shapes = {name: list(value.shape) for name, value in ReferenceEncoder().state_dict().items()}
    assert shapes == golden.document()["encoder"]


def test_the_encoder_gives_the_published_latent(encoder):
    latent = encoder(*pair())
    assert latent.shape == (1, 3 * 896)
    assert float((latent - golden.values()["encoder.latent"]).abs().max()) < 1e-5


def test_before_and_after_are_not_the_same_to_it(encoder):
    before, after = pair()
    assert float((encoder(after, before) - golden.values()["encoder.latent"]).abs().max()) > 1e-3


# Measured: at most 0.0036 and 0.0004 where the latent's own deviation is 0.24.
@pytest.mark.parametrize(("dtype", "most"), [(torch.bfloat16, 0.006), (torch.float16, 0.001)])
def test_half_precision_stays_close(encoder, dtype, most):
    before, after = pair()
    latent = encoder.to(dtype)(before.to(dtype), after.to(dtype))
    assert latent.dtype == dtype
    assert float((latent - golden.values()["encoder.latent"]).abs().max()) < most


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (512, 3), (33, 47)])
def test_pictures_of_any_size_give_a_latent(encoder, size):
    latent = encoder(torch.zeros(2, 3, *size), torch.ones(2, 3, *size))
    assert latent.shape == (2, 3 * 896)
    assert bool(latent.isfinite().all())


def test_rows_do_not_depend_on_each_other(encoder):
    before, after = pair()
    both = encoder(torch.cat([before, after]), torch.cat([after, before]))
    assert float((both[0] - encoder(before, after)[0]).abs().max()) < 1e-5
    assert float((both[1] - encoder(after, before)[0]).abs().max()) < 1e-5


def test_gradients_reach_every_weight_and_both_pictures(encoder):
    before, after = (picture.clone().requires_grad_() for picture in pair())
    encoder.requires_grad_()
    encoder(before, after).square().sum().backward()
    for name, value in [*encoder.named_parameters(), ("before", before), ("after", after)]:
        assert value.grad is not None, name
        assert bool(value.grad.isfinite().all()), name
        assert float(value.grad.abs().max()) > 0, name


def test_in_training_statistics_move_and_the_state_keeps_its_names(encoder):
    names, mean = list(encoder.state_dict()), encoder.model0[1].running_mean.clone()
    encoder.train()(*(torch.cat([picture, picture.flip(3)]) for picture in pair()))
    assert list(encoder.state_dict()) == names
    assert float((encoder.model0[1].running_mean - mean).abs().max()) > 0


def test_trained_weights_come_frozen_and_in_evaluation_mode(encoder):
    assert not encoder.training
    assert not any(parameter.requires_grad for parameter in encoder.parameters())


@pytest.mark.parametrize(
    ("name", "value"),
    [("fc.bias", None), ("extra", torch.zeros(2)), ("fc.bias", torch.zeros(2)), ("fc.bias", torch.zeros(2688).int())],
    ids=["missing", "left over", "of another shape", "integers"],
)
def test_tensors_that_are_not_the_network_s_are_refused(name, value):
    tensors = golden.weights("encoder")
    if value is None:
        del tensors[name]
    else:
        tensors[name] = value
    with pytest.raises(InvalidDocument, match=rf"encoder.safetensors: 1 tensors .*: {name}\. Convert"):
        ReferenceEncoder.from_tensors(tensors)
