"""What a `dtype` means that was given as a torch dtype or by its name."""

from __future__ import annotations

from typing import Any, Final

import torch

from ..core.errors import InvalidRequest

FLOATS: Final = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def name_of(dtype: Any) -> str:
    """The name of a dtype, `float32` for None: of torch's, or what was written."""
    return str(dtype or "float32").removeprefix("torch.")


def float_of(dtype: Any) -> torch.dtype:
    """The torch dtype, float32 for None.

    Raises:
        InvalidRequest: none of the three that networks compute in.
    """
    name = name_of(dtype)
    if name not in FLOATS:
        raise InvalidRequest(f"dtype is {name!r}", cure=f"It is one of {', '.join(FLOATS)}.")
    return FLOATS[name]
