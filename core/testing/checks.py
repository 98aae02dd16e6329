"""The checks by name, with the module here that holds each: lists of them read the source and import no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final

from ..plugins.summary import summary

OF_OPS: Final = MappingProxyType(
    {
        "declared": "op_checks.declarations",
        "identity": "op_checks.behaviour",
        "kinds": "op_checks.behaviour",
        "device": "op_checks.behaviour",
        "effects": "op_checks.effects",
        "batch_independence": "op_checks.behaviour",
        "determinism": "op_checks.behaviour",
        "inputs_untouched": "op_checks.behaviour",
        "finite": "op_checks.behaviour",
        "finite_gradients": "op_checks.gradients",
        "gradcheck": "op_checks.gradients",
        "functional": "op_checks.gradients",
        "pointwise": "op_checks.places",
        "tiling": "op_checks.places",
        "preview": "op_checks.places",
        "smoothness": "op_checks.gradients",
        "engines": "op_checks.engines",
        "period": "op_checks.behaviour",
        "plan_round_trip": "op_checks.declarations",
        "migration": "op_checks.declarations",
        "group_off": "op_checks.declarations",
    }
)
OF_AREAS: Final = MappingProxyType(
    {
        "declared": "op_checks.declarations",
        "shape": "area_checks.masks",
        "range": "area_checks.masks",
        "kinds": "area_checks.masks",
        "device": "area_checks.masks",
        "effects": "op_checks.effects",
        "batch_independence": "op_checks.behaviour",
        "determinism": "op_checks.behaviour",
        "inputs_untouched": "op_checks.behaviour",
        "finite": "op_checks.behaviour",
        "finite_gradients": "op_checks.gradients",
        "gradcheck": "op_checks.gradients",
        "place": "area_checks.places",
        "preview": "area_checks.places",
        "view": "area_checks.places",
        "period": "op_checks.behaviour",
        "migration": "op_checks.declarations",
        "document": "area_checks.documents",
    }
)
OF_REWARDS: Final = MappingProxyType(
    dict.fromkeys(
        (
            "declared",
            "shape",
            "range",
            "finite",
            "malformed",
            "determinism",
            "batch_independence",
            "inputs_untouched",
        ),
        "reward_checks.scores",
    )
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
        "planner_checks.proposals",
    )
    | {"tastes": "planner_checks.tasteful"}
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
