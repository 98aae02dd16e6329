"""The rule planner: no weights, deterministic, and it says why."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch

from ...core.contract.latents import Latents
from ...core.contract.op import Op
from ...core.contract.planner import Proposal, Reasoning, Thought, Tilt
from ...core.contract.request import TASTES, Mode, Request, Taste
from ...core.contract.schema import OpSpec, Schema
from ...core.contract.slot_kinds import Curve, Lattice
from ...core.contract.slots import GROUPS
from ...core.photo import Photo, as_photo
from ...core.plan.edit import left_out_of, op_of
from ...core.plan.local import LocalAdjustment
from ...core.plan.local_rows import with_local_rows
from ...core.plugins.registry import registry
from ...core.render.renderer import Renderer
from ..params import describe, read_params
from ..scene.horizon import tilt_of
from ..scene.reader import SceneReader
from ..scene.scene import Scene, scene_of
from .auto import decide
from .color_wish import asks_for_color
from .finish import explained, finish_of
from .lexicon import Lexicon
from .measure import measure
from .places import by_place, is_beside, regions_in, regions_named
from .protection import held_by_sight
from .style import StyleReading, read_style
from .suggestions import suggestions

Edits = Mapping[str, Mapping[str, Any]]

_LEAST: Final = 5e-4
_SMALL: Final = 256  # pixels, of the picture that finishing looks at

OPS: Final = (
    "white_balance",
    "exposure",
    "contrast",
    "tone_regions",
    "parametric_curve",
    "tone_curve",
    "calibration",
    "vibrance",
    "saturation",
    "hsl",
    "grey_mixer",
    "color_grading",
)


_Row = tuple[Edits, Reasoning, Sequence[LocalAdjustment]]
"""What one photo gets: edits of the whole, why, and local adjustments over them."""


class Rules:
    """Plan by rules: auto from measurements, style from a lexicon, param exactly.

    Args:
        lexicon: the words that style prompts are read by; the built-in ones by default.
        scene: whether auto mode reads what the photo shows, by the scene network that is installed; or a network of
            one's own. False: colours and tones alone decide.
    """

    id = "rules"
    version = "0.1.0"
    modes: frozenset[Mode] = frozenset({"auto", "style", "param"})
    tastes: frozenset[Taste] = frozenset(TASTES)

    def __init__(self, lexicon: Lexicon | None = None, *, scene: bool | SceneReader = True) -> None:
        self.lexicon = lexicon
        self.scene = scene

    def plan(self, photos: Sequence[Photo], requests: Sequence[Request]) -> Proposal:
        """Propose edits and reasoning for each photo; see `core.contract.planner.Planner`."""
        rows = [self._propose(photo, request) for photo, request in zip(photos, requests, strict=True)]
        schema = _schema([edits for edits, _, _ in rows])
        latents, local = Latents.cat([_latents(schema, edits) for edits, _, _ in rows]), [row[2] for row in rows]
        if any(local):
            latents = with_local_rows(latents, local)
        groups = [latents.schema.groups if request.groups is None else request.groups for request in requests]
        reasoning = [_within(thoughts, request) for (_, thoughts, _), request in zip(rows, requests, strict=True)]
        return Proposal(latents.masked(groups), reasoning)

    def asks_for_color(self, request: Request) -> bool:
        """Whether the request's words ask for colour, as the lexicon reads them; see
        `core.contract.planner.Planner`.
        """
        return asks_for_color(request.prompt, self.lexicon)

    def tilt(self, photo: Photo) -> Tilt:
        """How far a photo hangs, by its horizon; see `core.contract.planner.Planner`. The scene network looks for sky,
        also where `scene` is False.
        """
        return tilt_of(photo, self._scene_of(photo) or scene_of(photo))

    def _propose(self, photo: Photo, request: Request) -> _Row:
        if request.mode == "style":
            return self._styled(photo, request)
        if request.mode == "param":
            values = read_params(request.params or {})
            if request.groups is not None:
                _say_what_is_left_out(values, request.groups)
            return values, _exactly(values), ()
        scene, taste = self._scene_of(photo), request.taste or "natural"
        edits, thoughts = self._as_seen(photo, scene, taste)
        if scene is None or taste == "faithful" or not edits:
            return edits, thoughts, ()
        latents = _latents(_schema([]), edits)
        groups = latents.schema.groups if request.groups is None else request.groups
        local, places = suggestions(photo.resized(_SMALL).tensor().unsqueeze(0), scene, latents.masked([groups]))
        return edits, {**thoughts, **places}, local

    def _styled(self, photo: Photo, request: Request) -> _Row:
        """The words alone, or on top of what a taste does; what is said of things that are seen, where they are."""
        prompt, taste = request.prompt or "", request.taste or "faithful"
        named = regions_named(prompt, self.lexicon)
        scene = self._scene_of(photo) if named or taste != "faithful" else None
        reading = read_style(prompt, self.lexicon, seen=named & regions_in(scene, self.lexicon))
        local, places = by_place(reading, self.lexicon)
        edits, thoughts = self._everywhere(photo, reading, scene, taste)
        return edits, {**thoughts, **places}, local

    def _everywhere(
        self, photo: Photo, reading: StyleReading, scene: Scene | None, taste: Taste
    ) -> tuple[Edits, Reasoning]:
        """What the words and the taste do to the whole photo."""
        base: Edits = {}
        besides: Reasoning = {}
        holds = bool(reading.kept and reading.edits)
        if taste != "faithful":
            base, besides = self._as_seen(photo, scene, taste)
        if reading.spared:
            return base, {group: _beside(said, besides.get(group)) for group, said in reading.reasoning.items()}
        schema = _schema([])
        under, others = _latents(schema, base), outside(schema, reading.edits)
        wishes = [{op: edits[op] for op in edits if op not in others} for edits in (reading.asked, reading.edits)]
        asked, by_words = (_on_top(under, _latents(schema, wish)) for wish in wishes)
        held = None
        if holds and scene is not None:
            held = held_by_sight(photo, reading.kept, asked, by_words, under, scene=scene)
        if held is not None:
            reading = reading.held(edits_of(held.latents) | others, held.how)
        if not base:
            return reading.edits, reading.reasoning
        edits = reading.edits if held is not None else edits_of(by_words) | others
        return edits, {group: _beside(thought, besides.get(group)) for group, thought in reading.reasoning.items()}

    def _as_seen(self, photo: Photo, scene: Scene | None, taste: Taste) -> tuple[Edits, Reasoning]:
        """What the photo's measurements call for: its faults repaired, and then finished as far as the taste goes."""
        found = measure(photo, scene)
        edits, thoughts = decide(found)
        if taste == "faithful":
            return edits, thoughts
        found = measure(_repaired(photo, edits)) if edits else found
        finish = finish_of(found, taste)
        more = finish.edits(found)
        return {**edits, **more}, explained(finish, more, thoughts)

    def _scene_of(self, photo: Photo) -> Scene | None:
        if isinstance(self.scene, SceneReader):
            return self.scene.scene_of(photo)
        return scene_of(photo) if self.scene else None


def _repaired(photo: Photo, edits: Edits) -> Photo:
    """A small version of the photo with its repairs."""
    rgb = photo.resized(_SMALL).tensor().unsqueeze(0)
    done = Renderer()(rgb, _latents(_schema([]), edits))
    return as_photo(done[0].permute(1, 2, 0).contiguous().numpy())


def _on_top(under: Latents, words: Latents) -> Latents:
    """One row with the amounts of words added, within bounds; a tone curve never falls."""
    schema = under.schema
    rest = Latents.identity(schema)
    packed = under.pack() + words.pack() - rest.pack()
    values = Latents.unpack(schema, packed).values
    held: dict[str, dict[str, torch.Tensor]] = {}
    for op, slots in values.items():
        for name, value in slots.items():
            slot = schema.spec(op).slots[name]
            ends = (None if end is None else torch.tensor(end, dtype=value.dtype) for end in (slot.low, slot.high))
            value = value if slot.period is not None else value.clamp(*ends)
            value = value.cummax(dim=1).values if isinstance(slot, Curve) else value
            if not _is_identity(schema, op, name, value):
                held.setdefault(op, {})[name] = value
    return Latents(schema, held, batch=1)


def _beside(thought: Thought, other: Thought | None) -> Thought:
    """A thought on words, with what else is done."""
    if other is None:
        return thought
    return {**thought, "plan": f"{thought['plan']} Besides, for this photo: {other['plan']}"}


def outside(schema: Schema, edits: Edits) -> dict[str, Any]:
    """The edits of ops that a schema lacks: words reach spatial ops and those of plug-ins, which nothing holds back."""
    return {op: slots for op, slots in edits.items() if op not in schema.specs}


def edits_of(latents: Latents) -> dict[str, dict[str, float | list[float]]]:
    """The values of one row that leave rest, rounded as those of words."""
    edits: dict[str, dict[str, float | list[float]]] = {}
    for op, slots in latents.values.items():
        spec = latents.schema.spec(op)
        for name, value in slots.items():
            rest = torch.tensor(spec.slots[name].identity, dtype=torch.float32)
            if bool(latents.present[op][0]) and bool(((value[0] - rest).abs() > _LEAST).any()):
                rounded: float | list[float] = np.round(value[0].double().numpy(), 4).tolist()
                edits.setdefault(op, {})[name] = rounded
    return edits


def _schema(rows: Sequence[Edits]) -> Schema:
    """The planner's own ops and whatever exact values name besides."""
    ids = dict.fromkeys([*OPS, *(op for edits in rows for op in edits)])
    return Schema(_sized(registry.ops.load(id), [edits.get(id, {}) for edits in rows]) for id in ids)


def _sized(op: type[Op], rows: Sequence[Mapping[str, Any]]) -> OpSpec:
    """The op with its lattice as large as that of the values."""
    lattices = [name for name, slot in op.slots.items() if isinstance(slot, Lattice)]
    sizes = [len(values[name]) for values in rows for name in lattices if name in values]
    return Schema.of([op], lattice=sizes[0] if sizes else None).spec(op.id)


def latents_of(edits: Edits) -> Latents:
    """One row of edits, of the planner's own ops and whatever the edits name besides."""
    return _latents(_schema([edits]), edits)


def _latents(schema: Schema, edits: Edits) -> Latents:
    """One row: the edits that change something, the others absent."""
    values = {}
    for op, slots in edits.items():
        row = {name: torch.tensor(np.asarray(value), dtype=torch.float32).unsqueeze(0) for name, value in slots.items()}
        if any(not _is_identity(schema, op, name, value) for name, value in row.items()):
            values[op] = row
    return Latents(schema, values, batch=1)


def _is_identity(schema: Schema, op: str, name: str, value: torch.Tensor) -> bool:
    identity = schema.spec(op).slots[name].identity
    return identity is not None and bool((value[0] == torch.tensor(identity, dtype=torch.float32)).all())


def _exactly(values: Edits) -> Reasoning:
    """Exact values need no finding: the reasoning repeats them, group by group."""
    thoughts: dict[str, Thought] = {}
    for op, slots in values.items():
        for name, value in slots.items():
            group = registry.ops.load(op).slots[name].group
            said = describe({op: {name: value}})
            before = thoughts[group]["plan"] + ", " if group in thoughts else "Set "
            thoughts[group] = {"problem": "No problem was looked for: the values were given.", "plan": before + said}
    for thought in thoughts.values():
        thought["plan"] += "."
    return {group: thoughts[group] for group in dict.fromkeys([*GROUPS, *thoughts]) if group in thoughts}


def _say_what_is_left_out(values: Edits, groups: Collection[str]) -> None:
    """Warn of exact values whose group may not be edited: they have no effect."""
    left_out = [
        f"{op}.{slot}" for op, slots in values.items() for slot in slots if op_of(op).slots[slot].group not in groups
    ]
    if left_out:
        warnings.warn(left_out_of(groups, "the request", left_out), UserWarning, stacklevel=2)


def _within(reasoning: Reasoning, request: Request) -> Reasoning:
    """The thoughts on groups that may be edited."""
    if request.groups is None:
        return reasoning
    return {place: thought for place, thought in reasoning.items() if place in request.groups or is_beside(place)}
