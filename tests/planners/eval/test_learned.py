"""Measures by learned weights: what is said where weights are missing, and that they are used where they are there."""

import json
import socket

import numpy as np
import pytest
import torch
from judged import pixels, spoilt

from veraretouch.planners.eval import learned
from veraretouch.planners.eval.data import Pictures
from veraretouch.planners.vera.torchvision_operators import make_torchvision_importable

GOOD = pixels("lake")
PICTURES = Pictures(GOOD.astype(np.float32) / 255, GOOD)


@pytest.fixture(autouse=True)
def own_weights(tmp_path, monkeypatch):
    """Nothing of this machine's user is found, and nothing is fetched."""
    import huggingface_hub.constants

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

    def refuse(*_):
        raise AssertionError("something was to be fetched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tmp_path


def test_missing_weights_are_named_with_the_cure_and_never_fetched():
    missing = {metric.id: metric.missing for metric in learned.learned_metrics()}
    assert "alexnet" in missing["lpips"]
    assert "hf download openai/clip" in missing["aesthetic"]


def test_missing_packages_are_named_with_the_command(monkeypatch):
    monkeypatch.setattr(learned, "find_spec", lambda name: None)
    missing = {metric.id: metric.missing for metric in learned.learned_metrics()}
    assert missing["lpips"] == "torchmetrics is not installed: pip install torchmetrics torchvision"


@pytest.mark.slow
def test_lpips_is_measured_where_the_weights_are(own_weights):
    make_torchvision_importable()
    from torchvision.models import alexnet

    torch.manual_seed(0)
    folder = own_weights / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    torch.save(alexnet(weights=None).state_dict(), folder / "alexnet-owt-7be5be79.pth")
    measure = next(metric for metric in learned.learned_metrics() if metric.id == "lpips").of_photo
    same, other = measure(GOOD, PICTURES), measure(spoilt(GOOD), PICTURES)
    assert same == pytest.approx(0, abs=1e-6)
    assert other > 1e-4
    assert measure(GOOD, PICTURES) == same  # no memory of the one before


@pytest.mark.slow
def test_the_aesthetic_score_is_what_clip_makes_of_both_prompts(own_weights):
    make_torchvision_importable()
    from PIL import Image
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizerFast

    repository = own_weights / "hub" / "models--openai--clip-vit-base-patch16"
    snapshot = repository / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    small = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    words = {"vocab_size": 64, "bos_token_id": 0, "eos_token_id": 1}
    torch.manual_seed(0)
    model = CLIPModel(
        CLIPConfig(text_config=small | words, vision_config=small | {"patch_size": 32}, projection_dim=16)
    )
    model.save_pretrained(snapshot)
    letters = [letter + end for letter in "abcdefghijklmnopqrstuvwxyz." for end in ("", "</w>")]
    vocabulary = {word: id for id, word in enumerate(["<|startoftext|>", "<|endoftext|>", *letters])}
    tokenizer = CLIPTokenizerFast(vocab=json.loads(json.dumps(vocabulary)), merges=[])
    tokenizer.save_pretrained(snapshot)
    CLIPImageProcessor().save_pretrained(snapshot)

    measure = next(metric for metric in learned.learned_metrics() if metric.id == "aesthetic").of_photo
    seen = CLIPImageProcessor()(images=Image.fromarray(GOOD), return_tensors="pt")["pixel_values"]
    processor = CLIPProcessor(CLIPImageProcessor(), tokenizer)
    with torch.no_grad():
        picture = model.eval().visual_projection(model.vision_model(seen).pooler_output)
        texts = processor(text=list(learned.PROMPTS), return_tensors="pt", padding=True)
        said = model.text_projection(model.text_model(**texts).pooler_output)
        alike = torch.nn.functional.cosine_similarity(picture, said) * model.logit_scale.exp()
    assert measure(GOOD, PICTURES) == pytest.approx(float(alike.softmax(dim=0)[0]), abs=1e-5)
