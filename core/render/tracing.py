"""Whether tensors stand for values that nobody knows yet, so that Python may not ask for them."""

from __future__ import annotations

import torch
from torch.autograd import forward_ad


def is_tracing() -> bool:
    """Whether torch.compile, torch.export, a transform of torch.func (`vmap`, `jacfwd`,
    `hessian`) or forward derivatives are at work.

    torch has no public question for the last two.
    """
    if torch.compiler.is_compiling():
        return True
    return torch._C._functorch.peek_interpreter_stack() is not None or forward_ad._current_level >= 0
