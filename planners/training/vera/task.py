"""What the training loop trains of `vera`: from examples to the loss of words and pixels."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ...vera.planner import Vera
from .end_to_end import Lesson, VeraChain
from .examples import Example
from .stages import TrainingStage, freeze


class VeraTask:
    """The chain and its examples; see `training.loop.Task`. The loss is alpha times the cross-entropy of the text,
    plus L1 of the pixels; of a model with sliders, also of the pixels that these make, and of how far they are from
    edits that are known.

    Args:
        planner: whose networks are trained, in place. `stage`: which of them.
        alpha: the weight of the text; the published one is not known.
        checkpointing: see `VeraChain`.
    """

    def __init__(
        self,
        planner: Vera,
        examples: Sequence[Example],
        stage: TrainingStage,
        *,
        alpha: float,
        checkpointing: bool = False,
    ) -> None:
        self.tokenizer, self.examples, self.alpha = planner.tokenizer, examples, alpha
        self.network = VeraChain(planner.model, planner.neural.network, checkpointing=checkpointing)
        self._end = planner.model.config.eos_token_id[0]
        freeze(self.network, stage)

    @property
    def size(self) -> int:
        """The number of examples."""
        return len(self.examples)

    def losses(self, network: nn.Module, rows: Tensor) -> Tensor:
        """Write the answers, render the latents, and compare both."""
        texts, pixels = network([self.lesson(row) for row in rows.tolist()])
        loss: Tensor = self.alpha * texts + pixels
        return loss

    def lesson(self, row: int) -> Lesson:
        """An example as the chain takes it."""
        example = self.examples[row]
        prompt, shown = example.prompt, example.prompt.after is not None
        side = self.network.model.config.picture_side
        answer = [*self.tokenizer.ids(example.answer), self._end]
        return Lesson(
            key=row,
            picture=(lambda: example.picture(side)) if shown else None,
            before=self.tokenizer.ids(prompt.before),
            after=self.tokenizer.ids(prompt.after or ""),
            answer=answer,
            groups=prompt.groups,
            retouch=[answer.index(token) for token in self.tokenizer.retouch],
            rgb=example.before.float() / 255,
            wanted=example.after.float() / 255,
            edits=example.edits,
        )
