"""Training `vera`, its renderer and its encoder: what is learnt, what survives a kill,
what two processes change, and how fast it is.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import lessons
import numpy as np
import pytest
import torch
from PIL import Image
from speed_report import Figures
from vera_steps import Lectures, throughput

import veraretouch as vr
from veraretouch.core.contract.slots import GROUPS
from veraretouch.core.render.retoucher import Retoucher
from veraretouch.planners.training.data import photos_of
from veraretouch.planners.training.loop import LOG, TrainingSettings, checkpoints, train
from veraretouch.planners.training.pairs import EditedPairs, of_photos
from veraretouch.planners.training.reference_task import PairTask, PretrainingTask, render
from veraretouch.planners.training.vera.examples import read_examples
from veraretouch.planners.training.vera.stages import TrainingStage
from veraretouch.planners.training.vera.task import VeraTask
from veraretouch.planners.vera.model import VeraConfig
from veraretouch.planners.vera.planner import Vera
from veraretouch.planners.vera.writing.sampling import Sampling

RECORDS = Path(__file__).parents[3] / "docs" / "benchmarks"
COMMAND = Path(sys.executable).with_name("veraretouch")
PRETRAINING, STEPS = 600, 600
GPU = torch.cuda.is_available()
# Two processes on CPUs: --device cpu turns what accelerate starts for GPUs into processes that talk by gloo.
LAUNCH = (
    *(sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1"),
    *("--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"),
)
RUN = (
    *(
        "train",
        "vera",
        "--bundle",
        "./start",
        "--data",
        "data",
        "--stage",
        "alignment",
        "--alpha",
        "1",
        "--image-size",
        "16",
    ),
    *("--steps", "12", "--batch", "4", "--save-every", "3", "--lr", "1e-3", "--warmup", "2", "--device", "cpu"),
)

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def figures() -> Iterator[Figures]:
    throughput = "" if GPU else " Throughput of the full-size model: not measured: no GPU."
    made = Figures(
        "Training vera, its renderer and its encoder",
        "networks/test_vera_training.py",
        "The language model is a small one of random weights behind the tower in its full size (pictures of 256 pixels"
        f" where four photos are learnt by heart); renderer and encoder have their full size.{throughput}",
    )
    yield made
    made.write(RECORDS / "vera-training.json", RECORDS / "vera-training.md")


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bundle to begin with and data of which one example shows a photo."""
    folder = tmp_path_factory.mktemp("runs")
    lessons.write_dataset(folder / "data", modes=("auto", "param", "param", "param"))
    licence = {"spdx": "MIT", "commercial_use": True}
    vr.zoo.pack(Retoucher(lessons.student()), folder / "start", name="small", licence=licence)
    assert _command(folder, COMMAND, *RUN, "--out", "whole") == 0
    return folder


def _command(folder: Path, *words: object) -> int:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run([str(w) for w in words], cwd=folder, env=environment, capture_output=True, text=True)
    print(done.stdout[-2000:], done.stderr[-3000:])
    return done.returncode


def test_four_photos_are_learnt_by_heart_in_pixels_and_in_words(
    figures: Figures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = lessons.write_dataset(tmp_path / "data")
    student = lessons.student()
    student.model.config = replace(student.model.config, picture_side=256)
    began = time.perf_counter()
    task = VeraTask(student, read_examples(tmp_path / "data", image_size=32)[0], TrainingStage.ALIGNMENT, alpha=1.0)
    settings = TrainingSettings(steps=240, batch=4, lr=3e-3, warmup=20, decay=0.0, average=0.0, save_every=240)
    train(task, settings, tmp_path / "out", device="cpu")
    seconds = time.perf_counter() - began
    planner = Vera(student.model, student.tokenizer, task.network.op, sampling=Sampling(temperature=0, most_tokens=300))
    retoucher = Retoucher(planner, vr.Renderer(planner.ops))
    decibels, words = [], 0
    for about in made:
        result = retoucher(about["before"])
        error = (result.image.astype(float) - about["after"]).__pow__(2).mean()
        decibels.append(10 * np.log10(255**2 / error))
        words += result.reasoning == about["reasoning"]
    figures.bar("by heart: worst of four photos, dB", min(decibels), at_least=35)
    figures.bar("by heart: answers that are right to the letter, of four", words, at_least=4)
    figures.bar("by heart: seconds of training", seconds, at_most=180)
    figures.judge("by heart")


def test_a_run_killed_with_signal_9_goes_on_to_the_same_bytes(figures: Figures, start: Path) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [COMMAND, *RUN, "--out", "killed"], cwd=start, env=environment, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 300
    while len(checkpoints(start / "killed")) < 2 and process.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (start / "killed" / "bundle").exists()
    assert _command(start, COMMAND, *RUN, "--out", "killed") == 0
    whole, resumed = start / "whole" / "bundle", start / "killed" / "bundle"
    names = ("model.safetensors", "renderer.safetensors", LOG)
    same = sum((whole / name).read_bytes() == (resumed / name).read_bytes() for name in names)
    figures.bar("killed: files equal to an uninterrupted run's, of three", same, at_least=3)
    figures.judge("killed")
    trained = vr.zoo.load(str(resumed))
    assert trained.planner.id == "vera"
    assert trained.origin["licence"] == "MIT"  # as the bundle that it began with


def test_two_processes_have_the_same_losses(figures: Figures, start: Path) -> None:
    assert _command(start, *LAUNCH, COMMAND, *RUN, "--out", "two") == 0
    curves = [
        np.array([json.loads(line)["loss"] for line in (start / out / LOG).read_text().splitlines()])
        for out in ("whole", "two")
    ]
    figures.bar(
        "two processes: largest relative difference of the loss", np.abs(curves[1] / curves[0] - 1).max(), at_most=1e-3
    )
    figures.judge("two processes")


def test_held_out_pairs_gain_at_least_five_decibels(figures: Figures) -> None:
    photos = [Image.open(path).convert("RGB") for path in photos_of(lessons.PHOTOS)]
    taught, held = [photo for i, photo in enumerate(photos) if i % 4 != 3], photos[3::4]
    known = replace(of_photos(_palettes(_pictures(taught, crops=True)), copies=100, seed=0), step=4)
    began = time.perf_counter()
    settings = TrainingSettings(steps=PRETRAINING, batch=64, lr=3e-3, warmup=30, average=0.99, save_every=PRETRAINING)
    pretrained = PretrainingTask(known)
    pretrained.network.load_state_dict(train(pretrained, settings, device="cpu"))
    task = PairTask(known, pretrained=pretrained)
    task.network.load_state_dict(train(task, replace(settings, steps=STEPS, lr=5e-4, save_every=STEPS), device="cpu"))
    seconds = time.perf_counter() - began
    unseen = of_photos(_pictures(held), copies=20, seed=1)
    nothing, done = _decibels(task, unseen, frozenset(GROUPS))
    figures.table(
        f"{PRETRAINING} steps of the renderer alone and {STEPS} of it and the encoder on {len(taught)} photos, their"
        f" crops and both in other channels, judged on {len(held)} other photos",
        {
            "doing nothing, dB": nothing,
            "trained, on photos held out, dB": done,
            **{
                f"the group {g} alone, gain, dB": np.subtract(*_decibels(task, unseen, frozenset({g}))[::-1])
                for g in GROUPS
            },
            "seconds": seconds,
        },
    )
    figures.bar("pairs: gain over doing nothing, dB", done - nothing, at_least=5)
    batch = unseen.batch(torch.arange(8), [frozenset({"lighting"})] * 8)
    with torch.no_grad():
        latent = task.network.encoder(2 * batch.before - 1, 2 * batch.after - 1)
        other = latent.clone()
        other[:, 896:] = torch.randn_like(other[:, 896:])
        masked, also = (render(task.network.renderer, batch.rgb, one, batch.masks) for one in (latent, other))
    figures.bar("pairs: what masked groups' latents change in a pixel", float((masked - also).abs().max()), at_most=0)
    figures.judge("pairs")


def _pictures(photos: list[Image.Image], *, crops: bool = False) -> torch.Tensor:
    """Photos, and their four quarters, as squares (N, 3, 32, 32)."""
    made = []
    for photo in photos:
        w, h = photo.width // 2, photo.height // 2
        quarters = [photo.crop((x, y, x + w, y + h)) for x in (0, w) for y in (0, h)] if crops else []
        made += [np.asarray(one.resize((32, 32), Image.Resampling.LANCZOS)) for one in (photo, *quarters)]
    return torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2)


def _palettes(pictures: torch.Tensor) -> torch.Tensor:
    """Pictures (N, 3, H, W) with their channels in each of the six orders: (6 N, 3, H, W)."""
    return torch.cat([pictures[:, list(order)] for order in permutations(range(3))])


def _decibels(task: PairTask, pairs: EditedPairs, mask: frozenset[str]) -> tuple[float, float]:
    """PSNR of doing nothing and of the networks, means over pairs, where only these groups are wanted."""
    batch = pairs.batch(torch.arange(len(pairs)), [mask] * len(pairs))
    with torch.no_grad():
        done = task.network.eval()(batch)[0].clamp(0, 1)
    errors = ((one - batch.wanted).square().flatten(1).mean(dim=1).clamp(min=1e-6) for one in (batch.rgb, done))
    nothing, trained = (float((-10 * torch.log10(error)).mean()) for error in errors)
    return nothing, trained


@pytest.mark.skipif(not GPU, reason="not measured: no GPU")
def test_steps_of_the_full_size_model_on_a_gpu(figures: Figures) -> None:
    found = {}
    for stage in TrainingStage:
        for batch in (1, 8):
            torch.cuda.reset_peak_memory_stats()
            lectures = Lectures(VeraConfig(), answer=512, stage=stage, device="cuda")
            seconds = throughput(lectures, batch=batch, device=None, precision="bf16")
            found[f"{stage}, batch {batch}: examples a second"] = batch / seconds
            found[f"{stage}, batch {batch}: peak memory, GB"] = torch.cuda.max_memory_allocated() / 1e9
            del lectures
    figures.table(
        f"Training steps, full size, bfloat16, checkpointing, 512 tokens, {torch.cuda.get_device_name()}", found
    )
    assert all(value > 0 for value in found.values())
