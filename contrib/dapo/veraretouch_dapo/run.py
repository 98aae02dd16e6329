"""From a bundle and a dataset to a post-trained bundle."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from torch import nn

from veraretouch.core.atomic_write import new_file
from veraretouch.core.cli.terminal import complain
from veraretouch.core.errors import IncompatibleBundle, InvalidRequest
from veraretouch.core.plugins.bundles import open_bundle, pack_planner
from veraretouch.core.render.loading import load_retoucher
from veraretouch.ops.neural import Neural
from veraretouch.planners.training.vera.examples import Example, fingerprint, read_examples
from veraretouch.planners.vera.planner import Vera
from veraretouch.planners.vera.writing.writer import StopCriterion

from .policy import policy_of, tokenizer_of
from .rewarding import Rewards
from .rollouts import RolloutMaker
from .settings import DapoSettings
from .trainer import DapoTrainer, newest_checkpoint
from .watching import LOG, Watch

BUNDLE, ABOUT = "bundle", "run.json"


def train_dapo(
    bundle: str,
    data: Path,
    out: Path,
    settings: DapoSettings,
    *,
    device: str = "auto",
    name: str = "dapo",
    say: Callable[[str], None] | None = None,
) -> Path:
    """Post-train the planner of a bundle and pack it into OUT/bundle, under the licence that it came with.

    A run that is in OUT already goes on from its newest checkpoint. On one thread of a CPU it makes the same bytes as
    a run that was never stopped.

    Args:
        say: told a line for each generation.

    Raises:
        IncompatibleBundle: the bundle is of another planner. InvalidRequest: OUT holds a run with other settings.
        MissingExtra: a reward needs what is not installed. InvalidDocument, UnreadablePhoto: the data.
    """
    planner = load_retoucher(bundle).planner
    if not isinstance(planner, Vera):
        raise IncompatibleBundle(
            f"bundle {bundle!r} is of the planner {planner.id!r}", cure="Give one of 'vera', such as vera-nano."
        )
    source = open_bundle(bundle)
    examples, left = read_examples(data, image_size=settings.image_size, mode=settings.asked)
    if left:
        complain(f"{left} examples are left out: the model has no words for what they ask", what="Note")
    about = {"settings": settings.document(), "bundle": source.asset["sha256"], "examples": fingerprint(examples)}
    _begin(out, about)
    trainer = trainer_of(planner, examples, settings, out, device=device, say=say)
    trainer.train(resume_from_checkpoint=_text(newest_checkpoint(out)))
    target = out / BUNDLE
    if trainer.is_world_process_zero():
        shutil.rmtree(target, ignore_errors=True)
        licence = dict(source.terms)
        files = {LOG: out / LOG} | ({licence["file"]: source.folder / licence["file"]} if "file" in licence else {})
        facts = {
            "summary": f"Post-trained from {source.name} by DAPO.",
            "training_data": f"{len(examples)} examples.",
            "metrics": _last(out / LOG),
            "provenance": {"trained_by": f"veraretouch-dapo {version('veraretouch-dapo')}", **about},
        }
        pack_planner(trained(planner), target, name=name, licence=licence, facts=facts, files=files)
    return target


def trainer_of(
    planner: Vera,
    examples: Sequence[Example],
    settings: DapoSettings,
    out: Path,
    *,
    device: str = "auto",
    say: Callable[[str], None] | None = None,
) -> DapoTrainer:
    """The trainer of a planner, whose networks it trains in place."""
    rewards = Rewards(settings.rewards, most_tokens=settings.most_tokens, overlong=settings.overlong)
    rewards.ready()
    ends = planner.model.config.eos_token_id
    stop = StopCriterion(planner.tokenizer.retouch, ends, settings.most_tokens)
    drawing = [planner.model.head, planner.neural.network] if planner.ops is not None else [planner.model.slot_head]
    beside = nn.ModuleList(drawing) if settings.beside else None
    policy = policy_of(planner.model, ends=[*ends, planner.tokenizer.retouch[-1]], beside=beside)
    maker = RolloutMaker(planner, examples, rewards, settings, stop)
    watch = Watch(out, show_every=settings.show_every * settings.steps_a_generation, say=say)
    tokenizer = tokenizer_of(planner.tokenizer.json(), end=ends[0])
    trainer = DapoTrainer(policy, tokenizer, maker, out, device=device, callbacks=[watch])
    watch.trainer = trainer
    return trainer


def trained(planner: Vera) -> Vera:
    """The planner as it was before `policy_of`, with what was learnt, on the CPU."""
    model = planner.model.cpu()
    weight = model.language.embed_tokens.weight
    model.language.embed_tokens = nn.Embedding(*weight.shape, _weight=weight.data)
    if model.config.tie_word_embeddings:
        model.lm_head.weight = model.language.embed_tokens.weight
    model.requires_grad_(False)
    neural = Neural(planner.neural.network.cpu().requires_grad_(False))
    return Vera(model, planner.tokenizer, neural, sampling=planner.sampling, head=planner.head)


def _begin(out: Path, about: Mapping[str, Any]) -> None:
    """Write down what a run is made with, or compare it with what stands there."""
    out.mkdir(parents=True, exist_ok=True)
    path, text = out / ABOUT, json.dumps(about, sort_keys=True, indent=1)
    if path.exists():
        if path.read_text() != text:
            raise InvalidRequest(
                f"{path} was made with other settings or data", cure="Give the same, or another --out."
            )
        return
    with new_file(path) as file:
        file.write(text.encode())


def _last(log: Path) -> dict[str, float]:
    lines = log.read_text().splitlines()
    found = json.loads(lines[-1]) if lines else {}
    return {name: value for name, value in found.items() if name in ("reward", "format rate", "entropy")}


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
