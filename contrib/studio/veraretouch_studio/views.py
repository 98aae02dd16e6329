"""What the page is sent to show: pixels as they are, tables that make of them what the plan says, and pictures that no
table can make.

Pixels travel in the photo's own encoding, and a table leads from there to the display's: nothing is clipped to the
display's colours, or rounded to 8 bit, before it is edited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

import veraretouch as vr
from veraretouch.core.contract.slot_kinds import identity_lattice
from veraretouch.core.errors import InvalidRequest
from veraretouch.core.lut import Cube
from veraretouch.core.photo.color.encoding import full_scale, is_srgb, to_depth
from veraretouch.core.photo.color.icc import DISPLAY_P3

from .library import HELD_BYTES, Held

Space = Literal["srgb", "p3"]
DRAFT_POINTS: Final = 33
TOLERANCE: Final = 1.0


@dataclass(frozen=True)
class Pixels:
    """Pixels to send, rows from the top down: `rgb8`, or `rgb16f`, halves in little endian."""

    width: int
    height: int
    format: str
    data: bytes

    @property
    def headers(self) -> dict[str, str]:
        """What says how to read them."""
        return {"X-Width": str(self.width), "X-Height": str(self.height), "X-Format": self.format}


@dataclass(frozen=True)
class Table:
    """A table to send: n x n x n colours, blue slowest; `data` in float32, or float16 for a draft."""

    points: int
    error: float | None
    data: bytes


class NoTable(Exception):
    """No table can show the plan; says why."""


def pixels_of(photo: vr.Photo) -> Pixels:
    """A photo's pixels in its own encoding."""
    if photo.pixels.dtype == np.uint8:
        return _sent(photo.pixels)
    scaled = np.divide(photo.pixels, np.float32(full_scale(photo.pixels.dtype)), dtype=np.float32)
    return Pixels(photo.width, photo.height, "rgb16f", scaled.astype("<f2").tobytes())


def table_for(photo: vr.Photo, plan: Mapping[str, Any] | None, space: Space, *, draft: bool) -> Table:
    """The table from a photo's own encoding to the display's, by a plan.

    Args:
        photo: at full size: its colours decide how fine the table is, as when the file is written.
        plan: a plan's document; None for the photo as it is.
        draft: for while something is dragged: 33 points, halves, unmeasured.

    Raises:
        NoTable: the plan edits areas or looks at neighbouring pixels, or no table is good enough.
        InvalidPlan
    """
    if plan is None and _shows_itself(photo, space):
        cube, error = Cube(identity_lattice(2).astype(np.float32)), 0.0
    else:
        edit = edit_of(plan)
        try:
            baked = renderer().table(
                photo, edit, color_space=space, tolerance=TOLERANCE, points=DRAFT_POINTS if draft else None
            )
        except InvalidRequest as error_:
            raise NoTable(error_.problem) from None
        if baked.cube is None:
            raise NoTable(f"the best table errs by {baked.error:.2f} CIEDE2000")
        cube, error = baked.cube, baked.error
    values = np.ascontiguousarray(cube.values, dtype="<f2" if draft else "<f4")
    return Table(cube.size, None if draft else float(error), values.tobytes())


def rendered(photo: vr.Photo, plan: Mapping[str, Any] | None, space: Space) -> Pixels:
    """The finished picture of a photo in the display's encoding, 8 bit."""
    return _sent(_finished(photo, edit_of(plan), space))


def part_rendered(photo: vr.Photo, plan: Mapping[str, Any] | None, space: Space, place: Mapping[str, int]) -> Pixels:
    """The finished picture of a part of a photo, of which areas and neighbouring pixels see the whole.

    Args:
        place: `left`, `top`, `width`, `height` in pixels of the photo at full size.
    """
    edit = edit_of(plan)
    whole = _wholes.get((photo.hash, space, edit.json()), lambda: _finished(photo, edit, space))
    columns = slice(place["left"], place["left"] + place["width"])
    rows = slice(place["top"], place["top"] + place["height"])
    return _sent(whole[rows, columns])


def edit_of(plan: Mapping[str, Any] | None) -> vr.Plan:
    """The plan of a document; one that changes nothing for None."""
    return vr.Plan.load(dict(plan)) if plan is not None else vr.Plan()


def _finished(photo: vr.Photo, edit: vr.Plan, space: Space) -> NDArray[np.uint8]:
    """The picture (H, W, 3) that a plan makes of a photo, 8 bit."""
    done = renderer().render(photo, edit, color_space=space, tolerance=TOLERANCE)
    return to_depth(done.pixels, np.uint8)


def _sent(pixels: NDArray[np.uint8]) -> Pixels:
    return Pixels(pixels.shape[1], pixels.shape[0], "rgb8", np.ascontiguousarray(pixels).tobytes())


# The pictures that were rendered last at full size: their parts are asked for one after the other.
_wholes: Held[tuple[str, Space, str], NDArray[np.uint8]] = Held(HELD_BYTES // 2, lambda pixels: pixels.nbytes)


@cache
def renderer() -> vr.Renderer:
    """The one renderer of the session."""
    return vr.Renderer()


def space_of(photo: vr.Photo) -> str:
    """The name of a photo's colour space."""
    if photo.profile is None or is_srgb(photo.profile):
        return "sRGB"
    if photo.profile == DISPLAY_P3:
        return "Display P3"
    from io import BytesIO

    from PIL import ImageCms

    try:
        return str(ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(photo.profile)))).strip()[:100]
    except (ImageCms.PyCMSError, OSError):
        return "its own profile"


def _shows_itself(photo: vr.Photo, space: Space) -> bool:
    """Whether the display's encoding is the photo's."""
    if space == "srgb":
        return photo.profile is None or is_srgb(photo.profile)
    return photo.profile == DISPLAY_P3
