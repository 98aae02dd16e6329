"""The authors' pickle: every tensor in its place, whatever the prefix, and nothing run."""

import os
import pickle
import zipfile
from collections import OrderedDict

import golden
import pytest
import torch

from veraretouch import Latents, Renderer
from veraretouch.core.errors import IncompatibleBundle, InvalidDocument, MissingExtra, UnreachableBundle
from veraretouch.planners.reference.author_weights import read_published
from veraretouch.planners.reference.planner import Reference

NAME = "encoder_renderer.pth"


def state(encoder="encoder.", decoder="decoder."):
    """All tensors by name; of one number each, so that the file is small."""
    shapes = {
        prefix + name: shape
        for part, prefix in (("encoder", encoder), ("decoder", decoder))
        for name, shape in golden.document()[part].items()
    }
    return {name: torch.zeros(()).expand(shape) for name, shape in shapes.items()}


@pytest.fixture
def saved(tmp_path):
    """Write a checkpoint that holds this."""

    def save(tensors, **options):
        path = tmp_path / NAME
        torch.save({"model_state_dict": tensors}, path, **options)
        return path

    return save


def test_the_published_pickle_gives_the_published_values(saved):
    values = golden.values()
    tensors = OrderedDict(
        (f"{prefix}.{name}", value)
        for prefix in ("encoder", "decoder")
        for name, value in golden.weights(prefix).items()
    )
    for name in [name for name in tensors if name.endswith("running_mean")]:
        tensors[name.replace("running_mean", "num_batches_tracked")] = torch.tensor(12)
    path = saved(tensors)
    planner = Reference.from_published({"README.md": path.with_name("README.md"), NAME: path})
    with path.open("r+b") as file:  # what was read is no view of the file
        file.write(bytes(path.stat().st_size))
    latent = planner.encoder(values["encoder.before"], values["encoder.after"])
    assert float((latent - values["encoder.latent"]).abs().max()) < 1e-5
    mask = values["full.mask"].repeat_interleave(896, dim=1)
    done = Renderer(planner.ops)((values["full.image"] + 1) / 2, Latents.unpack(planner.schema, latent * mask))
    assert float((done - values["full.output"]).abs().max()) < 1e-5
    for network in (planner.encoder, planner.ops[0].network):
        assert not network.training
        assert not any(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize(
    ("encoder", "decoder"),
    [
        ("module.encoder.", "module.decoder."),
        ("net.module.encoder.", "net.module.decoder."),
        ("ref_retouch_encoder.", "ref_retouch_decoder."),
    ],
)
def test_the_prefix_is_read_from_the_file(saved, encoder, decoder):
    tensors = state(encoder, decoder)
    tensors[f"{encoder}fc.bias"] = torch.arange(2688.0)
    tensors[f"{decoder}out_layer.bias"] = torch.tensor([1.0, 2.0, 3.0])
    read = read_published(saved(tensors))
    assert read[0].fc.bias.tolist() == list(range(2688))
    assert read[1].out_layer.bias.tolist() == [1, 2, 3]


def test_the_old_format_and_half_precision_are_read(saved):
    tensors = {name: value.to(torch.bfloat16) for name, value in state().items()}
    encoder, renderer = read_published(saved(tensors, _use_new_zipfile_serialization=False))
    assert {value.dtype for value in [*encoder.state_dict().values(), *renderer.state_dict().values()]} == {
        torch.float32
    }


def test_one_error_lists_all_that_is_missing_left_over_or_of_another_shape(saved):
    tensors = state()
    del tensors["encoder.fc.bias"], tensors["decoder.out_layer.weight"]
    tensors |= {
        "encoder.extra": torch.zeros(1),
        "epoch": 3,
        # A count beside no mean.
        "encoder.model0.0.num_batches_tracked": torch.tensor(3),
        "encoder.model0.0.bias": torch.zeros(7),
        "decoder.out_layer.bias": "three",
        "decoder.layers.0.bias": torch.zeros(128, dtype=torch.int64),
        "decoder.layers.1.bias": torch.zeros(256, device="meta"),
    }
    with pytest.raises(InvalidDocument) as caught:
        read_published(saved(tensors))
    said = str(caught.value)
    assert said.startswith(f"{NAME}: its tensors are not these networks': ")
    assert "2 missing: encoder.fc.bias, decoder.out_layer.weight;" in said
    assert "3 left over: 'encoder.extra', 'epoch', 'encoder.model0.0.num_batches_tracked';" in said
    assert "4 of another kind: encoder.model0.0.bias: (7,), not (64,), " in said
    assert "decoder.out_layer.bias: str" in said
    assert "decoder.layers.0.bias: torch.strided, torch.int64, cpu" in said
    assert "decoder.layers.1.bias: torch.strided, torch.float32, meta" in said
    assert said.endswith("Fetch encoder_renderer.pth of Gyh68/VeraRetouch.Encoder_Renderer again.")


def test_two_prefixes_for_one_network_are_not_mixed(saved):
    tensors = state()
    tensors["other.fc.bias"] = tensors.pop("encoder.fc.bias")
    with pytest.raises(InvalidDocument, match=r"1 missing: encoder\.fc\.bias; 1 left over: 'other\.fc\.bias'"):
        read_published(saved(tensors))


def test_a_long_list_is_cut(saved):
    with pytest.raises(InvalidDocument, match=r"142 missing: .* and 132 more; 2 left over: 'a', 5\."):
        read_published(saved({"a": torch.zeros(1), 5: torch.zeros(1)} | state_of("decoder")))


def state_of(part):
    return {name: value for name, value in state().items() if name.startswith(part)}


class Payload:
    """What runs a command when it is unpickled by the usual means."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


@pytest.mark.parametrize("kind", ["beside the weights", "as the weights", "a bare pickle", "the old format"])
def test_a_pickle_with_a_payload_is_refused_and_not_run(tmp_path, kind):
    path, payload = tmp_path / NAME, Payload(tmp_path / "marker")
    if kind == "beside the weights":
        torch.save({"model_state_dict": state(), "optimizer": payload}, path)
    elif kind == "a bare pickle":
        path.write_bytes(pickle.dumps({"model_state_dict": payload}))
    else:
        torch.save({"model_state_dict": payload}, path, _use_new_zipfile_serialization=kind != "the old format")
    with pytest.raises(InvalidDocument) as caught:
        read_published(path)
    assert not (tmp_path / "marker").exists()
    said = str(caught.value)
    assert said.startswith(f"{NAME}: ")
    assert "nothing was run" in said
    # torch tells how to let it run.
    assert "weights_only" not in said
    assert caught.value.__cause__ is None
    if kind != "a bare pickle":
        assert "asks for posix.system, which no weights need" in said


def test_the_payload_would_run_elsewhere(tmp_path):
    pickle.loads(pickle.dumps(Payload(tmp_path / "marker")))
    assert (tmp_path / "marker").exists()


def archive(path, *names):
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(f"archive/{name}", pickle.dumps({}))


SPOILT = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-3000]),
    "another zip": lambda path: archive(path, "readme.txt"),
    "a TorchScript archive": lambda path: archive(path, "constants.pkl", "data.pkl", "version"),
    "no state": lambda path: torch.save({"state_dict": state()}, path),
    "a state that is none": lambda path: torch.save({"model_state_dict": [1]}, path),
    "a tensor": lambda path: torch.save(torch.zeros(3), path),
}


@pytest.mark.parametrize("spoil", sorted(SPOILT))
def test_what_is_no_checkpoint_is_refused_by_name(saved, spoil):
    path = saved(state())
    SPOILT[spoil](path)
    with pytest.raises(InvalidDocument, match=rf"^{NAME}: .* Fetch {NAME} of"):
        read_published(path)


def test_a_file_that_is_not_there_is_unreachable(tmp_path):
    with pytest.raises(UnreachableBundle, match="cannot be read: No such file"):
        read_published(tmp_path / NAME)


@pytest.mark.parametrize("version", ["2.4.1", "2.5.1+cpu", "2.9.1"])
def test_a_torch_that_runs_code_of_such_files_is_not_used(saved, monkeypatch, version):
    path = saved(state())
    monkeypatch.setattr(torch, "__version__", version)
    with pytest.raises(MissingExtra, match=r"can be made to run code by a pickle\. Install torch 2\.10"):
        read_published(path)


def test_an_error_names_the_file_as_the_repository_does(tmp_path):
    (tmp_path / "0a1b2c").write_bytes(b"")
    with pytest.raises(InvalidDocument, match=f"^weights/{NAME}: cannot be read"):
        Reference.from_published({f"weights/{NAME}": tmp_path / "0a1b2c"})


def test_the_pickle_is_picked_out_of_a_repository_s_files():
    assert Reference.published_files(["README.md", "encoder_renderer.pth", ".gitattributes"]) == [NAME]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], r"no \*\.pth file\."),
        (["model.safetensors", "README.md"], r"no \*\.pth file\."),
        (["b.pth", "a.pth"], r"2 \*\.pth files \(a\.pth, b\.pth\), and one is read\."),
    ],
)
def test_a_repository_without_it_is_named_for_what_it_lacks(names, said):
    for choose in (Reference.published_files, lambda names: Reference.from_published(dict.fromkeys(names))):
        with pytest.raises(IncompatibleBundle, match=said + r".*encoder_renderer\.pth"):
            choose(names)
