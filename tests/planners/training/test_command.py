"""`veraretouch train tiny`: from photos or a dataset to a bundle that the zoo loads; killed, it goes on."""

from __future__ import annotations

import io
import json
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lazily import needs
from PIL import Image

import veraretouch as vr
from veraretouch.core.errors import InvalidDocument, InvalidRequest, UnreadablePhoto
from veraretouch.planners.training.cases.sources import photos_by_source
from veraretouch.planners.training.loop import TrainingSettings, checkpoints
from veraretouch.planners.training.runs import train_tiny
from veraretouch.planners.training.tiny_examples import ExampleRecipe, Examples, of_photos, read_data

needs("accelerate")
pytestmark = pytest.mark.xdist_group("training")

DATA = Path(__file__).parents[2] / "data" / "photos"
NAMES = ("kodak-02", "kodak-08", "kodak-22")


def command() -> str:
    return str(Path(sys.executable).with_name("veraretouch"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good").mkdir()
    for name in NAMES:
        shutil.copy(DATA / f"{name}.jpg", tmp_path / "good" / f"{name}.jpg")
    return tmp_path / "good"


OPTIONS = [
    "train",
    "tiny",
    "--data",
    "good",
    "--out",
    "out",
    "--steps",
    "6",
    "--copies",
    "3",
    "--batch",
    "4",
    "--save-every",
    "2",
    "--device",
    "cpu",
    "--seed",
    "3",
]


SETTINGS = TrainingSettings(steps=6, batch=4, seed=3, save_every=2)


def check_bundle(out: Path, data: Path) -> None:
    """OUT holds a bundle that plans, its log and TensorBoard's, and refuses to go on with other settings."""
    bundle = out / "bundle"
    assert [json.loads(line)["step"] for line in (bundle / "log.jsonl").read_text().splitlines()] == [2, 4, 6]
    assert list((out / "tensorboard").iterdir())
    result = vr.zoo.load(str(bundle))(DATA / "kodak-05.jpg")
    assert result.plan.planner["bundle"]["name"] == "tiny"
    with pytest.raises(InvalidRequest, match="other settings"):
        train_tiny(
            data,
            out,
            replace(SETTINGS, steps=8),
            ExampleRecipe(copies=3, seed=3),
            device="cpu",
            name="tiny",
            spdx="MIT",
        )


def test_the_command_leaves_a_bundle_its_log_and_checkpoints_of_these_settings(cli, folder: Path, tmp_path) -> None:
    cli(*OPTIONS)
    check_bundle(tmp_path / "out", folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "facts.json: cannot be read: No such file"), ("[1]", "facts.json: [1] is no object")],
)
def test_facts_that_are_none_are_one_error_before_anything_is_written(cli, folder: Path, tmp_path, text, said) -> None:
    if text is not None:
        (tmp_path / "facts.json").write_text(text)
    for command in ("tiny", "scene"):
        done = cli("train", command, "--data", "good", "--out", "out", "--facts", "facts.json", code=1)
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_to_the_same_bundle(cli, folder: Path, tmp_path: Path, environment) -> None:
    """Two runs of the command and a half; that a loop goes on to the same bits is in test_loop.py, too."""
    process = subprocess.Popen([command(), *OPTIONS], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 100
    while not list((tmp_path / "out").glob("checkpoint-*")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = checkpoints(tmp_path / "out")
    assert left
    cli(*OPTIONS)
    # The same command, so that both have as many threads: sums of floats depend on them.
    cli(*["whole" if word == "out" else word for word in OPTIONS])
    whole = tmp_path / "whole" / "bundle"
    resumed = tmp_path / "out" / "bundle"
    assert (whole / "tiny.safetensors").read_bytes() == (resumed / "tiny.safetensors").read_bytes()
    assert (whole / "log.jsonl").read_text() == (resumed / "log.jsonl").read_text()
    check_bundle(tmp_path / "out", folder)


def _shard(path: Path, examples: list[dict[str, object]]) -> None:
    picture = io.BytesIO()
    Image.open(DATA / "kodak-08.jpg").save(picture, "JPEG")
    with tarfile.open(path, "w") as tar:
        for index, about in enumerate(examples):
            files = {
                "input.jpg": picture.getvalue(),
                "target.jpg": picture.getvalue(),
                "json": json.dumps(about).encode(),
            }
            for suffix, data in files.items():
                member = tarfile.TarInfo(f"{index:04d}.{suffix}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))


def test_a_dataset_of_shards_is_read_but_for_its_words_and_exact_values(tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text(json.dumps({"schema": "veraretouch.dataset/1"}))
    example = {"schema": "veraretouch.example/1", "photo": "p"}
    asked = [("auto", {"mode": "auto"}), ("style", {"mode": "style", "prompt": "warm"}), ("param", {"mode": "param"})]
    _shard(
        tmp_path / "train-000000.tar", [example | {"subset": subset, "request": request} for subset, request in asked]
    )
    examples = read_data(tmp_path, ExampleRecipe())
    assert len(examples) == 1
    assert examples.before.equal(examples.natural)
    assert examples.natural.equal(examples.faithful)
    assert examples.known.all()


def test_data_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadablePhoto, match="no photos"):
        read_data(tmp_path, ExampleRecipe())
    (tmp_path / "dataset.json").write_text(json.dumps({"schema": "veraretouch.dataset/1"}))
    with pytest.raises(InvalidDocument, match="no shards"):
        read_data(tmp_path, ExampleRecipe())
    (tmp_path / "dataset.json").write_text(json.dumps({"schema": "other/9"}))
    with pytest.raises(InvalidDocument, match=r"is no veraretouch\.dataset/1"):
        read_data(tmp_path, ExampleRecipe())


def test_the_examples_of_a_photo_follow_from_its_number_and_not_from_the_others(folder: Path) -> None:
    photos = photos_by_source(folder)
    every = Examples.cat(list(of_photos(photos, ExampleRecipe(copies=2))))
    alone = Examples.cat(list(of_photos(photos[1:2], ExampleRecipe(copies=2), first=1)))
    rows = every.rows((every.photo == 1).nonzero().flatten())
    assert rows.before.equal(alone.before)
    assert torch.allclose(rows.features, alone.features, atol=1e-4)


def test_a_fold_that_is_held_out_teaches_nothing(folder: Path, tmp_path: Path) -> None:
    rows = [f"{name}.jpg,{name},retouched" for name in NAMES]
    (folder / "index.csv").write_text("\n".join(["file,source,tier", *rows]))
    folds = [photo.fold for photo in photos_by_source(folder)]
    settings = TrainingSettings(steps=1, batch=3)
    recipe = ExampleRecipe(copies=2)
    made = train_tiny(
        folder, tmp_path / "one", settings, recipe, without=folds[:1], device="cpu", name="one", spdx="MIT"
    )
    manifest = json.loads((made / "bundle.json").read_text())
    left = sum(fold != folds[0] for fold in folds)
    assert manifest["training_data"] == f"{2 * left} examples of {left} photos."
    with pytest.raises(InvalidRequest, match="no photo is left without the folds"):
        train_tiny(folder, tmp_path / "none", settings, recipe, without=range(5), device="cpu", name="none", spdx="MIT")
