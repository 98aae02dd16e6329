"""The planner `tiny`: a network of 0.3 million parameters repairs, the lexicon styles on top, exact values are
exact.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from ...core.contract.latents import Latents
from ...core.contract.planner import Proposal, Reasoning, Thought
from ...core.contract.request import Mode, Request
from ...core.contract.schema import Schema
from ...core.errors import InvalidDocument
from ...core.photo import Photo
from ...core.render.renderer import Renderer
from ..rules.color_wish import asks_for_color
from ..rules.planner import Rules
from ..rules.style import read_style
from ..saving import save_weights
from .latents import REPAIRS, assemble, own_schema, restrained, wish_of
from .network import Shape, TinyNetwork
from .reasoning import deeds, explain
from .statistics import grid, picture_of, statistics, thinned

FILE: Final = "tiny.safetensors"
SIDE: Final = 384
# What a bundle's configuration may say: a network larger than this would not be tiny.
_CONFIGURATION: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["shape", "repairs"],
    "additionalProperties": False,
    "properties": {
        "shape": {
            "type": "object",
            "required": ["outputs", "wishes", "channels"],
            "additionalProperties": False,
            "properties": {
                "outputs": {"type": "integer", "minimum": 1, "maximum": 1000},
                "wishes": {"type": "integer", "minimum": 0, "maximum": 10_000},
                "channels": {
                    "type": "array",
                    "maxItems": 6,
                    "items": {"type": "integer", "minimum": 1, "maximum": 1024},
                },
                "hidden": {"type": "integer", "minimum": 1, "maximum": 4096},
                "dropout": {"type": "number", "minimum": 0, "maximum": 1},
                "statistics": {"type": "boolean"},
            },
        },
        "repairs": {"type": "array", "maxItems": 100, "items": {"type": "string", "maxLength": 200}},
    },
}
_WORDS: Final = 32  # pixels a side that the words are judged by


class Tiny:
    """Plan by a small network trained through the renderer: auto and, with the lexicon's words, style; param exactly.

    Args:
        network: a trained one, whose latents are of `schema`; by default the one that is installed with veraretouch.

    Raises:
        InvalidDocument: the installed weights are not this network's.
    """

    id = "tiny"
    version = "0.1.0"
    modes: frozenset[Mode] = frozenset({"auto", "style", "param"})
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
        """
        configuration = bundle.configuration
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
        if len(rows) == 1:
            return Proposal(rows[0][0], [rows[0][1]])
        # Exact values may name ops besides its own.
        schema = Schema({id: spec for latents, _ in rows for id, spec in latents.schema.specs.items()}.values())
        return Proposal(Latents.cat([_within(latents, schema) for latents, _ in rows]), [words for _, words in rows])

    def asks_for_color(self, request: Request) -> bool:
        """Whether the request's words ask for colour, as the lexicon reads them; see
        `core.contract.planner.Planner`.
        """
        return asks_for_color(request.prompt)

    def _propose(self, photo: Photo, request: Request) -> tuple[Latents, Reasoning]:
        if request.mode == "param":
            exact = self._exact.plan([photo], [request])
            return exact.latents, exact.reasoning[0]
        groups = frozenset(self.schema.groups) if request.groups is None else request.groups
        pixels = seen(photo)
        if request.mode == "auto":
            latents = self.repair(pixels).masked([groups])
            thoughts = explain(thinned(pixels, _WORDS), latents, self._renderer)
        else:
            reading = read_style(request.prompt or "")
            wish = wish_of(self.schema, reading.edits)[None]
            latents = self.repair(pixels, wish).masked([groups])
            # What it does besides the wish, as far as that is the photo's fault and not the prompt's.
            besides = deeds(self._less(latents, wish))
            thoughts = {group: _beside(thought, besides.get(group)) for group, thought in reading.reasoning.items()}
        return latents, {group: said for group, said in thoughts.items() if group in groups or group == "request"}

    def repair(self, pixels: Tensor, wishes: Tensor | None = None) -> Latents:
        """Latents of `seen` pixels (B, 3, GRID, GRID) on top of wishes (B, D)."""
        device = self.network.centre.device
        rgb = pixels.to(device)
        wishes = torch.zeros(len(rgb), self.schema.size) if wishes is None else wishes
        wishes = wishes.to(device)
        with torch.no_grad():
            raw = restrained(self.network(statistics(rgb), picture_of(rgb), wishes))
        latents = assemble(self.schema, self.repairs, raw, wishes)
        for op in self.repairs:
            idle = [value.reshape(len(raw), -1).abs().amax(dim=1) == 0 for value in latents.values[op].values()]
            latents.present[op] &= ~torch.stack(idle).all(dim=0)
        return latents.to("cpu")

    def _less(self, latents: Latents, wish: Tensor) -> Latents:
        """The repairs of one row without its wish."""
        whole = Latents.unpack(self.schema, latents.pack() - wish).values
        values = {op: whole[op] for op in self.repairs}
        return Latents(self.schema, values, present={op: latents.present[op] for op in values}, batch=1)


def seen(photo: Photo) -> Tensor:
    """What the network sees of a photo: (1, 3, GRID, GRID) encoded pixels in [0, 1], rounded to 8 bit."""
    sharp = photo.resized(SIDE).working()
    rgb = torch.from_numpy(np.ascontiguousarray(sharp)).permute(2, 0, 1)
    return (grid(rgb).clamp(0, 1) * 255).round().unsqueeze(0) / 255


def _within(latents: Latents, schema: Schema) -> Latents:
    """The same latents, of a schema that has further ops."""
    return Latents(schema, latents.values, present=latents.present, batch=latents.batch)


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
