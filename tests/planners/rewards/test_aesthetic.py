"""The reward `aesthetic`: an installed scorer's word, and one error where there is none."""

import pytest
import torch

from veraretouch.core.errors import InvalidReward, MissingExtra
from veraretouch.core.testing import check_reward
from veraretouch.core.testing.reward_checks.bench import RewardBench
from veraretouch.planners.rewards.aesthetic import Aesthetic


class Light:
    """Prefer light pictures."""

    licence, commercial_use = "CC0-1.0", True

    def __call__(self, pictures):
        return pictures.mean(dim=(1, 2, 3))


class Loud(Light):
    """Give more than everything."""

    def __call__(self, pictures):
        return 1 + super().__call__(pictures)


@pytest.fixture
def scorers(veraretouch_registry):
    for scorer in (Light, Loud):
        veraretouch_registry.scorers.add(scorer, id=f"acme.{scorer.__name__.lower()}")
    return veraretouch_registry.scorers


def test_it_keeps_the_contract_with_a_scorer_and_gives_its_word(scorers):
    reward = Aesthetic(scorer="acme.light")
    check_reward(reward)
    rollouts = RewardBench(reward).ordinary()
    assert torch.equal(reward.score(rollouts), rollouts.pictures.mean(dim=(1, 2, 3)))
    assert Aesthetic.modes == {"auto"}


def test_an_absent_scorer_is_one_error_with_those_that_are_there(scorers):
    rollouts = RewardBench(Aesthetic()).ordinary()
    with pytest.raises(MissingExtra, match=r"needs the scorer 'acme.none', which is not installed. Choose one of acme"):
        Aesthetic(scorer="acme.none").score(rollouts)


def test_a_scorer_beyond_its_range_is_one_error(scorers):
    rollouts = RewardBench(Aesthetic()).ordinary()
    with pytest.raises(InvalidReward, match=r"scorer 'acme.loud' gave \[1\..*for 3 pictures"):
        Aesthetic(scorer="acme.loud").score(rollouts)
