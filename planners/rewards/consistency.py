"""The reward `consistency`: whether the words of an answer say what its edit does, by the claims of `planners/eval`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from ...core.contract.reward import Reward, Rollouts
from ...core.contract.slots import GROUPS
from ..eval.claims import ReasoningClaim, claims, measures

# A group that says nothing may move the means of OkLab by less than this: what is hardly seen.
SEEN: Final = 0.01


class Consistency(Reward):
    """Judge whether the words agree with the picture: the mean over the groups that are edited.

    These are the groups of the latents' schema. A group whose plan claims directions gets the share of them that its
    edit, rendered alone, keeps; one whose plan claims none gets 1 where its edit moves lightness, contrast, warmth and
    chroma by less than is seen, else 0. So silence pays for an edit that is not there, and for no other.
    """

    id = "consistency"
    version = 1

    def score(self, rollouts: Rollouts) -> Tensor:
        """(B,) from 0 to 1."""
        count = len(rollouts)
        known: list[str] = [group for group in GROUPS if group in rollouts.latents.schema.groups]
        alone = {group: rollouts.rendered(rollouts.latents.masked([{group}] * count)) for group in known}
        scores = []
        for row, reasoning in enumerate(rollouts.reasoning):
            photo = rollouts.photos[row : row + 1]
            made = {group: pictures[row : row + 1] for group, pictures in alone.items()}
            said = claims(reasoning, photo, made)
            each = [_agreement([c for c in said if c.group == group], photo, made[group]) for group in known]
            scores.append(sum(each) / max(1, len(each)))
        return torch.tensor(scores)


def _agreement(said: Sequence[ReasoningClaim], photo: Tensor, made: Tensor) -> float:
    if said:
        return sum(claim.holds for claim in said) / len(said)
    before, after = measures(photo), measures(made)
    return float(all(abs(after[name] - before[name]) < SEEN for name in before))
