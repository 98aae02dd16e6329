"""Which parts of the chain are trained when, after Xie et al. (2026), arXiv 2604.27375; `seeing`, `whole` are ours."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from torch import nn


class TrainingStage(StrEnum):
    """What is trained: the tower and what projects its tokens, all but the tower, the language model alone, or all."""

    SEEING = "seeing"
    ALIGNMENT = "alignment"
    REASONING = "reasoning"
    WHOLE = "whole"


_LANGUAGE: Final = ("model.language", "model.lm_head")
TRAINED: Final = {
    TrainingStage.SEEING: ("model.tower", "model.projector", "reader"),
    TrainingStage.ALIGNMENT: ("model.projector", *_LANGUAGE, "model.head", "renderer"),
    TrainingStage.REASONING: _LANGUAGE,
    TrainingStage.WHOLE: ("model.tower", "model.projector", *_LANGUAGE, "model.head", "renderer"),
}


def freeze(chain: nn.Module, stage: TrainingStage) -> None:
    """Let gradients reach the parts of a stage and nothing else."""
    chain.requires_grad_(False)
    for name in TRAINED[stage]:
        chain.get_submodule(name).requires_grad_(True)
    if "model.head" in TRAINED[stage]:  # where one head is trained, the other is, too
        chain.get_submodule("model.slot_head").requires_grad_(True)
