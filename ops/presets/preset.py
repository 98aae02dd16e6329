"""A preset as it was read: the values that we render, and what else the file says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...core.contract.slots import FloatArray
from ...core.errors import InvalidRequest

if TYPE_CHECKING:
    from ...core.photo.geometry.framing import Framing
    from ...core.plan.local import LocalAdjustment
    from ...core.plan.plan import Plan

Settings = dict[str, Any]
"""Camera Raw's fields without `crs:`: text, a list of texts, or nested settings."""


@dataclass(frozen=True)
class Unrendered:
    """A setting that is not rendered: its name and value, why, and whether the preset's look depends on it."""

    name: str
    value: str
    why: str
    essential: bool = False

    def __str__(self) -> str:
        return f"{self.name} {self.value}: {self.why}"


@dataclass(frozen=True)
class Preset:
    """A preset of Lightroom or Camera Raw, read by `read_preset`.

    Attributes:
        name: the preset's own, or the file's.
        values: op -> slot -> value; what the file does not name is not there.
        unrendered: settings that change pictures in Lightroom and not here.
        notes: what was read less than exactly, such as a curve laid through other points.
        idle: names of settings that do nothing as they stand: neutral, or about the file itself.
        local: the local adjustments that its masks make, placed in the whole photo.
        frame: crop, angle and perspective, where it has some: those of the photo that it was made for.
        local_in_frame: those of `local` that have an equivalent within the frame, placed there.
    """

    name: str
    values: Mapping[str, Mapping[str, FloatArray]]
    unrendered: tuple[Unrendered, ...] = ()
    notes: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    local: tuple[LocalAdjustment, ...] = ()
    frame: Framing | None = None
    local_in_frame: tuple[LocalAdjustment, ...] = ()

    def plan(self, *, framed: bool = False) -> Plan:
        """The values and the local adjustments as a plan, which `retouch(photo, params=...)` takes.

        Args:
            framed: with the frame too, in which masks are then placed. It belongs to the photo that it was made for, so
                that it is taken only if it is asked for.

        Raises:
            InvalidRequest: a mask that has no equivalent within the frame.
        """
        from ...core.plan.addresses import edits_of
        from ...core.plan.plan import Plan

        if not framed or self.frame is None:
            return Plan("param", edits_of(self.values), local=self.local)
        placed = {entry.name for entry in self.local_in_frame}
        for entry in self.local:
            if entry.name not in placed:
                raise InvalidRequest(
                    f"local adjustment {entry.name!r} of preset {self.name!r} has no equivalent within its frame",
                    cure="Take the preset without its frame.",
                )
        return Plan("param", edits_of(self.values), local=self.local_in_frame, frame=self.frame)

    @property
    def params(self) -> dict[str, Any]:
        """The values by address, as `retouch(photo, params=...)` takes them; local adjustments are in `plan()`."""
        return {f"{op}.{slot}": value.tolist() for op, slots in self.values.items() for slot, value in slots.items()}

    def demand_whole(self) -> None:
        """Refuse a preset whose look depends on settings that are not rendered.

        Raises:
            InvalidRequest
        """
        essential = [str(item) for item in self.unrendered if item.essential]
        if essential:
            raise InvalidRequest(
                f"the look of preset {self.name!r} depends on what is not rendered here: {'; '.join(essential)}",
                cure="Render the rest of it with --partial.",
            )
