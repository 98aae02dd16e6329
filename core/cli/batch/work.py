"""What is done with one photo, from file to file, in whatever process; only paths and plain data come in and go out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ...photo import MAX_PIXELS, Photo, SaveOptions, file_hash, open_photo
from ..options import WriteOptions
from .journal import Provenance, fingerprint, note_done, note_start
from .planning import make_plan
from .replacing import may_replace
from .request import BatchRequest
from .task import PhotoOutcome, PhotoTask, reported

if TYPE_CHECKING:
    from ...plan.plan import Plan
    from ...render.report import RenderReport


def retouch(task: PhotoTask) -> PhotoOutcome:
    """Retouch one photo from file to file; whatever goes wrong is told in the outcome."""
    outcome = PhotoOutcome(task.index, task.source, products=task.products)
    with reported(outcome):
        outcome.status = _retouch(task, outcome)
    return outcome


def preview_task(task: PhotoTask) -> PhotoOutcome:
    """Say what `retouch` would do, as far as header and journal tell, and write nothing."""
    from ...photo import read_header

    outcome = PhotoOutcome(task.index, task.source, products=task.products)
    with reported(outcome):
        header = read_header(task.source)
        _check_size(header.width * header.height, task)
        origin = origin_of(task)
        done = task.options.resume and task.earlier is not None and task.earlier.is_done(origin, task.products)
        if not done:
            may_replace(task)
        outcome.status = "unchanged" if done else "planned"
    return outcome


def _retouch(task: PhotoTask, outcome: PhotoOutcome) -> str:
    options, products = task.options, task.products
    origin = origin_of(task)
    if options.resume and task.earlier is not None and task.earlier.is_done(origin, products):
        return "unchanged"
    replaces = may_replace(task)
    clock = _Clock(outcome.timings)
    photo = open_photo(task.source, max_pixels=_max_pixels(task.request), salvage=task.request.salvage)
    clock.lap("decode")
    plan = make_plan(task.request, photo)
    clock.lap("plan")
    outcome.plan = plan.document()
    # The plan is the full photo's, so that a preview shows what the full render will give.
    photo = photo.resized(options.preview) if options.preview else photo
    clock.lap("resize")
    image, report = _render(photo, plan, options, reuse=task.products.compare is None)
    outcome.engine, outcome.error = report.engine, report.error
    clock.split(report.timings)
    image = image.resized(options.max_size) if options.max_size else image
    clock.lap("resize")
    outcome.warnings += image.warnings
    products.picture.parent.mkdir(parents=True, exist_ok=True)
    if task.journal:
        note_start(products.picture)
    _write(photo, image, plan, task, replaces)
    clock.lap("encode")
    if task.journal:
        note_done(products.picture, origin, products)
    return "written"


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
        plan,
        color_space=options.color_space.value,
        engine=options.engine.value,
        tolerance=options.tolerance,
        reuse=reuse,
    )
    if not isinstance(image, Photo):
        raise TypeError(f"the renderer gave {type(image).__name__} for a photo")
    return image, report


def _write(photo: Photo, image: Photo, plan: Plan, task: PhotoTask, replaces: bool) -> None:
    options, products = task.options, task.products
    saving = SaveOptions(
        quality=options.quality,
        strip=options.strip.value if options.strip else "none",
        overwrite=replaces,
        metadata=plan.notes(),
    )
    image.save(products.picture, options=saving)
    if products.compare is not None:
        from .compare import side_by_side

        both = side_by_side(photo, image, color_space=options.color_space.value)
        both.save(products.compare, options=SaveOptions(overwrite=replaces))
    if products.plan is not None:
        plan.save(products.plan)


def origin_of(task: PhotoTask) -> Provenance:
    """From what the products are made."""
    writing = task.options.picture_options() | {"products": sorted(path.name for path in task.products)}
    return Provenance(file_hash(task.source), fingerprint(task.request.facts()), fingerprint(writing), task.versions)


def _max_pixels(request: BatchRequest) -> int:
    return MAX_PIXELS if request.max_pixels is None else request.max_pixels


def _check_size(pixels: int, task: PhotoTask) -> None:
    from ...errors import PhotoTooLarge

    limit = _max_pixels(task.request)
    if pixels > limit:
        raise PhotoTooLarge(
            f"{str(task.source)!r} announces {pixels:,} pixels; the limit is {limit:,}", cure="Raise --max-pixels."
        )


@cache
def _renderer() -> Any:
    from ...render.renderer import Renderer

    return Renderer()
