"""What a fit has to say: errors, what moved, where and in which colours the edit stays unexplained,
and what the photo cannot tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
import torch

from ...core.color.ciede2000 import ciede2000
from ...core.color.hue_bands import BANDS, band_weights
from ...core.color.oklab import chroma, hue, oklab
from ...core.contract.planner import Reasoning, Thought
from .align import Aligned
from .pairs import Array, Mask, Picture
from .search import Found
from .sliders import Sliders

MAP_SIDE: Final = 64
# Colours of which the photo holds less than this share tell nothing of their sliders.
SCARCE: Final = 0.002
COLOURED: Final = 0.03
# A slider that moves the photo by less than this over its whole reach (CIEDE2000) cannot be seen.
UNSEEN: Final = 0.3
# Two sliders trade against each other where so much of what one does is undone by the other.
TRADED: Final = 0.97
# Of an unexplained region or colour, in CIEDE2000 above the whole's.
STANDS_OUT: Final = 1.0
_ROWS: Final = ("top", "middle", "bottom")
_COLUMNS: Final = ("left", "centre", "right")


@dataclass(frozen=True)
class Move:
    """One slider that moved: its share of reach, -1..1,
    and how much the mean squared error (CIEDE2000) would rise without it.
    """

    slider: str
    share: float
    worth: float


@dataclass(frozen=True)
class FitReport:
    """How well sliders explain an edit.

    Attributes:
        error_before, error_after: mean CIEDE2000 between before and after, and between the fit's picture and after.
        typical: the median of the latter.
        moves: what moved, the weightiest first.
        unexplained: in words, where and in which colours more than elsewhere is left.
        by_colour: band of hue, or `neutral` -> mean error there; bands of which there is too little are left out.
        warnings: what the photo cannot tell, and what was noticed on the way.
        residuals: (H, W), mean error of each part of the picture, at most 64 parts a side.
        adjustments: the local adjustments that were found, each in a line.
        error_without_areas: mean CIEDE2000 that sliders for the whole photo alone leave; None where none was found.
        shift, scale, retouched: how the after lies on the before, and the share of pixels that were retouched by hand.
    """

    error_before: float
    error_after: float
    typical: float
    moves: tuple[Move, ...]
    unexplained: tuple[str, ...]
    by_colour: dict[str, float]
    warnings: tuple[str, ...]
    residuals: Array = field(repr=False, compare=False)
    shift: tuple[int, int] = (0, 0)
    scale: float = 1.0
    retouched: float = 0.0
    adjustments: tuple[str, ...] = ()
    error_without_areas: float | None = None

    def summary(self) -> str:
        """One line."""
        local = f" and {len(self.adjustments)} local adjustments" if self.adjustments else ""
        return f"CIEDE2000 {self.error_before:.2f} -> {self.error_after:.2f} by {len(self.moves)} sliders{local}"

    def document(self) -> dict[str, Any]:
        """The report as JSON, without the map."""
        facts = {name: value for name, value in asdict(self).items() if name != "residuals"}
        facts["moves"] = [asdict(move) for move in self.moves]
        return facts


def report_of(found: Found, aligned: Aligned, errors: Array, retouched: Mask | None) -> FitReport:
    """The report on sliders whose errors (H, W) are known."""
    before = ciede2000(*(torch.from_numpy(np.ascontiguousarray(p)) for p in (aligned.before, aligned.after)))
    by_colour, missing = _by_colour(aligned.before, errors)
    residuals = _parts(errors)
    mean = float(errors.mean())
    warnings = [*_noticed(aligned, retouched), *_missing_colours(found, missing), *_not_told(found)]
    return FitReport(
        error_before=float(before.mean()),
        error_after=mean,
        typical=float(np.median(errors)),
        moves=tuple(_moves(found)),
        unexplained=tuple(_unexplained(residuals, by_colour, mean)),
        by_colour=by_colour,
        warnings=tuple(warnings),
        residuals=residuals,
        shift=aligned.shift,
        scale=aligned.scale,
        retouched=0.0 if retouched is None else float(retouched.mean()),
    )


def reasons(found: Found, report: FitReport) -> Reasoning:
    """Group -> problem and plan, in words, for a plan of what was found."""
    said: dict[str, Thought] = {}
    for group in found.sliders.schema.groups:
        moved = [m for m in report.moves if _group(found.sliders, m.slider) == group]
        if moved:
            listed = ", ".join(f"{move.slider} {move.share:+.0%}" for move in moved[:8])
            said[group] = {
                "problem": f"An edit was given by example: {report.error_before:.1f} CIEDE2000 to explain.",
                "plan": (
                    f"{listed}{', and others' if len(moved) > 8 else ''}; {report.error_after:.1f} stay unexplained."
                ),
            }
    return said


def _group(sliders: Sliders, family: str) -> str:
    return sliders.all[sliders.families[family][0]].group


def _moves(found: Found) -> list[Move]:
    moves = []
    for family, places in found.sliders.families.items():
        values = found.x[list(places)]
        if np.any(values != 0):
            share = float(np.linalg.norm(values)) if len(places) == 2 else float(values[np.abs(values).argmax()])
            moves.append(Move(family, share, found.rises.get(family, 0.0)))
    return sorted(moves, key=lambda move: -move.worth)


def _parts(errors: Array) -> Array:
    """Means over parts of the picture."""
    height, width = (min(side, MAP_SIDE) for side in errors.shape)
    plane = torch.from_numpy(errors)[None, None]
    parts: Array = torch.nn.functional.adaptive_avg_pool2d(plane, (height, width))[0, 0].numpy()
    return parts


def _by_colour(before: Picture, errors: Array) -> tuple[dict[str, float], set[str]]:
    """Mean errors by the before's band of hue, and the bands of which there is too little."""
    step = max(1, int((errors.size / 2**16) ** 0.5))
    rgb = torch.from_numpy(np.ascontiguousarray(before[::step, ::step])).permute(2, 0, 1).unsqueeze(0)
    lab = oklab(rgb)
    coloured = (chroma(lab) > COLOURED)[0, 0].numpy()
    weights = band_weights(hue(lab))[0].numpy() * coloured
    some = errors[::step, ::step]
    found, missing = {}, set()
    for band, weight in zip(BANDS, weights, strict=True):
        if weight.mean() < SCARCE:
            missing.add(band)
        else:
            found[band] = float((weight * some).sum() / weight.sum())
    if (~coloured).mean() >= SCARCE:
        found["neutral"] = float(some[~coloured].mean())
    return found, missing


def _unexplained(residuals: Array, by_colour: dict[str, float], mean: float) -> Iterator[str]:
    height, width = residuals.shape
    if min(height, width) >= 3:
        for row, rows in zip(_ROWS, np.array_split(np.arange(height), 3), strict=True):
            for column, columns in zip(_COLUMNS, np.array_split(np.arange(width), 3), strict=True):
                error = float(residuals[np.ix_(rows, columns)].mean())
                if error > mean + STANDS_OUT:
                    yield f"the {row} {column} of the picture: {error:.1f} CIEDE2000"
    for colour, error in by_colour.items():
        if error > mean + STANDS_OUT:
            yield f"{'neutral tones' if colour == 'neutral' else f'{colour} tones'}: {error:.1f} CIEDE2000"


def _noticed(aligned: Aligned, retouched: Mask | None) -> Iterator[str]:
    if not aligned.alike:
        yield f"the two pictures hardly show the same scene (likeness {aligned.likeness:.2f}): the sliders mean little"
    if aligned.shift != (0, 0):
        yield "the after lies {:+d} pixels down and {:+d} right in the before; they were compared there".format(
            *aligned.shift
        )
    if aligned.scale != 1.0:
        yield f"the pictures differ in size by {aligned.scale:.3g}; they were compared at the smaller"
    if retouched is not None:
        yield f"{retouched.mean():.1%} of the picture went another way, as by local retouching; it was left out"


def _missing_colours(found: Found, missing: set[str]) -> Iterator[str]:
    if missing and any(slider.op == "hsl" for slider in found.sliders.all):
        listed = ", ".join(band for band in BANDS if band in missing)
        yield f"the photo holds hardly any {listed}: what the edit does to them is not known, their sliders stay at 0"


def identifiable(found: Found) -> dict[str, tuple[float, float]]:
    """Family -> how far its whole reach moves the photo, alone and with the moved ones making up for it,
    in CIEDE2000 (rms).
    """
    curvature, moved = found.curvature, np.flatnonzero(found.x != 0)
    told: dict[str, tuple[float, float]] = {}
    for family, places in found.sliders.families.items():
        own = np.array(places)
        alone = curvature[np.ix_(own, own)]
        others = np.setdiff1d(moved, own)
        block = curvature[np.ix_(others, others)] + 1e-6 * np.eye(len(others))
        cross = curvature[np.ix_(own, others)]
        left = alone - cross @ np.linalg.solve(block, cross.T) if len(others) else alone
        told[family] = _rms(alone), _rms(left)
    return told


def _rms(block: Array) -> float:
    return float(np.sqrt(max(0.0, np.trace(block) / len(block))))


def _not_told(found: Found) -> Iterator[str]:
    told = identifiable(found)
    # Missing colours are told by name, and the black-and-white mixer does nothing to a picture in colour.
    unseen = [n for n, (alone, _) in told.items() if alone < UNSEEN and not n.startswith(("hsl.", "grey_mixer."))]
    if unseen:
        yield f"these hardly show in this photo: {', '.join(unseen)}"
    moved = [family for family, places in found.sliders.families.items() if np.any(found.x[list(places)] != 0)]
    for one, two in _traded(found, moved):
        yield f"{one} and {two} trade against each other in this photo: only what they do together is sure"


def _traded(found: Found, moved: list[str]) -> Iterator[tuple[str, str]]:
    singles = {f: found.sliders.families[f][0] for f in moved if len(found.sliders.families[f]) == 1}
    for index, (one, i) in enumerate(singles.items()):
        for two, j in list(singles.items())[index + 1 :]:
            size = float(np.sqrt(found.curvature[i, i] * found.curvature[j, j]))
            if size > 0 and abs(float(found.curvature[i, j])) / size > TRADED:
                yield one, two
