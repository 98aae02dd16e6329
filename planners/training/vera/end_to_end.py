"""The whole chain under autograd: photo, tower, language model, head, latents, renderer, pixels;
and what it is judged by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from ....core.contract.latents import Latents
from ....core.contract.schema import Schema
from ....core.render.renderer import Renderer
from ....ops.neural import Neural, RetouchNetwork
from ...vera.model import VeraModel

# What a frozen tower has seen is kept up to so many bytes: 680 photos in float32.
KEPT: Final = 2**31


@dataclass(frozen=True)
class Lesson:
    """One example as the chain takes it.

    Attributes:
        key: by which what the tower sees of the photo is kept; `picture`: makes (3, 1024, 1024) in [0, 1],
            None where none is shown.
        before, after: the prompt's tokens on either side of the picture; `answer`: the tokens to be written.
        groups: those that may be edited; `retouch`: the places in the answer of the three retouch tokens.
        rgb, wanted: pixels (3, H, W) in [0, 1] of the photo and of its target, H and W the same in a batch.
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

    def train(self, mode: bool = True) -> VeraChain:
        """As any module; but the tower's normalisations keep the statistics that they came with."""
        super().train(mode)
        self.model.tower.eval()
        return self

    def forward(self, lessons: Sequence[Lesson]) -> tuple[Tensor, Tensor]:
        """The cross-entropy (B,) of each answer's tokens, and the L1 distance (B,) of the rendered pixels."""
        texts, hidden = self._read(lessons)
        device = hidden.device
        rgb, wanted = (torch.stack([getattr(one, name) for one in lessons]).to(device) for name in ("rgb", "wanted"))
        done = self.render(rgb, self.model.latent(hidden), [one.groups for one in lessons])
        return texts, (done - wanted).abs().flatten(1).mean(dim=1)

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
        seen = self._look(lessons)
        embedded = [self._embedded(lesson, seen) for lesson in lessons]
        longest = max(len(one) for one in embedded)
        # Padded on the right: attention looks to the left, so no mask is needed.
        padded = torch.stack([functional.pad(one, (0, 0, 0, longest - len(one))) for one in embedded])
        states = self.model.language(inputs_embeds=padded, use_cache=False).last_hidden_state
        texts, hidden = [], []
        for row, lesson, length in zip(states, lessons, map(len, embedded), strict=True):
            # A state predicts the token after it, and the answer's last token is not put in.
            predicting = row[length - len(lesson.answer) : length]
            texts.append(self._sparing(self._cross_entropy, predicting, torch.tensor(lesson.answer, device=row.device)))
            hidden.append(predicting[list(lesson.retouch)])
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
