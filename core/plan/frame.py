"""The frame of a plan: read from JSON and from words, written, mixed.

In words, parts are divided by semicolons: `crop: 0.1 0 0.9 1; angle: -1.2; flip: horizontal;
perspective: vertical=-20 scale=95; lens: auto vignetting=50`. JSON as a plan has it is taken as well.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from .. import strict_json
from ..errors import InvalidDocument, InvalidPlan, InvalidRequest, nearest
from ..photo.geometry.framing import PERSPECTIVE_RANGES, WHOLE, Framing, Perspective
from ..photo.geometry.lens import LENS_RANGES, LensCorrection

FrameLike = Framing | Mapping[str, Any] | str
"""A frame as people give it: a `Framing`, words, or an object as a plan has it."""

_PARTS: Final = ("crop", "angle", "flip", "perspective", "lens", "quarter_turns")
_LONGEST: Final = 1000  # characters
_PAIR: Final = re.compile(r"([a-z_]+)\s*=\s*(\S+)")


def read_frame(given: FrameLike | None) -> Framing | None:
    """A frame from what people give; None for None.

    Raises:
        InvalidRequest: what was not understood, or is out of range.
    """
    if given is None or isinstance(given, Framing):
        return given
    if isinstance(given, str):
        given = _of_json(given) if given.lstrip().startswith("{") else _of_words(given)
    if not isinstance(given, Mapping):
        raise InvalidRequest(f"frame is {strict_json.shorten(given)}", cure='Give words, such as "angle: -1.2".')
    _check_names(given, _PARTS, "frame")
    perspective = given.get("perspective", {})
    if not isinstance(perspective, Mapping | Perspective):
        raise InvalidRequest(
            f"frame.perspective is {strict_json.shorten(perspective)}", cure="Give values by name: vertical=-20."
        )
    if isinstance(perspective, Mapping):
        _check_names(perspective, PERSPECTIVE_RANGES, "frame.perspective")
        perspective = Perspective(**perspective)
    return Framing(**{**given, "perspective": perspective, "lens": _lens(given.get("lens"))})


def _lens(given: Any) -> LensCorrection | None:
    if given is None or isinstance(given, LensCorrection):
        return given
    if not isinstance(given, Mapping):
        raise InvalidRequest(f"frame.lens is {strict_json.shorten(given)}", cure='Give {"profile": "auto"}.')
    _check_names(given, ("profile", *LENS_RANGES), "frame.lens")
    return LensCorrection(**given)


def read_plan_frame(document: Mapping[str, Any] | None) -> Framing | None:
    """The frame of a plan's document, whose form its schema has judged.

    Raises:
        InvalidPlan: with the JSON path, the rule and the cure.
    """
    try:
        return read_frame(document)
    except InvalidRequest as error:
        path, _, problem = error.problem.partition(" is ")
        raise InvalidPlan(f"is {problem}", path=f"plan.{path}", cure=error.cure) from None


def write_frame(frame: Framing) -> dict[str, Any]:
    """A frame as a JSON object, of what changes something."""
    document: dict[str, Any] = {}
    if frame.crop != WHOLE:
        document["crop"] = list(frame.crop)
    if frame.angle:
        document["angle"] = frame.angle
    if frame.flip != "none":
        document["flip"] = frame.flip
    if perspective := frame.perspective.document():
        document["perspective"] = perspective
    if frame.lens is not None:
        document["lens"] = frame.lens.document()
    if frame.quarter_turns:
        document["quarter_turns"] = frame.quarter_turns
    return document


def frame_text(frame: Framing) -> str:
    """A frame in the words that `read_frame` reads.

    >>> frame_text(Framing(crop=(0.1, 0, 0.9, 1), angle=-1.2))
    'crop: 0.1 0 0.9 1; angle: -1.2'
    """
    said = write_frame(frame)
    if "crop" in said:
        said["crop"] = " ".join(f"{edge:.6g}" for edge in frame.crop)
    if "perspective" in said:
        said["perspective"] = " ".join(f"{name}={value:g}" for name, value in said["perspective"].items())
    if frame.lens is not None:
        said["lens"] = " ".join(f"{n}={v:g}" if isinstance(v, float) else v for n, v in said["lens"].items())
    return "; ".join(f"{name}: {value:g}" if name == "angle" else f"{name}: {value}" for name, value in said.items())


def mean_frame(frames: Sequence[Framing | None], shares: Sequence[float]) -> Framing | None:
    """The weighted mean of frames: of edges, angles and perspective; none counts as the whole photo.

    Raises:
        InvalidPlan: they are flipped or turned by quarters differently, or correct lenses differently.
    """
    if not any(frames):
        return None
    held = [frame or Framing() for frame in frames]
    if len({frame.flip for frame in held}) > 1:
        raise InvalidPlan("the frames of these plans are flipped differently", cure="Mix plans that are flipped alike.")
    if len({frame.quarter_turns for frame in held}) > 1:
        raise InvalidPlan(
            "the frames of these plans are turned by different quarters", cure="Mix plans that are turned alike."
        )
    if len({frame.lens for frame in held}) > 1:
        raise InvalidPlan("the frames of these plans correct the lens differently", cure="Mix plans that do it alike.")

    def mean(values: Sequence[float]) -> float:
        return math.fsum(share * value for share, value in zip(shares, values, strict=True))

    crop = [mean(edges) for edges in zip(*(frame.crop for frame in held), strict=True)]
    names = {name: mean([getattr(frame.perspective, name) for frame in held]) for name in PERSPECTIVE_RANGES}
    angle, perspective = mean([frame.angle for frame in held]), Perspective(**names)
    low, high = (-1.0, 2.0) if angle or perspective != Perspective() else (0.0, 1.0)
    left, top, right, bottom = (min(max(edge, low), high) for edge in crop)  # sums of shares may stray by a rounding
    return replace(held[0], crop=(left, top, right, bottom), angle=angle, perspective=perspective)


def frame_beyond(frame: Framing | None, before: Framing | None) -> Framing | None:
    """The frame of a difference: what only the first plan has.

    Raises:
        InvalidPlan: both have one, and they differ.
    """
    if before is not None and frame != before:
        raise InvalidPlan("the frames of these plans differ", cure="Take a mean of them, or leave one frame out.")
    return frame if before is None else None


def frame_of_both(frame: Framing | None, more: Framing | None) -> Framing | None:
    """The frame of a sum: that of the plan which has one.

    Raises:
        InvalidPlan: both have one, and they differ.
    """
    if frame is not None and more is not None and frame != more:
        raise InvalidPlan("both plans have a frame, and a photo has one", cure="Leave one of the frames out.")
    return frame or more


def _check_names(given: Mapping[str, Any], known: Sequence[str] | Mapping[str, Any], path: str) -> None:
    for name in given:
        if name not in known:
            raise InvalidRequest(
                f"{path}: there is no {strict_json.shorten(name)}",
                cure=f"{nearest(str(name), known)} There are {', '.join(known)}.".lstrip(),
            )


def _of_json(text: str) -> Any:
    try:
        return strict_json.parse(text, name="frame")
    except InvalidDocument as error:
        raise InvalidRequest(f"frame: {error.problem}", cure=error.cure) from None


def _of_words(text: str) -> dict[str, Any]:
    if len(text) > _LONGEST:
        raise InvalidRequest(f"a frame of {len(text)} characters", cure=f"At most {_LONGEST}.")
    found: dict[str, Any] = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, colon, rest = (piece.strip() for piece in part.partition(":"))
        if not colon or name in found:
            raise InvalidRequest(
                f"frame: {strict_json.shorten(part)} is not understood",
                cure="Write each part once, as in: crop: 0.1 0 0.9 1; angle: -1.2; flip: horizontal.",
            )
        found[name] = _PART.get(name, str)(rest)
    if not found:
        raise InvalidRequest("the frame is empty", cure='Give a part, such as "angle: -1.2".')
    return found


def _numbers(text: str) -> list[float]:
    return [_number(each) for each in text.replace(",", " ").split()]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidRequest(f"frame: {strict_json.shorten(text)} is no number", cure="Write it as in -1.2.") from None


def _whole(text: str) -> int | float:
    number = _number(text)
    return int(number) if number.is_integer() else number


def _pairs(text: str) -> dict[str, float]:
    if _PAIR.sub("", text).strip():
        raise InvalidRequest(
            f"frame: {strict_json.shorten(text)} is no list of values", cure="Write them as in: vertical=-20 scale=95."
        )
    found = dict(_PAIR.findall(text))
    return {name: _number(value) for name, value in found.items()}


def _lens_of_words(text: str) -> dict[str, Any]:
    """A lens's name, which may hold blanks, and then values."""
    values = _PAIR.findall(text)
    name = _PAIR.sub("", text).strip()
    return {"profile": name} | {key: _number(value) for key, value in values}


_PART: Final[Mapping[str, Any]] = {
    "crop": _numbers,
    "angle": _number,
    "perspective": _pairs,
    "lens": _lens_of_words,
    "quarter_turns": _whole,
}
