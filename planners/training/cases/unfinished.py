"""Finished photos made unfinished, as a camera gives them: dark, flat, dull, black lifted. The inverse of what human
experts do, by the distribution of `unfinished.json`, drawn by seed.

The starting point are the shifts that expert C of MIT-Adobe FiveK (Bychkovsky et al. 2011) makes, in the mean over 33
pairs; `shifts` measures the same of any pairs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from ....core import strict_json
from ....core.color.cielab import cielab
from ....core.color.oklab import light_at, lightness, roots_of, with_chroma
from ....core.color.planes import join, planes_of
from ....core.color.srgb import LUMINANCE, linear_to_srgb, srgb_to_linear
from ..spoilings import PIVOT, normal
from .camera import curve
from .faults import PhotoFaults, weighted

_LOG: Final = 60.0  # how much a log profile spreads its shadows
_FLARE: Final = 0.04  # of white, the stray light of a photo without contrast

Form = Callable[[Tensor, PhotoFaults, np.random.Generator], Tensor]


def distribution() -> Mapping[str, Any]:
    """The distribution, as it was committed."""
    return strict_json.packaged(__name__, "unfinished.json")


def unfinish(rgb: Tensor, seeds: Sequence[Sequence[int]]) -> Tensor:
    """Unfinished pixels (B, 3, H, W), uint8, of finished ones (B, 3, H, W), uint8: a row depends on its pixels and
    its seed, whole numbers from 0, alone.
    """
    return torch.cat([_unfinished(photo[None], seed) for photo, seed in zip(rgb, seeds, strict=True)])


def shifts(before: Tensor, after: Tensor) -> dict[str, Tensor]:
    """What finishing did to each of the pairs (B, 3, H, W), uint8, by the names of `unfinished.json`, each (B,):
    `median`, `contrast` (p95 - p5), `black` (p2) and `white` (p98) of CIE L*, the means of `chroma`, `a` and `b`.
    """
    one, two = _tones(before), _tones(after)
    return {name: two[name] - one[name] for name in one}


def _unfinished(rgb: Tensor, seed: Sequence[int]) -> Tensor:
    rng = np.random.default_rng([distribution()["seed"], *seed])
    name = weighted(rng, {form: about["weight"] for form, about in distribution()["forms"].items()})
    strength = rng.uniform(*distribution()["strength"])
    drawn = {value: strength * normal(rng, about) for value, about in distribution()["values"].items()}
    gamma = 2 ** drawn.pop("gamma")
    drawn["contrast"] *= distribution()["forms"][name]["contrast"]
    faults = PhotoFaults(**drawn)
    light = srgb_to_linear((rgb.float() / 255) ** gamma)
    light = (light * light.new_tensor(faults.gains)[:, None, None]).clamp(0, 1)
    encoded = _FORMS[name](light, faults, rng)
    lifted = faults.black + (1 - faults.black) * encoded.clamp(0, 1)
    return (lifted.clamp(0, 1) * 255).round().to(torch.uint8)


def _line(light: Tensor, faults: PhotoFaults, rng: np.random.Generator) -> Tensor:
    """A straight line about mid-grey, colour towards luma."""
    flat = PIVOT + (linear_to_srgb(light) - PIVOT) * 2**faults.contrast
    return _towards(_weighed(flat), flat, faults)


def _curve(light: Tensor, faults: PhotoFaults, rng: np.random.Generator) -> Tensor:
    """A steep curve undone, colour by OkLab's chroma."""
    roots = roots_of(planes_of(light))
    dull = join(light_at(with_chroma(roots, lightness(roots), light.new_tensor(2**faults.saturation))))
    drawn = torch.from_numpy(curve("odds" if rng.random() < 0.5 else "logistic", faults.contrast)).float()
    return drawn[(linear_to_srgb(dull.clamp(0, 1)) * (len(drawn) - 1)).round().long()]


def _log(light: Tensor, faults: PhotoFaults, rng: np.random.Generator) -> Tensor:
    """A share of a log profile in its place, colour in linear light."""
    dull = _towards(_weighed(light), light, faults).clamp(0, 1)
    share = 1 - 2 ** min(faults.contrast, 0.0)
    # Mid-grey stays where it is: a flat profile is not an exposure.
    middle = srgb_to_linear(light.new_tensor(PIVOT))
    held = ((1 + _LOG) ** PIVOT - 1) / (_LOG * middle)
    spread: Tensor = torch.log1p(_LOG * held * dull) / math.log1p(_LOG)
    return (1 - share) * linear_to_srgb(dull) + share * spread


def _veil(light: Tensor, faults: PhotoFaults, rng: np.random.Generator) -> Tensor:
    """Stray light of a grey or slightly blue air, and a line."""
    share = _FLARE * (1 - 2 ** min(faults.contrast, 0.0))
    air = light.new_tensor([1.0, 1.0 + rng.uniform(0, 0.05), 1.0 + rng.uniform(0, 0.2)])[:, None, None]
    return _line(((1 - share) * light + share * air).clamp(0, 1), faults, rng)


def _weighed(rgb: Tensor) -> Tensor:
    return (rgb * rgb.new_tensor(LUMINANCE)[:, None, None]).sum(dim=1, keepdim=True)


def _towards(grey: Tensor, rgb: Tensor, faults: PhotoFaults) -> Tensor:
    return grey + (rgb - grey) * 2**faults.saturation


def _tones(rgb: Tensor) -> dict[str, Tensor]:
    L, a, b = (plane.flatten(1) for plane in cielab(planes_of(srgb_to_linear(rgb.float() / 255))))
    low, black, middle, white, high = torch.quantile(L, L.new_tensor([0.05, 0.02, 0.5, 0.98, 0.95]), dim=1)
    chroma = torch.hypot(a, b).mean(dim=1)
    found = {"median": middle, "contrast": high - low, "black": black, "white": white}
    return found | {"chroma": chroma, "a": a.mean(dim=1), "b": b.mean(dim=1)}


_FORMS: Final[Mapping[str, Form]] = {"line": _line, "curve": _curve, "log": _log, "veil": _veil}
