"""The live view of a run: lines of log.jsonl, TensorBoard's scalars, and grids of what the answers look like."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from veraretouch.core.atomic_write import new_file

from .libraries import TrainerCallback
from .rollouts import Generation

LOG = "log.jsonl"
# TRL's names, and those under which they are shown.
NAMES = {
    "loss": "loss",
    "grad_norm": "gradient",
    "reward": "reward",
    "reward_std": "reward/spread",
    "format_rate": "format rate",
    "entropy": "entropy",
    "clip_ratio/low_mean": "clipped/low",
    "clip_ratio/high_mean": "clipped/high",
    "length_mean": "length/mean",
    "length_longest": "length/longest",
    "redrawn": "groups/redrawn",
    "undecided": "groups/undecided",
    "l1": "head and renderer/L1",
}
TOLD = ("reward", "format rate", "length/mean", "entropy")
# Photos that a grid shows, and answers to each.
ROWS, COLUMNS = 4, 4


class Watch(TrainerCallback):
    """Writes what TRL logs at each step, and every so many generations a grid of pictures.

    Each row of a grid is a photo, its target, and answers to it, the best first.

    Args:
        show_every: steps between grids.
        say: told a line for each generation.
    """

    def __init__(self, out: Path, *, show_every: int, say: Callable[[str], None] | None = None) -> None:
        self.out, self.show_every, self.say = out, show_every, say
        self.trainer: Any = None
        self._writer: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Drop what a killed run wrote beyond its checkpoint."""
        if not state.is_world_process_zero:
            return
        log = self.out / LOG
        lines = log.read_text().splitlines() if log.exists() else []
        kept = [line for line in lines if _step_of(line) <= state.global_step]
        with new_file(log) as file:
            file.write("".join(f"{line}\n" for line in kept).encode())
        self._writer = SummaryWriter(str(self.out / "tensorboard"), purge_step=state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **more: Any) -> None:
        """Write a step's figures."""
        if self._writer is None or logs is None or "loss" not in logs:
            return
        rewards = {
            f"rewards/{name.split('/')[1]}": value
            for name, value in logs.items()
            if name.startswith("rewards/") and name.endswith("/mean")
        }
        named = {shown: logs[name] for name, shown in NAMES.items() if name in logs} | rewards
        figures = {name: float(value) for name, value in named.items() if value is not None}
        with (self.out / LOG).open("a") as file:
            line = {"step": state.global_step, **{name: round(value, 6) for name, value in figures.items()}}
            file.write(json.dumps(line) + "\n")
        for name, value in figures.items():
            self._writer.add_scalar(name, value, state.global_step)
        self._writer.flush()
        if self.say is not None and "reward" in figures:
            told = ", ".join(f"{name} {figures[name]:.3g}" for name in TOLD if name in figures)
            self.say(f"step {state.global_step} of {state.max_steps}: {told}")

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Show pictures of the generation at hand."""
        made = self.trainer.generation if self.trainer is not None else None
        if self._writer is not None and made is not None and state.global_step % self.show_every == 0:
            group = self.trainer.maker.settings.group
            self._writer.add_image("answers", grid(made, group), state.global_step)
            self._writer.add_text("best answer", best_of(made), state.global_step)

    def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Close the files."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def grid(made: Generation, group: int) -> Tensor:
    """(3, rows * H, columns * W) in [0, 1]: a row a photo, its target, and its answers from the best on."""
    rows = []
    for first in range(0, min(len(made.answers), ROWS * group), group):
        order = made.scores.total[first : first + group].argsort(descending=True, stable=True)[:COLUMNS] + first
        shown = [made.rollouts.photos[first], made.rollouts.targets[first], *made.rollouts.pictures[order]]
        rows.append(torch.cat([picture.cpu() for picture in shown], dim=2))
    return torch.cat(rows, dim=1)


def best_of(made: Generation) -> str:
    """The words of the answer that scored highest, as Markdown's code."""
    return "    " + made.rollouts.texts[int(made.scores.total.argmax())].replace("\n", "\n    ")


def _step_of(line: str) -> int:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError):
        return 2**62  # a line that a killed process did not end
