"""Training steps of the whole `vera` on lessons of a given length: what a step costs, whatever is learnt."""

from __future__ import annotations

import time
from dataclasses import replace

import torch

from veraretouch.core.contract.slots import GROUPS
from veraretouch.ops.neural import RetouchNetwork
from veraretouch.planners.training.loop import TrainingSettings, TrainingTask, train
from veraretouch.planners.training.vera.end_to_end import Lesson, VeraChain
from veraretouch.planners.training.vera.stages import TrainingStage, freeze
from veraretouch.planners.vera.model import VeraConfig, VeraModel


class Lectures:
    """Lessons of a given length with random tokens and pixels, of photos that the tower has to look at each time."""

    size = 1000

    def __init__(self, config: VeraConfig, *, answer: int, stage: TrainingStage, device: str) -> None:
        with torch.device(device):
            self.network = VeraChain(VeraModel(config), RetouchNetwork(), checkpointing=True)
        self.network._room = 0
        freeze(self.network, stage)
        generator = torch.Generator().manual_seed(0)
        self.picture = torch.rand(3, 1024, 1024, generator=generator)
        self.rgb = torch.rand(3, 64, 64, generator=generator)
        self.tokens = torch.randint(config.vocab_size, (answer,), generator=generator).tolist()

    def losses(self, network: torch.nn.Module, rows: torch.Tensor) -> torch.Tensor:
        last = len(self.tokens)
        lesson = Lesson(
            key=0,
            picture=lambda: self.picture,
            before=self.tokens[:20],
            after=self.tokens[:60],
            answer=self.tokens,
            groups=frozenset(GROUPS),
            retouch=(last - 3, last - 2, last - 1),
            rgb=self.rgb,
            wanted=1 - self.rgb,
        )
        texts, pixels = network([replace(lesson, key=key) for key in range(len(rows))])
        loss: torch.Tensor = texts + pixels
        return loss


def throughput(
    task: TrainingTask, *, batch: int, device: str | None, precision: str = "fp32", steps: int = 30
) -> float:
    """Seconds a step, the first ten left out."""
    at = []
    settings = TrainingSettings(steps=steps, batch=batch, lr=1e-5, average=0.0, precision=precision)  # type: ignore[arg-type]
    train(task, settings, device=device, progress=lambda step, loss: at.append(time.perf_counter()))
    return (at[-1] - at[0]) / (steps - 10)
