"""Which variant is for which device: by memory, since nothing has been timed on any of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

# Prefixes of the identifiers that a device tells of itself, by the memory that its kind has;
# iOS 18 runs on all of them.
_DEVICES: Final = {
    "3 to 4 GB": ("iPhone11,", "iPhone12,", "iPhone13,1", "iPhone13,2", "iPhone14,4", "iPhone14,5", "iPhone14,6"),
    "6 GB": ("iPhone13,3", "iPhone13,4", "iPhone14,2", "iPhone14,3", "iPhone14,7", "iPhone14,8", "iPhone15,"),
    "8 GB and more": ("iPhone16,", "iPhone17,", "iPhone18,", "iPad14,", "iPad16,", "Mac"),
}
# For each planner and memory the variants that fit, best first.
_FITTING: Final = {
    "vera": {"3 to 4 GB": (), "6 GB": ("coreml-int4",), "8 GB and more": ("coreml-int4", "coreml-int8", "coreml-fp16")},
}
_ALL: Final = ("coreml-fp16", "coreml-int8", "coreml-int4")


def device_support(planner: str, variants: Collection[str]) -> list[dict[str, Any]]:
    """For kinds of devices the default among some variants, and all that fit;
    kinds for which none fits are left out.
    """
    found = []
    for memory, identifiers in _DEVICES.items():
        fitting = [name for name in _FITTING.get(planner, {}).get(memory, _ALL) if name in variants]
        if fitting:
            kind = {"identifiers": list(identifiers), "memory": memory, "default": fitting[0], "supported": fitting}
            found.append({**kind, "verified": False})
    return found
