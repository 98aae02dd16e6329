"""Plans for a photo: by a planner, or as sliders that come near an edit without any."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from typing import Any

from torch.overrides import TorchFunctionMode

import veraretouch as vr
from veraretouch.core.contract.planner import DEFAULT_PLANNER as DEFAULT_PLANNER
from veraretouch.core.contract.planner import Planner, Proposal, Reasoning
from veraretouch.core.contract.request import Request
from veraretouch.core.errors import InvalidRequest, VeraRetouchError
from veraretouch.core.plan.frame import read_frame
from veraretouch.core.plan.plan import Plan
from veraretouch.core.plugins.registry import registry
from veraretouch.planners.rules.style import read_style
from veraretouch.planners.vera.answer import read_answer

Tell = Callable[[str, dict[str, Any]], None]
"""Called with an event's name and what it says."""

_SIDE = 1024
"""Planners look at smaller copies; references are compared at this size at most."""

_BY_LEXICON = ("rules", "tiny")
"""Planners that read prompts by the lexicon alone, so that it is known which words they do not understand."""

_UNFINISHED = re.compile(r"<[^<>]*$")


class Stopped(BaseException):
    """A planner was stopped on the way; no `except Exception` of its own may hold that up."""


def plan_photo(
    photo: vr.Photo, wish: Mapping[str, Any], reference: Sequence[vr.Photo], tell: Tell, stopped: Callable[[], bool]
) -> None:
    """Ask a planner, and tell what it says as it says it: words that it does not know, its reasoning, the plan.

    The reasoning of planners that write it bit by bit is told so (`on_text` of their `plan`): each group anew as it
    grows, or, of an answer whose form is not known, its `text`. That of others is told group by group when they are
    done.

    Args:
        wish: `mode` (auto, style, reference), `planner`, and `style`, `taste`, `groups`, `frame` where they are
            given.
        reference: the target, or the photos before and after, for the mode reference.
        stopped: asked at each of the planner's steps whether to go on.

    Raises:
        Stopped. VeraRetouchError: whatever the planner refuses.
    """
    options = options_of(wish, reference) | {"frame": wish.get("frame")}
    if wish["mode"] == "style" and (wish.get("planner") or DEFAULT_PLANNER) in _BY_LEXICON:
        tell("words", {"unknown": unknown_words(wish)})
    heard = _Heard(tell)
    asked = _listened(retoucher(wish.get("planner") or DEFAULT_PLANNER), heard, stopped)
    with stoppable(stopped):
        plan = asked.plan(photo, **options)
    heard.take(plan.reasoning)
    tell("plan", plan.document())


def options_of(wish: Mapping[str, Any], reference: Sequence[vr.Photo]) -> dict[str, Any]:
    """What a retoucher is asked, but for the photo's frame.

    Raises:
        InvalidRequest: a style without words, a reference without photos.
    """
    options: dict[str, Any] = {name: wish.get(name) for name in ("taste", "groups")}
    if wish["mode"] == "style":
        if not str(wish.get("style") or "").strip():
            raise InvalidRequest("the style has no words", cure="Describe the look, such as: warm and moody.")
        options["style"] = wish["style"]
    if wish["mode"] == "reference":
        if not reference:
            raise InvalidRequest("no photo is given as reference", cure="Choose a target, or a pair.")
        small = tuple(each.resized(_SIDE) for each in reference)
        options["reference"] = small[0] if len(small) == 1 else small
    return options


def unknown_words(wish: Mapping[str, Any]) -> list[str]:
    """Words of a style that its planner does not understand, where that is known."""
    if wish["mode"] != "style" or (wish.get("planner") or DEFAULT_PLANNER) not in _BY_LEXICON:
        return []
    return list(read_style(str(wish.get("style") or "")).unknown)


@contextmanager
def stoppable(stopped: Callable[[], bool]) -> Iterator[None]:
    """Ask at each operation of torch in this thread whether to go on: planners have no other door to be stopped by.

    Raises:
        Stopped: at the first operation after `stopped` says so.
    """
    _load_all()
    with _Asked(stopped):
        yield


@cache
def _load_all() -> None:
    """Import what a planner may ask for: a plug-in whose import is stopped would count as broken from then on."""
    for catalogue in (registry.ops, registry.areas, registry.lexicons, registry.hooks):
        for id in catalogue.ids():
            with suppress(VeraRetouchError):
                catalogue.load(id)


class _Asked(TorchFunctionMode):
    def __init__(self, stopped: Callable[[], bool]) -> None:
        super().__init__()
        self._stopped = stopped

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if self._stopped():
            raise Stopped
        return func(*args, **(kwargs or {}))


class _Heard:
    """What a planner has said so far; what is new is told."""

    def __init__(self, tell: Tell) -> None:
        self._tell, self._text = tell, ""
        self._told: dict[str, dict[str, Any]] = {}

    def piece(self, text: str) -> None:
        """The next piece of an answer."""
        self._text += text
        whole = _UNFINISHED.sub("", self._text)
        if not self.take(read_answer(whole)) and not self._told:
            self._tell("text", {"text": whole})

    def take(self, reasoning: Reasoning) -> bool:
        """Reasoning by group; whether any of it is new."""
        new = {group: dict(thought) for group, thought in reasoning.items() if self._told.get(group) != thought}
        for group, thought in new.items():
            self._tell("reasoning", {"group": group, **thought})
        self._told |= new
        return bool(new)


class _Listened:
    """A planner whose answers are listened to as they are written."""

    def __init__(self, planner: Planner, hear: Callable[[int, str], None]) -> None:
        self._planner, self._hear = planner, hear

    def __getattr__(self, name: str) -> Any:
        return getattr(self._planner, name)

    def plan(self, photos: Sequence[vr.Photo], requests: Sequence[Request]) -> Proposal:
        """As the planner does."""
        asked: Any = self._planner
        proposal: Proposal = asked.plan(photos, requests, on_text=self._hear)
        return proposal


def _listened(plain: vr.Retoucher, heard: _Heard, stopped: Callable[[], bool]) -> vr.Retoucher:
    """A retoucher whose planner is listened to, where it can be."""
    if "on_text" not in inspect.signature(plain.planner.plan).parameters:
        return plain

    def hear(place: int, text: str) -> None:
        if stopped():
            raise Stopped
        heard.piece(text)

    listened: Any = _Listened(plain.planner, hear)
    return vr.Retoucher(listened, plain.renderer, origin=plain.origin)


def levelled(photo: vr.Photo, frame: str | None) -> dict[str, Any]:
    """The angle that makes a photo's horizon level, 0 where none is clear, and what was seen.

    Args:
        frame: how the photo is put right in perspective before it is looked at; it has no angle.

    Raises:
        InvalidRequest: what is no frame, or has an angle.
    """
    found, thoughts = retoucher(DEFAULT_PLANNER).framing(photo, read_frame(frame), level=True)
    return {"angle": 0.0 if found is None else found.angle, **thoughts.get("frame", {})}


@lru_cache(maxsize=4)
def retoucher(name: str) -> vr.Retoucher:
    """The retoucher of an installed planner or bundle, opened once."""
    return vr.load(name)


def explained(plan: Plan, photo: vr.Photo) -> dict[str, Any]:
    """A plan of sliders whose picture of this photo comes near that of another plan."""
    found = vr.explain(plan, photo=photo.resized(_SIDE))
    return {"plan": found.plan.document(), "error": found.report.error_after, "holds": found.holds}
