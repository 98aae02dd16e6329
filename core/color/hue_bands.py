"""Eight bands of hue in OkLCh (Ottosson 2020), about the hues of the sRGB primaries, secondaries, orange and purple as
measured there. Their weights are smoothstep ramps between neighbours: a partition of unity.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import torch
from torch import Tensor

from .elementwise import smoothstep

BANDS: Final = ("red", "orange", "yellow", "green", "aqua", "blue", "purple", "magenta")
CENTRES: Final = (29.2, 52.8, 109.8, 142.5, 194.8, 264.1, 293.8, 328.4)


def band_weights(degrees: Tensor) -> Tensor:
    """The weights (B, 8, H, W) of the bands at OkLCh hues (B, 1, H, W) in degrees; they sum to 1."""
    # A band begins where the ramp before it has risen, and ends where its own has.
    ramps = _ramps(degrees)
    first = 1 - ramps[0] + ramps[-1]
    return torch.cat([first, *(before - own for before, own in pairwise(ramps))], dim=1)


def by_hue(degrees: Tensor, *bands: Tensor) -> list[Tensor]:
    """Each setting's eight bands (B, 8, 1, 1), weighted for each pixel's hue (B, 1, H, W): (B, 1, H, W).

    Going round from the first band's centre, each band has a ramp that rises once, from its centre to the next,
    and stays.
    """
    ramps = _ramps(degrees)
    found = []
    for values in bands:
        steps = (values.roll(-1, dims=1) - values).unbind(1)
        done = values[:, :1]
        for step, ramp in zip(steps, ramps, strict=True):
            done = torch.addcmul(done, step.unsqueeze(1), ramp)
        found.append(done)
    return found


def _ramps(degrees: Tensor) -> list[Tensor]:
    """Of each band the ramp (B, 1, H, W) that rises from its centre to the next."""
    round_trip = torch.remainder(degrees - CENTRES[0], 360.0)
    ends = zip(CENTRES, (*CENTRES[1:], CENTRES[0] + 360), strict=True)
    return [smoothstep(start - CENTRES[0], end - CENTRES[0], round_trip) for start, end in ends]
