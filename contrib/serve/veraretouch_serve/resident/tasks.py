"""What a worker does for a request: from the files that were sent to the answer, in a folder of the task's own.

Requests name planners and weights, and only those that the server was started with are taken: never a path, a folder or
an address that a request names.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from veraretouch.core import errors
from veraretouch.core.cli.batch.planning import make_plan
from veraretouch.core.cli.batch.remote.wire import ARCHIVE, task_of, write_archive
from veraretouch.core.cli.batch.task import PhotoOutcome, PhotoTask, reported
from veraretouch.core.cli.batch.work import retouch
from veraretouch.core.errors import InvalidRequest, VeraRetouchError
from veraretouch.core.photo import Photo, open_photo, read_header
from veraretouch.core.plan.plan import Plan
from veraretouch.core.plugins.registry import registry
from veraretouch.core.strict_json import parse
from veraretouch.zoo.names import find
from veraretouch.zoo.sources import Folder

from ..answers import status_of
from .operations import BY_NAME

_MEDIA_TYPES: Final = {
    **dict.fromkeys(("jpg", "jpeg", "jpe", "jfif"), "image/jpeg"),
    **dict.fromkeys(("tif", "tiff"), "image/tiff"),
    **dict.fromkeys(("heic", "heif", "hif"), "image/heic"),
    **{suffix: f"image/{suffix}" for suffix in ("png", "webp", "avif", "jxl")},
}


@dataclass(frozen=True)
class Rules:
    """What requests may ask for.

    Attributes:
        planners: the names of planners and bundles that may plan.
        weights: the bundles that plans may name.
        pixels: the most of a photo.
    """

    planners: tuple[str, ...]
    weights: frozenset[str]
    pixels: int


@dataclass(frozen=True)
class Task:
    """One request's work.

    Attributes:
        operation: its name.
        folder: of this task alone.
        files: the files that were sent, by their parts; `request` is among them where it was sent.
        archive: whether every file that is made is wanted, and the outcome with them.
    """

    operation: str
    folder: Path
    files: Mapping[str, Path]
    rules: Rules
    archive: bool = False

    def request(self, read: Callable[[bytes], Any]) -> Any:
        """What was asked, as a function reads it.

        Raises:
            InvalidDocument, InvalidRequest
        """
        sent = self.files.get("request")
        asked = read(sent.read_bytes() if sent is not None else b"{}")
        for name in _weights(asked):
            if name not in self.rules.weights:
                raise InvalidRequest(
                    f"the plan names the weights {name[:200]!r}, which this server does not open",
                    cure="Whoever starts it can: veraretouch serve --weights NAME.",
                )
        return asked


@dataclass(frozen=True)
class Warming:
    """What a worker does before its first task: it retouches a small picture by each planner.

    Attributes:
        folder: in which that picture is made.
    """

    folder: Path
    planners: tuple[str, ...]


@dataclass
class Made:
    """What came of a task: a document, or a file.

    Attributes:
        status: the HTTP status.
        pixels: of the photos that were read.
        problems: of planners that could not be warmed.
    """

    status: int = 200
    document: Mapping[str, Any] | None = None
    file: Path | None = None
    media_type: str = ""
    pixels: int = 0
    problems: list[str] = field(default_factory=list)


def known_weights(planners: Iterable[str], weights: Iterable[str]) -> frozenset[str]:
    """The bundles of planners that have some, and further ones, by every name that a plan may have for them; they are
    fetched where they are missing.

    Raises:
        UnknownBundle, UnreachableBundle, LicenceNotAccepted ...: there is no such planner or bundle, or it may not be
            used.
    """
    found: set[str] = set()
    for name in (*(planner for planner in planners if planner not in registry.planners), *weights):
        for _ in registry.announce("prepare_retoucher", name=name):
            break
        source = find(name).source
        found |= {name, str(source.path.absolute()) if isinstance(source, Folder) else source.id}
    return frozenset(found)


def do(task: Task | Warming) -> Made:
    """Do a task; whatever goes wrong stands in what is made of it."""
    if isinstance(task, Warming):
        return _warm(task)
    made, outcome = Made(), PhotoOutcome(0, task.folder)
    with reported(outcome):
        try:
            made.pixels = sum(map(_pixels, _photos(task).values()))
            _WORK[task.operation](task, made)
        except VeraRetouchError as error:
            made.status = status_of(error)
            raise
    if outcome.problem:
        if made.status == 200:
            made.status = 500
        made.document = {"error": _plainly(outcome.problem, task), "kind": outcome.kind}
    return made


def _retouch(task: Task, made: Made) -> None:
    photo_task = _photo_task(task)
    outcome = retouch(photo_task)
    if outcome.status == "failed":
        kind = getattr(errors, outcome.kind, None)
        ours = isinstance(kind, type) and issubclass(kind, VeraRetouchError)
        made.status = status_of(kind) if ours else 500
        made.document = {"error": _plainly(outcome.problem, task), "kind": outcome.kind}
        return
    made.file = photo_task.products.picture
    made.media_type = _MEDIA_TYPES.get(made.file.suffix.lower().lstrip("."), "application/octet-stream")
    if task.archive:
        made.file, made.media_type = task.folder / "archive.zip", ARCHIVE
        with made.file.open("wb") as file:
            write_archive(outcome, file)


def _plan(task: Task, made: Made) -> None:
    photo_task = _photo_task(task)
    request = photo_task.request
    photo = open_photo(photo_task.source, max_pixels=request.max_pixels or 0, salvage=request.salvage)
    made.document = make_plan(request, photo).document()


def _explain(task: Task, made: Made) -> None:
    from veraretouch.planners.fit.explain import explain

    asked = task.request(BY_NAME["explain"].read)
    plan = Plan.load(asked["plan"])
    found = explain(plan, photo=_photo(task, "photo"), ops=asked.get("ops"), groups=asked.get("groups"))
    made.document = {"plan": found.plan.document(), "error": found.report.error_after, "holds": found.holds}


def _fit(task: Task, made: Made) -> None:
    from veraretouch.planners.fit.fit import fit

    asked = task.request(BY_NAME["fit"].read)
    found = fit(_photo(task, "before"), _photo(task, "after"), **{name: asked.get(name) for name in _FIT})
    made.document = {"plan": found.plan.document(), "report": found.report.document()}


_FIT: Final = ("ops", "groups", "areas")
_WORK: Final[Mapping[str, Callable[[Task, Made], None]]] = {
    "retouch": _retouch,
    "plan": _plan,
    "render": _retouch,
    "explain": _explain,
    "fit": _fit,
}


def _photo_task(task: Task) -> PhotoTask:
    """The task as the command line's own batch has it, within the server's rules.

    Raises:
        InvalidDocument, InvalidRequest, UnwritablePhoto
    """
    sent = task.request(lambda body: parse(body, name="request"))
    asked = task_of(sent, task.files["photo"], task.folder / "made")
    request, rules = asked.request, task.rules
    if task.operation == "render" and request.plan is None:
        raise InvalidRequest("the request has no plan to render by", cure="Send one, or ask /api/retouch.")
    if request.planner and request.planner not in rules.planners:
        raise InvalidRequest(
            f"this server has no planner {request.planner[:200]!r}; it has {', '.join(rules.planners)}",
            cure="Whoever starts it can bring more: veraretouch serve --planner NAME.",
        )
    return replace(asked, request=replace(request, max_pixels=min(request.max_pixels or rules.pixels, rules.pixels)))


def _photo(task: Task, part: str) -> Photo:
    return open_photo(task.files[part], max_pixels=task.rules.pixels)


def _photos(task: Task) -> dict[str, Path]:
    return {name: path for name, path in task.files.items() if name != "request"}


def _pixels(path: Path) -> int:
    header = read_header(path)
    return header.width * header.height


def _weights(document: Any) -> Iterator[str]:
    """The names of all the weights that plans within a document ask for."""
    if isinstance(document, dict):
        asset = document.get("asset")
        if isinstance(asset, dict):
            yield str(asset.get("bundle", ""))
        document = document.values()
    elif not isinstance(document, list):
        return
    for each in document:
        yield from _weights(each)


def _plainly(problem: str, task: Task) -> str:
    """What went wrong, in the names that were sent."""
    for path in task.files.values():
        problem = problem.replace(f"{path.parent}{os.sep}", "")
    return problem.replace(f"{task.folder}{os.sep}", "")


def _warm(task: Warming) -> Made:
    """Retouch a small picture by each planner: what takes time at first has taken it then."""
    for each in (signal.SIGINT, signal.SIGTERM):  # which may reach all processes; the server ends them in order
        signal.signal(each, signal.SIG_IGN)
    made = Made()
    colours = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    with tempfile.TemporaryDirectory(dir=task.folder) as folder:
        path = Photo(colours.repeat(4, 0).repeat(4, 1)).save(Path(folder, "warm.jpg"))
        for place, planner in enumerate(task.planners):
            outcome = retouch(task_of({"planner": planner}, path, Path(folder, str(place))))
            if outcome.status == "failed":
                made.problems.append(f"{planner}: {outcome.problem}")
    return made
