"""Golden tensors, and how far a package is from torch: in its outputs, in latents, and in CIEDE2000 of pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ...core.color.ciede2000 import ciede2000
from .photos import mosaic
from .recipe import Array, Feature, PackageRecipe

# Of outputs larger than this every so many values are kept.
MOST_KEPT: Final = 2**16


def golden_inputs(recipe: PackageRecipe) -> dict[str, Array]:
    """Inputs as they are stored: pictures as bytes (1, 3, H, W), the rest as float32; the same each time."""
    drawn = recipe.example(np.random.default_rng(0))
    pictures = iter(range(len(recipe.inputs)))
    return {
        name: mosaic(feature.shape[2], first=next(pictures)) if feature.photo and name not in drawn else drawn[name]
        for name, feature in recipe.inputs.items()
    }


def as_given(recipe: PackageRecipe, stored: Mapping[str, Array]) -> dict[str, Array]:
    """What goes into the network, float32: pictures at their scale."""
    return {name: scaled(recipe.inputs[name], value) for name, value in stored.items()}


def scaled(feature: Feature, stored: Array) -> Array:
    """A stored input at its scale, float32."""
    value = np.asarray(stored, np.float32)
    return value * np.float32(feature.scale) + np.float32(feature.bias) if feature.photo else value


def kept(value: Array) -> Array:
    """What is stored of an output: all of it or, of a large one, every so many values of its line."""
    line = np.ascontiguousarray(value, np.float32).ravel()
    return line[:: stride(line.size)]


def stride(size: int) -> int:
    """How many values of a line lead to the next one that is kept."""
    return -(-size // MOST_KEPT)


def farthest(found: Array, golden: Array) -> float:
    """The largest difference of kept values from golden ones, as a share of the largest golden one."""
    largest = max(float(np.abs(golden).max()), 1e-12)
    return float(np.abs(np.asarray(found, np.float32) - golden).max()) / largest


def deviation(recipe: PackageRecipe, found: Mapping[str, Array], wanted: Mapping[str, Array]) -> dict[str, float]:
    """How far outputs are from torch's.

    Returns:
        `relative`: the norm of the difference, as a share of the norm; `share_max`: `farthest` of the outputs.
            For pictures and cubes `code_mean` and `code_max`, in 255ths, and
        `ciede2000_mean` and `ciede2000_max`; where latents come out, these of colours retouched by them,
        and `latent_max`, as a share of each slot's range or of the largest value.
    """
    one, two = (
        np.concatenate([np.asarray(each[name], np.float64).ravel() for name in wanted]) for each in (found, wanted)
    )
    told = {"relative": float(np.linalg.norm(one - two) / max(float(np.linalg.norm(two)), 1e-12))}
    told["share_max"] = max(farthest(kept(found[name]), kept(value)) for name, value in wanted.items())
    name = next(iter(wanted))
    shown, exact = (torch.from_numpy(np.asarray(each[name], np.float32)) for each in (found, wanted))
    if recipe.span is not None:
        told["latent_max"] = float(np.abs((one - two) / recipe.span(two)).max())
    if recipe.render is not None:
        with torch.no_grad():
            shown, exact = recipe.render(shown), recipe.render(exact)
    elif not (recipe.outputs[name].photo or shown.shape[-1] == 4):
        return told
    apart = ciede2000(_colours(shown), _colours(exact))
    codes = 255 * (_colours(shown) - _colours(exact)).abs()
    told |= {"code_mean": float(codes.mean()), "code_max": float(codes.max())}
    return told | {"ciede2000_mean": float(apart.mean()), "ciede2000_max": float(apart.max())}


def _colours(picture: Tensor) -> Tensor:
    """Colours (N, 3) of a photo (1, 3, H, W) or a cube (n, n, n, 4)."""
    if picture.shape[-1] == 4:
        return picture[..., :3].reshape(-1, 3).clamp(0, 1)
    return picture[0].flatten(1).T.clamp(0, 1)


def document(found: Mapping[str, float]) -> dict[str, float]:
    """Figures as they are written: to four digits, so that they are the same on every machine."""
    return {name: float(f"{value:.3g}") for name, value in found.items()}


def tolerances(recipe: PackageRecipe, measured: float) -> dict[str, float]:
    """How far a device may be from golden values, by compute unit; the Neural Engine may round within an operation.

    Args:
        measured: how far the package itself is, `share_max`: few bits a weight cost what no device can give back.
    """
    wide = {"cpuOnly": 1, "cpuAndGPU": 1, "cpuAndNeuralEngine": 2, "all": 2}
    return document({unit: recipe.tolerance * times + measured for unit, times in wide.items()})
