"""Checks of what a reward says of answers."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import torch

from ...contract.reward import Rollouts
from ..verdict import advice
from .bench import RewardBench

# Sums in another order, in single precision.
_EXACT = 1e-5
_ORDINARY = "three ordinary answers"


def declared(bench: RewardBench) -> Iterator[str]:
    """The id has a vendor unless it is built in; the class says in a sentence what it judges."""
    reward = bench.reward
    if not type(reward).__module__.startswith("veraretouch.") and "." not in reward.id:
        yield advice(
            "an id of the form 'vendor.reward'",
            repr(reward.id),
            "id",
            "Only built-in rewards go without a vendor; put yours before it.",
        )
    first = (inspect.getdoc(type(reward)) or "").strip().split("\n")[0]
    if len(first.split()) < 2 or not first.endswith((".", "!", "?")):
        yield advice(
            "a docstring whose first line is a sentence",
            repr(first),
            type(reward).__name__,
            "Say what of an answer the reward judges.",
        )


def shape(bench: RewardBench) -> Iterator[str]:
    """A batch of B answers gets B numbers, one answer one number."""
    for count in (3, 1):
        came = bench.score(bench.ordinary().rows((0, 1, 2)[:count]), f"{count} answers")
        if tuple(came.shape) != (count,) or not came.is_floating_point():
            yield advice(
                f"floats of shape {(count,)}",
                f"{tuple(came.shape)} {str(came.dtype).removeprefix('torch.')}",
                f"{count} answers",
                "Give one number an answer; keep the first dimension of every mean.",
            )
            return


def range(bench: RewardBench) -> Iterator[str]:
    """Every score lies between 0 and 1."""
    for where, rollouts in _all(bench):
        came = bench.score(rollouts, where).double()
        outside = came[came.isfinite() & ((came < 0) | (came > 1))]
        if len(outside):
            yield advice(
                "scores from 0 to 1",
                f"{float(outside[0]):.4g}",
                where,
                "Map errors by exp(-error / scale), or clamp at the end.",
            )
            return


def finite(bench: RewardBench) -> Iterator[str]:
    """Photos without size, light or colour get finite scores."""
    for where, rollouts in _all(bench):
        came = bench.score(rollouts, where)
        if not bool(came.isfinite().all()):
            yield advice(
                "finite scores", f"{came.tolist()}", where, "Divide by what is held off zero: x / y.clamp(min=1e-6)."
            )
            return


def malformed(bench: RewardBench) -> Iterator[str]:
    """A reward that judges malformed answers takes any text for one, without an exception, and gives it less than 1."""
    if not bench.reward.judges_malformed:
        return
    for where, rollouts in bench.malformed().items():
        came = bench.score(rollouts, where)
        if not bool((came < 1).all()):
            yield advice(
                "less than 1 for a malformed answer", f"{came.tolist()}", where, "Keep 1 for answers without a fault."
            )
            return


def determinism(bench: RewardBench) -> Iterator[str]:
    """The same answers get the same bits, whatever the global random state."""
    first, second = (bench.score(bench.ordinary(), _ORDINARY, chance=chance) for chance in (1, 2))
    if not torch.equal(first.nan_to_num(), second.nan_to_num()):
        yield advice(
            "the same scores twice",
            f"a difference of {float((first - second).abs().max()):.2g}",
            _ORDINARY,
            "Draw no random numbers: rewards of one group are compared with each other.",
        )


def batch_independence(bench: RewardBench) -> Iterator[str]:
    """An answer gets the same score alone and beside others."""
    together = bench.score(bench.ordinary(), _ORDINARY)
    for row, expected in enumerate(together.tolist() if together.ndim else []):
        where = f"row {row} of {_ORDINARY}"
        alone = bench.score(bench.ordinary().rows([row]), where)
        apart = float((alone - expected).abs().nan_to_num().max())
        if apart > _EXACT:
            yield advice(
                "the score of the answer alone",
                f"a difference of {apart:.2g}",
                where,
                "Take no mean and no rank over dim 0; the trainer compares the answers of a group.",
            )
            return


def inputs_untouched(bench: RewardBench) -> Iterator[str]:
    """Neither pictures nor texts are written to."""
    rollouts, before = bench.ordinary(), bench.ordinary()
    bench.score(rollouts, _ORDINARY)
    for name in ("photos", "pictures", "targets"):
        if not torch.equal(getattr(rollouts, name), getattr(before, name)):
            yield advice(f"{name} as they were", "others", _ORDINARY, "Write to a clone; x.clamp_() writes to x.")
    for name in ("texts", "ids", "reasoning"):
        if getattr(rollouts, name) != getattr(before, name):
            yield advice(f"{name} as they were", "others", _ORDINARY, "Make a list of your own.")


def _all(bench: RewardBench) -> Iterator[tuple[str, Rollouts]]:
    yield _ORDINARY, bench.ordinary()
    yield from bench.hostile().items()
    if bench.reward.judges_malformed:
        yield from bench.malformed().items()
