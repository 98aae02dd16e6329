"""Other people's scorers by name. Nothing of theirs is imported or fetched until a run asks for one by its name, and
the licence of each is said when it is made.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from veraretouch.core.errors import MissingExtra


class Adapter(ABC):
    """A scorer that is somebody else's.

    Attributes:
        package: what is imported; `pip`: how it is installed.
        scale: the lowest and the highest score of its own, which become 0 and 1.
    """

    licence: ClassVar[str]
    commercial_use: ClassVar[bool]
    package: ClassVar[str]
    pip: ClassVar[str]
    scale: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def __init__(self) -> None:
        if find_spec(self.package) is None:
            raise MissingExtra(f"this scorer needs {self.package}", cure=self.pip)
        # Heard by whoever starts a run: its weights reward by work under these terms.
        warnings.warn(f"{type(self).__name__}: {self.licence}", UserWarning, stacklevel=2)
        self.model = self.load(import_module(self.package))

    @abstractmethod
    def load(self, library: Any) -> Any:
        """What scores, by its library."""

    @abstractmethod
    def own(self, pictures: Tensor) -> Tensor:
        """Its own scores (B,) of pictures (B, 3, H, W) in [0, 1]."""

    @torch.no_grad()
    def __call__(self, pictures: Tensor) -> Tensor:
        """(B,) from 0 to 1."""
        low, high = self.scale
        return ((self.own(pictures).flatten() - low) / (high - low)).clamp(0, 1)


class Pyiqa(Adapter):
    """Score by CLIP-IQA+ of the package pyiqa.

    Args:
        metric: the name that pyiqa has for it; one without a reference, from 0 to 1.
    """

    licence = "pyiqa and its weights (CC-BY-NC-SA-4.0): not for commercial use"
    commercial_use = False
    package = "pyiqa"
    pip = "pip install pyiqa"

    def __init__(self, metric: str = "clipiqa+") -> None:
        self.metric = metric
        super().__init__()

    def load(self, library: Any) -> Any:
        """The metric; pyiqa fetches its weights."""
        return library.create_metric(self.metric, device="cpu")

    def own(self, pictures: Tensor) -> Tensor:
        """As pyiqa says."""
        found: Tensor = self.model(pictures.cpu())
        return found


class AestheticV25(Adapter):
    """Score by aesthetic-predictor v2.5 (SigLIP), from 1 to 10."""

    licence = "aesthetic-predictor-v2-5: AGPL-3.0"
    commercial_use = True
    package = "aesthetic_predictor_v2_5"
    pip = "pip install aesthetic-predictor-v2-5"
    scale = (1.0, 10.0)

    def load(self, library: Any) -> Any:
        """Model and preprocessor; the package fetches its weights."""
        return library.convert_v2_5_from_siglip(low_cpu_mem_usage=True, trust_remote_code=False)

    def own(self, pictures: Tensor) -> Tensor:
        """As the package's example does it."""
        model, preprocessor = self.model
        pixels = preprocessor(images=_images(pictures), return_tensors="pt").pixel_values
        found: Tensor = model(pixels).logits
        return found


class Laion(Adapter):
    """Score by LAION's linear head on CLIP ViT-L/14, from 0 to 10: LAION-Aesthetics V1, whose head is a file that you
    fetch.

    Args:
        head: `sa_0_4_vit_l_14_linear.pth` of LAION-AI/aesthetic-predictor.
    """

    licence = "LAION aesthetic-predictor: MIT; CLIP ViT-L/14: MIT"
    commercial_use = True
    package = "open_clip"
    pip = "pip install open_clip_torch"
    scale = (0.0, 10.0)

    def __init__(self, head: str = "sa_0_4_vit_l_14_linear.pth") -> None:
        self.head = _there(head, "github.com/LAION-AI/aesthetic-predictor")
        super().__init__()

    def load(self, library: Any) -> Any:
        """CLIP, its preprocessing, and the head on it."""
        clip, _, preprocess = library.create_model_and_transforms("ViT-L-14", pretrained="openai")
        head = torch.nn.Linear(768, 1)
        head.load_state_dict(torch.load(self.head, map_location="cpu", weights_only=True))
        return clip.eval(), preprocess, head.eval()

    def own(self, pictures: Tensor) -> Tensor:
        """The head on the normalised features."""
        clip, preprocess, head = self.model
        features = clip.encode_image(torch.stack([preprocess(image) for image in _images(pictures)]))
        found: Tensor = head(torch.nn.functional.normalize(features.float(), dim=1))
        return found


class Nima(Adapter):
    """Score by NIMA (Talebi and Milanfar 2018) on MobileNet, with the weights of idealo's image-quality-assessment: the
    mean of ten shares, from 1 to 10.

    Args:
        weights: `weights_mobilenet_aesthetic_0.07.hdf5` of that repository.
    """

    licence = "idealo/image-quality-assessment: Apache-2.0"
    commercial_use = True
    package = "keras"
    pip = "pip install keras tensorflow"
    scale = (1.0, 10.0)

    def __init__(self, weights: str = "weights_mobilenet_aesthetic_0.07.hdf5") -> None:
        self.weights = _there(weights, "github.com/idealo/image-quality-assessment")
        super().__init__()

    def load(self, library: Any) -> Any:
        """MobileNet with a head of ten shares."""
        base = library.applications.MobileNet((224, 224, 3), weights=None, include_top=False, pooling="avg")
        dropped = library.layers.Dropout(0.75)(base.output)
        model = library.models.Model(base.inputs, library.layers.Dense(10, activation="softmax")(dropped))
        model.load_weights(str(self.weights))
        return model

    def own(self, pictures: Tensor) -> Tensor:
        """The mean of the ten shares, of pictures at 224 pixels in [-1, 1]."""
        small = torch.nn.functional.interpolate(pictures.cpu(), size=(224, 224), mode="bilinear", antialias=True)
        shares = torch.from_numpy(self.model.predict((2 * small - 1).permute(0, 2, 3, 1).numpy(), verbose=0))
        return (shares * torch.arange(1, 11)).sum(dim=1)


def _there(path: str, where: str) -> Path:
    found = Path(path).expanduser()
    if not found.is_file():
        raise MissingExtra(f"{found} is not there", cure=f"Fetch it from {where}, and name its path.")
    return found


def _images(pictures: Tensor) -> list[Any]:
    """Pictures as PIL images."""
    from PIL import Image

    rounded = (pictures.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    return [Image.fromarray(picture) for picture in rounded]
