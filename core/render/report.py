"""What a renderer says of its work."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class RenderReport:
    """How a photo was rendered.

    Attributes:
        engine: `lut` if look-up tables made the pixels (around spatial ops, if there are any),
            `exact` if the ops alone did.
        ops: the ids of the ops that ran.
        lattice: points an axis of the look-up table, of the finest if there are several; None where there is none.
        error: the 99th percentile of CIEDE2000 on a sample of the photo's own pixels, added up if there are several
            tables; the best table's where none was good enough; None where none was tried.
        timings: seconds per stage.
        local: the names of the local adjustments that were mixed in.
    """

    engine: str
    ops: tuple[str, ...] = ()
    lattice: int | None = None
    error: float | None = None
    timings: dict[str, float] = field(default_factory=dict)
    local: tuple[str, ...] = ()
