"""How much memory `train neural` takes, estimated before any of it is taken.

Pictures lie in memory whole. A step keeps what the backward pass needs: it is counted on two small pairs, by torch's
hooks on saved tensors, and grows with the number of pixels and of examples.
"""

from __future__ import annotations

import os
import tarfile
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from ...core.cli.batch.memory import available
from ...core.errors import InvalidRequest
from .data import is_dataset, photos_of, shards_of
from .loop import TrainingSettings
from .pairs import of_photos
from .reference_task import PairTask

_PROBE: Final = 64  # pixels a side
_PAIRS: Final = 2
# Weights, gradients, two moments of AdamW and the moving average, in float32.
_COPIES: Final = 5
# Temporaries and gradients of activations, beside what is kept for the backward pass; measured at 128 to 256 pixels a
# side.
_BESIDE: Final = 1.35


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes that training takes.

    Attributes:
        pictures: of the data, in the machine's memory. `networks`: weights, gradients and moments.
        example: of one example in a step; `examples`: how many are computed side by side.
    """

    pictures: int
    networks: int
    example: int
    examples: int

    @property
    def step(self) -> int:
        """What a step takes where it is computed."""
        return self.networks + self.example * self.examples


def estimate_memory(data: Path, settings: TrainingSettings, *, image_size: int) -> MemoryEstimate:
    """What `train neural` would take.

    Args:
        data: the folder, of which the pictures are counted, not read. `image_size`: their side in pixels.

    Raises:
        InvalidDocument, UnreadablePhoto: see `pairs.read_pairs`.
    """
    photos = torch.zeros(_PAIRS, 3, _PROBE, _PROBE, dtype=torch.uint8)
    task = PairTask(of_photos(photos, copies=1, seed=0))
    weights = sum(value.numel() * value.element_size() for value in task.network.parameters())
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    return MemoryEstimate(
        # Twice, since pictures are read one by one and then put together.
        pictures=2 * 3 * image_size**2 * _count(data),
        networks=_COPIES * weights,
        example=int(_BESIDE * _kept(task) / _PAIRS * (image_size / _PROBE) ** 2),
        examples=ceil(settings.batch / processes / settings.accumulate),
    )


def check_memory(estimate: MemoryEstimate, *, device: str) -> str:
    """Compare an estimate with what is free, and say both in a sentence.

    Args:
        device: `cpu`, or `auto` for a GPU that is there.

    Raises:
        InvalidRequest: there is less; the cure names what helps.
    """
    machine, gpu = available(), _gpu() if device != "cpu" else None
    on_machine = estimate.pictures + (estimate.step if gpu is None else 0)
    for needed, free, where in ((on_machine, machine, "memory"), (estimate.step, gpu, "memory of the GPU")):
        if free is not None and needed > free and (where == "memory" or gpu is not None):
            raise InvalidRequest(
                f"training needs about {_gb(needed)} of {where}, and {_gb(free)} are free",
                cure=_cure(estimate, needed, free),
            )
    there = f", of {_gb(machine)} that are free" if machine is not None else ""
    step = "" if gpu is None else f" and about {_gb(estimate.step)} of the GPU's, of {_gb(gpu)}"
    return f"training takes about {_gb(on_machine)} of memory{there}{step}"


def _cure(estimate: MemoryEstimate, needed: int, free: int) -> str:
    rest = free - (needed - estimate.example * estimate.examples)
    if rest >= estimate.example:
        parts = ceil(estimate.examples / (rest // estimate.example))
        return f"Divide the batch further (--accumulate times {parts}), or give a smaller --batch or --image-size."
    return "Give a smaller --image-size, or fewer pictures."


def _count(data: Path) -> int:
    """How many pictures are kept of a folder; of a dataset at most as many as it has examples."""
    if is_dataset(data):
        return sum(_examples(path) for path in shards_of(data, "train"))
    if (data / "before").is_dir() and (data / "after").is_dir():
        return 2 * len(photos_of(data / "before"))
    return len(photos_of(data))


def _examples(shard: Path) -> int:
    with tarfile.open(shard) as archive:
        return sum(member.name.endswith(".json") for member in archive)


def _kept(task: PairTask) -> int:
    """Bytes that the backward pass of all the task's pairs needs, weights left out."""
    weights = {value.untyped_storage().data_ptr() for value in task.network.parameters()}
    kept: dict[int, int] = {}

    def note(value: Tensor) -> Any:
        storage = value.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
            held.append(value)  # a storage that is freed would lend its address to the next
        return value

    held: list[Tensor] = []
    with torch.random.fork_rng(devices=[]), torch.autograd.graph.saved_tensors_hooks(note, lambda value: value):
        torch.manual_seed(0)
        task.losses(task.network.train(), torch.arange(task.size)).sum()
    return sum(kept.values())


def _gpu() -> int | None:
    return torch.cuda.mem_get_info()[0] if torch.cuda.is_available() else None


def _gb(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
