"""contrib/dapo: a run learns, is watched, is stopped and goes on to the same bytes, and tells nobody."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from veraretouch import registry
from veraretouch.planners.vera.writing.sampling import Sampling

pytest.importorskip("veraretouch_dapo", reason="pip install ./contrib/dapo")

pytestmark = pytest.mark.xdist_group("dapo")
HELPERS = Path(__file__).parents[2] / "helpers" / "planners"


def weights(trainer):
    """The bytes of what was trained."""
    return {name: value.numpy().tobytes() for name, value in trainer.model.state_dict().items()}


def lines(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def refused(monkeypatch):
    """Every way out of this machine is closed; what was tried."""
    tried = []

    def refuse(*arguments, **more):
        tried.append(arguments)
        raise OSError("no way out")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    return tried


def test_a_run_moves_the_language_model_alone_is_watched_and_reports_to_nobody(
    trainer_of, tmp_path, monkeypatch, refused, one_thread
):
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK", "CI"):
        monkeypatch.delenv(name, raising=False)
    trainer = trainer_of(tmp_path, lr=0.1)
    planner = trainer.maker.planner
    frozen = [planner.model.tower, planner.model.projector, planner.model.head, planner.neural.network]
    before = [p.clone() for part in frozen for p in part.parameters()]
    language = [p.clone() for p in planner.model.language.parameters()]
    trainer.train()
    assert refused == []
    assert all(torch.equal(a, b) for a, b in zip(before, [p for m in frozen for p in m.parameters()], strict=True))
    moved = [not torch.equal(a, b) for a, b in zip(language, planner.model.language.parameters(), strict=True)]
    assert all(moved)
    logged = lines(tmp_path)
    assert [line["step"] for line in logged] == list(range(1, 9))
    generation = {"reward", "format rate", "length/mean", "groups/redrawn", "rewards/format", "rewards/overlong"}
    assert generation <= set(logged[0])
    assert all({"loss", "entropy", "clipped/low", "clipped/high"} <= set(line) for line in logged)
    assert max(line["clipped/low"] + line["clipped/high"] for line in logged[1::2]) > 0, (
        "the second update is off-policy"
    )
    told = tensorboard(tmp_path)
    assert set(told.Tags()["images"]) == {"answers"}
    assert {"reward", "entropy", "clipped/high", "rewards/format"} <= set(told.Tags()["scalars"])
    assert [event.step for event in told.Images("answers")] == [4, 8]
    picture = told.Images("answers")[0]
    assert (picture.height, picture.width) == (2 * 32, 6 * 32)


def tensorboard(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder / "tensorboard"))
    found.Reload()
    return found


def test_telemetry_of_trl_would_have_been_seen(trainer_of, tmp_path, monkeypatch):
    """The proof proven: TRL's own trainer would have told the Hub."""
    from veraretouch_dapo.libraries import GRPOTrainer

    told = []
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("trl.trainer.base_trainer.send_telemetry", lambda **facts: told.append(facts))
    trainer = trainer_of(tmp_path)
    assert told == []
    GRPOTrainer._send_telemetry(trainer)
    assert told[0]["library_name"] == "trl"


class Stop(Exception):
    """A run that breaks off."""


@pytest.mark.parametrize("epochs", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_a_run_that_breaks_off_goes_on_to_the_same_bytes_and_the_same_log(trainer_of, tmp_path, one_thread, epochs):
    """From the checkpoint of a generation, in another trainer; more examples are asked for than one epoch has."""
    from seedling import seedling
    from veraretouch_dapo.trainer import newest_checkpoint

    def own(name):
        return trainer_of(tmp_path / name, epochs=epochs, beside=0.5, planner=planner())

    def planner():
        return seedling(tie_word_embeddings=epochs == 2, head="sliders" if epochs == 2 else "neural")

    whole = own("whole")
    whole.train()
    broken = own("broken")
    roll = broken.maker.make
    calls = []

    def breaking(places, **more):
        calls.append(places)
        if len(calls) == 2 + (epochs == 1):
            raise Stop
        return roll(places, **more)

    broken.maker.make = breaking
    with pytest.raises(Stop):
        broken.train()
    newest = newest_checkpoint(tmp_path / "broken")
    assert newest.name == "checkpoint-4"
    torch.rand(7)  # whatever ran between
    resumed = own("broken")
    resumed.train(resume_from_checkpoint=str(newest))
    assert weights(resumed) == weights(whole)
    assert lines(tmp_path / "broken") == lines(tmp_path / "whole")
    kept = [load_file(tmp_path / name / "checkpoint-8" / "model.safetensors") for name in ("whole", "broken")]
    assert all(torch.equal(kept[0][name], kept[1][name]) for name in kept[0])


def test_a_checkpoint_that_was_not_written_to_its_end_is_not_gone_on_from(trainer_of, tmp_path):
    from veraretouch_dapo.trainer import WHOLE, newest_checkpoint

    trainer_of(tmp_path, steps=4).train()
    assert {path.name for path in tmp_path.glob("checkpoint-*")} == {"checkpoint-2", "checkpoint-4"}
    (tmp_path / "checkpoint-4" / WHOLE).unlink()
    assert newest_checkpoint(tmp_path).name == "checkpoint-2"
    assert not (tmp_path / "checkpoint-4").exists()
    assert newest_checkpoint(tmp_path / "empty") is None


def test_head_and_renderer_are_trained_beside_only_where_that_is_asked_for(trainer_of, tmp_path, one_thread):
    trainer = trainer_of(tmp_path, beside=1.0, most_tokens=120, steps=4)
    planner = trainer.maker.planner
    before = [p.clone() for part in (planner.model.head, planner.neural.network) for p in part.parameters()]
    tokens = iter(range(10**9))
    # Answers hold retouch tokens, so that there is something to render.
    import veraretouch_dapo.drawing as drawing

    plain = drawing._Drawing.next

    def next_token(self, logits, written):
        token = plain(self, logits, written)
        return planner.tokenizer.retouch[len(written) % 3] if next(tokens) % 3 == 0 else token

    drawing._Drawing.next = next_token
    try:
        trainer.train()
    finally:
        drawing._Drawing.next = plain
    after = [p for part in (planner.model.head, planner.neural.network) for p in part.parameters()]
    assert sum(not torch.equal(a, b) for a, b in zip(before, after, strict=True)) > len(before) / 2
    assert all("head and renderer/L1" in line for line in lines(tmp_path))


@pytest.mark.slow
def test_a_policy_learns_what_is_rewarded(tmp_path, one_thread):
    """Two tokens of six, one answer out of 36 worth more than others: its chance grows from 3 % to half."""
    import two_steps

    table = torch.zeros(6, 6)
    table[2, 4], table[2, :4], table[1, 4] = 1.0, 0.2, 0.2
    trainer = two_steps.trainer(table, tmp_path, prompts=8, group=8, updates=1, part=64, steps=40, lr=4e-2)
    model = trainer.maker.model

    def chance():
        return float(two_steps.log_probabilities(model, [(2, 4)]).detach().sum().exp())

    assert chance() < 0.1
    trainer.train()
    assert chance() > 0.5


def test_a_run_with_other_settings_or_data_is_not_gone_on_with(tmp_path):
    from veraretouch_dapo.run import _begin

    from veraretouch.core.errors import InvalidRequest

    _begin(tmp_path, {"settings": {"steps": 3}})
    _begin(tmp_path, {"settings": {"steps": 3}})
    with pytest.raises(InvalidRequest, match=r"was made with other settings or data. Give the same, or another --out"):
        _begin(tmp_path, {"settings": {"steps": 4}})


@pytest.fixture
def bundle(tmp_path):
    """A planner of a few thousand parameters, which plans by sliders and takes the likeliest words, as a bundle."""
    from seedling import seedling

    from veraretouch.core.plugins.bundles import pack_planner

    planner = seedling(head="sliders")
    planner.sampling = Sampling(temperature=0.0)
    return pack_planner(
        planner, tmp_path / "seedling", name="seedling",
        licence={"spdx": "MIT", "commercial_use": True}, facts={"summary": "Random.", "training_data": "None."},
    )  # fmt: skip


def test_the_command_makes_a_bundle_under_the_licence_that_it_came_with(bundle, tmp_path, veraretouch_registry):
    import lessons
    from typer.testing import CliRunner

    from veraretouch import zoo
    from veraretouch.core.cli.shell import app

    own_reward(tmp_path)
    lessons.write_dataset(tmp_path / "data")
    (tmp_path / "own.json").write_text(json.dumps(small(rewards={"format": {}, "acme.keep_whites": {"scale": 0.03}})))
    words = ["train", "dapo", "--bundle", str(bundle), "--data", str(tmp_path / "data"), "--out", str(tmp_path / "out")]
    words += ["--config", str(tmp_path / "own.json"), "--device", "cpu", "--steps", "2"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "step 1 of 2: reward" in done.output
    about = json.loads((tmp_path / "out" / "bundle" / "bundle.json").read_text())
    assert about["licence"]["spdx"] == "MIT"
    assert about["provenance"]["settings"]["rewards"]["acme.keep_whites"] == {"scale": 0.03}
    opened = zoo.load(str(tmp_path / "out" / "bundle")).planner
    start = zoo.load(str(bundle)).planner
    assert opened.ops is start.ops is None, "it still plans by sliders"
    assert opened.sampling == start.sampling != Sampling(), "and draws as it did"
    names = dict(start.model.named_parameters())
    moved = {name for name, value in opened.model.named_parameters() if not torch.equal(value, names[name])}
    assert moved
    assert all(name.startswith(("language.", "lm_head.")) for name in moved)


def test_a_mode_of_which_there_is_no_example_is_one_error(bundle, settings, tmp_path):
    import lessons
    from veraretouch_dapo.run import train_dapo

    from veraretouch.core.errors import InvalidDocument

    lessons.write_dataset(tmp_path / "data", modes=("auto", "auto"))
    with pytest.raises(InvalidDocument, match="no example of the mode 'style' that the model has words for"):
        train_dapo(str(bundle), tmp_path / "data", tmp_path / "out", settings(mode="style"))


def own_reward(folder):
    """The reward of the guide, put in the catalogue as its code stands there."""
    guide = (Path(__file__).parents[3] / "docs" / "guide" / "own-reward.md").read_text()
    code = guide.partition("```python\n")[2].partition("```")[0]
    space = {"__name__": "acme_rewards"}
    exec(compile(code, "acme_rewards.py", "exec"), space)
    registry.rewards.add(space["KeepWhites"])


def small(**changed):
    """A configuration that takes seconds."""
    return {
        "steps": 2, "prompts": 2, "group": 2, "updates": 1, "part": 4, "most_tokens": 12, "overlong": 4,
        "image_size": 32, "save_every": 1, "show_every": 1,
    } | changed  # fmt: skip


CHILD = """
import sys
sys.path[:0] = {paths!r}
import torch
torch.set_num_threads(1)
from pathlib import Path
from seedling import seedling
from veraretouch.planners.training.vera.examples import read_examples
from veraretouch_dapo.run import trainer_of
from veraretouch_dapo.settings import DapoSettings
from veraretouch_dapo.trainer import newest_checkpoint
out = Path({out!r})
out.mkdir(exist_ok=True)
examples, _ = read_examples(Path({data!r}), image_size=32)
settings = DapoSettings(**{settings!r})
trainer = trainer_of(seedling(), examples, settings, out, device="cpu", say=lambda text: print(text, flush=True))
newest = newest_checkpoint(out)
trainer.train(resume_from_checkpoint=None if newest is None else str(newest))
"""


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_to_the_same_bytes(tmp_path):
    """`kill -9` at three moments, each run gone on with to its end."""
    import lessons

    lessons.write_dataset(tmp_path / "data")
    settings = small(steps=12, group=4, part=8, most_tokens=24, redraws=1, lr=1e-2)

    def child(out):
        code = CHILD.format(
            paths=[str(HELPERS), str(HELPERS.parent / "repository")],
            out=str(tmp_path / out),
            data=str(tmp_path / "data"),
            settings=settings,
        )
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)

    def finished(out):
        with child(out) as process:
            process.communicate(timeout=300)
        assert process.returncode == 0

    finished("whole")
    assert all(line["gradient"] > 0 for line in lines(tmp_path / "whole"))
    for number, after in enumerate((2, 5, 8)):
        out = f"killed-{number}"
        with child(out) as killed:
            next(line for line in killed.stdout if f"step {after} of" in line)
            time.sleep(0.03 * number)  # in the middle of whatever comes next: a checkpoint, a drawing, a step
            killed.send_signal(signal.SIGKILL)
        finished(out)
        kept = [(tmp_path / name / "checkpoint-12" / "model.safetensors").read_bytes() for name in ("whole", out)]
        assert kept[0] == kept[1]
        assert lines(tmp_path / out) == lines(tmp_path / "whole")


@pytest.mark.slow
def test_two_processes_share_a_generation_and_write_one_bundle(bundle, tmp_path):
    import lessons

    lessons.write_dataset(tmp_path / "data")
    (tmp_path / "own.json").write_text(json.dumps(small(steps=3, part=2, beside=1.0)))
    words = ["train", "dapo", "--bundle", bundle, "--data", tmp_path / "data", "--out", tmp_path / "out"]
    words += ["--config", tmp_path / "own.json", "--device", "cpu"]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", command_line(), *map(str, words)]
    done = subprocess.run(
        command, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert [line["step"] for line in lines(tmp_path / "out")] == [1, 2, 3]
    assert (tmp_path / "out" / "bundle" / "bundle.json").exists()


def command_line():
    return str(Path(sys.executable).with_name("veraretouch"))


@pytest.mark.parametrize("processes", ["3", "4"])
def test_a_generation_that_processes_cannot_share_by_whole_groups_is_one_error(
    settings, tmp_path, monkeypatch, processes
):
    from veraretouch_dapo.trainer import config_of

    from veraretouch.core.errors import InvalidRequest

    monkeypatch.setenv("WORLD_SIZE", processes)
    with pytest.raises(InvalidRequest, match=f"2 groups of 4 answers cannot be divided among {processes} processes"):
        config_of(settings(), {"format": 1.0}, tmp_path)
