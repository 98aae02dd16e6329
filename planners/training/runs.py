"""From data to bundles: examples, training with a progress bar, packing. Of several processes the first one packs."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...core.cli.terminal import complain
from ...core.contract.bundle import OpenedBundle
from ...core.contract.planner import Planner
from ...core.errors import IncompatibleBundle, InvalidRequest, UnreachableBundle
from ...core.plugins.bundles import open_bundle, pack_planner
from ...core.render.loading import load_retoucher
from ...ops.neural import Neural
from ..reference.planner import Reference
from ..scene.reader import SceneReader
from ..tiny.latents import own_schema
from ..tiny.planner import Tiny
from ..vera.planner import Vera
from .cases.mixture import distribution
from .loop import LOG, TrainingSettings, TrainingTask, is_first, train
from .memory import check_memory, estimate_memory
from .pairs import EditedPairs, read_pairs
from .reference_task import PairTask, PretrainingTask
from .scene.imagenet import started
from .scene.labels import fingerprint as fingerprint_of_labels
from .scene.labels import read_labels
from .scene.recipe import SceneRecipe
from .scene.task import SceneTask
from .tiny_examples import ExampleRecipe, read_data
from .tiny_task import TinyTask
from .vera.examples import fingerprint, read_examples
from .vera.recipe import StageRecipe
from .vera.seeing import SeeingTask
from .vera.stages import TrainingStage
from .vera.start import start
from .vera.task import VeraTask

BUNDLE = "bundle"


def train_tiny(
    data: Path,
    out: Path,
    settings: TrainingSettings,
    recipe: ExampleRecipe,
    *,
    without: Collection[int] = (),
    cache: Path | None = None,
    device: str,
    name: str,
    spdx: str,
    facts: Mapping[str, Any] | None = None,
    start: Path | None = None,
) -> Path:
    """Train `tiny` and pack it into OUT/bundle; a run that is in OUT already goes on. `facts` are further keys of
    bundle.json.

    Args:
        without: folds of sources that are held out, 0 to 4.
        cache: a folder where the measured photos are kept; OUT by default.
        start: a bundle of `tiny`, whose network is trained further; what it has seen is seen.

    Raises:
        InvalidDocument, UnreadablePhoto: the data. InvalidRequest: OUT holds a run with other settings, or no
            photo is left without those folds.
        MissingExtra: accelerate or tensorboard is not installed.
        UnreachableBundle: OUT cannot be written to.
    """
    _make(out)
    examples = read_data(data, recipe, cache=cache or out)
    kept = ~torch.isin(examples.fold, torch.tensor(list(without), dtype=torch.long))
    if not kept.any():
        raise InvalidRequest(f"no photo is left without the folds {sorted(without)}", cure="Hold fewer folds out.")
    examples = examples.rows(kept.nonzero().flatten())
    about = {"recipe": asdict(recipe), "mixture": dict(distribution()), "without": sorted(without)}
    if start is None:
        task = TinyTask.fresh(examples, own_schema(), seed=settings.seed)
    else:
        opened = open_bundle(str(start))
        task = TinyTask(Tiny.from_bundle(opened).network.train(), examples, own_schema())
        about["start"] = opened.asset["sha256"]
    task.network.load_state_dict(_trained("tiny", task, settings, out, device, about))
    known = {
        "summary": "A small network trained through the renderer: it repairs faults and finishes unfinished photos.",
        "training_data": f"{len(examples)} examples of {len(set(examples.photo.tolist()))} photos.",
        "provenance": _provenance(settings, **about),
    }
    licence = {"spdx": spdx, "commercial_use": True}
    return _packed(Tiny(task.network.cpu()), out, name=name, licence=licence, facts=known | dict(facts or {}))


def train_neural(
    data: Path,
    out: Path,
    settings: TrainingSettings,
    *,
    image_size: int,
    copies: int,
    renderer_pretrain_steps: int = 0,
    device: str,
    name: str,
    spdx: str,
) -> Path:
    """Train the reference encoder and the renderer by pairs of pictures of `image_size` pixels, and pack both into
    OUT/bundle.

    Args:
        renderer_pretrain_steps: steps that pre-train the renderer on pairs whose edit parameters are known; their run
            is in OUT/renderer-pretraining.

    Raises:
        As `train_tiny`.
    """
    _make(out)
    said = check_memory(estimate_memory(data, settings, image_size=image_size), device=device)
    if os.environ.get("RANK", "0") == "0":
        complain(said, what="Note")
    pairs = read_pairs(data, image_size=image_size, copies=copies, seed=settings.seed)
    about = {
        "image_size": image_size,
        "copies": copies,
        "renderer_pretrain_steps": renderer_pretrain_steps,
        "pairs": len(pairs),
    }
    first = None
    if renderer_pretrain_steps and isinstance(pairs, EditedPairs):
        first = PretrainingTask(pairs, seed=settings.seed)
        alone = replace(settings, steps=renderer_pretrain_steps)
        first.network.load_state_dict(
            _trained("the renderer", first, alone, out / "renderer-pretraining", device, about)
        )
    task = PairTask(pairs, seed=settings.seed, pretrained=first)
    task.network.load_state_dict(_trained("neural", task, settings, out, device, about))
    network = task.network.cpu()
    facts = {
        "summary": "The reference encoder and the retouch renderer, trained together on pairs of pictures.",
        "training_data": f"{len(pairs)} pairs of pictures.",
        "provenance": _provenance(settings, **about),
    }
    planner = Reference(network.encoder, network.op, side=image_size)
    return _packed(planner, out, name=name, licence={"spdx": spdx, "commercial_use": True}, facts=facts)


def train_scene(
    data: Path,
    out: Path,
    settings: TrainingSettings,
    recipe: SceneRecipe,
    *,
    start: str | None,
    without: Collection[str],
    device: str,
    name: str,
    spdx: str,
    facts: Mapping[str, Any] | None = None,
) -> Path:
    """Train the network of `planners/scene` on a folder of labels and pack it into OUT/bundle, 8 bits a weight.

    Args:
        start: weights to start from; see `scene.imagenet.started`. None: random ones.
        without: sources that are kept away for judging.

    Raises:
        InvalidDocument: the data, or the weights. And as `train_tiny`.
    """
    _make(out)
    items = read_labels(data, without=without)
    task = SceneTask.of(items, recipe, None if start is None else started(start))
    about = {
        "recipe": asdict(recipe),
        "start": start,
        "without": sorted(without),
        "pictures": fingerprint_of_labels(items),
    }
    task.network.load_state_dict(_trained("scene", task, settings, out, device, about), strict=False)
    sources = sorted({item.source for item in items})
    known = {
        "summary": "Gives each pixel its shares of sky, foliage, water, snow, ground, building, person and skin.",
        "training_data": f"{len(items)} pictures with pixel labels of {len(sources)} sources: {', '.join(sources)}.",
        "provenance": _provenance(settings, **about),
    }
    licence = {"spdx": spdx, "commercial_use": True}
    return _packed(SceneReader(task.network.cpu()), out, name=name, licence=licence, facts=known | dict(facts or {}))


def start_vera(
    configuration: Path, data: Path, out: Path, *, tower: Path | None, seed: int, name: str, spdx: str
) -> Path:
    """Pack an untrained planner of vera's architecture into OUT/bundle; see `vera.start.start`.

    Raises:
        InvalidDocument: the configuration, the data or the tower's weights. UnreachableBundle: OUT cannot be written
            to.
    """
    _make(out)
    planner = start(configuration, data, tower=tower, seed=seed)
    facts = {
        "summary": "Untrained: sizes and vocabulary of a planner that is yet to learn.",
        "training_data": "None but the sentences that the vocabulary was learnt on.",
    }
    licence = {"spdx": spdx, "commercial_use": True}
    shutil.rmtree(out / BUNDLE, ignore_errors=True)
    return pack_planner(planner, out / BUNDLE, name=name, licence=licence, facts=facts)


def train_vera(
    bundle: str,
    data: Path,
    out: Path,
    settings: TrainingSettings,
    recipe: StageRecipe,
    *,
    stage: TrainingStage,
    checkpointing: bool,
    device: str,
    name: str,
    renderer: str | None = None,
) -> Path:
    """Train the model of a bundle further and pack it into OUT/bundle, under the licence that it came with.

    Args:
        bundle: a bundle's name or folder; `renderer`: another one, whose renderer takes the place of its own.

    Raises:
        IncompatibleBundle: the bundle is of another planner. And as `train_tiny`, and `zoo.load`.
    """
    _make(out)
    planner = load_retoucher(bundle).planner
    if not isinstance(planner, Vera):
        raise IncompatibleBundle(
            f"bundle {bundle!r} is of the planner {planner.id!r}", cure="Give one of 'vera', such as vera-0.5b."
        )
    source = open_bundle(bundle)
    drawn = open_bundle(renderer) if renderer is not None else source
    neural = Neural.from_bundle(drawn)
    planner = Vera(planner.model, planner.tokenizer, neural, sampling=planner.sampling, head=planner.head)
    examples, left = read_examples(data, image_size=recipe.image_size)
    if left:
        complain(f"{left} examples are left out: the model has no words for what they ask", what="Note")
    task: VeraTask | SeeingTask = (
        SeeingTask(planner, examples)
        if stage is TrainingStage.SEEING
        else VeraTask(planner, examples, stage, alpha=recipe.alpha, checkpointing=checkpointing)
    )
    about = {
        "stage": stage.value,
        **asdict(recipe),
        "bundle": source.asset["sha256"],
        "renderer": drawn.asset["sha256"],
        "examples": fingerprint(examples),
    }
    rates = {"model.tower.": recipe.tower_rate}
    made = _trained(f"vera ({stage})", task, settings, out, device, about, rates)
    task.network.load_state_dict(made, strict=False)
    task.network.cpu()
    facts = {
        "summary": f"Trained further from {source.name}, stage {stage}.",
        "training_data": f"{len(examples)} examples.",
        "provenance": _provenance(settings, **about, source=source.asset),
    }
    licence, files = _licence(source)
    return _packed(planner, out, name=name, licence=licence, facts=facts, files=files)


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnreachableBundle(f"{out} cannot be written: {error.strerror}", cure="Check the path.") from None


def _trained(
    title: str,
    task: TrainingTask,
    settings: TrainingSettings,
    out: Path,
    device: str,
    about: Mapping[str, Any] | None = None,
    rates: Mapping[str, float] | None = None,
) -> dict[str, Tensor]:
    """What training made, under a progress bar."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    alone = os.environ.get("RANK", "0") == "0"  # of several processes, each would draw a bar
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not alone) as bar:
        line = bar.add_task(f"train {title}", total=settings.steps, loss="-")
        return train(
            task,
            settings,
            out,
            device=None if device == "auto" else device,
            about=about,
            rates=rates,
            progress=lambda step, loss: bar.update(line, completed=step, loss=f"{loss:.4f}"),
        )


def _packed(
    planner: Planner | SceneReader,
    out: Path,
    *,
    name: str,
    licence: Mapping[str, Any],
    facts: Mapping[str, Any],
    files: Mapping[str, Path] | None = None,
) -> Path:
    """Pack a planner, its log and the last loss into OUT/bundle."""
    target = out / BUNDLE
    if is_first():
        shutil.rmtree(target, ignore_errors=True)
        loss = float(json.loads((out / LOG).read_text().splitlines()[-1])["loss"])
        known = {"metrics": {"loss": loss}} | dict(facts)
        pack_planner(planner, target, name=name, licence=licence, facts=known, files={LOG: out / LOG, **(files or {})})
    return target


def _licence(source: OpenedBundle) -> tuple[dict[str, Any], dict[str, Path]]:
    """The licence of a bundle, and the file that it stands in: what is trained from weights stays under theirs."""
    found = source.terms
    return found, {found["file"]: source.folder / found["file"]} if "file" in found else {}


def _provenance(settings: TrainingSettings, **more: Any) -> dict[str, Any]:
    return {"trained_by": f"veraretouch {version('veraretouch')}", "settings": asdict(settings), **more}
