r"""Run the arms of the experiment of DAPO against teaching by examples (SFT): each is trained, and judged on photos
that no arm has seen. What is done is kept, and a run that was stopped goes on from its checkpoint.

    python tests/benchmarks/dapo/dapo_run.py nothing-0 sft-0 dapo-0 longer-0 ... --bundle BUNDLE --data DATA \
        --judge HELDOUT --run RUN

An arm is a name and the seed of its training; `sft-0` comes first, and `longer-K`, which takes as many seconds as
`dapo-K` took, after that. One thread an arm: two such commands with different arms work side by side. Some photos of
DATA are kept back from all arms; without `--judge` it is these that are judged, for choosing settings. dapo_report.py
writes the report.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from dapo_judging import as_trained, by_words, judge, samples
from veraretouch_dapo.rewarding import Rewards
from veraretouch_dapo.run import trained, trainer_of
from veraretouch_dapo.settings import DapoSettings
from veraretouch_dapo.trainer import newest_checkpoint

from veraretouch import Reward, Rollouts, registry
from veraretouch.core.atomic_write import new_file
from veraretouch.core.plugins.bundles import open_bundle, pack_planner
from veraretouch.core.render.loading import load_retoucher
from veraretouch.planners.training.data import pixel_grid
from veraretouch.planners.training.loop import train
from veraretouch.planners.training.vera.examples import Example, read_examples
from veraretouch.planners.training.vera.recipe import read_stage
from veraretouch.planners.training.vera.stages import TrainingStage
from veraretouch.planners.training.vera.task import VeraTask
from veraretouch.planners.vera.planner import Vera

ROOT = Path(__file__).resolve().parents[3]
RECORD = ROOT / "contrib" / "dapo" / "veraretouch_dapo" / "configurations" / "nano.json"
ALONE = {"format": {"weight": 1.0}, "aesthetic": {"weight": 2.0, "scorer": "dapo.appeal"}}
# What an arm of reinforcement changes of the configuration of record.
CHANGES: Mapping[str, Callable[[DapoSettings], dict[str, Any]]] = {
    "dapo": lambda record: {},
    "shuffled": lambda record: {"rewards": {"benchmark.shuffled": {"chosen": dict(record.rewards)}}},
    "aesthetic": lambda record: {"rewards": ALONE},
    "beside": lambda record: {"beside": 1.0},
}
RECIPE = ROOT / "contrib" / "nano" / "recipe" / "nano.json"
# SFT goes on as the last stage of contrib/nano's recipe, but at a fifth of the highest rate, since it is not new.
STAGE, ALPHA, RATE = TrainingStage.ALIGNMENT, 0.5, 7e-4 / 5
TIMED = 12


class Shuffled(Reward):
    """Give each answer what another answer of the generation deserved: nothing can be learnt from it.

    Args:
        chosen: rewards with their weights, as a configuration has them.
    """

    id = "benchmark.shuffled"
    version = 1
    judges_malformed = True

    def __init__(self, *, chosen: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.inner = Rewards(chosen or {"format": {}}, most_tokens=10**6, overlong=1)

    def ready(self) -> None:
        """Load what the rewards need."""
        self.inner.ready()

    def score(self, rollouts: Rollouts) -> torch.Tensor:
        """(B,) from 0 to 1: the weighted means, in an order that follows from the answers alone."""
        total = self.inner.score(rollouts).total / max(1e-9, sum(self.inner.weights.values()))
        seed = int(hashlib.sha256(json.dumps([list(ids) for ids in rollouts.ids]).encode()).hexdigest()[:12], 16)
        order = torch.randperm(len(total), generator=torch.Generator().manual_seed(seed))
        return total[order].float().clamp(0, 1)


class Clock:
    """Seconds of this process's one thread, and of the wall, that a run took over all of its starts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.before = json.loads(path.read_text()) if path.exists() else {"processor": 0.0, "wall": 0.0}
        self.began = time.process_time(), time.perf_counter()

    def note(self, *_: Any) -> dict[str, float]:
        """Keep what it took until now."""
        spent = time.process_time() - self.began[0], time.perf_counter() - self.began[1]
        found = {name: self.before[name] + more for name, more in zip(("processor", "wall"), spent, strict=True)}
        write_json(self.path, found)
        return found


def write_json(path: Path, document: Any) -> None:
    """Write a file whole or not at all."""
    with new_file(path) as file:
        file.write(json.dumps(document).encode())


def planner_of(bundle: str) -> Vera:
    """A bundle's planner."""
    planner = load_retoucher(bundle).planner
    assert isinstance(planner, Vera)
    return planner


def post_trained(bundle: str, examples: Sequence[Example], folder: Path, settings: DapoSettings) -> Vera:
    """The planner after DAPO."""
    clock = Clock(folder / "seconds.json")

    def say(text: str) -> None:
        clock.note()
        print(folder.name, text, flush=True)

    trainer = trainer_of(planner_of(bundle), examples, settings, folder, device="cpu", say=say)
    newest = newest_checkpoint(folder)
    trainer.train(resume_from_checkpoint=None if newest is None else str(newest))
    clock.note()
    return trained(trainer.maker.planner)


def taught_longer(bundle: str, examples: Sequence[Example], folder: Path, seed: int) -> Vera:
    """The planner after more teaching, for as many seconds as `dapo-SEED` took."""
    seconds = json.loads((folder.parent / f"dapo-{seed}" / "seconds.json").read_text())["processor"]
    settings, recipe = read_stage(STAGE, RECIPE)
    few = [
        replace(one, before=pixel_grid(one.before, recipe.image_size), after=pixel_grid(one.after, recipe.image_size))
        for one in examples
    ]
    settings = replace(settings, lr=RATE, warmup=10, save_every=100, precision="bf16", seed=seed)

    def task_of(planner: Vera) -> VeraTask:
        return VeraTask(planner, few, STAGE, alpha=ALPHA)

    planned = folder / "planned.json"
    if not planned.exists():
        task = task_of(planner_of(bundle))
        train(task, replace(settings, steps=2), device="cpu")  # the first steps warm up
        began = time.process_time()
        train(task, replace(settings, steps=TIMED, seed=seed + 1000), device="cpu")
        each = (time.process_time() - began) / TIMED
        write_json(planned, {"steps": max(1, round(seconds / each)), "seconds a step": each, "stage": STAGE.value})
    settings = replace(settings, steps=json.loads(planned.read_text())["steps"])
    planner = planner_of(bundle)
    task, clock = task_of(planner), Clock(folder / "seconds.json")
    made = train(task, settings, folder, device="cpu", progress=clock.note)
    task.network.load_state_dict(made, strict=False)
    clock.note()
    return planner


def kept_back(examples: Sequence[Example], count: int) -> frozenset[str]:
    """So many of the photos, the same each time."""
    photos = {photo_of(one) for one in examples}
    return frozenset(sorted(photos, key=lambda name: hashlib.sha256(name.encode()).hexdigest())[:count])


def photo_of(example: Example) -> str:
    """The photo that an example was made of."""
    return Path(example.where).name.partition("-")[0]


def read(data: Path, split: str, side: int, run: Path) -> list[Example]:
    """The examples of a dataset; kept in RUN, since reading takes minutes."""
    path = run / f"{data.name}-{split}-{side}.pickle"
    if not path.exists():
        found, _ = read_examples(data, split=split, image_size=side)
        with new_file(path) as file:
            file.write(pickle.dumps(found))
    made: list[Example] = pickle.loads(path.read_bytes())
    return made


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("arms", nargs="+", help="nothing-0, sft-0, dapo-K, longer-K, shuffled-K, aesthetic-K, beside-K")
    parser.add_argument("--bundle", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--judge", type=Path, help="a dataset of other sources, its split `test`")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--kept", type=int, default=150, help="photos of DATA that no arm draws")
    parser.add_argument("--limit", type=int, default=10**6, help="cases that are judged")
    parser.add_argument("--change", type=json.loads, default={}, help="JSON of settings, over the configuration's")
    given = parser.parse_args()
    given.run.mkdir(parents=True, exist_ok=True)
    write_json(given.run / "record.json", settings_of(given).document())
    for arm in given.arms:
        if not (given.run / arm / "judged.json").exists():
            # A process an arm: accelerate keeps the precision of the first training in a process.
            process = multiprocessing.get_context("spawn").Process(target=run_arm, args=(arm, given))
            process.start()
            process.join()
            if process.exitcode:
                raise SystemExit(f"{arm} broke off: {process.exitcode}")


def settings_of(given: argparse.Namespace) -> DapoSettings:
    """The configuration of record, and what is changed of it."""
    return DapoSettings.load(RECORD, **given.change)


def run_arm(arm: str, given: argparse.Namespace) -> None:
    """Train and judge an arm."""
    torch.set_num_threads(1)
    registry.rewards.add(Shuffled)
    settings, folder = settings_of(given), given.run / arm
    folder.mkdir(exist_ok=True)
    learnt = read(given.data, "train", settings.image_size, given.run)
    learnt = [one for one in learnt if settings.asked in (one.request.mode, None)]
    held = kept_back(learnt, given.kept)
    if given.judge is not None:
        cases = read(given.judge, "test", 64, given.run)
    else:
        cases = [one for one in read(given.data, "train", 64, given.run) if photo_of(one) in held]
    # Sliders of exact values are taken from the request, whatever is written; styles tell what is forgotten.
    styles = [one for one in cases if one.request.mode == "style"]
    cases = [one for one in cases if one.request.mode == "auto"] + styles[::2]
    cases = cases[:: max(1, len(cases) // given.limit)]
    learnt = [one for one in learnt if photo_of(one) not in held]
    print(arm, "begins", time.strftime("%H:%M:%S"), flush=True)
    planner = planner_of_arm(arm, given.bundle, learnt, folder, settings)
    began = time.process_time()
    figures, answers = judge(planner, cases)
    write_json(folder / "answers.json", answers)
    first = given.run / "sft-0" / "answers.json"
    if planner and first.exists() and arm.endswith("-0"):
        figures["drift"] = by_words(planner, cases, json.loads(first.read_text()))
    chances = (
        {name: value for name, value in asdict(planner.sampling).items() if name != "most_tokens"} if planner else {}
    )
    about = {
        "arm": arm,
        "head": planner.head if planner else "",
        "sampling": chances,
        "examples": len(learnt),
        "cases": [Path(one.where).name for one in cases],
        "seconds of judging": round(time.process_time() - began, 1),
    }
    if planner:
        samples(planner, folder / "samples")
        figures |= as_trained(planner, cases)
    write_json(folder / "judged.json", {**about, "figures": figures})
    print(arm, told(figures), flush=True)


def planner_of_arm(arm: str, bundle: str, learnt: Sequence[Example], folder: Path, record: DapoSettings) -> Vera | None:
    """Train an arm, and keep it as a bundle; None where nothing is done."""
    name, _, number = arm.partition("-")
    if name == "nothing":
        return None
    target = folder / "bundle"
    if name == "sft" or target.exists():
        return planner_of(bundle if name == "sft" else str(target))
    if name == "longer":
        planner = taught_longer(bundle, learnt, folder, int(number))
    else:
        settings = replace(record, seed=int(number), **CHANGES[name](record))
        planner = post_trained(bundle, learnt, folder, settings)
    source = open_bundle(bundle)
    terms = dict(source.terms)
    files = {terms["file"]: source.folder / terms["file"]} if "file" in terms else {}
    facts = {"summary": f"Arm {arm} of an experiment.", "training_data": f"{len(learnt)} examples."}
    pack_planner(planner, target, name=arm, licence=terms, facts=facts, files=files)
    return planner


def told(figures: Mapping[str, Sequence[float | None]]) -> str:
    """The means, for whoever waits."""
    means = {name: [value for value in values if value is not None] for name, values in figures.items()}
    return ", ".join(f"{name} {sum(found) / len(found):.3f}" for name, found in means.items() if found)


if __name__ == "__main__":
    main()
