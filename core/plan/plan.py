"""The plan: a JSON document that says what one photo gets, and why."""

from __future__ import annotations

import base64
import binascii
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import strict_json
from ..atomic_write import new_file
from ..contract.planner import Reasoning
from ..contract.schema import OpSpec, Schema
from ..contract.slots import GROUPS, INLINE, FloatArray, Lattice, Slot
from ..errors import InvalidDocument, InvalidPlan, OutOfBounds, UnknownPlugin, VeraRetouchError, nearest
from ..plugins.registry import registry

if TYPE_CHECKING:
    from ..contract.latents import Latents
    from ..contract.op import Op

FORMAT = "veraretouch.plan/1"

# Names of distributions as PEP 508 allows them: the only ones to suggest to pip.
_DISTRIBUTION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_VERSION = re.compile(r"[0-9][A-Za-z0-9.!+]*", re.ASCII)


@dataclass(frozen=True, eq=False)
class Edit:
    """What a plan does by one op.

    Attributes:
        version: the op's, from 1, when the plan was made.
        params: slot -> float64 array of the slot's shape, in the slot's unit.
        source: the distribution that provided the op, with its version; None for built-ins.
        asset: by what an op with weights opens them; None for others.
    """

    version: int
    params: Mapping[str, FloatArray]
    source: str | None = None
    asset: Mapping[str, str] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Edit) and _write_edit(self) == _write_edit(other)


@dataclass(frozen=True)
class Plan:
    """What one photo gets, and why. Make one by `Plan.load`, `Plan.of` or a planner.

    Attributes:
        mode: how it was asked for; `prompt`: in which words.
        edits: op id -> `Edit`; the chain's order rules, not this mapping's.
        groups: the groups that are switched on; the values of others are kept but not applied.
        strength: blend of the finished picture with the input, 0..1.
        reasoning: group -> problem and plan in words.
    """

    mode: str = "auto"
    edits: Mapping[str, Edit] = field(default_factory=dict)
    prompt: str | None = None
    seed: int = 0
    strength: float = 1.0
    planner: Mapping[str, Any] | None = None
    groups: tuple[str, ...] = GROUPS
    reasoning: Reasoning = field(default_factory=dict)

    @classmethod
    def load(cls, source: str | bytes | os.PathLike[str] | dict[str, Any]) -> Plan:
        """Read a plan from a path, JSON text or an object, strictly; older op versions are migrated.

        Raises:
            InvalidPlan: the JSON path, the rule and the cure; an op that is not installed is named with its distribution.
        """
        try:
            document = strict_json.load(source, "plan", name="plan")
        except InvalidDocument as error:
            raise _located(error.path, error) from None
        edits: dict[str, Edit] = {}
        for given, edit in document["edits"].items():
            id, read = _read_edit(given, edit)
            if id in edits:
                raise InvalidPlan(
                    f"op {id!r} occurs twice, once by an old name",
                    path=f"plan.edits{strict_json.step(given)}",
                    cure="Keep one of the two edits.",
                )
            edits[id] = read
        return cls(
            mode=document["mode"],
            edits=edits,
            prompt=document.get("prompt"),
            seed=int(document.get("seed", 0)),
            strength=float(document.get("strength", 1.0)),
            planner=document.get("planner"),
            groups=tuple(document.get("groups", GROUPS)),
            reasoning=document.get("reasoning", {}),
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
        edits = {}
        for op, slots in latents.values.items():
            if bool(latents.present[op][0]):
                spec = latents.schema.spec(op)
                params = {
                    name: spec.slots[name].check(value[0].detach().cpu().float().numpy(), path=f"{op}.{name}")
                    for name, value in slots.items()
                }
                now = registry.ops.resolve(op)  # a trained planner's schema may have an old name
                edits[now] = Edit(spec.version, params, _provider(now), (assets or {}).get(op))
        return cls(edits=edits, **facts)

    def schema(self) -> Schema:
        """The schema of the ops that the plan edits, each lattice at the plan's own size."""
        specs = []
        for id, edit in self.edits.items():
            op = _op(id)
            slots = {
                name: slot.resized(len(edit.params[name]))
                if isinstance(slot, Lattice) and name in edit.params
                else slot
                for name, slot in op.slots.items()
            }
            specs.append(OpSpec(op.id, op.version, int(op.stage), slots))
        return Schema(specs)

    def latents(self) -> Latents:
        """The plan's values as latents with B = 1, groups applied: what the renderer is given."""
        import torch

        from ..contract.latents import Latents

        values = {
            op: {name: torch.tensor(value, dtype=torch.float32).unsqueeze(0) for name, value in edit.params.items()}
            for op, edit in self.edits.items()
        }
        return Latents(self.schema(), values, batch=1).masked([self.groups])

    def document(self) -> dict[str, Any]:
        """The plan as a JSON object."""
        document: dict[str, Any] = {
            "schema": FORMAT,
            "mode": self.mode,
            "prompt": self.prompt,
            "seed": self.seed,
            "strength": self.strength,
            "planner": None if self.planner is None else dict(self.planner),
            "groups": list(self.groups),
            "edits": {op: _write_edit(edit) for op, edit in self.edits.items()},
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
            strict_json.load(document, "plan", name="plan")
        except InvalidDocument as error:
            raise _located(error.path, error) from None
        return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def blend(self, other: Plan, weight: float) -> Plan:
        """This plan's values moved towards another's by a weight from 0, this plan, to 1, the other; see `core.plan.arithmetic`.

        Raises:
            InvalidRequest: a weight outside [0, 1]. InvalidPlan: plans that cannot be mixed.
        """
        from .arithmetic import mean

        return mean([self, other], [1 - weight, weight])

    @staticmethod
    def average(plans: Sequence[Plan], weights: Sequence[float] | None = None) -> Plan:
        """The weighted mean of several plans, by default of equal weights; raises as `blend`."""
        from .arithmetic import mean

        return mean(plans, weights)

    def __sub__(self, before: Plan) -> Plan:
        """What this plan does beyond another; raises InvalidPlan as `blend`."""
        from .arithmetic import difference

        return difference(self, before)

    def __add__(self, more: Plan) -> Plan:
        """This plan with another on top: `a + (b - a)` is `b`, as far as bounds allow; raises InvalidPlan as `blend`."""
        from .arithmetic import added

        return added(self, more)

    def notes(self) -> dict[str, str]:
        """What a picture made by this plan has to say of the weights that planned it: the bundle and its licence."""
        bundle = (self.planner or {}).get("bundle")
        if not bundle:
            return {}
        return {"Bundle": f"{bundle['name']} {bundle['version']}", "BundleLicence": bundle.get("licence", "")}

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


def _located(path: str, error: VeraRetouchError) -> InvalidPlan:
    """The same problem and cure as an `InvalidPlan` at this path."""
    return InvalidPlan(error.problem.removeprefix(f"{path}: "), path=path, cure=error.cure)


def _op(id: str) -> type[Op]:
    op: type[Op] = registry.ops.load(id)
    return op


def _provider(id: str) -> str | None:
    """The distribution of a third party's op, as plans record it; built-ins need no record."""
    entry = registry.ops.entries().get(id)
    if entry is None or entry.distribution == "veraretouch" or not entry.version:
        return None
    return f"{entry.distribution} {entry.version}"


def _read_edit(id: str, document: Mapping[str, Any]) -> tuple[str, Edit]:
    """The edit, and the id that its op has now."""
    path = f"plan.edits{strict_json.step(id)}"
    try:
        op = _op(id)
    except UnknownPlugin:
        raise _not_installed(id, document.get("from", ""), path) from None
    except VeraRetouchError as error:
        raise _located(path, error) from None
    given = {name: _read_value(value, f"{path}.params.{name}") for name, value in document["params"].items()}
    params = _migrated(op, given, document["version"], path)
    checked = {}
    for name, value in params.items():
        if name not in op.slots:
            raise InvalidPlan(
                f"op {id!r} has no slot {strict_json.shorten(name)}",
                path=f"{path}.params",
                cure=f"{nearest(name, op.slots)} Its slots: {', '.join(op.slots)}.".lstrip(),
            )
        checked[name] = _check_value(op.slots[name], value, f"{path}.params.{name}")
    for name, slot in op.slots.items():
        if slot.identity is None and name not in checked:
            raise InvalidPlan(
                f"slot {name!r} is missing and has no identity",
                path=f"{path}.params",
                cure="Give it, or leave the op out.",
            )
    return op.id, Edit(op.version, checked, document.get("from"), document.get("asset"))


def _not_installed(id: str, provider: str, path: str) -> InvalidPlan:
    """The error of an op that nobody provides here; `provider` is what the plan says of it."""
    known = registry.ops.ids()
    name, _, version = provider.partition(" ")
    if _DISTRIBUTION.fullmatch(name):
        here = _installed_version(name)
        problem = f" (provided by {strict_json.shorten(provider)}" + (f"; {here} is installed)" if here else ")")
        # The version that is here has no such op: the one that made the plan had.
        cure = f" pip install {name}=={version}" if here and _VERSION.fullmatch(version) else f" pip install {name}"
    else:
        problem, cure = "", f" Installed: {', '.join(known)}."
    return InvalidPlan(
        f"op {strict_json.shorten(id)} is not installed{problem}", path=path, cure=(nearest(id, known) + cure).lstrip()
    )


def _installed_version(distribution: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _migrated(op: type[Op], params: Mapping[str, Any], version: int, path: str) -> Mapping[str, Any]:
    if version == op.version:
        return params
    reason, migrated = "", None
    try:
        migrated = op.migrate(params, version) if version < op.version else None
    except Exception as error:
        # Third parties' code on values from a file: whatever it raises, the plan is what cannot be read.
        reason = f": {type(error).__name__}: {error}"
    if not isinstance(migrated, Mapping):
        raise InvalidPlan(
            f"version {version} of op {op.id!r} cannot be brought to version {op.version}, which is installed{reason}",
            path=f"{path}.version",
            cure="Install the version it was made with, or make the plan again.",
        )
    return migrated


def _check_value(slot: Slot, value: Any, path: str) -> FloatArray:
    try:
        slot = slot.sized_for(value)
    except VeraRetouchError as error:
        raise _located(path, error) from None
    try:
        return slot.check(value, path=path)
    except OutOfBounds as error:
        place = error.problem.partition(": ")[0]
        raise _located(place, error) from None


def _read_value(value: Any, path: str) -> Any:
    """A number, nested lists, or the base64 form as an array."""
    if not isinstance(value, dict):
        return value
    try:
        data = base64.b64decode(value["base64"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidPlan(f"not base64: {error}", path=f"{path}.base64", cure="Write it with plan.save.") from None
    shape = [int(n) for n in value["shape"]]
    if len(data) != 4 * math.prod(shape):
        raise InvalidPlan(
            f"{len(data)} bytes are not the {4 * math.prod(shape)} of shape {shape}",
            path=f"{path}.base64",
            cure="Four bytes a float32; the text may be cut off.",
        )
    return np.frombuffer(data, dtype="<f4").reshape(shape)


def _write_edit(edit: Edit) -> dict[str, Any]:
    document: dict[str, Any] = {"version": edit.version}
    if edit.source is not None:
        document["from"] = edit.source
    if edit.asset is not None:
        document["asset"] = dict(edit.asset)
    return document | {"params": {name: _write_value(value) for name, value in edit.params.items()}}


def _write_value(value: FloatArray) -> Any:
    single = np.asarray(value, dtype="<f4")
    if single.size > INLINE:
        return {"dtype": "float32", "shape": list(single.shape), "base64": base64.b64encode(single.tobytes()).decode()}
    # float32's own shortest decimals: 0.35, not 0.3499999940395355; numpy's print options have no say in them.
    flat = [float(np.format_float_scientific(number)) for number in single.ravel()]
    nested: Any = np.array(flat, dtype=np.float64).reshape(single.shape).tolist()
    return nested
