"""A reward on the bench: answers, ordinary and hostile, that it is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from torch import Tensor

from ...contract.latents import Latents
from ...contract.planner import Reasoning
from ...contract.request import MODES, Request
from ...contract.reward import Reward, Rollouts
from ...contract.schema import Schema
from ...photo import as_photo
from ...plan.plan import Plan
from ...plugins.registry import registry
from ...render.renderer import Renderer
from ..inputs.pixels import hostile, ordinary, scene
from ..verdict import shown_by

_GROUPS: Final = {"light": "lighting", "globalcolor": "global_color", "specificcolor": "specific_color"}
_TOKENS: Final = "<retouch_light><retouch_color&temp><retouch_colormixer>"
# What a model is asked in each mode.
_ASKED: Final[dict[str, dict[str, Any]]] = {
    "auto": {},
    "style": {"style": "warm and bright"},
    "param": {"params": {"exposure.ev": 0.3}},
}
# Problem and plan of each group: answers in which words and edits agree, disagree, and say nothing.
_SAID: Final = (
    (("Too dark.", "Raise exposure."), ("Pale.", "Raise saturation."), ("Fine.", "Leave it alone.")),
    (("Too bright.", "Lower exposure."), ("Loud.", "Lower saturation."), ("Fine.", "Leave it alone.")),
    (("Fine.", "Leave it alone."),) * 3,
)
_EDITS: Final = ((0.6, 0.3), (0.6, 0.3), (-0.4, 0.0))
MALFORMED: Final = {
    "an empty answer": "",
    "one tag that is never closed": "<problem_light_start>Too dark.",
    "tags in the wrong order": "<plan_light_end><plan_light_start><retouch_colormixer><retouch_light>",
    "a tag a thousand times": "<retouch_light>" * 1000,
    "no tags at all": "I would rather not.",
    "control characters": "\x00\x1b[31m\x7f\r\n\u202e",
}


@dataclass(frozen=True)
class RewardBench:
    """A reward under test."""

    reward: Reward
    _asked: list[str] = field(default_factory=list)

    @property
    def latest(self) -> str:
        """In words, what the reward was last asked about."""
        return "".join(self._asked)

    def score(self, rollouts: Rollouts, where: str, *, chance: int = 0) -> Tensor:
        """What the reward says of answers; `chance` seeds torch, so that only one check meets its randomness."""
        self._asked[:] = [where]
        torch.manual_seed(chance)
        with shown_by(where):
            return self.reward.score(rollouts)

    def ordinary(self) -> Rollouts:
        """Three answers to two photos: words that agree with the edits, words that do not, and none that say much."""
        photos = torch.cat([scene(24, 32).clamp(0, 1).repeat(2, 1, 1, 1), ordinary(1, 24, 32)]).float()
        return self._made(photos, [_answer(said) for said in _SAID], [_thoughts(said) for said in _SAID])

    def hostile(self) -> dict[str, Rollouts]:
        """Well-formed answers to photos without size, light or colour, by what they are."""
        corners = hostile().float().clamp(0, 1)
        pictures = {
            "a photo of one black pixel": torch.zeros(1, 3, 1, 1),
            "a white photo": torch.ones(1, 3, 4, 3),
            "a photo of one row, all corners of the cube": corners,
            "a photo of one colour": torch.tensor([1.0, 0.0, 0.0]).reshape(1, 3, 1, 1).expand(1, 3, 16, 16),
        }
        said = _SAID[:1]
        made = {
            what: self._made(photo.contiguous(), [_answer(said[0])], [_thoughts(said[0])])
            for what, photo in pictures.items()
        }
        return made | {f"{what}, black in its target": _against_black(one) for what, one in list(made.items())[1:]}

    def malformed(self) -> dict[str, Rollouts]:
        """Answers that a model may write before it has learnt to."""
        photo = scene(8, 8).clamp(0, 1).float()
        return {what: self._made(photo, [text], [{}]) for what, text in MALFORMED.items()}

    def _made(self, photos: Tensor, texts: Sequence[str], reasoning: Sequence[Reasoning]) -> Rollouts:
        count = len(photos)
        ops = [registry.ops.load("exposure"), registry.ops.load("saturation")]
        schema = Schema.of(ops)
        ev, amount = (torch.tensor(values[:count]) for values in zip(*_EDITS, strict=True))
        latents = Latents(schema, {"exposure": {"ev": ev}, "saturation": {"amount": amount}})
        renderer = Renderer([op() for op in ops])
        mode = next(mode for mode in MODES if mode in self.reward.modes)
        asked = _ASKED.get(mode) or ({} if mode == "auto" else {"reference": (_photo(photos[0]),)})
        with torch.no_grad():
            pictures = renderer(photos, latents).clamp(0, 1)
        return Rollouts(
            requests=[Request.of(**asked)] * count,
            texts=list(texts),
            ids=[[ord(letter) % 251 for letter in text] for text in texts],
            reasoning=list(reasoning),
            latents=latents,
            photos=photos,
            pictures=pictures,
            targets=pictures.roll(1, dims=0) if count > 1 else pictures.clone(),
            renderer=lambda rgb, edits: renderer(rgb, edits, clamp=False),
            plan_of=lambda row: Plan.of(latents.row(row), mode=mode, reasoning=reasoning[row]),
        )


def _answer(said: Sequence[tuple[str, str]]) -> str:
    """An answer in the form of the planner `vera`."""
    parts = [
        f"<{part}_{tag}_start>{words[place]}<{part}_{tag}_end>"
        for place, part in enumerate(("problem", "plan"))
        for tag, words in zip(_GROUPS, said, strict=True)
    ]
    return "".join([*parts, _TOKENS])


def _thoughts(said: Sequence[tuple[str, str]]) -> Reasoning:
    return {
        group: {"problem": problem, "plan": plan} for group, (problem, plan) in zip(_GROUPS.values(), said, strict=True)
    }


def _against_black(rollouts: Rollouts) -> Rollouts:
    rows = rollouts.rows(range(len(rollouts)))
    return type(rows)(**{**vars(rows), "targets": torch.zeros_like(rows.targets)})


def _photo(pixels: Tensor) -> Any:
    return as_photo(pixels.permute(1, 2, 0).numpy())
