"""One photo's task and what became of it: plain data that travels between processes."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from ...errors import DeprecatedPlugin, VeraRetouchError
from ...plugins.blame import blamed_plugin
from ..options import WriteOptions
from .journal import JournalEntry
from .outputs import Products
from .request import BatchRequest


@dataclass(frozen=True)
class PhotoTask:
    """One photo's work.

    Attributes:
        earlier: what the journal says of the picture.
        journal: whether to note what is written.
        versions: the fingerprint of the versions of veraretouch and its plug-ins.
    """

    index: int
    source: Path
    products: Products
    request: BatchRequest
    options: WriteOptions
    earlier: JournalEntry | None = None
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
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except SystemExit as error:
            _fail(outcome, error, f"{blamed_plugin(error) or 'retouching'} failed: it called sys.exit({error.code!r})")
        except BaseException as error:
            # A stranger's planner or op may fail with anything at all; the other photos go on.
            _fail(outcome, error, f"{blamed_plugin(error) or 'retouching'} failed: {type(error).__name__}: {error}")
    outcome.warnings += dict.fromkeys(str(warning.message) for warning in heard)
    outcome.seconds = perf_counter() - start


def _fail(outcome: PhotoOutcome, error: BaseException, problem: str) -> None:
    outcome.status, outcome.kind, outcome.problem = "failed", type(error).__name__, problem
    outcome.trace = "".join(traceback.format_exception(error))
