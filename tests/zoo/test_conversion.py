"""Published repositories, which are not in our format, on the loopback Hub under their own names."""

import json
import random

import numpy as np
import pytest
from golden import document, weights
from safetensors.torch import save
from small_vera import ANSWER, END, words

from veraretouch import Photo, zoo
from veraretouch.core.errors import IncompatibleBundle, InvalidDocument, LicenceNotAccepted, UnreachableBundle
from veraretouch.core.threads import one_thread
from veraretouch.planners.vera.writing.sampling import Forced
from veraretouch.zoo.fetch import fetch

# One worker makes the networks for all.
pytestmark = pytest.mark.xdist_group("vera")

VERA = "Gyh68/VeraRetouch"
COMMIT = "0cccf3ef2ff16fd1f8b7867ab5cb3e725142696e"
FACTS = document("vlm_keys.json")


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    with one_thread():  # see tests/planners/vera/conftest.py
        yield


@pytest.fixture(scope="module")
def files():
    """The published layout with golden weights: a small language model behind the real tower,
    in two shards of half precision.
    """
    tensors = [(name, value.half()) for name, value in weights("keys", "vlm_keys.json").items()]
    random.Random(0).shuffle(tensors)
    config = {"model_type": "llava_qwen2", **FACTS["config"], "eos_token_id": words().ids(END)[0]}
    return {
        "config.json": json.dumps(config).encode(),
        "generation_config.json": json.dumps({"repetition_penalty": 1.1, "do_sample": False}).encode(),
        "tokenizer.json": words().json().encode(),
        "README.md": b"---\nlicense: apache-2.0\n---\n",
        "LICENSE": b"For academic research only.\n",
        "model-00001-of-00002.safetensors": save(dict(tensors[::2])),
        "model-00002-of-00002.safetensors": save(dict(tensors[1::2])),
        "model.safetensors.index.json": b"{}",
        "training_args.bin": b"not wanted",
    }


@pytest.fixture
def publish(loopback, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", loopback.url)

    def put(files, repository=VERA, commit=COMMIT):
        made = loopback.publish(repository, files)
        loopback.repositories[repository].branches[commit] = made

    return put


def pooled(pictures):
    """In place of what the tower sees in a photo, which takes it seconds: its mean, as 256 features."""
    return pictures.mean(dim=(1, 2, 3))[:, None, None].expand(-1, 256, FACTS["config"]["hidden_size"])


@pytest.mark.parametrize("tower", ["pooled", pytest.param("published", marks=pytest.mark.slow)])
def test_a_published_checkpoint_loads_by_its_name_and_plans(publish, files, loopback, monkeypatch, tower):
    publish(files)
    with pytest.raises(LicenceNotAccepted, match="academic research only"):
        zoo.load("vera-0.5b")
    assert not any("safetensors" in request.path for request in loopback.requests if request.method == "GET")
    retoucher = zoo.load("vera-0.5b", accept_licence=True)
    assert not any("training_args" in request.path for request in loopback.requests)
    asked = len(loopback.requests)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert zoo.load(f"{VERA}@{COMMIT}").origin == retoucher.origin
    assert len(loopback.requests) == asked

    if tower == "pooled":
        model = retoucher.planner.model
        monkeypatch.setattr(model, "see", lambda pictures: pooled(pictures).to(model.dtype))
    retoucher.planner.sampler = lambda request: Forced(words().ids(ANSWER))
    photo = Photo(np.full((50, 70, 3), 90, np.uint8))
    for keywords in ({}, {"style": "dreamy bright pink"}, {"params": {"Exposure2012": {"value": 30}}}):
        result = retoucher(photo, **keywords)
        assert result.reasoning["lighting"]["plan"] == "Raise exposure."
        assert result.plan.edits["neural"].asset["bundle"] == VERA
        assert result.plan.edits["neural"].asset["revision"] == COMMIT
        assert result.plan.planner["bundle"]["licence"] == "other"
        assert result.image.pixels.shape == photo.pixels.shape
    assert zoo.info("vera-0.5b").licence["commercial_use"] is False


def test_a_checkpoint_that_is_not_as_expected_is_refused_with_what_is_wrong(publish, files):
    config = json.loads(files["config.json"]) | {"num_hidden_layers": 3}
    publish(files | {"config.json": json.dumps(config).encode()})
    with pytest.raises(InvalidDocument, match=r"12 tensors are missing: language\.layers\.2"):
        fetch("vera-0.5b", accept_licence=True)
    publish(files | {"config.json": json.dumps(config | {"model_type": "llama"}).encode()})
    with pytest.raises(InvalidDocument, match="is of the kind 'llama'"):
        fetch("vera-0.5b", accept_licence=True)


def test_a_repository_with_other_files_is_reported_not_guessed(publish, loopback):
    publish({"config.json": b"{}", "model.safetensors": b"1234567"})
    with pytest.raises(
        IncompatibleBundle,
        match=(
            r"cannot be read: no tokenizer\.json, .*; it holds 2 files: config\.json \(2 bytes\), model\.safetensors"
            r" \(7 bytes\)"
        ),
    ):
        fetch("vera-0.5b")
    assert not loopback.downloads()


def test_repositories_for_phones_without_their_packages_are_reported(publish):
    publish({"a.mlpackage": b"x"}, "Gyh68/ml-VeraRetouch", "main")
    with pytest.raises(IncompatibleBundle, match=r"none of fastvithd, .* is there; it holds 1 files: a\.mlpackage"):
        fetch("vera-0.5b-mobile")


def test_without_network_the_published_say_what_is_missing(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for name in ("vera-0.5b", "vera-0.5b-mobile"):
        with pytest.raises(UnreachableBundle, match=r"is not in .*HF_HUB_OFFLINE forbids"):
            zoo.load(name)
