"""Good photos spoilt on purpose: the distribution of `spoilings.json`, drawn by seed.

Plain formulas and not the ops that repair: light is multiplied and clips, as on a sensor;
contrast is a straight line; so what is lost is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from ...core import strict_json
from ...core.color.srgb import LUMINANCE, linear_to_srgb, srgb_to_linear

PIVOT: Final = 0.46  # encoded mid-grey, about which contrast turns
FAULTS: Final = ("ev", "red", "blue", "contrast", "saturation")


def distribution() -> Mapping[str, Any]:
    """The distribution, as it was committed before anything was trained."""
    return strict_json.packaged(__name__, "spoilings.json")


def draw(seeds: Sequence[tuple[int, ...]]) -> Tensor:
    """Faults (B, 5) in the order of FAULTS, all in log2: one row a tuple of numbers,
    which is all that the row depends on.
    """
    families = distribution()["families"]
    rows = [faults_of(np.random.default_rng(seed), families) for seed in seeds]
    return torch.tensor([[row[fault] for fault in FAULTS] for row in rows], dtype=torch.float32)


def spoil(rgb: Tensor, faults: Tensor) -> Tensor:
    """Spoilt pixels (B, 3, H, W), uint8, of encoded ones in [0, 1]: exposure and cast, contrast, saturation,
    each clamped.
    """
    ev, red, blue, contrast, saturation = (2 ** fault.reshape(-1, 1, 1, 1) for fault in faults.unbind(1))
    light = srgb_to_linear(rgb) * ev
    light = light * torch.cat([red, torch.ones_like(red), blue], dim=1)
    done = linear_to_srgb(light.clamp(0, 1))
    done = (PIVOT + (done - PIVOT) * contrast).clamp(0, 1)
    luma = (done * done.new_tensor(LUMINANCE)[:, None, None]).sum(dim=1, keepdim=True)
    done = (luma + (done - luma) * saturation).clamp(0, 1)
    return (done * 255).round().to(torch.uint8)


def faults_of(rng: np.random.Generator, families: Mapping[str, Any]) -> dict[str, float]:
    """Faults by families that are absent with a chance of their own; never none at all."""
    found: dict[str, float] = {}
    while not any(found.values()):
        for family in families.values():
            absent = rng.random() < family["absent"]
            for fault in family["faults"]:
                value = normal(rng, family)
                found[fault] = 0.0 if absent else value
    return found


def normal(rng: np.random.Generator, about: Mapping[str, float]) -> float:
    """A number of `mean` (0 where there is none) and `deviation`, drawn again where it is further than `cut` off."""
    while abs(value := rng.normal(0.0, about["deviation"])) > about["cut"]:
        pass
    return float(about.get("mean", 0.0) + value)
