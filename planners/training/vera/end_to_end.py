"""The whole chain under autograd: photo, tower, language model, head, latents, renderer, pixels;
and what it is judged by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from ....core.contract.latents import Latents
from ....core.contract.schema import Schema
from ....core.contract.slots import Slot
from ....core.render.renderer import Renderer
from ....ops.neural import Neural, RetouchNetwork
from ...vera.model import VeraModel

# What a frozen tower has seen is kept up to so many bytes: 680 photos in float32.
KEPT: Final = 2**31
# Rows beside each other are padded to the longest, which may be so many times as long as the shortest.
_UNLIKE: Final = 1.4
_KNOWN: Final = 10.0

Edits = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Lesson:
    """One example as the chain takes it.

    Attributes:
        key: by which what the tower sees of the photo is kept; `picture`: makes (3, 1024, 1024) in [0, 1],
            None where none is shown.
        before, after: the prompt's tokens on either side of the picture; `answer`: the tokens to be written.
        groups: those that may be edited; `retouch`: the places in the answer of the three retouch tokens.
        rgb, wanted: pixels (3, H, W) in [0, 1] of the photo and of its target, H and W the same in a batch.
        edits: op -> slot -> value, where they are known.
    """

    key: int
    picture: Callable[[], Tensor] | None
    before: Sequence[int]
    after: Sequence[int]
    answer: Sequence[int]
    groups: frozenset[str]
    retouch: Sequence[int]
    rgb: Tensor
    wanted: Tensor
    edits: Edits | None = None


class VeraChain(nn.Module):
    """The networks of the planner and of the renderer as one module.

    Args:
        checkpointing: forget what is in between and compute it again on the way back: memory for a third more time.
    """

    def __init__(self, model: VeraModel, renderer: RetouchNetwork, *, checkpointing: bool = False) -> None:
        super().__init__()
        self.model, self.checkpointing = model, checkpointing
        self.renderer = Renderer([Neural(renderer)])
        self.schema = Schema.of([Neural])
        self.sliders = None if model.slot_schema is None else SliderJudge(model.slot_schema)
        self._seen: dict[int, Tensor] = {}
        self._room = KEPT
        if checkpointing:
            model.language.activation_checkpointing_enable(activation_checkpointing_kwargs={"use_reentrant": False})
            model.tower.model.set_grad_checkpointing(True)

    @property
    def op(self) -> Neural:
        """The op that renders, with its network."""
        (op,) = self.renderer.ops
        assert isinstance(op, Neural)
        return op

    def forward(self, lessons: Sequence[Lesson]) -> tuple[Tensor, Tensor]:
        """The cross-entropy (B,) of each answer's tokens, and the L1 distance (B,) of the rendered pixels; of a model
        with sliders the distances of both heads are added up, see `SliderJudge`.
        """
        texts, hidden = self._read(lessons)
        device = hidden.device
        rgb, wanted = (torch.stack([getattr(one, name) for one in lessons]).to(device) for name in ("rgb", "wanted"))
        groups = [one.groups for one in lessons]
        done = self.render(rgb, self.model.latent(hidden), groups)
        far = (done - wanted).abs().flatten(1).mean(dim=1)
        if self.sliders is not None:
            with torch.autocast(device.type, enabled=False):
                moved = self.model.sliders(hidden.float()).masked(groups)
                made = self._sparing(lambda pixels: self.sliders.renderer(pixels, moved, clamp=False), rgb)
                far = far + (made - wanted).abs().flatten(1).mean(dim=1)
                far = far + self.sliders.astray(moved, [one.edits for one in lessons])
        return texts, far

    def render(self, rgb: Tensor, latent: Tensor, groups: Sequence[frozenset[str]]) -> Tensor:
        """Pixels (B, 3, H, W) by latents (B, 3, 896), groups that are off masked,
        in float32 whatever the networks compute in.
        """
        with torch.autocast(rgb.device.type, enabled=False):
            slots = dict(zip(Neural.slots, latent.float().unbind(1), strict=True))
            latents = Latents(self.schema, {Neural.id: slots}).masked(groups)
            return self._sparing(lambda pixels: self.renderer(pixels, latents, clamp=False), rgb)

    def _read(self, lessons: Sequence[Lesson]) -> tuple[Tensor, Tensor]:
        """The cross-entropy (B,), and the states (B, 3, hidden size) that predict the retouch tokens."""
        attend_quickly(self.model.language)
        seen = self._look(lessons)
        embedded = [self._embedded(lesson, seen) for lesson in lessons]
        texts: list[Tensor] = [torch.empty(0)] * len(lessons)
        hidden = list(texts)
        for rows in alike([len(one) for one in embedded]):
            longest = max(len(embedded[row]) for row in rows)
            # Padded on the right: attention looks to the left, so no mask is needed.
            padded = torch.stack([functional.pad(embedded[r], (0, 0, 0, longest - len(embedded[r]))) for r in rows])
            states = self.model.language(inputs_embeds=padded, use_cache=False).last_hidden_state
            for row, state in zip(rows, states, strict=True):
                # A state predicts the token after it, and the answer's last token is not put in.
                lesson, length = lessons[row], len(embedded[row])
                predicting = state[length - len(lesson.answer) : length]
                tokens = torch.tensor(lesson.answer, device=state.device)
                texts[row] = self._sparing(self._cross_entropy, predicting, tokens)
                hidden[row] = predicting[list(lesson.retouch)]
        return torch.stack(texts), torch.stack(hidden)

    def _embedded(self, lesson: Lesson, seen: Mapping[int, Tensor]) -> Tensor:
        """Prompt, picture and all of the answer but its last token: (length, hidden size)."""
        parts = [self.model.embed(lesson.before)]
        if lesson.picture is not None:
            parts += [self.model.projector(seen[lesson.key]), self.model.embed(lesson.after)]
        return torch.cat([*parts, self.model.embed(lesson.answer[:-1])], dim=1)[0]

    def _look(self, lessons: Sequence[Lesson]) -> dict[int, Tensor]:
        """What the tower sees of each photo that is shown, (1, 256, 3072); a frozen one sees the same each time,
        so that is kept.
        """
        device, tower = self.model.device, self.model.tower
        shown = {lesson.key: lesson.picture for lesson in lessons if lesson.picture is not None}
        seen = {key: self._seen[key].to(device) for key in shown if key in self._seen}
        new = {key: picture() for key, picture in shown.items() if key not in seen}
        if not new:
            return seen
        frozen = not any(parameter.requires_grad for parameter in tower.parameters())
        with torch.set_grad_enabled(torch.is_grad_enabled() and not frozen):
            made = tower(torch.stack(list(new.values())).to(device, self.model.dtype))
        size = made[0].numel() * made.element_size()
        for key, one in zip(new, made.split(1), strict=True):
            seen[key] = one
            if frozen and size <= self._room:
                self._seen[key], self._room = one.cpu(), self._room - size
        return seen

    def _cross_entropy(self, states: Tensor, tokens: Tensor) -> Tensor:
        return functional.cross_entropy(self.model.lm_head(states).float(), tokens)

    def _sparing(self, compute: Any, *given: Tensor) -> Tensor:
        """Compute now, or, with checkpointing, once more on the way back."""
        done: Tensor = (
            checkpoint(compute, *given, use_reentrant=False)
            if self.checkpointing and self.training
            else compute(*given)
        )
        return done


class SliderJudge:
    """What judges the second head: the pixels that its slots make, and edits that are known."""

    def __init__(self, schema: Schema) -> None:
        self.schema, self.renderer = schema, Renderer()
        ranges = [torch.full((slot.size,), 0.0) if _endless(slot) else _range(slot) for _, _, slot in schema]
        self._weight = torch.cat([(size > 0) / size.clamp(min=1e-6) for size in ranges])

    def astray(self, latents: Latents, edits: Sequence[Edits | None]) -> Tensor:
        """How far the slots are from edits that are known (B,): the mean distance in shares of their ranges, weighed to
        count about as much as that of pixels; 0 where nothing is known or an op is another than the head's, and for
        slots without a range, such as angles.
        """
        packed = latents.pack()
        told = [edit if edit is not None and edit.keys() <= self.schema.specs.keys() else None for edit in edits]
        known = torch.tensor([edit is not None for edit in told], device=packed.device)
        wanted = torch.cat([self._packed(edit or {}) for edit in told]).to(packed.device)
        return _KNOWN * ((packed - wanted).abs() * self._weight.to(packed.device)).mean(dim=1) * known

    def _packed(self, edits: Edits) -> Tensor:
        """Known edits (1, D)."""
        values = {
            op: {name: torch.tensor(value, dtype=torch.float32).unsqueeze(0) for name, value in slots.items()}
            for op, slots in edits.items()
        }
        return Latents(self.schema, values, batch=1).pack()


def _endless(slot: Slot) -> bool:
    return slot.period is not None or slot.low is None or slot.high is None


def _range(slot: Slot) -> Tensor:
    """How far each number (size,) of a slot may move."""
    span = np.broadcast_to(np.asarray(slot.high) - np.asarray(slot.low), slot.shape)
    return torch.from_numpy(np.array(span, dtype=np.float32).reshape(slot.size))


def attend_quickly(language: Any) -> None:
    """Let a model of transformers compute attention plainly on a CPU: a fifth faster, with gradients, on sentences as
    short as a prompt and its answer.
    """
    if language.device.type == "cpu" and language.config._attn_implementation != "eager":
        language.set_attn_implementation("eager")


def alike(lengths: Sequence[int]) -> list[list[int]]:
    """Rows in groups of like length, which are read side by side, shortest first.

    >>> alike([30, 10, 12, 33])
    [[1, 2], [0, 3]]
    """
    groups: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lambda row: lengths[row]):
        if groups and lengths[row] <= _UNLIKE * lengths[groups[-1][0]]:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups
