"""The checks by name, with the module here that holds each: lists of them read the source and import no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final

from ..plugins.summary import summary

OF_OPS: Final = MappingProxyType(
    {
        "declared": "declarations",
        "identity": "behaviour",
        "kinds": "behaviour",
        "device": "behaviour",
        "effects": "effects",
        "batch_independence": "behaviour",
        "determinism": "behaviour",
        "inputs_untouched": "behaviour",
        "finite": "behaviour",
        "finite_gradients": "gradients",
        "gradcheck": "gradients",
        "functional": "gradients",
        "pointwise": "places",
        "tiling": "places",
        "preview": "places",
        "smoothness": "gradients",
        "engines": "engines",
        "period": "behaviour",
        "plan_round_trip": "declarations",
        "migration": "declarations",
        "group_off": "declarations",
    }
)
OF_PLANNERS: Final = MappingProxyType(
    dict.fromkeys(
        (
            "declared",
            "valid",
            "schema",
            "exact",
            "groups",
            "reasoned",
            "renders",
            "batch_independence",
            "own_request",
            "determinism",
            "inputs_untouched",
            "references",
            "hostile_photos",
            "hostile_prompts",
        ),
        "proposals",
    )
)


def functions(homes: Mapping[str, str]) -> Mapping[str, Callable[[Any], Iterator[str]]]:
    """The functions of a table, imported."""
    return MappingProxyType(
        {name: getattr(import_module(f".{home}", __package__), name) for name, home in homes.items()}
    )


def promises(homes: Mapping[str, str]) -> dict[str, str]:
    """What each check of a table holds a plugin to, in a sentence.

    >>> promises(OF_OPS)["finite"]
    'Hostile pixels give finite values at identity, at the bounds and between, in float32.'
    """
    return {name: summary(f"{__package__}.{home}:{name}") for name, home in homes.items()}
