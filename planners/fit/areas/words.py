"""Local adjustments that were found, as a plan's own, named in words: what became of which part of the picture."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch

from ....core.color.cielab import cielab
from ....core.color.hue_bands import BANDS, band_weights
from ....core.color.planes import planes_of
from ....core.color.srgb import srgb_to_linear
from ....core.contract.planner import Thought
from ....core.plan.edit import Edit
from ....core.plan.local import AreaPart, LocalAdjustment
from ..pairs import Array
from .finding import FoundAreas
from .layered import LayeredChain
from .places import Places

_ROWS: Final = ("top", "", "bottom")
_COLUMNS: Final = ("left", "", "right")
# What is said where lightness, colourfulness, a or b of CIE Lab changed most, up and down.
_CHANGES: Final = (("brighter", "darker"), ("more colourful", "paler"), ("pinker", "greener"), ("warmer", "cooler"))
# Below this chroma in CIE Lab a colour is a grey.
GREY: Final = 6.0


def adjustments(found: FoundAreas, places: Places) -> tuple[LocalAdjustment, ...]:
    """What was found as adjustments of a plan, in order."""
    made: list[LocalAdjustment] = []
    chain = LayeredChain(found.sliders, places)
    done = chain.whole.render(found.whole, chain_colours(places))
    for index, area in enumerate(found.sliders.areas):
        free, own = found.x[found.sliders.area_at(index)], found.x[found.sliders.own_at(index)]
        values = area.values(free)
        mask = area.masks([free], places.photo)[0]
        changed = done + mask[:, None, None, None] * (chain.own.render(own, done) - done)
        weight = mask.double().numpy() * places.pairs.weight
        where = _where(area.area.id, values, places, weight)
        what, by = _what(_lab(done), _lab(changed), weight)
        name = f"{what} {where}"
        taken = sum(one.name == name or one.name.startswith(f"{name} ") for one in made)
        latents = found.sliders.own.latents(own)
        edits = {
            op: Edit(latents.schema.spec(op).version, {s: v[0].double().numpy() for s, v in slots.items()})
            for op, slots in latents.values.items()
        }
        groups = tuple(dict.fromkeys(slot.group for op in edits for slot in latents.schema.spec(op).slots.values()))
        thought = Thought(
            problem=f"Sliders for the whole photo left {found.without:.1f} CIEDE2000; the {where} went another way.",
            plan=f"It is {what} by {by:.1f}, within the area {area.area.id!r}; {found.error:.1f} stay unexplained.",
        )
        made.append(
            LocalAdjustment(
                name if not taken else f"{name} {taken + 1}",
                (
                    AreaPart(
                        area.area.id, {slot: np.asarray(value, dtype=np.float64) for slot, value in values.items()}
                    ),
                ),
                edits,
                reasoning=dict.fromkeys(groups, thought),
            )
        )
        done = changed
    return tuple(made)


def said(adjustment: LocalAdjustment) -> str:
    """One line: the name, the area, the values that moved."""
    moved = [
        f"{op}.{slot} {float(value):+.2f}"
        for op, edit in adjustment.edits.items()
        for slot, value in edit.params.items()
        if float(value)
    ]
    return f"{adjustment.name} ({adjustment.area[0].id}): {', '.join(moved)}"


def chain_colours(places: Places) -> torch.Tensor:
    """The places' colours as photos of one pixel, (N, 3, 1, 1), row by row."""
    return places.photo[0].flatten(1).T[:, :, None, None].contiguous()


def _lab(colours: torch.Tensor) -> Array:
    """CIE Lab (3, N)."""
    planes = cielab(planes_of(srgb_to_linear(colours.clamp(0, 1))))
    return np.stack([plane.double().flatten().numpy() for plane in planes])


def _what(before: Array, after: Array, weight: Array) -> tuple[str, float]:
    """What changed most, and by how much in CIE Lab, where it applies."""

    def mean(values: Array) -> float:
        return float((values * weight).sum() / max(weight.sum(), 1e-12))

    colourful = np.hypot(after[1], after[2]) - np.hypot(before[1], before[2])
    moves = [mean(after[0] - before[0]), mean(colourful), mean(after[1] - before[1]), mean(after[2] - before[2])]
    most = int(np.abs(moves).argmax())
    return _CHANGES[most][moves[most] < 0], abs(moves[most])


def _where(id: str, values: dict[str, float], places: Places, weight: Array) -> str:
    """The part of the picture in words."""
    height, width = places.before.shape[:2]
    if id == "luminance":
        middle = (max(values["low"], 0.0) + min(values["high"], 1.0)) / 2
        return "shadows" if middle < 0.38 else "midtones" if middle < 0.62 else "highlights"
    if id == "color":
        turn = torch.tensor(values["hue"] % 360.0).reshape(1, 1, 1, 1)
        grey = values["chroma"] * 100 < GREY / 2
        return "neutral tones" if grey else f"{BANDS[int(band_weights(turn).argmax())]} tones"
    if id == "linear":
        right = (values["full_x"] - values["zero_x"]) * width
        down = (values["full_y"] - values["zero_y"]) * height
        most = max(abs(right), abs(down), 1e-9)
        # A side is named where the gradient runs at least half as far that way as the other.
        row = _ROWS[1 + (0 if abs(down) < most / 2 else int(np.sign(down)))]
        column = _COLUMNS[1 + (0 if abs(right) < most / 2 else int(np.sign(right)))]
        return f"{row} {column}".strip() or "top"
    if id != "ellipse":
        return id
    y, x = np.divmod(np.arange(height * width), width)
    total = max(float(weight.sum()), 1e-12)
    down, right = float((weight * (y + 0.5)).sum() / total / height), float((weight * (x + 0.5)).sum() / total / width)
    row, column = _ROWS[min(int(down * 3), 2)], _COLUMNS[min(int(right * 3), 2)]
    return f"{row} {column}".strip() or "middle"
