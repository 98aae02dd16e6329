"""The planner `tiny`: a small network repairs and finishes, the lexicon styles on top, exact values are
exact.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from ...core.color.ciede2000 import ciede2000
from ...core.contract.latents import Latents, constant
from ...core.contract.planner import Proposal, Reasoning, Thought, Tilt
from ...core.contract.request import Mode, Request, Taste
from ...core.contract.schema import Schema
from ...core.errors import IncompatibleBundle, InvalidDocument
from ...core.photo import Photo
from ...core.plan.local import LocalAdjustment
from ...core.plan.local_rows import with_local_rows
from ...core.render.renderer import Renderer
from ..rules.color_wish import asks_for_color
from ..rules.places import by_place, is_beside, regions_in, regions_named
from ..rules.planner import Edits, Rules, edits_of, latents_of, outside
from ..rules.protection import held_by_sight
from ..rules.style import read_style
from ..rules.suggestions import suggestions
from ..saving import save_weights
from ..scene.horizon import tilt_of
from ..scene.scene import Scene, scene_of
from .latents import REPAIRS, assemble, own_schema, repair_size, seen_only, wish_of
from .measure import features, seen
from .network import EDITS, Shape, TinyNetwork
from .reasoning import SEEN, Appraisal, Looks, deeds, explain
from .statistics import grid, thinned

FILE: Final = "tiny.safetensors"
# What the network of an earlier `train tiny` had: its bundles are refused by name.
_EARLIER: Final = ("channels", "statistics", "wishes")
# What a bundle's configuration may say: a network larger than this would not be tiny.
_CONFIGURATION: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["shape", "repairs"],
    "additionalProperties": False,
    "properties": {
        "shape": {
            "type": "object",
            "required": ["outputs"],
            "additionalProperties": False,
            "properties": {
                "outputs": {"type": "integer", "minimum": 1, "maximum": 1000},
                "members": {"type": "integer", "minimum": 1, "maximum": 15},
                "hidden": {"type": "integer", "minimum": 1, "maximum": 4096},
                "dropout": {"type": "number", "minimum": 0, "maximum": 1},
                **dict.fromkeys(_EARLIER, True),
            },
        },
        "repairs": {"type": "array", "maxItems": 100, "items": {"type": "string", "maxLength": 200}},
    },
}
_WORDS: Final = 32  # pixels a side that the words are judged by
# What `vivid` adds to `natural`, on a finished photo too.
_VIVID: Final = {
    "contrast": {"amount": 0.15},
    "tone_regions": {"blacks": -0.1},
    "vibrance": {"amount": 0.3},
}


class Tiny:
    """Plan by a small network trained through the renderer: auto and, with the lexicon's words, style; param exactly.

    The taste `faithful` repairs faults; `natural` also finishes what a camera left unfinished; `vivid` goes on from
    there. A style's words are added to what the taste does; with `faithful` they stand alone.

    Args:
        network: a trained one, whose latents are of `schema`; by default the one that is installed with veraretouch.
        repairs: the slots that it moves, "op.slot", in the order of its outputs.

    Raises:
        InvalidDocument: the installed weights are not this network's.
    """

    id = "tiny"
    version = "0.3.0"
    modes: frozenset[Mode] = frozenset({"auto", "style", "param"})
    tastes: frozenset[Taste] = frozenset({"faithful", "natural", "vivid"})
    dtypes = ("float32",)
    configuration_schema = _CONFIGURATION

    def __init__(self, network: TinyNetwork | None = None, *, repairs: Sequence[str] = REPAIRS) -> None:
        self.network = (_installed() if network is None else network).eval()
        self.repairs = tuple(repairs)
        self.schema = own_schema()
        self._exact = Rules()

    @cached_property
    def _renderer(self) -> Renderer:
        """What shows the words what the repairs do; loading a planner needs none."""
        return Renderer()

    @classmethod
    def from_bundle(cls, bundle: Any, *, device: Any = None, dtype: Any = None) -> Tiny:
        """The planner of a bundle, in float32: it is too small to gain by less.

        Raises:
            InvalidDocument: its tensors are not this network's.
            IncompatibleBundle: it was trained by a veraretouch whose network was another.
        """
        configuration = bundle.configuration
        if earlier := [name for name in _EARLIER if name in configuration["shape"]]:
            raise IncompatibleBundle(
                f"bundle {bundle.name!r} is of an earlier `train tiny`: its network has {', '.join(earlier)}",
                cure="Train it anew: veraretouch train tiny.",
            )
        return cls(_network(configuration, bundle.tensors(FILE)).to(device), repairs=configuration["repairs"])

    def save_bundle(self, folder: Path) -> dict[str, Any]:
        """Write the weights into a folder and return the configuration; see `zoo.pack`."""
        save_weights(self.network.state_dict(), folder / FILE)
        return {"shape": self.network.shape.document(), "repairs": list(self.repairs)}

    def plan(self, photos: Sequence[Photo], requests: Sequence[Request]) -> Proposal:
        """Propose latents and reasoning; each photo goes through the network alone, so that no row depends on
        another.
        """
        rows = [self._propose(photo, request) for photo, request in zip(photos, requests, strict=True)]
        # Exact values may name ops besides its own.
        schema = Schema({id: spec for latents, _, _ in rows for id, spec in latents.schema.specs.items()}.values())
        latents = Latents.cat([_within(latents, schema) for latents, _, _ in rows])
        if any(local for _, _, local in rows):
            latents = with_local_rows(latents, [local for _, _, local in rows])
        groups = [latents.schema.groups if request.groups is None else request.groups for request in requests]
        return Proposal(latents.masked(groups), [words for _, words, _ in rows])

    def asks_for_color(self, request: Request) -> bool:
        """Whether the request's words ask for colour, as the lexicon reads them; see
        `core.contract.planner.Planner`.
        """
        return asks_for_color(request.prompt)

    def tilt(self, photo: Photo) -> Tilt:
        """How far a photo hangs, by its horizon, as `rules` finds it; see `core.contract.planner.Planner`."""
        return tilt_of(photo, scene_of(photo))

    def _propose(self, photo: Photo, request: Request) -> tuple[Latents, Reasoning, Sequence[LocalAdjustment]]:
        if request.mode == "param":
            exact = self._exact.plan([photo], [request])
            return exact.latents, exact.reasoning[0], ()
        groups = frozenset(self.schema.groups) if request.groups is None else request.groups
        taste = request.taste or "natural"
        pixels = seen(photo)
        if request.mode == "auto":
            latents, appraisal = self.repair(pixels, taste)
            thoughts: Reasoning = explain(
                thinned(grid(pixels), _WORDS), latents.masked([groups]), self._renderer, appraisal
            )
            local: Sequence[LocalAdjustment] = ()
            if taste != "faithful" and appraisal.looks != "finished":
                local, places = suggestions(
                    grid(pixels), appraisal.scene, latents.masked([groups]), renderer=self._renderer
                )
                thoughts = {**thoughts, **places}
        else:
            latents, thoughts, local = self._styled(photo, pixels, request.prompt or "", taste)
            groups = frozenset(latents.schema.groups) if request.groups is None else groups
        said = {place: said for place, said in thoughts.items() if place in groups or is_beside(place)}
        return latents.masked([groups]), said, local

    def _styled(
        self, photo: Photo, pixels: Tensor, prompt: str, taste: Taste
    ) -> tuple[Latents, Reasoning, Sequence[LocalAdjustment]]:
        """What the words ask for, on top of what the taste does: by the taste `faithful` the words alone. What is said
        of things that the photo has, is done where they are.
        """
        named, scene = regions_named(prompt), None
        raw = torch.zeros(1, repair_size(self.schema, self.repairs))
        more = torch.zeros(1, self.schema.size)
        if named or taste != "faithful":
            edits, scene = self._edits(pixels)
            if taste != "faithful":
                raw, more = self._by_taste(edits, taste)
        reading = read_style(prompt, seen=named & regions_in(scene))
        local, places = by_place(reading)
        everywhere = {} if reading.spared else reading.edits
        wish = wish_of(self.schema, everywhere)[None] + more
        latents = self._assembled(raw, wish)
        if reading.kept and everywhere:
            base = self._assembled(raw, torch.zeros_like(more))
            asked = self._assembled(raw, wish_of(self.schema, reading.asked)[None] + more)
            held = held_by_sight(photo, reading.kept, asked, latents, base, scene=scene)
            if held is not None:
                done = edits_of(held.latents) | outside(self.schema, everywhere)
                return _with_others(held.latents, everywhere), reading.held(done, held.how).reasoning | places, local
        besides = deeds(self._less(latents, wish))
        thoughts = {group: _beside(thought, besides.get(group)) for group, thought in reading.reasoning.items()}
        return _with_others(latents, everywhere), thoughts | places, local

    def repair(
        self, pixels: Tensor, taste: Taste = "natural", wishes: Tensor | None = None
    ) -> tuple[Latents, Appraisal]:
        """Latents of `seen` pixels (1, 3, SIDE, SIDE) by a taste, on top of a wish (1, D), and what was found."""
        edits, scene = self._edits(pixels)
        raw, more = self._by_taste(edits, taste)
        latents = self._assembled(raw, more if wishes is None else wishes + more)
        return latents, Appraisal(self._looks(pixels, edits), scene)

    def _edits(self, pixels: Tensor) -> tuple[Tensor, Scene]:
        """The raw numbers (1, 2, N) of both edits, and what the photo shows."""
        with torch.inference_mode():
            measured, shares = features(pixels)
            edits = seen_only(self.network(measured.to(self.network.centre.device)).cpu())
        return edits.clone(), Scene(shares[0].clone())

    def _by_taste(self, edits: Tensor, taste: Taste) -> tuple[Tensor, Tensor]:
        """The raw numbers of a taste's edit (1, N), and the wish (1, D) that the taste adds."""
        raw = edits[:, EDITS.index("faithful" if taste == "faithful" else "natural")]
        return raw, wish_of(self.schema, _VIVID if taste == "vivid" else {})[None]

    def _assembled(self, raw: Tensor, wishes: Tensor) -> Latents:
        """Latents of one row, without ops that do nothing."""
        latents = assemble(self.schema, self.repairs, raw, wishes)
        for op, slots in latents.values.items():
            identities = self.schema.spec(op).slots
            idle = [bool((value == constant(identities[name].identity, 1)).all()) for name, value in slots.items()]
            latents.present[op] &= not all(idle)
        return latents

    def _looks(self, pixels: Tensor, edits: Tensor) -> Looks:
        """What the photo is taken for: by how far its two edits (1, 2, N) move it."""
        if not bool(edits.any()):
            return "finished"
        small = thinned(grid(pixels), _WORDS).expand(2, -1, -1, -1)
        both = assemble(self.schema, self.repairs, edits[0], torch.zeros(2, self.schema.size))
        with torch.no_grad():
            done = self._renderer(small, both)
        far = ciede2000(done.permute(0, 2, 3, 1), small.permute(0, 2, 3, 1))
        moved = far.flatten(1).mean(dim=1).tolist()
        if moved[0] >= SEEN:
            return "faulty"
        return "unfinished" if moved[1] >= SEEN else "finished"

    def _less(self, latents: Latents, wish: Tensor) -> Latents:
        """The repairs of one row without its wish."""
        whole = Latents.unpack(self.schema, latents.pack() - wish).values
        values = {op: whole[op] for op in dict.fromkeys(address.rpartition(".")[0] for address in self.repairs)}
        return Latents(self.schema, values, batch=1)


def _within(latents: Latents, schema: Schema) -> Latents:
    """The same latents, of a schema that has further ops."""
    return Latents(schema, latents.values, present=latents.present, batch=latents.batch)


def _with_others(latents: Latents, edits: Edits) -> Latents:
    """One row with the edits of ops that its schema has not."""
    others = outside(latents.schema, edits)
    if not others:
        return latents
    more = latents_of(others)
    schema = Schema([*latents.schema.specs.values(), *(more.schema.spec(op) for op in others)])
    return Latents(schema, {**more.values, **latents.values}, present={**more.present, **latents.present}, batch=1)


def _beside(thought: Thought, done: list[str] | None) -> Thought:
    if not done:
        return thought
    return {**thought, "plan": f"{thought['plan']} For this photo besides: {', '.join(done)}."}


def _network(configuration: Any, tensors: dict[str, Tensor]) -> TinyNetwork:
    shape = Shape.of(configuration["shape"])
    with torch.device("meta"):  # nothing is allocated for a shape that the tensors do not have
        trial = TinyNetwork(shape)
    try:
        trial.load_state_dict(tensors, assign=True)
    except RuntimeError as error:
        raise InvalidDocument(str(error).replace("\n", " "), path=FILE, cure="Fetch the bundle again.") from None
    network = TinyNetwork(shape)
    network.load_state_dict(tensors)
    return network


def _installed() -> TinyNetwork:
    """The network that comes with veraretouch."""
    from safetensors.torch import load_file

    folder = Path(__file__).with_name("bundle")
    manifest = json.loads((folder / "bundle.json").read_bytes())  # our own: a test reads it strictly
    return _network(manifest["planner"]["configuration"], load_file(folder / FILE))
