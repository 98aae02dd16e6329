"""TRL's `GRPOTrainer` with DAPO's settings, and what it lacks.

TRL has the loss, the clipping, the normalisation, the punishment of length, optimiser, checkpoints and several devices.
Here are: rollouts of a planner in place of TRL's generation (groups that are drawn again among them), steps that follow
from the seed alone, checkpoints that are whole, and silence towards the network.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor, nn

from veraretouch.core.atomic_write import new_file
from veraretouch.core.errors import InvalidRequest
from veraretouch.planners.training.loop import TrainingSettings, batch_of
from veraretouch.planners.training.vera.end_to_end import attend_quickly
from veraretouch.planners.vera.answer import RETOUCH_TOKENS

from .drawing import seed_of
from .libraries import GRPOConfig, GRPOTrainer, PrinterCallback, quietly
from .probabilities import answer_probabilities
from .rollouts import Generation, RolloutMaker
from .settings import DapoSettings

_GROUPS = tuple(RETOUCH_TOKENS.values())
WHOLE = "whole"
"""A file that is written last into a checkpoint: without it a process was killed before."""


class DapoTrainer(GRPOTrainer):
    """Trains a policy by the rollouts of a `RolloutMaker`.

    Args:
        policy: of `policy_of`; `tokenizer`: of `tokenizer_of`.
        out: a folder for checkpoints.
        device: `cpu` keeps off a GPU that is there.
    """

    def __init__(
        self,
        policy: Any,
        tokenizer: Any,
        maker: RolloutMaker,
        out: Path,
        *,
        device: str = "auto",
        callbacks: Sequence[Any] = (),
    ) -> None:
        self.maker, settings = maker, maker.settings
        self.beside: nn.Module | None = getattr(policy, "beside", None)
        self.generation: Generation | None = None
        with quietly():
            super().__init__(
                model=policy,
                reward_funcs=[_reading(name) for name in maker.rewards.names],
                args=config_of(settings, maker.rewards.weights, out, device=device),
                train_dataset=_order(settings, len(maker.examples)),
                processing_class=tokenizer,
                rollout_func=self._roll,
                callbacks=list(callbacks),
            )
        self.remove_callback(PrinterCallback)
        attend_quickly(policy.model)
        maker.to(self.accelerator.device)

    def train(self, *arguments: Any, **more: Any) -> Any:
        """As any `Trainer`."""
        with quietly():
            return super().train(*arguments, **more)

    def _roll(self, prompts: Sequence[str], trainer: Any) -> dict[str, Any]:
        """Answers to this process's share of a generation, as TRL takes them: what a group's rewards could not decide
        has no part in loss or mean.
        """
        where = self.maker.settings.seed, self.state.global_step, self.accelerator.process_index
        # TRL shuffles answers by the global state, which follows from the step and not from what ran before.
        torch.manual_seed(seed_of(*where))
        made = self.maker.make([int(prompt) for prompt in prompts], seeds=where)
        self.generation = made
        group = self.maker.settings.group
        lengths = [len(answer.tokens) for answer in made.answers]
        self._metrics["train"]["length_mean"].append(sum(lengths) / len(lengths))
        self._metrics["train"]["length_longest"].append(max(lengths))
        self._metrics["train"]["redrawn"].append(made.redrawn / (len(prompts) / group))
        self._metrics["train"]["undecided"].append(len(made.still) / (len(prompts) / group))
        self._metrics["train"]["format_rate"].append(
            sum(score == 1.0 for score in made.scores.each.get("format", [])) / len(prompts)
        )
        return {
            "prompt_ids": made.prompts,
            "completion_ids": [answer.tokens for answer in made.answers],
            "logprobs": [answer.logps for answer in made.answers],
            "env_mask": [
                [int(row // group not in made.still)] * len(answer.tokens) for row, answer in enumerate(made.answers)
            ],
            "scores": [
                {name: values[row] for name, values in made.scores.each.items()} for row, _ in enumerate(prompts)
            ],
            "latents": [made.rollouts.latents.row(row) for row, _ in enumerate(prompts)],
        }

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """As TRL's, with what head and renderer are trained by where they are."""
        with quietly():
            made = super()._generate_and_score_completions(inputs)
        if self.maker.settings.beside:
            assert self.generation is not None
            rollouts = self.generation.rollouts
            made |= {
                "beside_states": torch.stack([answer.states for answer in self.generation.answers]),
                "beside_used": torch.tensor(
                    [
                        [group in answer.groups & self.maker.examples[place].prompt.groups for group in _GROUPS]
                        for answer, place in zip(self.generation.answers, self.generation.places, strict=True)
                    ]
                ),
                "beside_photos": rollouts.photos,
                "beside_targets": rollouts.targets,
            }
        return made

    def _get_per_token_logps_and_entropies(
        self, model: Any, input_ids: Tensor, attention_mask: Tensor, logits_to_keep: int, *others: Any, **more: Any
    ) -> Any:
        """As TRL's. What it asks for without a gradient are the probabilities under the policy that drew the answers:
        these are known.
        """
        if not torch.is_grad_enabled():
            assert self.generation is not None
            drawn = [torch.tensor(answer.logps, dtype=torch.float32) for answer in self.generation.answers]
            return nn.utils.rnn.pad_sequence(drawn, batch_first=True).to(input_ids.device), None, None
        if input_ids.device.type != "cpu":
            return super()._get_per_token_logps_and_entropies(
                model, input_ids, attention_mask, logits_to_keep, *others, **more
            )
        return *answer_probabilities(model, input_ids, attention_mask, logits_to_keep), None

    def _compute_loss(self, model: nn.Module, inputs: dict[str, Any]) -> Tensor:
        loss: Tensor = super()._compute_loss(model, inputs)
        if "beside_states" in inputs:
            apart = self._apart(inputs)
            self._metrics["train"]["l1"].append(float(apart.detach()))
            loss = loss + self.maker.settings.beside * apart / self.current_gradient_accumulation_steps
        return loss

    def _apart(self, inputs: dict[str, Any]) -> Tensor:
        """The L1 distance of rendered pixels from their targets, of answers that edit anything."""
        used = inputs["beside_used"]
        groups = [{g for g, on in zip(_GROUPS, row, strict=True) if on} for row in used.tolist()]
        latents = self.maker.planner.latents(inputs["beside_states"], groups)
        done = self.maker.renderer(inputs["beside_photos"], latents, clamp=False)
        apart = (done - inputs["beside_targets"]).abs().flatten(1).mean(dim=1)
        edits = used.any(dim=1).to(apart)
        # Several processes wait for a gradient of every parameter, also where no answer of theirs edits anything.
        nothing = 0.0 * sum(parameter.sum() for parameter in self.beside.parameters()) if self.beside else 0.0
        return (apart * edits).sum() / edits.sum().clamp(min=1) + nothing

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        if self.args.should_save:
            folder = Path(self._get_output_dir(trial=trial)) / f"checkpoint-{self.state.global_step}"
            with new_file(folder / WHOLE) as file:
                file.write(b"")

    def _send_telemetry(self) -> None:
        """Nothing: TRL would tell the Hub that it is used."""

    def create_model_card(self, *arguments: Any, **more: Any) -> None:
        """Nothing: TRL's would name other people's models; a bundle has a card of its own."""


def config_of(settings: DapoSettings, weights: dict[str, float], out: Path, *, device: str = "auto") -> GRPOConfig:
    """The settings as TRL spells them: DAPO's loss over the tokens of a generation, no KL, temperature 1, no top-p and
    no top-k.

    Raises:
        InvalidRequest: a generation cannot be divided among the processes by whole groups and parts.
    """
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    answers = settings.prompts * settings.group // processes
    if settings.prompts % processes or answers % (settings.updates * settings.part):
        raise InvalidRequest(
            f"{settings.prompts} groups of {settings.group} answers cannot be divided among {processes} processes, each"
            f" with {settings.updates} updates of parts of {settings.part}",
            cure="Give `prompts` that the processes divide, and a smaller `part`.",
        )
    return GRPOConfig(
        output_dir=str(out),
        max_steps=settings.steps,
        learning_rate=settings.lr,
        lr_scheduler_type="constant_with_warmup",
        warmup_steps=settings.warmup,
        max_grad_norm=1.0,
        per_device_train_batch_size=settings.part,
        steps_per_generation=answers // settings.part,
        gradient_accumulation_steps=answers // settings.part // settings.updates,
        num_iterations=settings.epochs,
        num_generations=settings.group,
        max_completion_length=settings.most_tokens,
        temperature=1.0,
        top_p=1.0,
        top_k=0,
        loss_type="dapo",
        epsilon=settings.clip_low,
        epsilon_high=settings.clip_high,
        beta=0.0,
        scale_rewards="group",
        reward_weights=[*weights.values(), 1.0],
        shuffle_dataset=False,
        gradient_checkpointing=False,
        bf16=False,
        use_cpu=device == "cpu",
        logging_steps=1,
        save_steps=settings.save_every * settings.steps_a_generation,
        save_total_limit=2,
        report_to="none",
        disable_tqdm=True,
        push_to_hub=False,
        seed=settings.seed,
        data_seed=settings.seed,
        dataloader_pin_memory=False,
        ddp_find_unused_parameters=False,
        # A process reads as many groups of like length as it has; to send buffers at each would wait for the others.
        ddp_broadcast_buffers=False,
        remove_unused_columns=False,
    )


def newest_checkpoint(out: Path) -> Path | None:
    """The newest whole checkpoint of a run; what was begun after it is removed."""
    found = sorted(out.glob("checkpoint-*"), key=lambda path: int(path.name.partition("-")[2]))
    for path in found:
        if not (path / WHOLE).exists():
            shutil.rmtree(path, ignore_errors=True)
    return next((path for path in reversed(found) if path.exists()), None)


def _order(settings: DapoSettings, size: int) -> Dataset:
    """The examples of every generation, by number: each epoch has each once, in an order of its own.

    TRL's sampler would begin each epoch where a generator stands, which a resumed run does not know.
    """
    drawn = TrainingSettings(batch=settings.prompts, seed=settings.seed)
    rows = [row for step in range(settings.generations) for row in batch_of(drawn, size, step).tolist()]
    return Dataset.from_dict({"prompt": [str(row) for row in rows]})


def _reading(name: str) -> Any:
    """A reward function of TRL that reads what the rollout function has found."""

    def read(scores: Sequence[dict[str, float | None]], **others: Any) -> list[float | None]:
        return [each[name] for each in scores]

    read.__name__ = name
    return read
