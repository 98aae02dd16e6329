"""Ops that break one promise each on plans, versions before and groups.

Each differs from a sound op in the one way its docstring states, and fails the check it is listed under.
"""

from __future__ import annotations

from typing import Any

from sound_ops import FadedBlacks, amount

from veraretouch.core.contract.slots import Slot


class Whole(Slot):
    """A slot that rounds what a plan says."""

    def check(self, value: Any, *, path: str) -> Any:
        return super().check(value, path=path).round(1)


class RoundsPlans(FadedBlacks):
    """Round its values on the way into a plan."""

    id = "acme.rounds_plans"
    amount = Whole(low=0.0, high=1.0, group="lighting", doc="How much of it.")


class ForgetsNames(FadedBlacks):
    """Migrate to a slot that is gone."""

    id = "acme.forgets_names"
    version = 2

    @classmethod
    def migrate(cls, values, version):
        return {"lift": 0.1}


class ForgetsBounds(FadedBlacks):
    """Migrate to a value out of bounds."""

    id = "acme.forgets_bounds"
    version = 2

    @classmethod
    def migrate(cls, values, version):
        return {"amount": 12.0}


class WritesValues(FadedBlacks):
    """Migrate by writing to what it is given."""

    id = "acme.writes_values"
    version = 2

    @classmethod
    def migrate(cls, values, version):
        values["amount"] = 0.0
        return values


class ForgetsAll(FadedBlacks):
    """Migrate whatever was given to a slot that is gone."""

    id = "acme.forgets_all"
    version = 2

    @classmethod
    def migrate(cls, values, version):
        return {"lift": 0.1} if values else {}


class SpellsNumbers(FadedBlacks):
    """Migrate numbers to words."""

    id = "acme.spells_numbers"
    version = 2

    @classmethod
    def migrate(cls, values, version):
        return {name: f"{value} of it" for name, value in values.items()}


class Adds(FadedBlacks):
    """Migrate to values out of bounds, whatever was given."""

    id = "acme.adds"
    version = 2

    @classmethod
    def migrate(cls, values, version):
        return {name: value + 7 for name, value in values.items()}


class NeverOff(FadedBlacks):
    """Do something when its group is switched off."""

    id = "acme.never_off"
    amount = amount(low=0.0, off=0.5)


# The op, the check, and words of its failure: what was expected, what came, or the input that shows it.
BROKEN = [
    (RoundsPlans, "plan_round_trip", "came 0.1, at amount=0.115"),
    (ForgetsNames, "migration", "slots of version 2 (amount); came 'lift', at migrate({}, 1)"),
    (ForgetsBounds, "migration", "values within today's bounds; came amount: 12.0 is above the maximum 1.0"),
    (WritesValues, "migration", "the given values untouched; came {'amount': 0.0}, at migrate({}, 1)"),
    (ForgetsAll, "migration", "slots of version 2 (amount); came 'lift', at migrate({'amount': 0.0}, 1)"),
    (SpellsNumbers, "migration", "came amount: '0.0 of it' is not made of numbers"),
    (
        Adds,
        "migration",
        "came amount: 7.0 is above the maximum 1.0. Give a number from 0 to 1, at migrate({'amount': 0.0}",
    ),
    (NeverOff, "group_off", "no change with group 'lighting' at `off` and the rest at identity"),
]
