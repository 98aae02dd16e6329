"""A series of photos: one plan for all, that of its median photo by mean lightness; or all photos matched to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from ...errors import VeraRetouchError
from ...photo import MAX_PIXELS, Photo, open_photo
from .planning import make_plan
from .pool import WorkerDied, run
from .remote.sending import plan_via
from .remote.server import Server
from .request import BatchRequest
from .task import PhotoOutcome, reported

_SIDE = 64  # pixels: mean lightness asks for no more


@dataclass(frozen=True)
class LightnessTask:
    """A photo whose lightness is wanted."""

    path: Path
    max_pixels: int
    salvage: bool = False
    frame: Mapping[str, Any] | None = None


def lightness(photo: Photo) -> float:
    """Mean CIE lightness L*, 0..100."""
    import torch

    from ...color.cielab import cielab
    from ...color.srgb import srgb_to_linear

    light = srgb_to_linear(torch.from_numpy(photo.resized(_SIDE).working().clip(0, 1)))
    red, green, blue = light.unbind(-1)
    return float(cielab((red, green, blue))[0].mean())


def measure_lightness(task: LightnessTask) -> float | None:
    """A photo's lightness; None where it cannot be read, which is reported when its turn comes."""
    outcome = PhotoOutcome(0, task.path)
    with reported(outcome):
        photo = open_photo(task.path, max_pixels=task.max_pixels, salvage=task.salvage)
        return lightness(photo if task.frame is None else _framed(photo.resized(_SIDE), task.frame))
    return None


def median_photo(
    paths: Sequence[Path],
    *,
    jobs: int,
    max_pixels: int | None,
    salvage: bool = False,
    frame: Mapping[str, Any] | None = None,
    context: BaseContext | None = None,
) -> Path | None:
    """The photo of median mean lightness within a frame, the darker of two in the middle; None where none can be
    read. `context`: see `pool.run`.
    """
    tasks = [LightnessTask(path, max_pixels or MAX_PIXELS, salvage, frame) for path in paths]
    places = {path: place for place, path in enumerate(paths)}
    seen = [
        (light, places[task.path], task.path)
        for task, light in run(measure_lightness, tasks, jobs=jobs, context=context)
        if light is not None and not isinstance(light, WorkerDied)
    ]
    return sorted(seen)[(len(seen) - 1) // 2][2] if seen else None


def one_plan(request: BatchRequest, median: Path, *, server: Server | None = None) -> BatchRequest:
    """The request with the median photo's plan instead of a planner; level horizons stay each photo's own.

    Args:
        server: a resident process that makes the plan, in place of this one.

    Raises:
        VeraRetouchError: the planner refuses it or fails.
    """
    outcome = PhotoOutcome(0, median)
    document, wanted = None, replace(request, level=False)
    with reported(outcome):
        if server is not None:
            document = plan_via(server, wanted, median)
        else:
            photo = open_photo(median, max_pixels=request.max_pixels or MAX_PIXELS, salvage=request.salvage)
            document = make_plan(wanted, photo).document()
    if document is None:
        raise VeraRetouchError(f"no plan for {str(median)!r}, whose plan the series would get: {outcome.problem}")
    return replace(request, plan=document, groups=None, strength=None, seed=None, taste=None)


def matched_to(request: BatchRequest, reference: Path) -> BatchRequest:
    """The request with every photo matched to this one in exposure and white balance.

    Raises:
        VeraRetouchError: it cannot be read.
    """
    from .matching import tones_of

    photo = open_photo(reference, max_pixels=request.max_pixels or MAX_PIXELS, salvage=request.salvage)
    return replace(request, tones=tones_of(_framed(photo, request.known_frame)))


def _framed(photo: Photo, document: Mapping[str, Any] | None) -> Photo:
    from ...plan.frame import read_frame

    frame = read_frame(document)
    return photo if frame is None else photo.framed(frame)
