"""Plans for a selection: each photo its own, or one for all, also with the light of all matched to one, as the command
line's `--consistent` and `--match` do it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from veraretouch_serve.jobs import Job, Jobs

import veraretouch as vr
from veraretouch.core.cli.batch.matching import tones_of
from veraretouch.core.cli.batch.planning import make_plan
from veraretouch.core.cli.batch.request import BatchRequest
from veraretouch.core.cli.batch.series import lightness
from veraretouch.core.errors import InvalidRequest, VeraRetouchError
from veraretouch.core.plan.frame import read_frame
from veraretouch.core.plan.plan import Plan

from ..edits import Edits
from ..library import Entry, Library
from ..planning import DEFAULT_PLANNER, Stopped, options_of, retoucher, stoppable, unknown_words


def begin_plans(jobs: Jobs, library: Library, edits: Edits, wish: Mapping[str, Any]) -> Job:
    """Begin to plan the photos `ids`.

    Args:
        wish: as for one photo (`mode`, `planner`, `style` ...); `way`: `each`, `one` (the plan of one photo for all) or
            `match` (and its exposure and white balance); `reference`: that photo, whose own edit is taken if it has
            one; by default the one of median lightness. `name`: what the step is called.

    Raises:
        InvalidRequest: a photo that is not known, a style without words. UnknownPlugin: no such planner.
    """
    entries = [library.entry(id) for id in wish["ids"]]
    if wish.get("reference"):
        library.entry(wish["reference"])
    if wish.get("way", "each") != "each" and wish["mode"] == "reference":
        raise InvalidRequest("photos that are each brought to a target have a plan each", cure="Choose `each`.")
    retoucher(wish.get("planner") or DEFAULT_PLANNER)
    targets = tuple(library.photo(wish[name]) for name in ("before", "target") if wish.get(name))
    options = options_of(wish, targets)
    job = Job("plan", len(entries), "planning", unknown=unknown_words(wish))
    return jobs.begin(job, _Series(library, edits, entries, wish, options).work)


class _Series:
    def __init__(
        self,
        library: Library,
        edits: Edits,
        entries: Sequence[Entry],
        wish: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> None:
        self._library, self._edits, self._entries = library, edits, entries
        self._wish, self._options, self._way = wish, options, wish.get("way", "each")
        groups = options["groups"]
        self._request = BatchRequest(
            wish.get("planner") or DEFAULT_PLANNER,
            style=options.get("style"),
            taste=options["taste"],
            groups=None if groups is None else frozenset(groups),
        )

    def work(self, job: Job) -> None:
        """Plan one photo after another; an edit that is made meanwhile is left as it is, and that is said."""
        with suppress(Stopped):
            request = self._request
            if self._way != "each":
                with stoppable(job.cancel.is_set):
                    one = self._one(job)
                    if one is None:
                        return
                    request = self._for_all(one)
            job.stage, job.done = "planning", 0
            for entry in self._entries:
                if job.cancel.is_set():
                    return
                with job.trying(entry.name):
                    self._plan(entry, request, job)

    def _plan(self, entry: Entry, request: BatchRequest, job: Job) -> None:
        history = self._edits.of(entry.path)
        if entry.id == self._wish.get("reference") and history.edited:
            return  # the others get its edit
        revision, frame = history.revision, (history.plan or {}).get("frame")
        photo = self._library.once(entry.id)
        with stoppable(job.cancel.is_set):
            if self._wish["mode"] == "reference":
                plan = retoucher(request.planner).plan(photo, **self._options, frame=frame)
            else:
                plan = make_plan(replace(request, frame=frame), photo)
        self._edits.put(entry.path, revision, plan.document(), self._wish.get("name", "Plan"))
        job.photos.append(entry.id)

    def _one(self, job: Job) -> Entry | None:
        """The photo whose plan all get: the one that is named, or that of median lightness, the darker of two."""
        if self._wish.get("reference"):
            return self._library.entry(self._wish["reference"])
        job.stage = "measuring"
        lights = []
        for place, entry in enumerate(self._entries):
            if job.cancel.is_set():
                return None
            with suppress(VeraRetouchError):  # it is said when its turn comes
                lights.append((lightness(self._seen(entry)), place))
            job.done += 1
        return self._entries[sorted(lights)[(len(lights) - 1) // 2][1]] if lights else None

    def _for_all(self, entry: Entry) -> BatchRequest:
        """The request with one photo's plan, and with its tones where they are to be matched; each keeps its frame."""
        history, planner = self._edits.of(entry.path), self._request.planner
        if self._wish.get("reference") and history.edited and history.plan is not None:
            plan, planner = Plan.load(dict(history.plan)), ""
        else:
            frame = (history.plan or {}).get("frame")
            plan = make_plan(replace(self._request, frame=frame), self._library.once(entry.id))
        document = replace(plan, frame=None).document()
        tones = tones_of(self._seen(entry)) if self._way == "match" else None
        return replace(self._request, planner=planner, plan=document, style=None, taste=None, groups=None, tones=tones)

    def _seen(self, entry: Entry) -> vr.Photo:
        """A photo as its frame shows it."""
        photo, frame = self._library.once(entry.id), (self._edits.of(entry.path).plan or {}).get("frame")
        framing = read_frame(frame)
        return photo if framing is None else photo.framed(framing)
