"""The training loop: steps over examples in an order that the seed decides, checkpoints,
and an exact way back from any of them.

Everything that is random follows from (seed, step), so a checkpoint holds no state of generators: a run that was killed
and goes on makes the same weights, bit for bit on a CPU, as one that was not.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import torch
from torch import Tensor, nn

from ...core.atomic_write import new_file
from ...core.errors import InvalidRequest, MissingExtra

if TYPE_CHECKING:
    from accelerate import Accelerator

LOG: Final = "log.jsonl"
_KEPT: Final = 2
_BETAS: Final = (0.9, 0.99)


class TrainingTask(Protocol):
    """What is trained: a network, on so many examples."""

    @property
    def network(self) -> nn.Module:
        """The network whose parameters are trained, but for those that are frozen."""
        ...

    @property
    def size(self) -> int:
        """The number of examples."""
        ...

    def losses(self, network: nn.Module, rows: Tensor) -> Tensor:
        """The loss (B,) of each of these examples (B,), computed by `network`, which may be a wrapped one."""
        ...


@dataclass(frozen=True)
class TrainingSettings:
    """How it is trained.

    Attributes:
        steps: of `batch` examples each, over all processes; `lr`: the highest learning rate,
            reached after `warmup` steps, then a cosine.
        decay: of AdamW; `average`: of the moving average of the weights, which is what is kept in the end;
            0 keeps the weights themselves.
        save_every: steps between checkpoints; `precision`: mixed precision for the network;
            pixels are rendered in float32.
        accumulate: into how many parts a process divides its share of a batch, one after another: memory for time.
    """

    steps: int = 3000
    batch: int = 64
    lr: float = 2e-3
    warmup: int = 100
    decay: float = 0.02
    average: float = 0.998
    seed: int = 0
    save_every: int = 500
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    accumulate: int = 1


@dataclass
class TrainingState:
    """Where a run stands: steps done, and the averaged weights, none where no average is kept."""

    step: int
    average: dict[str, Tensor]


def train(
    task: TrainingTask,
    settings: TrainingSettings,
    out: Path | None = None,
    *,
    device: str | None = None,
    about: Mapping[str, Any] | None = None,
    rates: Mapping[str, float] | None = None,
    judge: Callable[[nn.Module], Mapping[str, float]] | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> dict[str, Tensor]:
    """Train to the end, from the newest checkpoint in `out` if there is one.

    Args:
        out: a folder for checkpoints, TensorBoard's events and `log.jsonl`; None keeps nothing.
        device: `cpu` keeps off a GPU that is there.
        about: what else a checkpoint must have been made with, as JSON holds it.
        rates: shares of the learning rate, by the beginnings of parameters' names; the others have all of it.
        judge: figures of the averaged network by name, logged at each checkpoint.
        progress: called every tenth step with the step, from 1, and the mean loss of its examples;
            by the first of several processes.

    Returns:
        The averaged weights (see `moving`), each of its parameter's shape, on the CPU.

    Raises:
        InvalidRequest: the checkpoint was made with other settings, or a batch cannot be divided among the processes.
        MissingExtra: accelerate or tensorboard is not installed.
    """
    accelerator = _accelerator(settings, device)
    if settings.batch % accelerator.num_processes:
        raise InvalidRequest(
            f"a batch of {settings.batch} cannot be divided among {accelerator.num_processes} processes",
            cure="Give a multiple.",
        )
    torch.manual_seed(settings.seed)
    groups = _groups(task.network, rates or {})
    optimizer = torch.optim.AdamW(groups, lr=settings.lr, betas=_BETAS, weight_decay=settings.decay)
    network, optimizer = accelerator.prepare(task.network.to(accelerator.device), optimizer)
    inner = accelerator.unwrap_model(network)
    state = TrainingState(0, {name: value.clone() for name, value in moving(inner).items()} if settings.average else {})
    made_with = json.dumps(asdict(settings) | dict(about or {}), sort_keys=True)
    if out is not None:
        _resume(out, made_with, inner, optimizer, state)
    with _writer(out if accelerator.is_main_process else None, state.step) as write:
        total, count = torch.zeros((), device=accelerator.device), 0
        while state.step < settings.steps:
            loss = _step(task, settings, accelerator, network, optimizer, state)
            total, count = total + loss, count + 1
            if progress is not None and accelerator.is_main_process and state.step % 10 == 0:
                progress(state.step, float(loss))
            if state.step % settings.save_every == 0 or state.step == settings.steps:
                mean = accelerator.reduce(total, "mean") / count
                figures = {"loss": float(mean), "lr": _learning_rate(settings, state.step)}
                if judge is not None and accelerator.is_main_process:
                    figures |= _judged(judge, inner, state)
                total, count = torch.zeros_like(total), 0
                # The line comes first: what is beyond the checkpoint is dropped on the way back,
                # what is missing would stay so.
                write(state.step, figures)
                if out is not None and accelerator.is_main_process:
                    save_checkpoint(out, made_with, inner, optimizer, state)
    accelerator.wait_for_everyone()
    return {name: value.cpu() for name, value in (state.average or moving(inner)).items()}


def is_first() -> bool:
    """Whether this is the first of the processes that trained together: the one that writes."""
    from accelerate import PartialState

    return bool(PartialState().is_main_process)


def moving(network: nn.Module) -> dict[str, Tensor]:
    """What training moves of a network, by name: the parameters that are not frozen,
    and the floats that it keeps beside them.
    """
    kept = network.state_dict()
    found = {name: value.detach() for name, value in network.named_parameters() if value.requires_grad}
    return found | {n: value for n, value in network.named_buffers() if n in kept and value.is_floating_point()}


def _groups(network: nn.Module, rates: Mapping[str, float]) -> list[dict[str, Any]]:
    """The parameters that are trained, those of one share of the learning rate together."""
    found: dict[float, list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            share = next((share for beginning, share in rates.items() if name.startswith(beginning)), 1.0)
            found.setdefault(share, []).append(parameter)
    return [{"params": parameters, "share": share} for share, parameters in found.items()]


def _step(
    task: TrainingTask,
    settings: TrainingSettings,
    accelerator: Accelerator,
    network: nn.Module,
    optimizer: Any,
    state: TrainingState,
) -> Tensor:
    rows = batch_of(settings, task.size, state.step)[accelerator.process_index :: accelerator.num_processes]
    # Dropout's numbers follow from the step, not from what ran before.
    torch.manual_seed((settings.seed * 1_000_003 + state.step) * 64 + accelerator.process_index)
    for group in optimizer.param_groups:
        group["lr"] = group["share"] * _learning_rate(settings, state.step)
    network.train()
    optimizer.zero_grad(set_to_none=True)
    total = torch.zeros((), device=accelerator.device)
    parts = rows.chunk(settings.accumulate)
    for part in parts:
        with nullcontext() if part is parts[-1] else accelerator.no_sync(network):
            loss = task.losses(network, part).sum() / len(rows)
            accelerator.backward(loss)
        total += loss.detach()
    accelerator.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    state.step += 1
    if settings.average:
        # A young average would remember the start.
        share = min(settings.average, state.step / (state.step + 10))
        for name, value in moving(accelerator.unwrap_model(network)).items():
            state.average[name].lerp_(value, 1 - share)
    return total


def batch_of(settings: TrainingSettings, size: int, step: int) -> Tensor:
    """The examples of a step: every epoch has each once, in its own order."""
    places = torch.arange(step * settings.batch, (step + 1) * settings.batch)
    rows = torch.empty(len(places), dtype=torch.long)
    for epoch in range(int(places[0]) // size, int(places[-1]) // size + 1):
        order = torch.randperm(size, generator=torch.Generator().manual_seed(settings.seed * 1_000_003 + epoch))
        within = places // size == epoch
        rows[within] = order[places[within] % size]
    return rows


def _learning_rate(settings: TrainingSettings, step: int) -> float:
    if step < settings.warmup:
        return settings.lr * (step + 1) / settings.warmup
    done = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
    return settings.lr * (0.01 + 0.99 * (1 + math.cos(math.pi * min(1.0, done))) / 2)


def _judged(
    judge: Callable[[nn.Module], Mapping[str, float]], network: nn.Module, state: TrainingState
) -> dict[str, float]:
    """Figures of the averaged weights; the trained ones are put back."""
    own = {name: value.clone() for name, value in moving(network).items()}
    network.load_state_dict(state.average, strict=False)
    network.eval()
    try:
        return dict(judge(network))
    finally:
        network.load_state_dict(own, strict=False)


def save_checkpoint(out: Path, made_with: str, network: nn.Module, optimizer: Any, state: TrainingState) -> None:
    """Write weights that are not frozen, averages and the optimiser's moments; the newest two checkpoints stay."""
    from safetensors.torch import save

    tensors = {f"network.{name}": value for name, value in moving(network).items()}
    tensors |= {f"average.{name}": value for name, value in state.average.items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": torch.as_tensor(value) for name, value in moments.items()}
    about = {"step": str(state.step), "settings": made_with}
    with new_file(out / f"checkpoint-{state.step:07d}.safetensors") as file:
        file.write(save({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, metadata=about))
    for old in checkpoints(out)[:-_KEPT]:
        old.unlink()


def checkpoints(out: Path) -> list[Path]:
    """The checkpoints of a run, oldest first."""
    return sorted(out.glob("checkpoint-*.safetensors"))


def _resume(out: Path, made_with: str, network: nn.Module, optimizer: Any, state: TrainingState) -> None:
    from safetensors import safe_open

    out.mkdir(parents=True, exist_ok=True)
    for path in checkpoints(out)[-1:]:
        with safe_open(path, framework="pt") as file:
            about = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (it is no mapping)
        if about["settings"] != made_with:
            raise InvalidRequest(
                f"{path} was made with other settings: {about['settings']}", cure="Give the same, or another --out."
            )
        parts: dict[str, dict[str, Tensor]] = {"network": {}, "average": {}, "optimizer": {}}
        for name, value in tensors.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = value
        network.load_state_dict(parts["network"], strict=False)
        state.average = {name: value.to(state.average[name].device) for name, value in parts["average"].items()}
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in parts["optimizer"].items():
            index, _, which = name.partition(".")
            moments.setdefault(int(index), {})[which] = value
        optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
        state.step = int(about["step"])


@contextmanager
def _writer(out: Path | None, step: int) -> Iterator[Callable[[int, Mapping[str, float]], None]]:
    """Lines of log.jsonl and TensorBoard's scalars; what a killed run wrote beyond its checkpoint is dropped."""
    if out is None:
        yield lambda step, figures: None
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise MissingExtra("training needs tensorboard", cure="pip install 'veraretouch[train]'") from None
    log = out / LOG
    lines = [line for line in log.read_text().splitlines() if json.loads(line)["step"] <= step] if log.exists() else []
    with new_file(log) as file:
        file.write("".join(f"{line}\n" for line in lines).encode())
    writer = SummaryWriter(str(out / "tensorboard"), purge_step=step)

    def write(step: int, figures: Mapping[str, float]) -> None:
        with log.open("a") as file:
            file.write(json.dumps({"step": step, **{name: round(value, 6) for name, value in figures.items()}}) + "\n")
        for name, value in figures.items():
            writer.add_scalar(name, value, step)
        writer.flush()

    try:
        yield write
    finally:
        writer.close()


def _accelerator(settings: TrainingSettings, device: str | None) -> Accelerator:
    try:
        from accelerate import Accelerator, DistributedDataParallelKwargs
    except ImportError:
        raise MissingExtra("training needs accelerate", cure="pip install 'veraretouch[train]'") from None
    # A part of the network may have nothing to do in one process: an example without a picture has no use for a tower.
    unused = DistributedDataParallelKwargs(find_unused_parameters=True)
    return Accelerator(
        cpu=device == "cpu",
        mixed_precision="no" if settings.precision == "fp32" else settings.precision,
        kwargs_handlers=[unused],
    )
