"""The contract of a reward class, judged when the class is made, and the scores that it gives."""

import pytest
import torch

from veraretouch import Reward, Rollouts, registry
from veraretouch.core.contract.reward import scores_of
from veraretouch.core.errors import BrokenPlugin, InvalidReward
from veraretouch.core.testing.isolation import isolated_registry
from veraretouch.core.testing.reward_checks.bench import RewardBench


def short(**change):
    """A reward class for short answers, with some of its declarations changed; None leaves one out."""
    body = {
        "__doc__": "Judge how short an answer is.",
        "id": "acme.short",
        "version": 1,
        "score": lambda self, rollouts: torch.tensor([1 / (1 + len(text)) for text in rollouts.texts]),
    } | change
    return type("Short", (Reward,), {name: value for name, value in body.items() if value is not None})


CONTRACT = {
    "an id of three parts": (
        {"id": "acme.a.short"},
        "id 'acme.a.short' is not of the form 'reward' or 'vendor.reward'",
    ),
    "no version": ({"version": None}, "version is None. Give a whole number from 1"),
    "an unknown mode": ({"modes": frozenset({"auto", "dream"})}, "modes is .*Give a frozenset of some of auto, style"),
    "no mode": ({"modes": frozenset()}, "modes is frozenset"),
    "malformed in words": ({"judges_malformed": "no"}, "judges_malformed is 'no'. Give True where malformed"),
    "no docstring": ({"__doc__": None}, "no docstring. Say in one line what the reward judges of an answer"),
    "no score": ({"score": None}, r"no score\(\). Define score\(self, rollouts\)"),
}


@pytest.mark.parametrize(("change", "message"), CONTRACT.values(), ids=CONTRACT.keys())
def test_a_reward_class_that_breaks_the_contract_cannot_be_made(change, message):
    with pytest.raises(InvalidReward, match=f"^Short: {message}"):
        short(**change)


def test_the_registry_takes_rewards_and_scorers_and_nothing_else_for_one():
    with isolated_registry():
        registry.rewards.add(short())
        assert registry.rewards.load("acme.short").version == 1
        with pytest.raises(InvalidReward, match=r"is not a subclass of veraretouch\.Reward with an id"):
            registry.rewards.add(object, id="acme.other")
        with pytest.raises(BrokenPlugin, match="lacks licence, commercial_use"):
            registry.scorers.add(print, id="acme.scorer")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (torch.zeros(2), r"reward 'acme.short' gave \(2,\) for 3 answers"),
        (torch.tensor([0.5, 1.5, 0.0]), r"gave \[0.5, 1.5, 0.0\]"),
        (torch.tensor([0.5, float("nan"), 0.0]), r"gave \[0.5, nan, 0.0\]"),
    ],
    ids=["two for three", "beyond one", "nan"],
)
def test_scores_of_another_shape_or_range_are_one_error(given, message):
    reward = short(score=lambda self, rollouts: given)()
    with pytest.raises(InvalidReward, match=message):
        scores_of(reward, RewardBench(reward).ordinary())


def test_rows_are_kept_together_and_plans_are_those_of_their_row():
    rollouts = RewardBench(short()()).ordinary()
    part = rollouts.rows([2, 0])
    assert isinstance(part, Rollouts)
    assert part.texts == [rollouts.texts[2], rollouts.texts[0]]
    assert torch.equal(part.pictures, rollouts.pictures[[2, 0]])
    assert [part.plan(row).edits["exposure"].params["ev"] for row in (0, 1)] == pytest.approx([-0.4, 0.6])
    assert part.plan(1).reasoning["lighting"]["plan"] == "Raise exposure."
    assert torch.allclose(part.rendered(part.latents), part.pictures)
