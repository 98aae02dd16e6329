"""What a batch does to its photos: a request for a planner, or an existing plan."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ...contract.request import Request, Taste
from ...errors import InvalidDocument, InvalidRequest
from ...strict_json import LARGEST, parse, read_bytes
from ..options import EditOptions, PlanOptions

_DECIMAL = re.compile(r"(?<![\w.+\-])([+-]?)(?=\.?[0-9])([0-9]*)(\.?)([0-9]*)")


@dataclass(frozen=True)
class BatchRequest:
    """What every photo of a batch gets. Plain data, as it travels to worker processes.

    Attributes:
        style, params: a planner's request; neither means auto.
        plan: a plan's document; then no planner is asked.
        local: areas in words, with values by address; over what the planner proposes.
        frame: which part of the photo is kept, as a plan has it; None for the plan's own.
        level: whether photos are turned so that their horizon is level.
        groups, strength, seed: the caller's own wishes; None for the plan's or the usual ones.
        taste: how far the planner goes, None for its default.
        dtype: how precisely the planner computes, None for its own choice.
        tones: of the photo that every other is matched to, see `matching`; None for no matching.
    """

    planner: str
    style: str | None = None
    params: Mapping[str, Any] | None = None
    plan: Mapping[str, Any] | None = None
    local: Mapping[str, Mapping[str, Any]] | None = None
    frame: Mapping[str, Any] | None = None
    level: bool = False
    groups: frozenset[str] | None = None
    strength: float | None = None
    seed: int | None = None
    max_pixels: int | None = None
    salvage: bool = False
    taste: Taste | None = None
    dtype: str | None = None
    tones: tuple[tuple[float, ...], ...] | None = None

    @classmethod
    def of(cls, options: EditOptions, **wish: Any) -> BatchRequest:
        """The request that options and a wish (`style`, `params` or `plan`) make.

        Raises:
            InvalidRequest: a taste for exact values or a plan, a frame that is not understood.
        """
        planner, dtype, taste, level = "", None, None, False
        if isinstance(options, PlanOptions):
            planner, dtype, level = options.planner, options.dtype, options.level
            taste = options.chosen_taste()
            Request.of(params=wish.get("params", wish.get("plan")), taste=taste)
        groups = options.chosen_groups()
        return cls(
            planner,
            **wish,
            groups=groups,
            strength=options.strength,
            seed=options.seed,
            frame=_frame_of(options),
            level=level,
            max_pixels=options.max_pixels,
            salvage=options.salvage,
            taste=taste,
            dtype=dtype,
        )

    @property
    def known_frame(self) -> Mapping[str, Any] | None:
        """The frame that every photo gets, as a plan has it; level horizons are each photo's own."""
        held = (self.frame, *(document.get("frame") for document in (self.plan, self.params) if document is not None))
        return next((frame for frame in held if frame is not None), None)

    @property
    def words(self) -> str:
        """What the pictures may be named by: the style's words, or the mode."""
        if self.plan is not None:
            return str(self.plan.get("prompt") or self.plan["mode"])
        return self.style or ("param" if self.params is not None else "auto")

    @property
    def author(self) -> str:
        """The id of the planner, or of the one that made the plan."""
        maker = self.plan.get("planner") if self.plan is not None else None
        return str(maker["id"]) if maker else self.planner or "plan"

    def facts(self) -> dict[str, Any]:
        """What decides the plan, as JSON: every attribute but those that decide only whether a photo is read."""
        facts = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("max_pixels", "salvage")}
        return facts | {
            "planner": self.planner if self.plan is None else None,
            "groups": None if self.groups is None else sorted(self.groups),
        }


def _frame_of(options: EditOptions) -> dict[str, Any] | None:
    """The frame that options ask for, read once, before any photo is opened."""
    if options.frame is None:
        return None
    from ...plan.frame import read_frame, write_frame

    framing = read_frame(options.frame)
    return None if framing is None else write_frame(framing)


def read_params(path: Path) -> dict[str, Any]:
    """Read exact values from a JSON file: ``{"exposure.ev": 0.35}``, a plan, or a published parameter file.

    Raises:
        InvalidDocument
    """
    document = parse(read_bytes(path, LARGEST), name=str(path))
    if not isinstance(document, dict):
        raise InvalidDocument("holds no JSON object", path=str(path), cure='Give one, such as {"exposure.ev": 0.35}.')
    return document


def read_settings(settings: Sequence[str]) -> dict[str, Any]:
    """Read ``exposure.ev=0.35`` and the like: values in JSON, numbers as Python writes them too (``.3``, ``1.``), and
    plain words for slots that are a choice.

    Raises:
        InvalidRequest: no such form, or a slot given twice.

    >>> read_settings(["exposure.ev=0.35", "hsl.hue=[0,0,0,0,0,0,0,0.1]"])
    {'exposure.ev': 0.35, 'hsl.hue': [0, 0, 0, 0, 0, 0, 0, 0.1]}
    """
    values: dict[str, Any] = {}
    for setting in settings:
        slot, equals, text = (part.strip() for part in setting.partition("="))
        if not (slot and equals and "." in slot):
            raise InvalidRequest(f"--set {setting!r} is not OP.SLOT=VALUE", cure="An example: --set exposure.ev=0.35.")
        if slot in values:
            raise InvalidRequest(f"--set {slot} was given twice", cure="Give it once, or once after each --in.")
        try:
            values[slot] = parse(_DECIMAL.sub(_in_json, text), name=f"--set {slot}")
        except InvalidDocument:
            if _takes_words(slot):
                values[slot] = text
                continue
            raise InvalidRequest(f"--set {slot}: {text!r} is neither a number nor a list of numbers") from None
    return values


def _takes_words(address: str) -> bool:
    """Whether the slot of an address is a choice."""
    from ...plugins.registry import registry

    op, _, name = address.rpartition(".")
    return op in registry.ops and getattr(registry.ops.load(op).slots.get(name), "kind", "") == "choice"


def _in_json(decimal: re.Match[str]) -> str:
    """JSON wants digits on both sides of a point, and no plus."""
    sign, whole, point, fraction = decimal.groups(default="")
    return sign.replace("+", "") + (whole or "0") + (f".{fraction or 0}" if point else "")
