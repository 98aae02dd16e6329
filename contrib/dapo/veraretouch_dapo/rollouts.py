"""From photos to rewarded answers: prompts, answers, latents, pictures, scores; and groups drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from veraretouch import Latents, Plan, Renderer, Rollouts
from veraretouch.planners.training.vera.examples import Example
from veraretouch.planners.vera.answer import read_answer
from veraretouch.planners.vera.planner import Vera
from veraretouch.planners.vera.writing.writer import StopCriterion

from .drawing import Drawn, draw, seeded
from .policy import SeeingEmbedding
from .rewarding import Rewards, Scores, undecided
from .settings import DapoSettings


@dataclass
class Generation:
    """The answers of one generation, in the order of their prompts, group by group.

    Attributes:
        places: the example of each; `prompts`: its ids; `answers`: what was drawn.
        rollouts: what became of them; `scores`: what they got.
        redrawn: how many groups were drawn again; `still`: the groups that no drawing decided.
    """

    places: list[int]
    prompts: list[list[int]]
    answers: list[Drawn]
    rollouts: Rollouts
    scores: Scores
    redrawn: int
    still: list[int]


class RolloutMaker:
    """Draws answers to examples, renders each without gradient, and has them rewarded.

    Args:
        planner: whose networks write and render; its embedding sees (`policy_of`).
    """

    def __init__(
        self, planner: Vera, examples: Sequence[Example], rewards: Rewards, settings: DapoSettings, stop: StopCriterion
    ) -> None:
        self.planner, self.examples, self.rewards = planner, examples, rewards
        self.settings, self.stop = settings, stop
        self.renderer = Renderer(planner.ops)

    def to(self, device: Any) -> None:
        """Move what is not the policy, and so not moved by its trainer: tower, projector, heads, renderer."""
        self.planner.model.to(device)
        self.renderer.to(device)

    @property
    def embedding(self) -> SeeingEmbedding:
        """What pictures are shown to."""
        found = self.planner.model.language.embed_tokens
        assert isinstance(found, SeeingEmbedding)
        return found

    def make(self, places: Sequence[int], *, seeds: Sequence[int]) -> Generation:
        """A generation for examples, each standing there once for each answer of its group.

        A group whose rewards are all equal is drawn again, `redraws` times at most.

        Args:
            seeds: what the draws follow from, such as the run's seed and the step.
        """
        group = self.settings.group
        prompts = self._prompts(places)
        waiting = list(range(len(places)))
        kept: dict[int, tuple[Drawn, Rollouts, dict[str, float | None], float]] = {}
        redrawn = 0
        for attempt in range(self.settings.redraws + 1):
            generators = [seeded(*seeds, attempt, row) for row in waiting]
            answers = draw(self.planner.model, self.stop, [prompts[row] for row in waiting], generators)
            rollouts = self.rollouts([places[row] for row in waiting], answers)
            scores = self.rewards.score(rollouts)
            for index, row in enumerate(waiting):
                each = {name: values[index] for name, values in scores.each.items()}
                kept[row] = answers[index], rollouts.rows([index]), each, float(scores.total[index])
            still = undecided(torch.tensor([kept[row][3] for row in waiting]), group)
            waiting = [row for number in still for row in waiting[number * group : (number + 1) * group]]
            if not waiting:
                break
            redrawn += len(still) if attempt < self.settings.redraws else 0
        rows = [kept[row] for row in range(len(places))]
        names = self.rewards.names
        return Generation(
            list(places),
            prompts,
            [answer for answer, _, _, _ in rows],
            joined([one for _, one, _, _ in rows]),
            Scores(
                {name: [each[name] for _, _, each, _ in rows] for name in names}, torch.tensor([r[3] for r in rows])
            ),
            redrawn,
            sorted({row // group for row in waiting}),
        )

    def rollouts(self, places: Sequence[int], answers: Sequence[Drawn]) -> Rollouts:
        """What becomes of answers to examples. An answer without a retouch token leaves that group alone."""
        examples = [self.examples[place] for place in places]
        photos, targets = (
            torch.stack([getattr(one, name) for one in examples]).float().to(self._device) / 255
            for name in ("before", "after")
        )
        with torch.no_grad():
            latents = self.planner.latents(
                torch.stack([answer.states for answer in answers]),
                [one.prompt.groups & answer.groups for one, answer in zip(examples, answers, strict=True)],
            )
        texts = [self.planner.tokenizer.text(answer.tokens) for answer in answers]
        reasoning = [read_answer(text) for text in texts]
        with torch.no_grad():
            pictures = self.renderer(photos, latents).clamp(0, 1)

        def plan_of(row: int) -> Plan:
            request = examples[row].request
            return Plan.of(latents.row(row), mode=request.mode, prompt=request.prompt, reasoning=reasoning[row])

        return Rollouts(
            requests=[one.request for one in examples],
            texts=texts,
            ids=[answer.tokens for answer in answers],
            reasoning=reasoning,
            latents=latents,
            photos=photos,
            pictures=pictures,
            targets=targets,
            renderer=lambda rgb, edits: self.renderer(rgb, edits, clamp=False),
            plan_of=plan_of,
        )

    def _prompts(self, places: Sequence[int]) -> list[list[int]]:
        """The prompt of each example as ids; pictures that were not seen before are looked at, one by one."""
        ids: dict[int, list[int]] = {}
        for place in dict.fromkeys(places):
            prompt = self.examples[place].prompt
            tokenizer = self.planner.tokenizer
            ids[place] = tokenizer.ids(prompt.before)
            if prompt.after is not None:
                if place not in self.embedding:
                    with torch.no_grad():
                        picture = self.examples[place].picture(self.planner.model.config.picture_side)
                        seen = self.planner.model.see(picture.unsqueeze(0))[0]
                    self.embedding.show(place, seen)
                ids[place] += [*self.embedding.ids(place), *tokenizer.ids(prompt.after)]
        self.embedding.make_room(len(ids))
        return [list(ids[place]) for place in places]

    @property
    def _device(self) -> Any:
        return self.planner.model.device


def joined(rows: Sequence[Rollouts]) -> Rollouts:
    """Rollouts of one row each as one."""
    first = rows[0]
    return Rollouts(
        requests=[one.requests[0] for one in rows],
        texts=[one.texts[0] for one in rows],
        ids=[one.ids[0] for one in rows],
        reasoning=[one.reasoning[0] for one in rows],
        latents=Latents.cat([one.latents for one in rows]),
        photos=torch.cat([one.photos for one in rows]),
        pictures=torch.cat([one.pictures for one in rows]),
        targets=torch.cat([one.targets for one in rows]),
        renderer=first.renderer,
        plan_of=lambda row: rows[row].plan(0),
    )
