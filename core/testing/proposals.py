"""Checks of what a planner proposes, mode by mode."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ..documents import shorten
from ..errors import InvalidRequest, VeraRetouchError
from ..latents import Latents
from ..plan import Plan
from ..registry import registry
from ..renderer import Renderer
from ..request import MODES, Request
from ..schema import Schema
from . import trial as bench
from .trial import Trial
from .verdict import advice, raised

# Batched matrix products sum in another order than single ones.
SAME = 1e-4


def declared(trial: Trial) -> Iterator[str]:
    """The planner has an id, a version and modes that exist, and says in a sentence what it does."""
    planner = trial.planner
    for name in ("id", "version"):
        value = getattr(planner, name, None)
        if not isinstance(value, str) or not value.strip():
            yield advice(f"a {name} that is a text", repr(value), name, f'Declare {name} = "..." in the class.')
    modes = getattr(planner, "modes", None)
    if not isinstance(modes, frozenset) or not modes or not modes <= set(MODES):
        yield advice(
            f"a frozenset of {', '.join(MODES)}", repr(modes), "modes", 'Declare modes = frozenset({"auto"}), for one.'
        )
    first = (inspect.getdoc(type(planner)) or "").strip().split("\n")[0]
    if len(first.split()) < 2:
        yield advice(
            "a docstring that says how it plans", repr(first), type(planner).__name__, "Lists of planners show it."
        )


def valid(trial: Trial) -> Iterator[str]:
    """In each mode a proposal has a row and reasons for each photo, and values within the bounds of its schema."""
    for mode in trial.modes:
        for count in trial.counts:
            yield from bench.flaws(trial.ordinary(mode, count), count, f"mode {mode}, a batch of {count}")


def schema(trial: Trial) -> Iterator[str]:
    """Latents are of the schema that the planner names, if it names one, and of ops in the versions that are installed."""
    named = getattr(trial.planner, "schema", None)
    for mode in trial.sound:
        own = trial.ordinary(mode, 1).latents.schema
        if named is not None and own != named:
            yield advice(
                f"latents of the planner's schema, {named!r}",
                repr(own),
                f"mode {mode}",
                "Make all latents with self.schema.",
            )
            return
        for id, version, here in _outdated(own):
            yield advice(
                f"version {here} of op {id!r}, which is installed",
                f"version {version}",
                f"mode {mode}",
                "Make the planner's schema anew, or train it again.",
            )
            return


def _outdated(schema: Schema) -> list[tuple[str, int, int]]:
    """Ops whose version here is another: id, the schema's version, the installed one."""
    installed = {id: registry.ops.load(id).version for id in schema.specs if id in registry.ops}
    versions = [(id, schema.spec(id).version, version) for id, version in installed.items()]
    return [found for found in versions if found[1] != found[2]]


def exact(trial: Trial) -> Iterator[str]:
    """Exact values arrive as they were given, where the planner edits by the op that they name."""
    if "param" not in trial.sound or "exposure.ev" not in trial.params:
        return
    row = _values(trial.ordinary("param", 1).latents, 0)
    if "exposure" in row and abs(float(row["exposure"]["ev"]) - 0.35) > 1e-6:
        yield advice(
            "exposure.ev=0.35",
            f"{float(row['exposure']['ev']):.6g}",
            f"mode param, {trial.params!r}",
            "Mode param takes values as they are, whatever the photo.",
        )


def groups(trial: Trial) -> Iterator[str]:
    """A group that the request leaves out is not edited."""
    for mode in trial.sound:
        every = trial.ordinary(mode, 1).latents.schema.groups
        request = trial.request(mode)
        for left_out in every:
            some = replace(request, groups=frozenset(every) - {left_out})
            try:
                latents = trial.ask(trial.photos[:1], [some]).latents
            except InvalidRequest:
                continue  # nothing else to do
            if left_out in _edited(latents, 0):
                yield advice(
                    f"nothing of group {left_out!r}, which the request leaves out",
                    "an edit of it",
                    f"mode {mode}, groups {sorted(some.groups or ())}",
                    "End with latents.masked([...]), a set of groups a row; request.groups is None for all.",
                )
                return


def reasoned(trial: Trial) -> Iterator[str]:
    """Each group that is edited has a problem and a plan, in words."""
    for mode in trial.sound:
        proposal = trial.ordinary(mode, len(trial.photos))
        for row, thoughts in enumerate(proposal.reasoning):
            for group in _edited(proposal.latents, row):
                thought = thoughts.get(group, {})
                for part in ("problem", "plan"):
                    words = thought.get(part)
                    if not isinstance(words, str) or not words.strip():
                        yield advice(
                            f"a {part} in words for the group {group!r}, which is edited",
                            repr(words),
                            f"mode {mode}, photo {row} of {len(trial.photos)}",
                            'Give {group: {"problem": ..., "plan": ...}} for each group.',
                        )
                        return


def renders(trial: Trial) -> Iterator[str]:
    """Each row makes a plan that can be written, read again and rendered, by the planner's own `ops` if it brings some."""
    renderer = Renderer(getattr(trial.planner, "ops", None))
    for mode in trial.sound:
        proposal = trial.ordinary(mode, len(trial.photos))
        schema = proposal.latents.schema
        if _outdated(schema):
            continue  # which `schema` tells
        where = f"mode {mode}"
        for row, photo in enumerate(trial.photos):
            try:
                plan = Plan.of(
                    proposal.latents.row(row),
                    mode=mode,
                    groups=schema.groups,
                    reasoning=proposal.reasoning[row] if proposal.reasoning else {},
                )
                done = renderer.apply(photo.tensor()[None], Plan.load(plan.json()).latents())
            except VeraRetouchError as error:
                yield advice("a plan that can be saved and rendered", str(error), where, "Name installed ops alone.")
                return
            if not bool(done.isfinite().all()):
                yield advice("a picture", "pixels that are not numbers", f"{where}, photo {row}", "Check the values.")
                return


def batch_independence(trial: Trial) -> Iterator[str]:
    """A row of a batch is what the photo alone gets."""
    for mode in trial.sound:
        together = trial.ordinary(mode, len(trial.photos))
        for row, photo in enumerate(trial.photos):
            alone = trial.plan([photo], mode)
            said = _difference(_values(together.latents, row), _values(alone.latents, 0))
            if said is None and together.reasoning and together.reasoning[row] != alone.reasoning[0]:
                said = "other reasons"
            if said is not None and not any(determinism(trial)):
                yield advice(
                    "the plan that the photo gets alone",
                    said,
                    f"mode {mode}, photo {row} of a batch of {len(trial.photos)}",
                    "Keep no state between photos, and take no statistics over the batch.",
                )
                return


def determinism(trial: Trial) -> Iterator[str]:
    """The same photo, request and seed give the same plan, whatever the global random state."""
    for mode in trial.sound:
        first, second = (trial.plan(trial.photos[:1], mode, chance=chance) for chance in (1, 2))
        said = _difference(_values(first.latents, 0), _values(second.latents, 0), same=0.0)
        if said is None and list(first.reasoning) != list(second.reasoning):
            said = "other reasons"
        if said is not None:
            yield advice(
                "the same plan twice",
                said,
                f"mode {mode}, one photo, seed 3",
                "Draw random numbers from a generator seeded with request.seed.",
            )
            return


def inputs_untouched(trial: Trial) -> Iterator[str]:
    """Photos stay as they were."""
    for mode in trial.sound:
        photo = replace(trial.photos[0], pixels=trial.photos[0].pixels.copy())
        trial.planner.plan([photo], [trial.request(mode)])
        if not np.array_equal(photo.pixels, trial.photos[0].pixels):
            yield advice("the photo's pixels untouched", "changed pixels", f"mode {mode}", "Work on photo.working().")
            return


def hostile_photos(trial: Trial) -> Iterator[str]:
    """Photos without size, light, colour or sense, and of any depth, get a valid plan."""
    for mode in trial.sound:
        for name, photo in bench.hostile_photos().items():
            where = f"mode {mode}, a photo that is {name}"
            try:
                yield from bench.flaws(trial.plan([photo], mode), 1, where)
            except Exception as error:
                # A planner may fail with anything at all.
                yield advice(
                    "a plan", raised(error), where, "Plan nothing where there is nothing to see: latents of no ops."
                )
                break


def hostile_prompts(trial: Trial) -> Iterator[str]:
    """Prompts that no one should write get a valid plan, or an InvalidRequest."""
    if "style" not in trial.sound:
        return
    for name, prompt in bench.HOSTILE_PROMPTS.items():
        where = f"the prompt of {name}, {shorten(prompt)}"
        try:
            yield from bench.flaws(trial.ask(trial.photos[:1], [Request.of(style=prompt)]), 1, where)
        except InvalidRequest:
            continue
        except Exception as error:
            yield advice("a plan or an InvalidRequest", raised(error), where, "Report words you do not know as such.")


def _values(latents: Latents, row: int) -> dict[str, dict[str, Tensor]]:
    """The values of the ops that are present in a row."""
    return {
        op: {name: value[row].detach().cpu() for name, value in slots.items()}
        for op, slots in latents.values.items()
        if bool(latents.present[op][row])
    }


def _edited(latents: Latents, row: int) -> list[str]:
    """The groups of slots that leave their identity in a row, or their `off` where there is none."""
    groups: dict[str, None] = {}
    for op, slots in _values(latents, row).items():
        for name, value in slots.items():
            slot = latents.schema.spec(op).slots[name]
            start = torch.tensor(slot.off if slot.identity is None else slot.identity)
            if bool((value.double() - start).abs().max() > 1e-6):
                groups[slot.group] = None
    return list(groups)


def _difference(a: dict[str, dict[str, Tensor]], b: dict[str, dict[str, Tensor]], same: float = SAME) -> str | None:
    """In words, how two rows differ; None where they do not."""
    if set(a) != set(b):
        return f"edits by {', '.join(sorted(a)) or 'no op'} against {', '.join(sorted(b)) or 'no op'}"
    for op, slots in a.items():
        for name, value in slots.items():
            off = float((value - b[op][name]).abs().max())
            if not off <= same:
                return f"{op}.{name} off by {off:.3g}"
    return None
