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
# A planner of more parameters is chosen by memory: for each the variants that fit, best first.
_LARGE: Final = 100_000_000
_FITTING: Final = {
    "3 to 4 GB": (),
    "6 GB": ("coreml-int4",),
    "8 GB and more": ("coreml-int4", "coreml-int8", "coreml-fp16"),
}
_ALL: Final = ("coreml-fp16", "coreml-int8", "coreml-int4")


def device_support(variants: Collection[str], parameters: int) -> list[dict[str, Any]]:
    """For kinds of devices the default among some variants of a planner of so many parameters, and all that fit; kinds
    for which none fits are left out.
    """
    found = []
    for memory, identifiers in _DEVICES.items():
        wanted = _FITTING[memory] if parameters > _LARGE else _ALL
        fitting = [name for name in wanted if name in variants]
        if fitting:
            kind = {"identifiers": list(identifiers), "memory": memory, "default": fitting[0], "supported": fitting}
            found.append({**kind, "verified": False})
    return found
