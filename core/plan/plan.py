"""The plan: a JSON document that says what one photo gets, and why."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import strict_json
from ..atomic_write import new_file
from ..contract.local import is_global
from ..contract.planner import Reasoning
from ..contract.request import Taste
from ..contract.schema import Schema
from ..contract.slots import GROUPS, Slot
from ..errors import InvalidDocument, InvalidPlan, InvalidRequest
from ..photo.geometry.framing import Framing
from ..plugins.registry import registry
from . import arithmetic
from .display import plan_html, plan_line
from .edit import Edit, left_out_of, located, op_of, write_edit
from .frame import read_frame, read_plan_frame, write_frame
from .local import LocalAdjustment, check_names, edit_of, local_of, read_edits, read_local, specs_of, values_left_out

if TYPE_CHECKING:
    from ..contract.latents import Latents

FORMAT = "veraretouch.plan/1"
FORMAT_2 = "veraretouch.plan/2"
_SCHEMAS = ("plan", "plan_2")

EVERY_GROUP = ("*",)
"""What `Plan.groups` is given to have every group of its edits; a plan never holds it."""


@dataclass(frozen=True, repr=False)
class Plan:
    """What one photo gets, and why. Make one by `Plan.load`, `Plan.of` or a planner.

    Attributes:
        mode: that of the request; `prompt`: its words; `taste`: how far the planner was to go, where that was asked.
        edits: op id -> `Edit`; the chain's order rules, not this mapping's.
        groups: the groups that are switched on; the values of others are kept but not applied.
            By default the built-in groups and every other that the edits have.
        strength: blend of the finished picture with the input, 0..1.
        reasoning: group -> problem and plan in words.
        local: local adjustments, in the order in which they apply over what `edits` make.
        frame: which part of the photo is seen, and from where; everything else sees what it shows. None for the photo
            as it is.

    A plan with local adjustments or a frame is written in the format `veraretouch.plan/2`, others in
    `veraretouch.plan/1`.
    """

    mode: str = "auto"
    edits: Mapping[str, Edit] = field(default_factory=dict)
    prompt: str | None = None
    seed: int = 0
    strength: float = 1.0
    planner: Mapping[str, Any] | None = None
    groups: tuple[str, ...] = EVERY_GROUP
    reasoning: Reasoning = field(default_factory=dict)
    taste: Taste | None = None
    local: tuple[LocalAdjustment, ...] = ()
    frame: Framing | None = None

    def __post_init__(self) -> None:
        check_names(self.local)
        object.__setattr__(self, "frame", None if self.frame == Framing() else read_frame(self.frame))
        if self.groups == EVERY_GROUP:
            edited = (*self.edits, *(id for entry in self.local for id in entry.edits))
            others = (group for id in edited if id in registry.ops for group in op_of(id).groups())
            object.__setattr__(self, "groups", tuple(dict.fromkeys((*GROUPS, *others))))

    @classmethod
    def load(cls, source: str | bytes | os.PathLike[str] | dict[str, Any]) -> Plan:
        """Read a plan from a path, JSON text or an object, strictly; older op versions are migrated.

        Raises:
            InvalidPlan: the JSON path, the rule and the cure;
                an op that is not installed is named with its distribution.
        """
        try:
            document = strict_json.load(source, _SCHEMAS, name="plan")
        except InvalidDocument as error:
            raise located(error.path, error) from None
        edits = read_edits(document["edits"], "plan.edits")
        return cls(
            mode=document["mode"],
            edits=edits,
            prompt=document.get("prompt"),
            seed=int(document.get("seed", 0)),
            strength=float(document.get("strength", 1.0)),
            planner=document.get("planner"),
            groups=tuple(document.get("groups", EVERY_GROUP)),
            reasoning=document.get("reasoning", {}),
            taste=document.get("taste"),
            local=read_local(document.get("local", ())),
            frame=read_plan_frame(document.get("frame")),
        )

    @classmethod
    def of(cls, latents: Latents, *, assets: Mapping[str, Mapping[str, str]] | None = None, **facts: Any) -> Plan:
        """The plan of latents with one row; ops absent there are left out.

        Args:
            assets: the weights of ops that have some, by op id.
            facts: the other attributes.

        Raises:
            InvalidPlan: more than one row; OutOfBounds: a value outside its slot's bounds.
        """
        if latents.batch != 1:
            raise InvalidPlan(f"latents of {latents.batch} rows", cure="A plan holds one photo; take latents.row(i).")
        edits = {
            registry.ops.resolve(id): edit_of(latents, id, spec, assets or {})
            for id, spec in latents.schema.specs.items()
            if is_global(id) and id in latents.values and bool(latents.present[id][0])
        }
        return cls(edits=edits, local=local_of(latents, assets or {}), **facts)

    def only(self, groups: Collection[str]) -> Plan:
        """This plan with no other groups switched on than these.

        Warns:
            UserWarning: names the values that this switches off.

        Raises:
            InvalidRequest: a group that neither the plan nor its edits have.
        """
        known = dict.fromkeys((*self.schema().groups, *self.groups))
        unknown = sorted(set(groups) - set(known))
        if unknown:
            raise InvalidRequest(f"no group {unknown[0]!r}", cure=f"This plan edits {', '.join(known)}.")
        left_out = [group for group in self.groups if group not in groups]
        dropped = list(values_left_out(self.edits, self.local, left_out))
        if dropped:
            warnings.warn(left_out_of(groups, "the plan", dropped), UserWarning, stacklevel=2)
        return replace(self, groups=tuple(group for group in self.groups if group in groups))

    def schema(self) -> Schema:
        """The schema of the ops that the plan edits, globally and locally, each slot at the size of its value."""
        return Schema(specs_of(self.edits), local=(entry.spec() for entry in self.local))

    def latents(self) -> Latents:
        """The plan's values as latents with B = 1, groups applied: what the renderer is given."""
        import torch

        from ..contract.latents import Latents

        given = [(op, edit.params) for op, edit in self.edits.items()]
        given += [held for entry in self.local for held in entry.values()]
        values = {
            key: {name: torch.tensor(value, dtype=torch.float32).unsqueeze(0) for name, value in params.items()}
            for key, params in given
        }
        return Latents(self.schema(), values, batch=1).masked([self.groups])

    def document(self) -> dict[str, Any]:
        """The plan as a JSON object."""
        document: dict[str, Any] = {
            "schema": FORMAT_2 if self.local or self.frame else FORMAT,
            "mode": self.mode,
            "prompt": self.prompt,
            "taste": self.taste,
            "seed": self.seed,
            "strength": self.strength,
            "planner": None if self.planner is None else dict(self.planner),
            "groups": list(self.groups),
            "frame": write_frame(self.frame) if self.frame else None,
            "edits": {op: write_edit(edit, _slots(op)) for op, edit in self.edits.items()},
            "local": [entry.document() for entry in self.local] or None,
            "reasoning": {group: dict(thought) for group, thought in self.reasoning.items()},
        }
        return {key: value for key, value in document.items() if value is not None}

    def json(self) -> str:
        """The plan as JSON text, indented.

        Raises:
            InvalidPlan: an attribute that `load` would refuse.
        """
        document = self.document()
        try:
            strict_json.load(document, _SCHEMAS, name="plan")
        except InvalidDocument as error:
            raise located(error.path, error) from None
        return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def blend(self, other: Plan, weight: float) -> Plan:
        """This plan's values moved towards another's by a weight from 0, this plan, to 1, the other;
        see `core.plan.arithmetic`.

        Raises:
            InvalidRequest: a weight outside [0, 1]. InvalidPlan: plans that cannot be mixed.
        """
        return arithmetic.mean([self, other], [1 - weight, weight])

    @staticmethod
    def average(plans: Sequence[Plan], weights: Sequence[float] | None = None) -> Plan:
        """The weighted mean of several plans, by default of equal weights; raises as `blend`."""
        return arithmetic.mean(plans, weights)

    def __sub__(self, before: Plan) -> Plan:
        """What this plan does beyond another; raises InvalidPlan as `blend`."""
        return arithmetic.difference(self, before)

    def __add__(self, more: Plan) -> Plan:
        """This plan with another on top: `a + (b - a)` is `b`, as far as bounds allow;
        raises InvalidPlan as `blend`.
        """
        return arithmetic.added(self, more)

    def notes(self) -> dict[str, str]:
        """What a picture made by this plan has to say of the weights that planned it: the bundle and its licence."""
        bundle = (self.planner or {}).get("bundle")
        if not bundle:
            return {}
        return {"Bundle": f"{bundle['name']} {bundle['version']}", "BundleLicence": bundle.get("licence", "")}

    def __repr__(self) -> str:
        return plan_line(self.mode, self.edits, self.local, self.frame)

    def _repr_html_(self) -> str:
        return plan_html(self.mode, self.edits, self.groups, self.local, self.frame)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the plan as JSON, whole or not at all.

        Raises:
            InvalidPlan: the folder is missing or cannot be written to, an attribute that `load` would refuse.
        """
        target, text = Path(path), self.json()
        try:
            with new_file(target) as file:
                file.write(text.encode())
        except OSError as error:
            raise InvalidPlan(f"{target} cannot be written: {error.strerror}", cure="Check the folder.") from None
        return target


def _slots(op: str) -> Mapping[str, Slot]:
    """The slots of an op; none where it is not installed any more."""
    return op_of(op).slots if op in registry.ops else {}


def groups_of(local: Iterable[LocalAdjustment]) -> set[str]:
    """The groups of the ops of local adjustments."""
    return {group for entry in local for id in entry.edits for group in op_of(id).groups()}


def with_local(plan: Plan, local: Sequence[LocalAdjustment], groups: Collection[str] | None) -> Plan:
    """A plan with more local adjustments; their groups are on, of which `groups` may name some.

    Warns:
        UserWarning: names the local values that `groups` leaves out.
    """
    if not local:
        return plan
    named = groups_of(local)
    left_out = [] if groups is None else [group for group in named if group not in groups]
    if dropped := list(values_left_out({}, local, left_out)):
        warnings.warn(left_out_of(groups or (), "local adjustments", dropped), UserWarning, stacklevel=3)
    on = {*plan.groups, *(group for group in named if group not in left_out)}
    others = (group for group in (*plan.groups, *sorted(named)) if group not in GROUPS)
    order = [group for group in dict.fromkeys((*GROUPS, *others)) if group in on]
    return replace(plan, local=(*plan.local, *local), groups=tuple(order))


def placed_by_params(params: Any) -> tuple[tuple[LocalAdjustment, ...], Framing | None]:
    """The local adjustments and the frame of exact values that are read: those of a plan, or of its JSON object."""
    if isinstance(params, Mapping) and params.get("schema") == FORMAT_2:
        params = Plan.load(dict(params))
    return (params.local, params.frame) if isinstance(params, Plan) else ((), None)
