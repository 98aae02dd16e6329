"""A session: the photos, their edits, the exports under way, and what each request asks of them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from veraretouch_serve.jobs import Jobs

import veraretouch as vr
from veraretouch.core.errors import InvalidRequest
from veraretouch.core.photo import EXTENSIONS
from veraretouch.core.plan.plan import Plan

from . import planning, views
from .edits import Edits
from .jobs.exporting import begin_export
from .jobs.series import begin_plans
from .library import THUMBNAIL, Entry, Library, small_jpeg
from .sidecars import Sidecars
from .steps import History

LARGEST_VIEW = 4096 * 4096
"""Pixels of a part of a photo that is rendered at once."""


class Session:
    """What a browser works on.

    Args:
        paths: the photos' files, in the order in which they are shown.
        sidecars: which files beside an edited photo follow its edits: `plan`, `xmp`.

    Raises:
        InvalidRequest: another kind of sidecar.
    """

    def __init__(self, paths: Iterable[Path], *, sidecars: Collection[str] = ()) -> None:
        self.library = Library(paths)
        self.edits = Edits(Sidecars(sidecars))
        self.jobs = Jobs()
        self._dropped: tempfile.TemporaryDirectory[str] | None = None

    def photos(self) -> list[dict[str, Any]]:
        """Every photo in one line each."""
        return [self._line(entry) for entry in self.library]

    def _line(self, entry: Entry) -> dict[str, Any]:
        history = self.edits.of(entry.path)
        return {"id": entry.id, "name": entry.name, "edited": history.edited, "revision": history.revision}

    def photo(self, id: str) -> dict[str, Any]:
        """A photo's facts, and how it stands; its size is that of what its plan's frame shows, `whole` without one."""
        entry = self.library.entry(id)
        history = self.edits.of(entry.path)
        frame, _ = _placed(history.plan)
        photo, whole = self.library.photo(id, frame), self.library.photo(id)
        depth = 8 * photo.pixels.dtype.itemsize
        facts = {"id": id, "name": entry.name, "width": photo.width, "height": photo.height, "depth": depth}
        said = {"space": views.space_of(photo), "warnings": list(photo.warnings)}
        seen = {"frame": frame, "whole": {"width": whole.width, "height": whole.height}}
        return facts | said | seen | history.facts()

    def add(self, name: str, data: bytes) -> dict[str, Any]:
        """Take a dropped photo in; it is kept until the session ends.

        Raises:
            InvalidRequest: a name without a photo's suffix. UnreadablePhoto.
        """
        plain = Path(name.replace("\\", "/")).name
        if Path(plain).suffix.lower() not in EXTENSIONS.readable or len(plain) > 200 or "\0" in plain:
            raise InvalidRequest(f"{name[:100]!r} is no name of a photo", cure="End it in .jpg, .png, .tif ...")
        vr.open_photo(data)
        if self._dropped is None:
            self._dropped = tempfile.TemporaryDirectory(prefix="veraretouch-studio-")
        folder = tempfile.mkdtemp(dir=self._dropped.name)
        path = Path(folder, plain)
        path.write_bytes(data)
        return self._line(self.library.add(path))

    def thumbnail(self, id: str, *, edited: bool) -> bytes:
        """A small JPEG, as the photo is or as its plan makes it."""
        plan = self.edits.of(self.library.entry(id).path).plan
        if not edited or plan is None:
            return self.library.thumbnail(id)
        frame, plan = _placed(plan)
        small = self.library.small(id, 2 * THUMBNAIL, frame)
        return small_jpeg(views.renderer().render(small, views.edit_of(plan)))

    def table(self, id: str, wish: Mapping[str, Any]) -> views.Table:
        """The table of a plan for a photo."""
        frame, plan = _placed(wish["plan"])
        return views.table_for(self.library.photo(id, frame), plan, wish["space"], draft=wish.get("draft", False))

    def render(self, id: str, wish: Mapping[str, Any]) -> views.Pixels:
        """The picture of a plan: of the whole photo at a size, or of a part of it at full size."""
        frame, plan = _placed(wish["plan"])
        if "side" in wish:
            return views.rendered(self.library.small(id, wish["side"], frame), plan, wish["space"])
        place = {name: wish[name] for name in ("left", "top", "width", "height")}
        photo = self.library.photo(id, frame)
        if place["left"] >= photo.width or place["top"] >= photo.height:
            raise InvalidRequest(f"no pixels there in {photo.width} x {photo.height}")
        if place["width"] * place["height"] > LARGEST_VIEW:
            raise InvalidRequest(f"a part of {place['width']} x {place['height']} pixels", cure="Ask for less at once.")
        return views.part_rendered(photo, plan, wish["space"], place)

    def plan(
        self, id: str, wish: Mapping[str, Any], tell: planning.Tell, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        """Ask a planner about a photo, and tell what it says as it says it."""
        named = [self.library.photo(wish[name]) for name in ("before", "target") if wish.get(name)]
        planning.plan_photo(self.library.photo(id), wish, named, tell, stopped)

    def plan_all(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        """Begin to plan several photos."""
        return begin_plans(self.jobs, self.library, self.edits, wish).facts()

    def level(self, id: str, wish: Mapping[str, Any]) -> dict[str, Any]:
        """The angle that makes a photo's horizon level, 0 where none is clear, and why."""
        return planning.levelled(self.library.photo(id), wish.get("frame"))

    def put(self, id: str, revision: int, wish: Mapping[str, Any]) -> History:
        """Write an edit down."""
        return self.edits.put(self.library.entry(id).path, revision, wish["plan"], wish.get("name", "Edit"))

    def paste(self, wish: Mapping[str, Any]) -> dict[str, int]:
        """Put the values of a plan, or those that a photo's plan has, over those of others: all of them, or some by
        address; or the plan as a whole in place of theirs.
        """
        given, chosen, revisions = self._given(wish), wish.get("slots"), {}
        for id in wish["to"]:
            path = self.library.entry(id).path
            history = self.edits.of(path)
            made = given if wish.get("whole") else pasted(given, history.plan, chosen)
            if wish.get("whole") and not given.get("frame") and (history.plan or {}).get("frame"):
                made = given | {"schema": "veraretouch.plan/2", "frame": (history.plan or {})["frame"]}
            revisions[id] = self.edits.put(path, history.revision, made, wish.get("name", "Paste")).revision
        return revisions

    def _given(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        """The plan that is pasted."""
        if (wish.get("plan") is None) == (wish.get("from") is None):
            raise InvalidRequest("either a plan or the photo to copy from has to be given", cure="Give one of them.")
        if wish.get("plan") is not None:
            return Plan.load(wish["plan"]).document()
        held = self.edits.of(self.library.entry(wish["from"]).path).plan
        if held is None:
            raise InvalidRequest("the photo to copy from is not edited", cure="Choose one that is.")
        return dict(held)

    def export(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        """Begin to write photos by their plans."""
        entries = [self.library.entry(id) for id in wish["ids"]]
        photos = [(entry.path, self.edits.of(entry.path).plan) for entry in entries]
        return begin_export(self.jobs, photos, wish).facts()

    def close(self) -> None:
        """End the jobs, and remove what was dropped."""
        self.jobs.close()
        if self._dropped is not None:
            self._dropped.cleanup()


def _placed(plan: Mapping[str, Any] | None) -> tuple[str, Mapping[str, Any] | None]:
    """The frame of a plan, as JSON, empty for none; and the plan for the photo that is in that frame already."""
    if plan is None or not plan.get("frame"):
        return "", plan
    frame = json.dumps(plan["frame"], separators=(",", ":"))
    return frame, {name: value for name, value in plan.items() if name != "frame"}


def pasted(given: Mapping[str, Any], onto: Mapping[str, Any] | None, chosen: list[str] | None) -> dict[str, Any]:
    """A plan with another's values over its own; values that neither names stay away.

    Args:
        chosen: addresses of values, `op.slot`; None for all of them, local adjustments too, which take the place of
            those of their names.
    """
    base: dict[str, Any] = dict(onto) if onto is not None else Plan("param").document()
    edits = {op: {**edit, "params": dict(edit["params"])} for op, edit in base["edits"].items()}
    for op, edit in given["edits"].items():
        values = {slot: value for slot, value in edit["params"].items() if chosen is None or f"{op}.{slot}" in chosen}
        if values:
            held = edits.get(op, {})
            same = all(held.get(fact) == edit.get(fact) for fact in ("version", "asset"))
            edits[op] = {**edit, "params": {**(held["params"] if same else {}), **values}}
    groups = list(dict.fromkeys([*base.get("groups", ()), *given.get("groups", ())]))
    made = base | {"edits": edits} | ({"groups": groups} if groups else {})
    more = given.get("local", ()) if chosen is None else ()
    if not more:
        return made
    names = {entry["name"] for entry in more}
    local = [*(entry for entry in base.get("local", ()) if entry["name"] not in names), *more]
    return made | {"schema": "veraretouch.plan/2", "local": local}
