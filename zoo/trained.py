"""From data to a bundle of `tiny`: examples, training with a progress bar, packing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from torch import Tensor

from ..core.errors import UnreachableBundle
from ..core.retoucher import Retoucher
from ..planners.tiny.examples import Recipe, read_data
from ..planners.tiny.latents import own_schema
from ..planners.tiny.planner import Tiny
from ..planners.tiny.task import TinyTask
from ..planners.training.loop import LOG, Settings, train
from .packing import pack

BUNDLE = "bundle"


def train_tiny(
    data: Path,
    out: Path,
    settings: Settings,
    recipe: Recipe,
    *,
    device: str,
    name: str,
    spdx: str,
    facts: Mapping[str, Any] | None = None,
) -> Path:
    """Train `tiny` and pack it into OUT/bundle; a run that is in OUT already goes on. `facts` are further keys of bundle.json.

    Raises:
        InvalidDocument, UnreadablePhoto: the data. InvalidRequest: OUT holds a run with other settings.
        MissingExtra: accelerate or tensorboard is not installed.
        UnreachableBundle: OUT cannot be written to.
    """
    schema = own_schema()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnreachableBundle(f"{out} cannot be written: {error.strerror}", cure="Check the path.") from None
    examples = read_data(data, schema, recipe, cache=out)
    task = TinyTask.fresh(examples, schema, seed=settings.seed)
    average = _with_progress(task, settings, out, device)
    known = {
        "summary": "A small network trained through the renderer: it repairs exposure, casts, contrast and saturation.",
        "training_data": f"{len(examples)} examples of {len(set(examples.photo.tolist()))} photos.",
        "provenance": {
            "trained_by": f"veraretouch {version('veraretouch')}",
            "settings": asdict(settings),
            "recipe": asdict(recipe),
        },
        "metrics": {"loss": _last_loss(out)},
    }
    target = out / BUNDLE
    shutil.rmtree(target, ignore_errors=True)
    task.network.load_state_dict(average)
    retoucher = Retoucher(Tiny(task.network.cpu()))
    licence = {"spdx": spdx, "commercial_use": True}
    return pack(retoucher, target, name=name, licence=licence, facts=known | dict(facts or {}), files={LOG: out / LOG})


def _with_progress(task: TinyTask, settings: Settings, out: Path, device: str) -> dict[str, Tensor]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        line = bar.add_task("train tiny", total=settings.steps, loss="-")
        return train(
            task,
            settings,
            out,
            device=None if device == "auto" else device,
            progress=lambda step, loss: bar.update(line, completed=step, loss=f"{loss:.4f}"),
        )


def _last_loss(out: Path) -> float:
    return float(json.loads((out / LOG).read_text().splitlines()[-1])["loss"])
