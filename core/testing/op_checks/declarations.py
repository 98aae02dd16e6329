"""Checks of what an op declares and of the documents that carry its values."""

from __future__ import annotations

import copy
import inspect
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch

from ...contract.area import Area
from ...contract.latents import Latents
from ...contract.op import Op
from ...contract.schema import Schema
from ...contract.slot_kinds import slot_from_document
from ...errors import VeraRetouchError
from ...plan.plan import Plan
from ...plugins.registry import PluginState, registry
from ...render.renderer import Renderer
from ...strict_json import shorten
from ..inputs.pixels import hostile
from ..inputs.specimen import Specimen, rgb_words
from ..verdict import advice, shown_by
from .specimen import OpSpecimen


def declared(specimen: Specimen) -> Iterator[str]:
    """The id has a vendor unless it is built in; class and slots say in a sentence what they do;
    slots survive as documents.
    """
    op, kind = specimen.plugin, specimen.kind
    # Tests of our own live elsewhere: only some rooms hold built-ins.
    package, room = (*type(op).__module__.split("."), "")[:2]
    if not (package == "veraretouch" and room in specimen.rooms) and "." not in op.id:
        yield advice(
            f"an id of the form 'vendor.{kind}'",
            repr(op.id),
            "id",
            f"Only built-in {kind}s go without a vendor; put yours before it.",
        )
    first = (inspect.getdoc(type(op)) or "").strip().split("\n")[0]
    if not _is_sentence(first):
        yield advice(
            "a docstring whose first line is a sentence",
            repr(first),
            type(op).__name__,
            f"Say what the {kind} {'does to' if kind == 'op' else 'covers of'} a photo.",
        )
    for name, slot in op.slots.items():
        where = f"slot {name!r}"
        if not _is_sentence(slot.doc):
            yield advice(
                "a doc that is a sentence", repr(slot.doc), where, "Users read it as help; end it with a full stop."
            )
        if not slot.unit.strip():
            yield advice("a unit", repr(slot.unit), where, "Give '1' for a plain ratio.")
        again = slot_from_document(json.loads(json.dumps(slot.document())))
        if again.facts() != slot.facts():
            yield advice(
                "the same slot after a trip through JSON",
                repr(again),
                where,
                "Use the slot types of core.contract.slot_kinds.",
            )


def _is_sentence(text: str) -> bool:
    return len(text.split()) >= 2 and text.rstrip().endswith((".", "!", "?"))


def plan_round_trip(specimen: OpSpecimen) -> Iterator[str]:
    """Values written into a plan come back as they were and give the same picture."""
    op = specimen.op
    with _in_catalogue(type(op)):
        schema = Schema([specimen.spec])
        drawn = specimen.draw(1, seed=11, dtype=torch.float32)
        values, where = drawn.values, f"hostile pixels, {specimen.words(drawn, 0)}"
        with shown_by(where):
            plan = Plan.of(Latents(schema, {op.id: values}), groups=schema.groups)
            again = Plan.load(plan.json())
        for name, before in values.items():
            after = np.float32(again.edits[op.id].params[name])
            if not np.array_equal(before[0].numpy(), after):
                yield advice(
                    "the values that were written, after a trip through JSON",
                    str(after),
                    f"{name}={before[0].tolist()!r}",
                    "A slot of your own must give in check() what it was given.",
                )
        renderer, photo = Renderer([op]), hostile()
        pictures = []
        for each in (plan, again):
            torch.manual_seed(0)
            with shown_by(partial(specimen.smallest_of, photo, values, otherwise=where)):
                pictures.append(renderer(photo, each.latents(), clamp=False))
        if not torch.equal(pictures[0].nan_to_num(), pictures[1].nan_to_num()):
            yield advice(
                "the same picture from the saved plan",
                f"a difference of {float((pictures[0] - pictures[1]).abs().max()):.3g}",
                where,
                "The op must depend on its slots, its pixels and p.frame alone.",
            )


def migration(specimen: Specimen) -> Iterator[str]:
    """`migrate` brings older values to values of today's slots, or says None; it does not change what it is given."""
    plugin = type(specimen.plugin)
    for version in range(1, plugin.version):
        # No values at all are valid in every version.
        said = _migrated(plugin, {}, version)
        if said:
            yield from said
            continue
        # Those of an older version are unknown here. Of today's, a sound `migrate` makes something of some: large
        # values, small ones or plain numbers; it may also refuse any, as names, units and shapes may have changed.
        said_of_each = [_migrated(plugin, values, version) for values in _older(specimen)]
        if all(said_of_each):
            yield from said_of_each[0]


def _older(specimen: Specimen) -> Iterator[dict[str, object]]:
    """Values as a plan holds them: plain numbers, values close to the identity, values far from it."""
    yield dict.fromkeys(specimen.slots, 0.0)
    for reach in (0.01, 0.5):
        drawn = specimen.draw(1, seed=14, reach=reach, dtype=torch.float32)
        yield {name: value[0].tolist() for name, value in drawn.values.items()}


def _migrated(op: type[Op] | type[Area], values: dict[str, object], version: int) -> list[str]:
    """What is wrong with what `migrate` makes of older values."""
    given, where = copy.deepcopy(values), f"migrate({shorten(values)}, {version})"
    with shown_by(where):
        try:
            migrated = op.migrate(given, version)
        except Exception:
            if values:
                return []  # a plan that cannot be read, which its reader is told
            raise
    said = []
    if repr(given) != repr(values):
        said.append(advice("the given values untouched", shorten(given), where, "Return a new mapping."))
    if migrated is None:
        return said
    if not isinstance(migrated, Mapping):
        return [*said, advice("a mapping of values, or None", shorten(migrated), where, "Return {slot: value}.")]
    for name, value in migrated.items():
        if name not in op.slots:
            today = f"slots of version {op.version} ({', '.join(op.slots)})"
            said.append(advice(today, repr(name), where, "Name the slots of today."))
            continue
        try:
            op.slots[name].sized_for(value).check(value, path=name)
        except VeraRetouchError as error:
            said.append(advice("values within today's bounds", str(error), where, "Clip what older versions allowed."))
    return said


def group_off(specimen: OpSpecimen) -> Iterator[str]:
    """A group that is switched off is as good as absent: its slots do nothing,
    and with all groups off the photo passes bit for bit.
    """
    schema, photo = Schema([specimen.spec]), hostile()
    renderer = Renderer([specimen.op])
    settings = specimen.draw(1, seed=12, dtype=torch.float32)
    latents = Latents(schema, {specimen.op.id: settings.values})
    words = f"hostile pixels, {specimen.words(settings, 0)}"
    with shown_by(partial(specimen.smallest_of, photo, settings.values, otherwise=words)):
        untouched = torch.equal(renderer(photo, latents.masked([[]]), clamp=False), photo)
    if not untouched:
        yield advice(
            "the photo itself with all groups off",
            "another",
            specimen.words(settings, 0),
            "Report this to us: the renderer skips absent ops.",
        )
    if not specimen.has_identity:
        return
    for group in schema.groups:
        start = specimen.identity()
        idle = specimen.apply(photo, start.values)
        for name, slot in specimen.slots.items():
            if slot.group == group:
                start.values[name][:] = torch.tensor(slot.off, dtype=torch.float32)
        done = specimen.apply(photo, start.values)
        moved = (done - idle).abs().nan_to_num().amax(dim=1).flatten()
        if float(moved.max()) > 1e-6:
            index = int(moved.argmax())
            yield advice(
                f"no change with group {group!r} at `off` and the rest at identity",
                f"{rgb_words(done[0, :, 0, index])}",
                f"{rgb_words(photo[0, :, 0, index])}, {specimen.words(start, 0)}",
                "Leave `off` out: it is the identity by default.",
            )


@contextmanager
def _in_catalogue(op: type[Op]) -> Iterator[None]:
    """The op on the registry's catalogue, as plans need it; taken off again if it was not there."""
    entry = registry.ops.entries().get(op.id)
    if (
        entry is not None
        and entry.state in (PluginState.AVAILABLE, PluginState.LOADED)
        and registry.ops.load(op.id) is op
    ):
        yield
        return
    held = registry.ops.by_hand().get(op.id)
    registry.ops.add(op)
    try:
        yield
    finally:
        registry.ops.remove(op.id)
        if held is not None:
            registry.ops.add(held)
