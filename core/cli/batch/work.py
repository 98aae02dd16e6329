"""What is done with one photo, from file to file, in whatever process; only paths and plain data come in and go out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ...photo import MAX_PIXELS, Photo, SaveOptions, open_photo, read_header
from ..light_torch import no_garbage_collected
from ..options import WriteOptions
from .placing import (
    check_header,
    check_places,
    finish,
    frame_losses,
    in_place,
    is_done,
    may_replace,
    origin_of,
    refuse_losses,
)
from .planning import make_plan
from .request import BatchRequest
from .task import PhotoOutcome, PhotoTask, reported

if TYPE_CHECKING:
    from ...photo.photo_input import PhotoInput
    from ...plan.plan import Plan
    from ...render.report import RenderReport


def retouch(task: PhotoTask, *, subject: PhotoInput | None = None, plan: Plan | None = None) -> PhotoOutcome:
    """Retouch one photo from file to file; whatever goes wrong stands in the outcome.

    Args:
        subject: the photo, where it was opened before; `plan`: its plan, where that was made before.
    """
    outcome = PhotoOutcome(task.index, task.source, products=task.products)
    with reported(outcome):
        outcome.status = _retouch(task, outcome, subject, plan)
    return outcome


def open_subject(task: PhotoTask, done: Callable[[str], None] = lambda stage: None) -> PhotoInput:
    """The photo of a task; `done` is told of each stage.

    Raises:
        UnreadablePhoto, PhotoTooLarge
    """
    with no_garbage_collected():
        photo = open_photo(task.source, max_pixels=_max_pixels(task.request), salvage=task.request.salvage)
        done("decode")
        from ...photo.photo_input import PhotoInput  # torch with it: a photo that cannot be read is refused before

        done("import")
        return PhotoInput.of(photo)


def preview_task(task: PhotoTask) -> PhotoOutcome:
    """Say what `retouch` would do, as far as header and journal tell, and write nothing."""
    outcome = PhotoOutcome(task.index, task.source, products=task.products)
    with reported(outcome):
        check_header(read_header(task.source), task)
        done = is_done(task, origin_of(task))
        if not done:
            may_replace(task)
        outcome.status = "unchanged" if done else "planned"
    return outcome


def _retouch(task: PhotoTask, outcome: PhotoOutcome, subject: PhotoInput | None, plan: Plan | None) -> str:
    options, products = task.options, task.products
    origin = origin_of(task)
    if is_done(task, origin):
        return "unchanged"
    check_places(task)
    clock = _Clock(outcome.timings)
    plan, photo = _planned(task, clock, subject, plan)
    outcome.plan = plan.document()
    # The plan is the full photo's, so that a preview shows what the full render will give.
    photo = photo.resized(options.preview) if options.preview else photo
    clock.lap("resize")
    image, report = _render(photo, plan, options, reuse=products.compare is None)
    outcome.engine, outcome.error = report.engine, report.error
    clock.split(report.timings)
    image = image.resized(options.max_size) if options.max_size else image
    clock.lap("resize")
    outcome.warnings += image.warnings
    finish(task, origin, lambda files: _save(photo, image, plan, task, files), told=image.warnings)
    clock.lap("encode")
    return "written"


def _planned(task: PhotoTask, clock: _Clock, subject: PhotoInput | None, plan: Plan | None) -> tuple[Plan, Photo]:
    """The plan of a photo, and the photo in its frame."""
    subject = subject or open_subject(task, clock.lap)
    plan = plan or make_plan(task.request, subject)
    clock.lap("plan")
    if in_place(task) and not task.options.lossy:
        refuse_losses(frame_losses(plan.frame), task.products.picture)
    photo = subject.framed(plan.frame).photo()
    clock.lap("frame")
    return plan, photo


class _Clock:
    """Seconds per stage."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds, self.last = seconds, perf_counter()

    def lap(self, stage: str) -> None:
        """Add the time since the last lap to a stage."""
        self.split({stage: perf_counter() - self.last})

    def split(self, stages: Mapping[str, float]) -> None:
        """Add stages that something else has timed since the last lap."""
        for stage, seconds in stages.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
        self.last = perf_counter()


def _render(photo: Photo, plan: Plan, options: WriteOptions, *, reuse: bool) -> tuple[Photo, RenderReport]:
    image, report = _renderer().render_reported(
        photo,
        replace(plan, frame=None),  # the photo is in its frame already
        color_space=options.color_space.value,
        engine=options.engine.value,
        tolerance=options.tolerance,
        reuse=reuse,
    )
    if not isinstance(image, Photo):
        raise TypeError(f"the renderer gave {type(image).__name__} for a photo")
    return image, report


def _save(photo: Photo, image: Photo, plan: Plan, task: PhotoTask, files: Mapping[Path, Path]) -> None:
    options, products = task.options, task.products
    saving = SaveOptions(
        quality=options.quality,
        strip=options.strip.value if options.strip else "none",
        metadata=plan.notes(),
        output_sharpening=options.output_sharpening.value if options.output_sharpening else None,
    )
    image.save(files[products.picture], options=saving)
    if products.compare is not None:
        from .compare import side_by_side

        side_by_side(photo, image, color_space=options.color_space.value).save(files[products.compare])
    if products.plan is not None:
        plan.save(files[products.plan])


def _max_pixels(request: BatchRequest) -> int:
    return MAX_PIXELS if request.max_pixels is None else request.max_pixels


@cache
def _renderer() -> Any:
    from ...render.renderer import Renderer

    return Renderer()
