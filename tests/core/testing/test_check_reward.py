"""`check_reward` passes sound rewards and names the one promise that a broken reward does not keep."""

from __future__ import annotations

import re

import pytest
import torch
from broken_rewards import BROKEN, Any, Bright, Stumbles

from veraretouch import Reward, registry
from veraretouch.core.testing import REWARD_CHECKS, ConformanceError, check_reward


@pytest.mark.parametrize("reward", [Bright, Any()], ids=["class", "instance"])
def test_a_sound_reward_of_a_stranger_passes_and_leaves_registry_and_chance_as_they_were(reward: Reward) -> None:
    before = registry.rewards.ids()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    check_reward(reward)
    assert torch.equal(torch.rand(3), expected)
    assert registry.rewards.ids() == before


@pytest.mark.parametrize(("reward", "check", "said"), BROKEN, ids=[case[0].__name__ for case in BROKEN])
def test_a_broken_reward_fails_the_check_of_its_fault_and_no_other_with_advice(
    reward: type[Reward], check: str, said: str
) -> None:
    with pytest.raises(ConformanceError) as caught:
        check_reward(reward)
    assert caught.value.checks == (check,), str(caught.value)
    for failure in caught.value.failures:
        assert said in failure.message
        assert re.fullmatch(r"expected .+; came .+, at .+\. [A-Z].+\.", failure.message)


def test_every_check_is_proven_by_a_broken_reward() -> None:
    assert {check for _, check, _ in BROKEN} == set(REWARD_CHECKS)


def test_a_reward_that_raises_is_told_with_the_answer_that_does_it() -> None:
    with pytest.raises(ConformanceError, match=r"ValueError: substring not found, at an empty answer") as caught:
        check_reward(Stumbles, only=["malformed"])
    assert "line " in str(caught.value)
