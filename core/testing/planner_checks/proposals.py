"""Checks of what a planner proposes, mode by mode."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import product

import numpy as np
import torch
from torch import Tensor

from ...contract.latents import Latents
from ...contract.planner import Proposal
from ...contract.request import MODES, Request
from ...contract.schema import Schema
from ...errors import InvalidRequest, UnusableAnswer, VeraRetouchError
from ...plan.plan import Plan
from ...plugins.registry import registry
from ...render.renderer import Renderer
from ...strict_json import shorten
from ..verdict import advice, raised
from . import bench as bench
from .bench import PlannerBench

# Batched matrix products sum in another order than single ones.
SAME = 1e-4
EACH = "Plan each photo by the request beside it, zip(photos, requests), and join rows by Latents.cat."
# Hostile photos of which pairs are made, too: without light, size or sense.
PAIRED = ("black", "one pixel", "noise")
REFERENCE = (
    "request.reference holds one photo, the target, or two, (before, after), of any size; refuse what you cannot use."
)


def declared(trial: PlannerBench) -> Iterator[str]:
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


def valid(trial: PlannerBench) -> Iterator[str]:
    """In each mode a proposal has a row and reasons for each photo, and values within the bounds of its schema."""
    for mode in trial.modes:
        for count in trial.counts:
            yield from bench.flaws(trial.ordinary(mode, count), count, f"mode {mode}, a batch of {count}")


def schema(trial: PlannerBench) -> Iterator[str]:
    """Latents are of the schema that the planner names, if it names one,
    and of ops in the versions that are installed.
    """
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


def exact(trial: PlannerBench) -> Iterator[str]:
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


def groups(trial: PlannerBench) -> Iterator[str]:
    """A group that the request leaves out is not edited."""
    for mode in trial.sound:
        for left_out in trial.ordinary(mode, 1).latents.schema.groups:
            try:
                latents = trial.alone(mode, 0, without=left_out).latents
            except InvalidRequest:
                continue  # nothing else to do
            if left_out in _edited(latents, 0):
                yield advice(
                    f"nothing of group {left_out!r}, which the request leaves out",
                    "an edit of it",
                    f"mode {mode}, groups {sorted(trial.leaving_out(mode, left_out).groups or ())}",
                    "End with latents.masked([...]), a set of groups a row; request.groups is None for all.",
                )
                return


def reasoned(trial: PlannerBench) -> Iterator[str]:
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


def renders(trial: PlannerBench) -> Iterator[str]:
    """Each row makes a plan that can be written, read again and rendered,
    by the planner's own `ops` if it brings some.
    """
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
                done = renderer(photo.tensor()[None], Plan.load(plan.json()).latents())
            except VeraRetouchError as error:
                yield advice("a plan that can be saved and rendered", str(error), where, "Name installed ops alone.")
                return
            if not bool(done.isfinite().all()):
                yield advice("a picture", "pixels that are not numbers", f"{where}, photo {row}", "Check the values.")
                return


def batch_independence(trial: PlannerBench) -> Iterator[str]:
    """A row of a batch is what the photo alone gets."""
    for mode in trial.sound:
        together = trial.ordinary(mode, len(trial.photos))
        for row in range(len(trial.photos)):
            said = unlike(together, row, trial.alone(mode, row))
            if said is not None and not any(determinism(trial)):
                yield advice(
                    "the plan that the photo gets alone",
                    said,
                    f"mode {mode}, photo {row} of a batch of {len(trial.photos)}",
                    "Keep no state between photos, and take no statistics over the batch.",
                )
                return


def own_request(trial: PlannerBench) -> Iterator[str]:
    """A photo of a batch is planned by the request beside it: by its prompt, its values, its reference,
    its groups and its seed.
    """
    for mode in trial.sound:
        first, first_alone = trial.request(mode), trial.alone(mode, 0)
        second = trial.other_request(mode)
        edited = _edited(trial.ordinary(mode, len(trial.photos)).latents, 1)
        with suppress(InvalidRequest):  # nothing else to do
            if edited:
                first_alone = trial.alone(mode, 0, without=edited[-1])
                first = trial.leaving_out(mode, edited[-1])
        try:
            second_alone = trial.ask(trial.photos[1:2], [second])
        except InvalidRequest:
            continue
        where = f"mode {mode}, two photos, {_apart(first, second)}"
        try:
            together = trial.ask(trial.photos[:2], [first, second])
        except Exception as error:
            # A planner may fail with anything at all.
            where = f"mode {mode}, {_simplest_pair(trial, first) or f'two photos, {_apart(first, second)}'}"
            yield advice("a plan for each of two photos", raised(error), where, f"{EACH} A batch has any size.")
            return
        if faults := list(bench.flaws(together, 2, where)):
            yield from faults
            return
        for row, alone in enumerate((first_alone, second_alone)):
            said = unlike(together, row, alone)
            if said is not None and not any(determinism(trial)) and not any(batch_independence(trial)):
                yield advice(f"photo {row} to be planned by its own request", said, where, EACH)
                return


def _apart(first: Request, second: Request) -> str:
    """Two requests in words, by what differs."""
    pairs = (
        ("prompts", first.prompt, second.prompt),
        ("params", first.params, second.params),
        ("references of so many photos", *(len(request.reference or ()) for request in (first, second))),
        ("groups", first.groups and sorted(first.groups), second.groups and sorted(second.groups)),
    )
    found = [f"{name}: {one!r} and {other!r}" for name, one, other in pairs if one != other]
    return ", ".join(found) or f"seeds: {first.seed} and {second.seed}"


def _simplest_pair(trial: PlannerBench, request: Request) -> str:
    """Two photos with the same request, in words, where a planner fails on these already."""
    try:
        trial.ask(trial.photos[:2], [request] * 2)
    except Exception:
        return "two photos with the same request"
    return ""


def determinism(trial: PlannerBench) -> Iterator[str]:
    """The same photo, request and seed give the same plan, whatever the global random state."""
    for mode in trial.sound:
        first, second = (trial.plan(trial.photos[:1], mode, chance=chance) for chance in (1, 2))
        said = difference(first, second)
        if said is not None:
            yield advice(
                "the same plan twice",
                said,
                f"mode {mode}, one photo, seed 3",
                "Draw random numbers from a generator seeded with request.seed.",
            )
            return


def inputs_untouched(trial: PlannerBench) -> Iterator[str]:
    """Photos stay as they were."""
    for mode in trial.sound:
        photo = replace(trial.photos[0], pixels=trial.photos[0].pixels.copy())
        trial.planner.plan([photo], [trial.request(mode)])
        if not np.array_equal(photo.pixels, trial.photos[0].pixels):
            yield advice("the photo's pixels untouched", "changed pixels", f"mode {mode}", "Work on photo.working().")
            return


def references(trial: PlannerBench) -> Iterator[str]:
    """Mode reference takes one target as well as a pair, before and after, or refuses it by an InvalidRequest."""
    if "reference" in trial.sound:
        yield from _referring(trial, trial.by_target, "mode reference, a reference of one photo")


def _referring(trial: PlannerBench, request: Request, where: str) -> Iterator[str]:
    """What is wrong with a plan by a reference."""
    try:
        yield from bench.flaws(trial.ask(trial.photos[1:2], [request]), 1, where)
    except InvalidRequest:
        return
    except Exception as error:
        # A planner may fail with anything at all.
        yield advice("a plan or an InvalidRequest", raised(error), where, REFERENCE)


def hostile_photos(trial: PlannerBench) -> Iterator[str]:
    """Photos without size, light, colour or sense, and of any depth, get a valid plan;
    as references a plan or an InvalidRequest.
    """
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
    if "reference" in trial.sound:
        photos = bench.hostile_photos()
        # Where one photo is not taken at all, `references` tells.
        targets = list(photos) if trial.takes_a_target else []
        for name, size in (*product(targets, (1,)), *product(PAIRED, (2,))):
            what = "a target that is" if size == 1 else "a pair of photos, each"
            request = Request.of(reference=(photos[name],) * size)
            if said := list(_referring(trial, request, f"mode reference, {what} {name}")):
                yield from said
                return


def hostile_prompts(trial: PlannerBench) -> Iterator[str]:
    """Prompts that no one should write get a valid plan, an InvalidRequest, or an UnusableAnswer."""
    if "style" not in trial.sound:
        return
    for name, prompt in bench.HOSTILE_PROMPTS.items():
        where = f"the prompt of {name}, {shorten(prompt)}"
        try:
            yield from bench.flaws(trial.ask(trial.photos[:1], [Request.of(style=prompt)]), 1, where)
        except (InvalidRequest, UnusableAnswer):
            continue
        except Exception as error:
            expected = "a plan, an InvalidRequest or an UnusableAnswer"
            yield advice(expected, raised(error), where, "Report words you do not know as such.")


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


def difference(first: Proposal, second: Proposal) -> str | None:
    """In words, how two proposals for one photo differ at all; None where they are the same."""
    said = _difference(_values(first.latents, 0), _values(second.latents, 0), same=0.0)
    return "other reasons" if said is None and list(first.reasoning) != list(second.reasoning) else said


def unlike(together: Proposal, row: int, alone: Proposal) -> str | None:
    """In words, how a row of a batch differs from the photo's own proposal; None where it does not."""
    said = _difference(_values(together.latents, row), _values(alone.latents, 0))
    if said is None and together.reasoning and together.reasoning[row] != alone.reasoning[0]:
        return "other reasons"
    return said


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
