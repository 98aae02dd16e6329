"""The reward `consistency`: words against what each group does."""

from dataclasses import replace

import pytest
import torch

from veraretouch import Latents
from veraretouch.core.testing import check_reward
from veraretouch.core.testing.reward_checks.bench import RewardBench
from veraretouch.planners.rewards.consistency import Consistency


def test_it_keeps_the_contract():
    check_reward("consistency")


def test_words_that_agree_get_more_than_words_that_do_not_and_silence_is_no_way_out():
    """The first answer lifts light and colour and says so, the second denies it, the third darkens in silence."""
    scores = Consistency().score(RewardBench(Consistency()).ordinary())
    assert scores.tolist() == pytest.approx([1.0, 0.0, 0.5])


def test_silence_agrees_with_an_edit_that_is_not_there():
    rollouts = RewardBench(Consistency()).ordinary().rows([2])
    still = Latents.identity(rollouts.latents.schema, batch=1)
    assert Consistency().score(replace(rollouts, latents=still)).tolist() == [1.0]
    said = replace(rollouts, latents=still, reasoning=[{"lighting": {"plan": "Raise exposure."}}])
    assert torch.equal(Consistency().score(said), torch.tensor([0.5]))
