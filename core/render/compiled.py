"""torch's own compilers: functions fused into one loop over the pixels, left as they are where there is no compiler;
and whether tensors stand for values that nobody knows yet, so that Python may not ask for them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.autograd import forward_ad

Function = Callable[..., Tensor]
Fuse = Callable[[Function], Function]


@cache
def compiled(function: Function) -> Function:
    """The function, compiled at its first call for tensors of any size, and once more for gradients.

    Compiling takes seconds to minutes and a C++ compiler (Triton on CUDA); torch keeps what it compiled on disk. Where
    it fails the function runs as it is, with one RuntimeWarning.
    """
    fused = torch.compile(function, dynamic=True)
    works = True

    def call(*args: object) -> Tensor:
        nonlocal works
        if works:
            try:
                return fused(*args)
            except Exception as error:  # compilers raise unrelated classes; the function's own errors come again below
                reason = (str(error) or type(error).__name__).splitlines()[0]
            result = function(*args)
            works = False
            warnings.warn(f"{function.__qualname__} runs uncompiled: {reason}", RuntimeWarning, stacklevel=2)
            return result
        return function(*args)

    return call


def plain(function: Function) -> Function:
    """The function as it is."""
    return function


def is_tracing() -> bool:
    """Whether torch.compile, torch.export, a transform of torch.func (`vmap`, `jacfwd`,
    `hessian`) or forward derivatives are at work.

    torch has no public question for the last two.
    """
    if torch.compiler.is_compiling():
        return True
    return torch._C._functorch.peek_interpreter_stack() is not None or forward_ad._current_level >= 0
