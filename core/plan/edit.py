"""One op's edit in a plan: read from JSON, checked against the installed op, migrated, and written."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .. import strict_json
from ..contract.area import Area
from ..contract.slot_kinds import GreyPicture
from ..contract.slots import INLINE, FloatArray, Slot
from ..errors import InvalidPlan, OutOfBounds, UnknownPlugin, VeraRetouchError, nearest
from ..plugins.catalogue import Catalogue
from ..plugins.registry import registry

if TYPE_CHECKING:
    from ..contract.op import Op

# Names of distributions as PEP 508 allows them: the only ones to suggest to pip.
_DISTRIBUTION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_VERSION = re.compile(r"[0-9][A-Za-z0-9.!+]*", re.ASCII)


NO_SLOTS: Final[Mapping[str, Slot]] = MappingProxyType({})


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
        return isinstance(other, Edit) and write_edit(self) == write_edit(other)


def located(path: str, error: VeraRetouchError) -> InvalidPlan:
    """The same problem and cure as an `InvalidPlan` at this path."""
    return InvalidPlan(error.problem.removeprefix(f"{path}: "), path=path, cure=error.cure)


def left_out_of(groups: Collection[str], where: str, values: Sequence[str]) -> str:
    """The warning that values such as `exposure.ev` have no effect, since their groups are off."""
    shown = ", ".join(values[:8]) + (f" and {len(values) - 8} more" if len(values) > 8 else "")
    return f"groups {', '.join(sorted(groups)) or 'none'} leave out values of {where}: {shown}"


def op_of(id: str) -> type[Op]:
    """The installed op of an id, imported."""
    op: type[Op] = registry.ops.load(id)
    return op


def provider_of(id: str, catalogue: Catalogue | None = None) -> str | None:
    """The distribution of a third party's op, or of a plug-in of another catalogue, as plans record it; built-ins need
    no record.
    """
    entry = (catalogue or registry.ops).entries().get(id)
    if entry is None or entry.distribution == "veraretouch" or not entry.version:
        return None
    return f"{entry.distribution} {entry.version}"


def read_edit(id: str, document: Mapping[str, Any], path: str = "plan.edits") -> tuple[str, Edit]:
    """The edit, and the id that its op has now; `path` is where the document's edits stand.

    Raises:
        InvalidPlan: with the JSON path, the rule and the cure.
    """
    path += strict_json.step(id)
    op = installed(registry.ops, id, document.get("from", ""), path)
    params = read_params(op, document["params"], document["version"], path)
    return op.id, Edit(op.version, params, document.get("from"), document.get("asset"))


def installed(catalogue: Catalogue, id: str, provider: str, path: str) -> Any:
    """The op or area of an id, imported; `provider` is the distribution that the plan names.

    Raises:
        InvalidPlan: it is not installed, or cannot be used.
    """
    try:
        return catalogue.load(id)
    except UnknownPlugin:
        raise _not_installed(catalogue, id, provider, path) from None
    except VeraRetouchError as error:
        raise located(path, error) from None


def read_params(plugin: Any, document: Mapping[str, Any], version: int, path: str) -> dict[str, FloatArray]:
    """An op's or area's slot values, of the version that is installed, within their bounds.

    Raises:
        InvalidPlan
    """
    kind = "area" if issubclass(plugin, Area) else "op"
    given = {name: _read_value(value, f"{path}.params.{name}") for name, value in document.items()}
    checked = {}
    for name, value in _migrated(plugin, kind, given, version, path).items():
        if name not in plugin.slots:
            raise InvalidPlan(
                f"{kind} {plugin.id!r} has no slot {strict_json.shorten(name)}",
                path=f"{path}.params",
                cure=f"{nearest(name, plugin.slots)} Its slots: {', '.join(plugin.slots)}.".lstrip(),
            )
        checked[name] = _check_value(plugin.slots[name], value, f"{path}.params.{name}")
    for name, slot in plugin.slots.items():
        if slot.identity is None and name not in checked:
            raise InvalidPlan(
                f"slot {name!r} is missing and has no identity",
                path=f"{path}.params",
                cure=f"Give it, or leave the {kind} out.",
            )
    return checked


def _not_installed(catalogue: Catalogue, id: str, provider: str, path: str) -> InvalidPlan:
    """The error of an op or area that nobody provides here; `provider` is what the plan says of it."""
    known = catalogue.ids()
    name, _, version = provider.partition(" ")
    if _DISTRIBUTION.fullmatch(name):
        here = _installed_version(name)
        problem = f" (provided by {strict_json.shorten(provider)}" + (f"; {here} is installed)" if here else ")")
        # The version that is here has no such op: the one that made the plan had.
        cure = f" pip install {name}=={version}" if here and _VERSION.fullmatch(version) else f" pip install {name}"
    else:
        problem, cure = "", f" Installed: {', '.join(known)}."
    return InvalidPlan(
        f"{catalogue.kind} {strict_json.shorten(id)} is not installed{problem}",
        path=path,
        cure=(nearest(id, known) + cure).lstrip(),
    )


def _installed_version(distribution: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _migrated(op: Any, kind: str, params: Mapping[str, Any], version: int, path: str) -> Mapping[str, Any]:
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
            f"version {version} of {kind} {op.id!r} cannot be brought to version {op.version}, which is installed"
            f"{reason}",
            path=f"{path}.version",
            cure="Install the version it was made with, or make the plan again.",
        )
    return migrated


def _check_value(slot: Slot, value: Any, path: str) -> FloatArray:
    try:
        slot = slot.sized_for(value)
    except VeraRetouchError as error:
        raise located(path, error) from None
    try:
        return slot.check(value, path=path)
    except OutOfBounds as error:
        place = error.problem.partition(": ")[0]
        raise located(place, error) from None


def _read_value(value: Any, path: str) -> Any:
    """A number, nested lists, or the base64 form as an array."""
    if not isinstance(value, dict):
        return value
    try:
        data = base64.b64decode(value["base64"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidPlan(f"not base64: {error}", path=f"{path}.base64", cure="Write it with plan.save.") from None
    shape = [int(n) for n in value["shape"]]
    dtype = np.dtype("u1" if value["dtype"] == "uint8" else "<f4")
    if len(data) != dtype.itemsize * math.prod(shape):
        each = "One byte a uint8" if dtype.itemsize == 1 else "Four bytes a float32"
        raise InvalidPlan(
            f"{len(data)} bytes are not the {dtype.itemsize * math.prod(shape)} of shape {shape}",
            path=f"{path}.base64",
            cure=f"{each}; the text may be cut off.",
        )
    array = np.frombuffer(data, dtype=dtype).reshape(shape)
    return array / 255 if dtype.itemsize == 1 else array


def write_edit(edit: Edit, slots: Mapping[str, Slot] = NO_SLOTS) -> dict[str, Any]:
    """The edit as a JSON object; large values as base64 of float32, those of choices and switches as words if the op's
    slots are given.
    """
    document: dict[str, Any] = {"version": edit.version}
    if edit.source is not None:
        document["from"] = edit.source
    if edit.asset is not None:
        document["asset"] = dict(edit.asset)
    return document | {"params": {name: write_value(value, slots.get(name)) for name, value in edit.params.items()}}


def write_value(value: FloatArray, slot: Slot | None = None) -> Any:
    """A slot's value as JSON, large ones in base64: pictures of 256 greys as bytes, all others as float32."""
    if slot is not None and (said := slot.written(value)) is not None:
        return said
    single = np.asarray(value, dtype="<f4")
    if single.size > INLINE and isinstance(slot, GreyPicture):
        steps = np.rint(np.asarray(value) * 255)
        if np.abs(np.asarray(value) * 255 - steps).max() < 1e-4:
            data = steps.astype("u1").tobytes()
            return {"dtype": "uint8", "shape": list(single.shape), "base64": base64.b64encode(data).decode()}
    if single.size > INLINE:
        return {"dtype": "float32", "shape": list(single.shape), "base64": base64.b64encode(single.tobytes()).decode()}
    # float32's own shortest decimals: 0.35, not 0.3499999940395355; numpy's print options have no say in them.
    flat = [float(np.format_float_scientific(number)) for number in single.ravel()]
    nested: Any = np.array(flat, dtype=np.float64).reshape(single.shape).tolist()
    return nested
