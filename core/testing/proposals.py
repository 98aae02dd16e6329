"""Checks of what a planner proposes, mode by mode."""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..documents import shorten
from ..errors import InvalidRequest, VeraRetouchError
from ..latents import Latents
from ..photo import Photo, as_photo
from ..plan import Plan
from ..planner import Planner, Proposal
from ..registry import registry
from ..renderer import Renderer
from ..request import MODES, Mode, Request
from .pixels import ordinary, scene
from .verdict import advice

# Batched matrix products sum in another order than single ones.
SAME = 1e-4

PROMPT = "warm and bright, with soft contrast"
PARAMS = ({"exposure.ev": 0.35}, {"Exposure2012": {"value": 7}})

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
class Trial:
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

    @cached_property
    def params(self) -> dict[str, object]:
        """Exact values in the first spelling that the planner takes: a slot's, or the published parameter file's."""
        for params in PARAMS[:-1]:
            try:
                self.planner.plan(self.photos[:1], [Request.of(params=params)])
            except InvalidRequest:
                continue
            return dict(params)
        return dict(PARAMS[-1])

    def plan(self, photos: Sequence[Photo], mode: Mode) -> Proposal:
        """The proposal for photos, all with the mode's ordinary request."""
        return self.planner.plan(photos, [self.request(mode)] * len(photos))


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
    """A proposal has a row and reasons for each photo, and values within the bounds of its schema."""
    for mode in trial.modes:
        for count in (1, len(trial.photos)):
            yield from _flaws(trial.plan(trial.photos[:count], mode), count, f"mode {mode}, {count} photos")


def _flaws(proposal: Proposal, count: int, where: str) -> Iterator[str]:
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
    if len(proposal.reasoning) != count:
        yield advice(
            f"{count} sets of reasons", str(len(proposal.reasoning)), where, "Give one mapping a photo, in their order."
        )
    try:
        latents.check()
    except VeraRetouchError as error:
        yield advice("values within the slots' bounds", str(error), where, "Clamp, or make them by Latents.squash.")


def exact(trial: Trial) -> Iterator[str]:
    """Exact values arrive as they were given, where the planner edits by the op that they name."""
    if "param" not in trial.modes or "exposure.ev" not in trial.params:
        return
    row = _values(trial.plan(trial.photos[:1], "param").latents, 0)
    if "exposure" in row and abs(float(row["exposure"]["ev"]) - 0.35) > 1e-6:
        yield advice(
            "exposure.ev=0.35",
            f"{float(row['exposure']['ev']):.6g}",
            f"mode param, {trial.params!r}",
            "Mode param takes values as they are, whatever the photo.",
        )


def reasoned(trial: Trial) -> Iterator[str]:
    """Each group that is edited has a problem and a plan, in words."""
    for mode in trial.modes:
        proposal = trial.plan(trial.photos, mode)
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
    for mode in trial.modes:
        proposal = trial.plan(trial.photos, mode)
        schema = proposal.latents.schema
        where = f"mode {mode}"
        for spec in schema.specs.values():
            if spec.id in registry.ops and registry.ops.load(spec.id).version != spec.version:
                yield advice(
                    f"version {registry.ops.load(spec.id).version} of op {spec.id!r}, which is installed",
                    f"version {spec.version}",
                    where,
                    "Make the planner's schema anew, or train it again.",
                )
                return
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
    for mode in trial.modes:
        together = trial.plan(trial.photos, mode)
        for row, photo in enumerate(trial.photos):
            alone = trial.plan([photo], mode)
            said = _difference(_values(together.latents, row), _values(alone.latents, 0))
            if said is None and together.reasoning and together.reasoning[row] != alone.reasoning[0]:
                said = "other reasons"
            if said is not None:
                yield advice(
                    "the plan that the photo gets alone",
                    said,
                    f"mode {mode}, photo {row} of a batch of {len(trial.photos)}",
                    "Keep no state between photos, and take no statistics over the batch.",
                )
                return


def determinism(trial: Trial) -> Iterator[str]:
    """The same photo, request and seed give the same plan, whatever the global random state."""
    for mode in trial.modes:
        first, second = (_with_chance(trial, mode, chance) for chance in (1, 2))
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


def _with_chance(trial: Trial, mode: Mode, chance: int) -> Proposal:
    kept, kept_numpy = random.getstate(), np.random.get_state()
    random.seed(chance)
    np.random.seed(chance)
    torch.manual_seed(chance)
    try:
        return trial.plan(trial.photos[:1], mode)
    finally:
        random.setstate(kept)
        np.random.set_state(kept_numpy)


def inputs_untouched(trial: Trial) -> Iterator[str]:
    """Photos stay as they were."""
    for mode in trial.modes:
        photo, again = Trial(trial.planner).photos[0], Trial(trial.planner).photos[0]
        trial.plan([photo], mode)
        if not np.array_equal(photo.pixels, again.pixels):
            yield advice("the photo's pixels untouched", "changed pixels", f"mode {mode}", "Work on photo.working().")
            return


def hostile_photos(trial: Trial) -> Iterator[str]:
    """Photos without size, light, colour or sense, and of any depth, get a valid plan."""
    for mode in trial.modes:
        for name, photo in _hostile_photos().items():
            where = f"mode {mode}, a photo that is {name}"
            try:
                yield from _flaws(trial.plan([photo], mode), 1, where)
            except Exception as error:
                # A planner may fail with anything at all.
                yield advice(
                    "a plan", _raised(error), where, "Plan nothing where there is nothing to see: latents of no ops."
                )
                break


def hostile_prompts(trial: Trial) -> Iterator[str]:
    """Prompts that no one should write get a valid plan, or an InvalidRequest."""
    if "style" not in trial.modes:
        return
    for name, prompt in HOSTILE_PROMPTS.items():
        where = f"the prompt of {name}, {shorten(prompt)}"
        try:
            yield from _flaws(trial.planner.plan(trial.photos[:1], [Request.of(style=prompt)]), 1, where)
        except InvalidRequest:
            continue
        except Exception as error:
            yield advice("a plan or an InvalidRequest", _raised(error), where, "Report words you do not know as such.")


def _hostile_photos() -> dict[str, Photo]:
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


def _values(latents: Latents, row: int) -> dict[str, dict[str, Tensor]]:
    """The values of the ops that are present in a row."""
    return {
        op: {name: value[row].detach().cpu() for name, value in slots.items()}
        for op, slots in latents.values.items()
        if bool(latents.present[op][row])
    }


def _edited(latents: Latents, row: int) -> list[str]:
    """The groups of slots that leave their identity in a row."""
    groups: dict[str, None] = {}
    for op, slots in _values(latents, row).items():
        for name, value in slots.items():
            slot = latents.schema.spec(op).slots[name]
            if slot.identity is None or bool((value.double() - torch.tensor(slot.identity)).abs().max() > 1e-6):
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


def _raised(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}"
