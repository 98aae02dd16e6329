"""A planner on the bench: the photos and requests that it is given, and how it is asked."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...contract.latents import Latents
from ...contract.planner import Planner, Proposal
from ...contract.request import MODES, Mode, Request
from ...errors import InvalidRequest, VeraRetouchError
from ...photo import Photo, as_photo
from ...strict_json import shorten
from ..inputs.pixels import ordinary, scene
from ..verdict import advice, shown_by

PROMPT = "warm and bright, with soft contrast"
OTHER_PROMPT = "cool and dark, with strong contrast"
PARAMS = ({"exposure.ev": 0.35}, {"Exposure2012": {"value": 7}})
OTHER_PARAMS = ({"exposure.ev": -0.4}, {"Exposure2012": {"value": -8}})

HOSTILE_PROMPTS = {
    "one full stop": ".",
    "signs alone": "?! -- ,,, ()",
    "one letter": "a",
    "nonsense": "qzx vrrp flonk",
    "the longest prompt": "warm " * 4000,
    "one long word": "w" * 20_000,
    "control characters": "warm\x00\x07\x1b[31m\x7f bright\r\n\tsoft",
    "other scripts": "暖かく明るい、тёплый свет، دافئ 🌅 é̂ \u202eten",
    "markup and chat tokens": "<image><|im_end|></s> [red]x[/red] {0} %s",
    "a plan": '{"exposure.ev": 99}',
    "numbers": "1e999 -5 NaN 0x10 -0",
}


@dataclass(frozen=True)
class PlannerBench:
    """A planner under test."""

    planner: Planner

    @cached_property
    def modes(self) -> tuple[Mode, ...]:
        """The declared modes, in the order of the request's."""
        return tuple(mode for mode in MODES if mode in self.planner.modes)

    @cached_property
    def photos(self) -> tuple[Photo, ...]:
        """Three ordinary photos, each of another size: light, dark and strongly coloured."""
        shading = scene(48, 64)[0].clamp(0, 1)
        colours = ordinary(1, 40, 40)[0]
        return tuple(_photo(pixels) for pixels in (0.4 + 0.5 * shading, 0.3 * shading[:, :, :40], colours))

    def request(self, mode: Mode) -> Request:
        """An ordinary request of a mode."""
        if mode == "style":
            return Request.of(style=PROMPT, seed=3)
        if mode == "reference":
            return Request.of(reference=(self.photos[1], self.photos[0]), seed=3)
        return Request.of(params=self.params, seed=3) if mode == "param" else Request.of(seed=3)

    def other_request(self, mode: Mode) -> Request:
        """Another request of a mode, by another prompt, other values or another reference."""
        if mode == "style":
            return Request.of(style=OTHER_PROMPT, seed=4)
        if mode == "reference":
            return self.by_target if self.takes_a_target else Request.of(reference=self.photos[:2], seed=4)
        return (
            Request.of(params=OTHER_PARAMS[PARAMS.index(self.params)], seed=4)
            if mode == "param"
            else Request.of(seed=4)
        )

    @property
    def by_target(self) -> Request:
        """A request whose reference is one photo."""
        return Request.of(reference=self.photos[2:], seed=4)

    @cached_property
    def takes_a_target(self) -> bool:
        """Whether a reference of one photo is planned by, and neither refused nor stumbled over."""
        try:
            self.ask(self.photos[1:2], [self.by_target])
        except Exception:
            return False  # a planner may fail with anything at all
        return True

    @cached_property
    def params(self) -> dict[str, object]:
        """Exact values in the first spelling that the planner takes: a slot's, or the published parameter file's."""
        for params in PARAMS[:-1]:
            try:
                self.ask(self.photos[:1], [Request.of(params=params)])
            except InvalidRequest:
                continue
            return dict(params)
        return dict(PARAMS[-1])

    def plan(self, photos: Sequence[Photo], mode: Mode, *, chance: int = 0) -> Proposal:
        """The proposal for photos, all with the mode's ordinary request; see `ask`."""
        return self.ask(photos, [self.request(mode)] * len(photos), chance=chance)

    def alone(self, mode: Mode, row: int, *, without: str | None = None) -> Proposal:
        """The proposal for one of the ordinary photos, whatever group the request leaves out; made once,
        as `ordinary`.
        """
        key = mode, row, without
        if row == 0 and without is None:
            return self.ordinary(mode, 1)
        if key not in self._made_alone:
            request = self.request(mode) if without is None else self.leaving_out(mode, without)
            self._made_alone[key] = self.ask(self.photos[row : row + 1], [request])
        return self._made_alone[key]

    def leaving_out(self, mode: Mode, group: str) -> Request:
        """The ordinary request of a mode, for all groups but one."""
        every = frozenset(self.ordinary(mode, 1).latents.schema.groups)
        return replace(self.request(mode), groups=every - {group})

    def ordinary(self, mode: Mode, count: int) -> Proposal:
        """The proposal for the first so many of the ordinary photos; planners may be slow,
        so it is made once for all checks.
        """
        if (mode, count) not in self._made:
            self._made[mode, count] = self.plan(self.photos[:count], mode)
        return self._made[mode, count]

    @cached_property
    def _made(self) -> dict[tuple[Mode, int], Proposal]:
        return {}

    @property
    def latest(self) -> str:
        """In words, what the planner was last asked."""
        return "".join(self._asked)

    @cached_property
    def _asked(self) -> list[str]:
        return []

    @cached_property
    def _made_alone(self) -> dict[tuple[Mode, int, str | None], Proposal]:
        return {}

    def ask(self, photos: Sequence[Photo], requests: Sequence[Request], *, chance: int = 0) -> Proposal:
        """The proposal for copies of photos; `chance` seeds the global random states,
        so that only one check meets their numbers.
        """
        self._asked[:] = [words(photos, requests)]
        copies = [replace(photo, pixels=photo.pixels.copy()) for photo in photos]
        kept, kept_numpy = random.getstate(), np.random.get_state()
        random.seed(chance)
        np.random.seed(chance)
        torch.manual_seed(chance)
        try:
            with shown_by(lambda: words(photos, requests)), warnings.catch_warnings():
                # What a planner says of its request, such as values that the groups leave out, is no fault.
                warnings.simplefilter("ignore", UserWarning)
                return self.planner.plan(copies, requests)
        finally:
            random.setstate(kept)
            np.random.set_state(kept_numpy)

    @cached_property
    def sound(self) -> tuple[Mode, ...]:
        """The modes whose ordinary proposals are valid: the check `valid` reports the faults of the others."""
        return tuple(mode for mode in self.modes if self._is_sound(mode))

    def _is_sound(self, mode: Mode) -> bool:
        try:
            return all(not any(flaws(self.ordinary(mode, count), count, "")) for count in self.counts)
        except Exception:
            return False  # a planner may fail with anything at all

    @property
    def counts(self) -> tuple[int, ...]:
        """The sizes of ordinary batches: one photo, and all of them."""
        return 1, len(self.photos)


def words(photos: Sequence[Photo], requests: Sequence[Request]) -> str:
    """What a planner was asked, in words; of a batch, the first request."""
    request = requests[0]
    asked = f"mode {request.mode}"
    if request.prompt is not None:
        asked += f", {shorten(request.prompt)}"
    if request.params is not None:
        asked += f", {request.params!r}"
    if request.reference is not None:
        asked += f", a reference of {' and '.join(_size(photo) for photo in request.reference)}"
    if request.taste is not None:
        asked += f", taste {request.taste}"
    if request.groups is not None:
        asked += f", groups {sorted(request.groups)}"
    batch = f"a photo of {_size(photos[0])}" if len(photos) == 1 else f"a batch of {len(photos)} photos"
    return f"{asked}, {batch}"


def _size(photo: Photo) -> str:
    return f"{photo.height} x {photo.width}"


def flaws(proposal: Proposal, count: int, where: str) -> Iterator[str]:
    """What is wrong with a proposal for so many photos."""
    latents = getattr(proposal, "latents", None)
    if not isinstance(latents, Latents):
        yield advice(
            "a Proposal with Latents", f"{type(proposal).__name__}", where, "Return Proposal(latents, reasoning)."
        )
        return
    if latents.batch != count:
        yield advice(
            f"{count} rows of latents", str(latents.batch), where, "Plan each photo and join rows by Latents.cat."
        )
    reasons = proposal.reasoning if isinstance(proposal.reasoning, Sequence) else None
    if reasons is None or len(reasons) != count or not all(isinstance(each, Mapping) for each in reasons):
        came = shorten(proposal.reasoning) if reasons is None or len(reasons) == count else str(len(reasons))
        yield advice(f"{count} sets of reasons", came, where, "Give one mapping a photo, in their order.")
    try:
        latents.check()
    except VeraRetouchError as error:
        yield advice("values within the slots' bounds", str(error), where, "Clamp, or make them by Latents.squash.")


def hostile_photos() -> dict[str, Photo]:
    """Photos without size, light, colour or sense, and of any depth, by what they are."""
    noise = np.random.default_rng(0).integers(0, 65536, (24, 32, 3), dtype=np.uint16)
    made: dict[str, np.ndarray[Any, Any]] = {
        "black": np.zeros((8, 8, 3), np.uint8),
        "white": np.full((8, 8, 3), 255, np.uint8),
        "grey": np.full((8, 8, 3), 128, np.uint8),
        "one pixel": np.full((1, 1, 3), 40, np.uint8),
        "one row": noise[:1].astype(np.uint8),
        "one column": noise[:, :1].astype(np.uint8),
        "one pure colour": np.full((8, 8, 3), (255, 0, 0), np.uint8),
        "noise": noise.astype(np.uint8),
        "16-bit noise": noise,
        "float noise": (noise / 65535).astype(np.float32),
        "of one channel": noise[..., 0],
    }
    return {name: as_photo(pixels) for name, pixels in made.items()}


def _photo(pixels: Tensor) -> Photo:
    return as_photo((pixels * 255).round().permute(1, 2, 0).numpy().astype(np.uint8))
