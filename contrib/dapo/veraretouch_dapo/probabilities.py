"""How probable the tokens of answers are to the policy, on a CPU: what TRL computes, in less time.

TRL pads rows to the longest and applies the output layer to every token, prompts included; its kernels for GPUs do
without. Here rows of like length are read together without padding on the left, and the output layer sees answers
alone.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from veraretouch.planners.training.vera.end_to_end import alike


def answer_probabilities(policy: Any, ids: Tensor, mask: Tensor, answer: int) -> tuple[Tensor, Tensor]:
    """The log-probabilities (B, answer) of the tokens of answers, and the entropies there, which have no gradient.

    Args:
        ids: (B, prompt + answer), prompts padded on the left and answers on the right; `mask`: 1 for what is no
            padding, where the result is 0. `answer`: the length of the longest.
    """
    beginnings, lengths = mask.long().argmax(dim=1), mask.sum(dim=1)
    prompts = ids.shape[1] - answer - beginnings
    logps: list[Tensor] = [torch.empty(0)] * len(ids)
    entropies = list(logps)
    for rows in alike(lengths.tolist()):
        places = beginnings[rows, None] + torch.arange(int(lengths[rows].max()), device=ids.device)
        # Beyond a row's end stands anything: attention looks to the left, so no mask is needed.
        read = ids[rows].gather(1, places.clamp(max=ids.shape[1] - 1))
        first = int(prompts[rows].min())
        logits = policy(input_ids=read, logits_to_keep=read.shape[1] - first + 1, use_cache=False).logits[:, :-1]
        shares = torch.log_softmax(logits.float(), dim=-1)
        chosen = shares.gather(2, read[:, first:, None])[..., 0]
        unsure = -(shares.detach().exp() * shares.detach()).sum(dim=-1)
        for row, *found in zip(rows, chosen, unsure, strict=True):
            start, end = int(prompts[row]) - first, int(lengths[row]) - first
            logps[row], entropies[row] = (
                torch.nn.functional.pad(one[start:end], (0, answer - (end - start))) for one in found
            )
    return torch.stack(logps), torch.stack(entropies)
