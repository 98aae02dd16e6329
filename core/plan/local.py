"""A plan's local adjustments: where, what, how strongly; read from JSON, checked, written, and as latents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .. import strict_json
from ..contract.local import Combine, PartSpec, key_of, key_of_op, key_of_part
from ..contract.planner import Reasoning
from ..contract.schema import LocalSpec, OpSpec
from ..contract.slots import FloatArray
from ..errors import InvalidDocument, InvalidPlan
from ..plugins.registry import registry
from .edit import Edit, installed, located, op_of, provider_of, read_edit, read_params, write_edit, write_value

if TYPE_CHECKING:
    from torch import Tensor

    from ..contract.area import Area
    from ..contract.latents import Latents
    from ..contract.slots import Slot


@dataclass(frozen=True, eq=False)
class AreaPart:
    """One part of an area.

    Attributes:
        id: which area, such as `linear` or `skin`.
        params: slot -> float64 array of the slot's shape, in the slot's unit; what is not there is at its identity.
        version: the area's, from 1, when the plan was made; by default that of the installed one.
        combine: how it joins the parts before it: `add` (a + b - ab), `subtract` (a(1 - b)) or `intersect` (ab).
        invert: whether it covers what it would leave out.
        source: the distribution that provided the area, with its version; None for built-ins.
    """

    id: str
    params: Mapping[str, FloatArray] = field(default_factory=dict)
    version: int = 0
    combine: Combine = "add"
    invert: bool = False
    source: str | None = None

    def __post_init__(self) -> None:
        if not self.version:
            object.__setattr__(self, "version", area_of(self.id).version)

    def document(self) -> dict[str, Any]:
        """The part as a JSON object; pictures of 256 greys as bytes."""
        document: dict[str, Any] = {"id": self.id, "version": self.version}
        if self.source is not None:
            document["from"] = self.source
        if self.params:
            slots = area_of(self.id).slots
            document["params"] = {name: write_value(value, slots.get(name)) for name, value in self.params.items()}
        if self.combine != "add":
            document["combine"] = self.combine
        return document | ({"invert": True} if self.invert else {})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AreaPart) and self.document() == other.document()


@dataclass(frozen=True)
class LocalAdjustment:
    """One local adjustment: edits that apply where an area says.

    Attributes:
        name: of 1 to 100 characters other than / and #; a plan has each name once.
        area: the parts of the area; without any, the adjustment applies to the whole photo.
        edits: op id -> `Edit`; the chain's order rules.
        strength: how much is mixed in where the mask is 1, 0..1.
        reasoning: group -> problem and plan in words.
    """

    name: str
    area: tuple[AreaPart, ...] = ()
    edits: Mapping[str, Edit] = field(default_factory=dict)
    strength: float = 1.0
    reasoning: Reasoning = field(default_factory=dict)

    def spec(self) -> LocalSpec:
        """What a schema knows of it, each slot at the size of its value."""
        parts = tuple(
            PartSpec(part.id, part.version, _sized(area_of(part.id).slots, part.params), part.combine, part.invert)
            for part in self.area
        )
        return LocalSpec(self.name, parts, tuple(specs_of(self.edits)))

    def values(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Its values by the keys that latents have."""
        yield key_of(self.name), {"strength": self.strength}
        for index, part in enumerate(self.area):
            yield key_of_part(self.name, index), part.params
        for op, edit in self.edits.items():
            yield key_of_op(self.name, op), edit.params

    def document(self) -> dict[str, Any]:
        """The adjustment as a JSON object."""
        document: dict[str, Any] = {"name": self.name}
        if self.area:
            document["area"] = [part.document() for part in self.area]
        document["edits"] = {op: write_edit(edit, op_of(op).slots) for op, edit in self.edits.items()}
        if self.strength != 1:
            document["strength"] = self.strength
        if self.reasoning:
            document["reasoning"] = {group: dict(thought) for group, thought in self.reasoning.items()}
        return document


def area_of(id: str) -> type[Area]:
    """The installed area of an id, imported."""
    area: type[Area] = registry.areas.load(id)
    return area


def specs_of(edits: Mapping[str, Edit]) -> Iterator[OpSpec]:
    """The ops that are edited as a schema knows them, each slot at the size of its value."""
    for id, edit in edits.items():
        op = op_of(id)
        yield OpSpec(op.id, op.version, int(op.stage), _sized(op.slots, edit.params))


def _sized(slots: Mapping[str, Slot], params: Mapping[str, FloatArray]) -> dict[str, Slot]:
    return {name: slot.sized_for(params[name]) if name in params else slot for name, slot in slots.items()}


def read_edits(document: Mapping[str, Any], path: str) -> dict[str, Edit]:
    """The edits of a document by the ids that their ops have now.

    Raises:
        InvalidPlan: with the JSON path, the rule and the cure.
    """
    edits: dict[str, Edit] = {}
    for given, edit in document.items():
        id, read = read_edit(given, edit, path)
        if id in edits:
            raise InvalidPlan(
                f"op {id!r} occurs twice, once by an old name",
                path=f"{path}{strict_json.step(given)}",
                cure="Keep one of the two edits.",
            )
        edits[id] = read
    return edits


def read_local(documents: Sequence[Mapping[str, Any]]) -> tuple[LocalAdjustment, ...]:
    """The local adjustments of a plan's document.

    Raises:
        InvalidPlan: with the JSON path, the rule and the cure.
    """
    found = []
    for index, document in enumerate(documents):
        path = f"plan.local[{index}]"
        parts = tuple(_read_part(part, f"{path}.area[{i}]") for i, part in enumerate(document.get("area", ())))
        edits = read_edits(document["edits"], f"{path}.edits")
        strength, reasoning = float(document.get("strength", 1.0)), document.get("reasoning", {})
        found.append(LocalAdjustment(document["name"], parts, edits, strength, reasoning))
    check_names(found)
    return tuple(found)


def check_names(adjustments: Iterable[LocalAdjustment]) -> None:
    """Refuse a name that stands twice.

    Raises:
        InvalidPlan
    """
    seen: set[str] = set()
    for index, adjustment in enumerate(adjustments):
        if adjustment.name in seen:
            raise InvalidPlan(
                f"{strict_json.shorten(adjustment.name)} names two adjustments",
                path=f"plan.local[{index}].name",
                cure="Give each a name of its own.",
            )
        seen.add(adjustment.name)


def read_adjustment(document: Mapping[str, Any]) -> LocalAdjustment:
    """An adjustment as a plan has it, from JSON that nobody has judged yet.

    Raises:
        InvalidPlan: with the JSON path, the rule and the cure.
    """
    whole: dict[str, Any] = {"schema": "veraretouch.plan/2", "mode": "param", "edits": {}, "local": [dict(document)]}
    try:
        strict_json.load(whole, "plan_2", name="plan")
    except InvalidDocument as error:
        raise located(error.path, error) from None
    (read,) = read_local(whole["local"])
    return read


def _read_part(document: Mapping[str, Any], path: str) -> AreaPart:
    source = document.get("from")
    area = installed(registry.areas, document["id"], source or "", f"{path}.id")
    params = read_params(area, document.get("params", {}), document["version"], path)
    return AreaPart(
        area.id, params, area.version, document.get("combine", "add"), document.get("invert", False), source
    )


def local_of(latents: Latents, assets: Mapping[str, Mapping[str, str]]) -> tuple[LocalAdjustment, ...]:
    """The adjustments of latents with one row; absent ones, parts and ops are left out.

    Raises:
        OutOfBounds: a value outside its slot's bounds.
    """
    found = []
    for entry in latents.schema.local:
        name = entry.name
        if not _is_present(latents, key_of(name)):
            continue
        parts = tuple(
            AreaPart(
                part.area,
                _checked(latents, key_of_part(name, index), part.slots),
                part.version,
                part.combine,
                part.invert,
                provider_of(part.area, registry.areas),
            )
            for index, part in enumerate(entry.parts)
            if _is_present(latents, key_of_part(name, index))
        )
        edits = {
            op.id: edit_of(latents, key_of_op(name, op.id), op, assets)
            for op in entry.ops
            if _is_present(latents, key_of_op(name, op.id))
        }
        strength = float(latents.values[key_of(name)]["strength"][0])
        found.append(LocalAdjustment(name, parts, edits, min(max(strength, 0.0), 1.0)))
    return tuple(found)


def edit_of(latents: Latents, key: str, op: OpSpec, assets: Mapping[str, Mapping[str, str]]) -> Edit:
    """The edit of an op whose values latents with one row hold by this key."""
    now = registry.ops.resolve(op.id)  # a trained planner's schema may have an old name
    return Edit(op.version, _checked(latents, key, op.slots), provider_of(now), assets.get(op.id))


def _checked(latents: Latents, key: str, slots: Mapping[str, Slot]) -> dict[str, FloatArray]:
    def check(name: str, value: Tensor) -> FloatArray:
        settled = slots[name].settled(value[0].detach().cpu().float())
        return slots[name].check(settled.numpy(), path=f"{key}.{name}")

    return {name: check(name, value) for name, value in latents.values[key].items()}


def _is_present(latents: Latents, key: str) -> bool:
    return key in latents.values and bool(latents.present[key][0])


def keyed_edits(edits: Mapping[str, Edit], local: Iterable[LocalAdjustment]) -> Iterator[tuple[str, Edit]]:
    """Every edit, global and local, by the key that latents have."""
    yield from edits.items()
    for entry in local:
        yield from ((key_of_op(entry.name, op), edit) for op, edit in entry.edits.items())


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, or where it is taken the first of `name 2`, `name 3` and so on that is not."""
    numbered = (f"{name} {count}" for count in range(2, len(taken) + 3))
    return name if name not in taken else next(each for each in numbered if each not in taken)


def values_left_out(
    edits: Mapping[str, Edit], local: Iterable[LocalAdjustment], groups: Collection[str]
) -> Iterator[str]:
    """The values, such as `exposure.ev` or `sky/exposure.ev`, whose groups are among these."""
    for key, edit in keyed_edits(edits, local):
        slots = op_of(key.rpartition("/")[2]).slots
        yield from (f"{key}.{slot}" for slot in edit.params if slots[slot].group in groups)
