"""Whether what is installed here can do what a bundle was made for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.version import Version

from ...core.contract.op import Op
from ...core.contract.schema import OpSpec, Schema
from ...core.contract.slot_kinds import Lattice
from ...core.errors import IncompatibleBundle, InvalidRequest, VeraRetouchError
from ...core.plugins.registry import registry
from .bundle import Bundle
from .manifest import Manifest


def check_compatible(manifest: Manifest) -> None:
    """Compare a bundle with the installed planner and ops.

    Raises:
        IncompatibleBundle: one error that lists every difference.
    """
    differences = [*_of_planner(manifest), *(_of_ops(manifest.latents) if manifest.latents is not None else ())]
    if differences:
        raise IncompatibleBundle(
            f"bundle {manifest.name!r} {manifest.version} does not fit what is installed: {'; '.join(differences)}",
            cure="Install the versions that it was made for, or fetch a bundle made for these.",
        )


def check_system(bundle: Bundle, system: str) -> None:
    """Refuse a variant that needs a newer system than one such as `iOS 18.0`.

    Raises:
        InvalidRequest: no system and version. IncompatibleBundle
    """
    match = re.fullmatch(r"([A-Za-z]+) ?(\d+(?:\.\d+)*)", system)
    if match is None:
        raise InvalidRequest(f"{system!r} names no system", cure="Write a name and a version, such as 'iOS 18.0'.")
    needed = bundle.manifest.document["variants"][bundle.variant].get("minimum_os", {})
    least = {name.casefold(): version for name, version in needed.items()}.get(match[1].casefold())
    if needed and (least is None or Version(match[2]) < Version(least)):
        told = " or ".join(f"{name} {version}" for name, version in needed.items())
        raise IncompatibleBundle(
            f"variant {bundle.variant!r} of {bundle.manifest.name!r} needs {told}, and {system} is too old or another"
            " system",
            cure="Raise the app's deployment target, or take another variant.",
        )


def _of_planner(manifest: Manifest) -> Iterator[str]:
    planner = manifest.planner
    if planner and planner["id"] not in registry.planners:
        source = planner.get("distribution")
        yield f"planner {planner['id']!r} is not installed" + (f" (pip install {source})" if source else "")


def _of_ops(schema: Schema) -> Iterator[str]:
    for spec in schema.specs.values():
        try:
            op: type[Op] = registry.ops.load(spec.id)
        except VeraRetouchError as error:
            yield error.problem
            continue
        if op.version == spec.version:
            points = next((slot.shape[0] for slot in spec.slots.values() if isinstance(slot, Lattice)), None)
            yield from _of_slots(spec, Schema.of([op], lattice=points).spec(spec.id))
        elif op.version < spec.version:
            yield f"op {spec.id!r} is version {op.version} here and {spec.version} in the bundle"
        elif op.migrate.__func__ is Op.migrate.__func__:  # type: ignore[attr-defined]
            yield f"op {spec.id!r} is version {op.version} here, with no way from the bundle's {spec.version}"


def _of_slots(theirs: OpSpec, ours: OpSpec) -> Iterator[str]:
    for name in dict.fromkeys((*theirs.slots, *ours.slots)):
        if name not in ours.slots or name not in theirs.slots:
            where = "the bundle" if name in theirs.slots else "the installed op"
            yield f"slot {theirs.id}.{name} is in {where} alone"
            continue
        before, now = theirs.slots[name].facts(), ours.slots[name].facts()
        if before == now:
            continue
        changed = [
            f"{key} {before.get(key)!r} became {now.get(key)!r}" for key in before if before.get(key) != now.get(key)
        ]
        yield f"slot {theirs.id}.{name}: {', '.join(changed)[:200]}"
