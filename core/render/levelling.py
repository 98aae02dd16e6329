"""Level horizons: the angle that a planner suggests, as a part of the frame."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from ..contract.planner import Reasoning, Tilt
from ..errors import InvalidRequest
from ..photo import Photo
from ..photo.geometry.framing import Framing

_SIDE: Final = 1024  # pixels that a planner is shown


def levelled(planner: Any, photo: Photo, frame: Framing | None) -> tuple[Framing | None, Reasoning]:
    """The frame with the angle that levels a photo, by the planner's own eye, and why; the same frame where it is not
    sure of any.

    Raises:
        InvalidRequest: the frame has an angle already, or the planner finds no horizons.
    """
    frame = frame or Framing()
    if frame.angle:
        raise InvalidRequest(f"a level photo was asked for, and an angle of {frame.angle:g}", cure="Ask for one.")
    find = getattr(planner, "tilt", None)
    if find is None:
        raise InvalidRequest(f"planner {planner.id!r} finds no horizons", cure="Use tiny or rules, or give an angle.")
    seen = photo.resized(_SIDE).framed(replace(frame, flip="none"))
    tilt: Tilt = find(seen)
    return replace(frame, angle=round(-tilt.degrees, 2)), {"frame": tilt.thought}
