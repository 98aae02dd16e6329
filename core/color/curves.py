"""Monotone cubic curves through uniformly spaced values.

Slopes: harmonic mean of the neighbouring secants, Fritsch and Butland (1984), eq. 5 with equal spacing; it satisfies
the monotonicity condition of Fritsch and Carlson (1980), eq. 2.2, and is smooth where the secants keep their sign.
"""

from __future__ import annotations

import torch
from torch import Tensor


def slopes(values: Tensor) -> Tensor:
    """Slopes, of shape (..., n), at the knots of values (..., n) spaced by 1; 0 at a local extremum."""
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
    curves = (values.unsqueeze(1) if values.ndim == 2 else values).expand(x.shape[0], x.shape[1], -1)
    n = curves.shape[-1]
    tangent, rise = slopes(curves), curves.diff(dim=-1)
    before, after = tangent[..., :-1], tangent[..., 1:]
    inside = x.clamp(0, 1)
    place = inside * (n - 1)
    index = place.detach().floor().clamp(max=n - 2)
    t = place - index
    # Tables of all curves in one line: index_select is several times as fast as gather.
    first = (n - 1) * torch.arange(x.shape[0] * x.shape[1], device=x.device).reshape(*x.shape[:2], 1, 1)
    at = (index.long() + first).flatten()

    def look_up(table: Tensor) -> Tensor:
        return table.flatten().index_select(0, at).reshape(x.shape)

    bend, twist = 3 * rise - 2 * before - after, before + after - 2 * rise
    cubic = look_up(curves[..., :-1]) + t * (look_up(before) + t * (look_up(bend) + t * look_up(twist)))
    start, end = ((n - 1) * slope.unsqueeze(-1) for slope in (tangent[..., :1], tangent[..., -1:]))
    return cubic + start * x.clamp(max=0) + end * (x - 1).clamp(min=0)
