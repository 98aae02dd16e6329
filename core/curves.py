"""Monotone cubic curves through uniformly spaced values.

Slopes: harmonic mean of the neighbouring secants, Fritsch and Butland (1984), eq. 5 with equal spacing; it satisfies the
monotonicity condition of Fritsch and Carlson (1980), eq. 2.2, and is smooth where the secants keep their sign.
"""

from __future__ import annotations

import torch
from torch import Tensor


def slopes(values: Tensor) -> Tensor:
    """Slopes (..., n) at the knots of values (..., n) spaced by 1; 0 at a local extremum."""
    secants = values.diff(dim=-1)
    before, after = secants[..., :-1], secants[..., 1:]
    product = before * after
    rising = product > 0
    total = torch.where(rising, before + after, torch.ones_like(before))
    inner = torch.where(rising, 2 * product / total, torch.zeros_like(product))
    return torch.cat([secants[..., :1], inner, secants[..., -1:]], dim=-1)


def follow(x: Tensor, values: Tensor) -> Tensor:
    """The curve through `values` at uniform positions on [0, 1], evaluated at x; straight lines continue it outside.

    Args:
        x: (B, C, H, W).
        values: (B, n), one curve a row for all channels, or (B, C, n), one a channel.
    """
    curves = values.unsqueeze(1) if values.ndim == 2 else values
    n = curves.shape[-1]
    flat = x.flatten(2)
    if curves.shape[1] == 1:
        flat = x.flatten(1).unsqueeze(1)
    place = flat * (n - 1)
    index = place.detach().floor().clamp(0, n - 2).long()
    t = place - index
    tangent = slopes(curves)
    y0, y1 = curves.gather(2, index), curves.gather(2, index + 1)
    m0, m1 = tangent.gather(2, index), tangent.gather(2, index + 1)
    inside = t.clamp(0, 1)
    rise = y1 - y0
    cubic = y0 + inside * (m0 + inside * (3 * rise - 2 * m0 - m1 + inside * (m0 + m1 - 2 * rise)))
    straight = torch.where(t < 0, m0 * t, torch.where(t > 1, m1 * (t - 1), torch.zeros_like(t)))
    return (cubic + straight).reshape(x.shape)
