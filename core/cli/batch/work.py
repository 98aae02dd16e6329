"""What is done with one photo, from file to file, in whatever process; only paths and plain data come in and go out."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ...errors import DeprecatedPlugin, InvalidRequest, UnwritablePhoto, VeraRetouchError
from ...photo import MAX_PIXELS, Photo, SaveOptions, file_hash, open_photo
from ...plugins.blame import blamed_plugin
from ..options import WriteOptions
from .order import Order
from .outputs import Products
from .resume import Past, Record, fingerprint, note_done, note_start

if TYPE_CHECKING:
    from ...plan.plan import Plan
    from ...render.report import RenderReport
    from ...render.retoucher import Retoucher


@dataclass(frozen=True)
class PhotoTask:
    """One photo's work. `past`: what the journal says; `journal`: whether to note what is done; `versions`: their hash."""

    index: int
    source: Path
    products: Products
    order: Order
    options: WriteOptions
    past: Past | None = None
    journal: bool = True
    versions: str = ""


@dataclass
class PhotoOutcome:
    """What became of one photo. `status`: written, unchanged (done by an earlier run), planned (dry run) or failed."""

    index: int
    source: Path
    status: str = "failed"
    products: Products | None = None
    plan: Mapping[str, Any] | None = None
    kind: str = ""
    problem: str = ""
    trace: str = ""
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    engine: str = ""
    error: float | None = None
    timings: dict[str, float] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The outcome as JSON; what does not apply is null."""
        files = self.products if self.status != "failed" else None
        return {
            "input": str(self.source),
            "status": self.status,
            "output": None if files is None else str(files.picture),
            "compare": None if files is None or files.compare is None else str(files.compare),
            "plan_file": None if files is None or files.plan is None else str(files.plan),
            "plan": self.plan,
            "seconds": round(self.seconds, 3),
            "engine": self.engine or None,
            "color_error": None if self.error is None else round(self.error, 3),
            "timings": {stage: round(seconds, 4) for stage, seconds in self.timings.items()},
            "warnings": self.warnings,
            "error": {"kind": self.kind, "message": self.problem} if self.status == "failed" else None,
        }


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
        origin = _origin(task)
        done = task.options.resume and task.past is not None and task.past.is_done(origin, task.products)
        if not done:
            _may_replace(task)
        outcome.status = "unchanged" if done else "planned"
    return outcome


def make_plan(order: Order, photo: Photo) -> Plan:
    """The plan of one photo, matched to its series where that is ordered."""
    plan = _plan(order, photo)
    if order.tones is None:
        return plan
    from .matching import matched

    return matched(plan, photo, order.tones)


def _plan(order: Order, photo: Photo) -> Plan:
    from ...plan.plan import Plan

    if order.plan is None:
        with redirect_stdout(sys.stderr):  # a planner that prints must not get between a command's own lines
            return _retoucher(order.planner, order.dtype).plan(
                photo,
                style=order.style,
                params=order.params,
                groups=order.groups,
                strength=1.0 if order.strength is None else order.strength,
                seed=order.seed or 0,
            )
    plan = Plan.load(dict(order.plan))
    if order.groups is not None:
        known = dict.fromkeys((*plan.schema().groups, *plan.groups))
        unknown = sorted(order.groups - set(known))
        if unknown:
            raise InvalidRequest(f"no group {unknown[0]!r}", cure=f"This plan edits {', '.join(known)}.")
        plan = replace(plan, groups=tuple(group for group in plan.groups if group in order.groups))
    return replace(
        plan,
        strength=plan.strength if order.strength is None else order.strength,
        seed=plan.seed if order.seed is None else order.seed,
    )


@contextmanager
def reported(outcome: PhotoOutcome) -> Iterator[None]:
    """Turn what is raised and warned inside into words of the outcome; Ctrl-C passes."""
    start = perf_counter()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("ignore")
        for kind in (UserWarning, RuntimeWarning, DeprecatedPlugin):
            warnings.simplefilter("always", kind)
        try:
            yield
        except VeraRetouchError as error:
            _fail(outcome, error, str(error))
        except MemoryError as error:
            _fail(outcome, error, "not enough memory for this photo. Use fewer --jobs, or free some.")
        except OSError as error:
            _fail(outcome, error, f"{error.strerror or error}: {error.filename!r}" if error.filename else str(error))
        except Exception as error:
            # A stranger's planner or op may fail with anything at all; the other photos go on.
            _fail(outcome, error, f"{blamed_plugin(error) or 'retouching'} failed: {type(error).__name__}: {error}")
    outcome.warnings += dict.fromkeys(str(warning.message) for warning in heard)
    outcome.seconds = perf_counter() - start


def _fail(outcome: PhotoOutcome, error: Exception, problem: str) -> None:
    outcome.status, outcome.kind, outcome.problem = "failed", type(error).__name__, problem
    outcome.trace = "".join(traceback.format_exception(error))


def _retouch(task: PhotoTask, outcome: PhotoOutcome) -> str:
    options, products = task.options, task.products
    origin = _origin(task)
    if options.resume and task.past is not None and task.past.is_done(origin, products):
        return "unchanged"
    replaces = _may_replace(task)
    clock = _Clock(outcome.timings)
    photo = open_photo(task.source, max_pixels=_max_pixels(task.order))
    clock.lap("decode")
    plan = make_plan(task.order, photo)
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


def _may_replace(task: PhotoTask) -> bool:
    """Whether products that are there may be replaced: the user says so, or they are an earlier run's own.

    Raises:
        UnwritablePhoto: neither is so.
    """
    existing = [path for path in task.products if os.path.lexists(path)]
    if task.options.overwrite or not existing:
        return task.options.overwrite
    past = task.past if task.options.resume else None
    foreign = [path for path in existing if past is None or not past.made(path)]
    if foreign:
        raise UnwritablePhoto(
            f"{str(foreign[0])!r} exists already",
            cure="Allow that by --overwrite, or choose another --out or --name."
            if task.options.resume
            else "Go on with an earlier run by --resume, allow replacing by --overwrite, or choose another --out or --name.",
        )
    return True


def _origin(task: PhotoTask) -> Record:
    """From what the products are made."""
    options = task.options
    writing = {
        "quality": options.quality,
        "max_size": options.max_size,
        "preview": options.preview,
        "color_space": options.color_space,
        "strip": options.strip,
        "engine": options.engine,
        "tolerance": options.tolerance,
        "products": sorted(path.name for path in task.products),
    }
    return Record(file_hash(task.source), fingerprint(task.order.facts()), fingerprint(writing), task.versions)


def _max_pixels(order: Order) -> int:
    return MAX_PIXELS if order.max_pixels is None else order.max_pixels


def _check_size(pixels: int, task: PhotoTask) -> None:
    from ...errors import PhotoTooLarge

    limit = _max_pixels(task.order)
    if pixels > limit:
        raise PhotoTooLarge(
            f"{str(task.source)!r} announces {pixels:,} pixels; the limit is {limit:,}", cure="Raise --max-pixels."
        )


@cache
def _retoucher(planner: str, dtype: str | None) -> Retoucher:
    from ...render.retoucher import load_retoucher

    return load_retoucher(planner, dtype=dtype)


@cache
def _renderer() -> Any:
    from ...render.renderer import Renderer

    return Renderer()
