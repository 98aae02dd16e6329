"""Measures by learned weights, for those who have the weights: nothing is ever fetched.

LPIPS: Zhang, Isola, Efros, Shechtman and Wang (2018), AlexNet, by torchmetrics. Aesthetic score, without a reference:
CLIP-IQA, Wang, Chan and Loy (2023), "Exploring CLIP for assessing the look and feel of images": how sure CLIP is that
it sees a beautiful photo and no ugly one, by transformers.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from ..vera.torchvision_operators import make_torchvision_importable
from .data import Picture, Pictures
from .metrics import Measure, Metric

ALEXNET: Final = "alexnet-owt-7be5be79.pth"  # as torchvision calls AlexNet_Weights.IMAGENET1K_V1
CLIP: Final = "openai/clip-vit-base-patch16"
PROMPTS: Final = ("Beautiful photo.", "Ugly photo.")
_CLIP_FILES: Final = ("config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json")


def learned_metrics() -> list[Metric]:
    """LPIPS and the aesthetic score, each with its measure or with what is missing for it."""
    return [
        _metric("lpips", "LPIPS", "down", "AlexNet", _lpips),
        _metric("aesthetic", "aesthetic", "up", 'CLIP-IQA, "beautiful", without a reference, 0 to 1', _aesthetic),
    ]


class _Missing(Exception):
    """What a measure takes is not here; the message says what and how to get it."""


def _metric(id: str, title: str, better: Any, about: str, open_it: Callable[[], Measure]) -> Metric:
    try:
        return Metric(id, title, "", better, about, open_it())
    except _Missing as missing:
        return Metric(id, title, "", better, about, missing=str(missing))


def _lpips() -> Measure:
    _need("torchmetrics", "torchvision")
    weights = Path(torch.hub.get_dir(), "checkpoints", ALEXNET)
    if not weights.is_file():
        raise _Missing(f"AlexNet's weights are not here: fetch {ALEXNET} of torchvision into {weights.parent}")
    make_torchvision_importable()
    from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchvision's, on how torchmetrics asks for the weights
        network: Any = LearnedPerceptualImagePatchSimilarity(net_type="alex", normalize=True).eval()

    def measure(done: Picture, pictures: Pictures) -> float:
        with torch.no_grad():
            network.reset()
            return float(network(_batch(done), _batch(pictures.after)))

    return measure


def _aesthetic() -> Measure:
    _need("torchvision", "transformers")
    from huggingface_hub import try_to_load_from_cache

    found = [try_to_load_from_cache(CLIP, name) for name in _CLIP_FILES]
    if not all(isinstance(path, str) for path in found):
        raise _Missing(f"CLIP's weights are not here: hf download {CLIP}")
    make_torchvision_importable()
    from transformers import CLIPModel, CLIPProcessor

    folder = Path(str(found[0])).parent
    model: Any = CLIPModel.from_pretrained(folder, local_files_only=True)
    model.eval()
    processor: Any = CLIPProcessor.from_pretrained(folder, local_files_only=True)

    def measure(done: Picture, pictures: Pictures) -> float:
        from PIL import Image

        given = processor(text=list(PROMPTS), images=Image.fromarray(done), return_tensors="pt", padding=True)
        with torch.no_grad():
            return float(model(**given).logits_per_image.softmax(dim=-1)[0, 0])

    return measure


def _need(*packages: str) -> None:
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise _Missing(f"{missing[0]} is not installed: pip install {' '.join(missing)}")


def _batch(picture: Picture) -> Tensor:
    """(1, 3, H, W) float32 in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)[None])).float() / 255
