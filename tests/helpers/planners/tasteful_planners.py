"""A sound planner with tastes, and planners that break what they promise of theirs."""

from __future__ import annotations

from dataclasses import replace

import torch
from broken_planners import Brighten


class Tasteful(Brighten):
    """Brighten further for a vivid taste; sound."""

    tastes = frozenset({"natural", "vivid"})

    def stops(self, photo, request):
        return super().stops(photo, request) * {None: 1, "natural": 1, "vivid": 1.5}[request.taste]


class Sweet(Brighten):
    """Declare a taste that does not exist."""

    tastes = frozenset({"sweet"})


class Promising(Tasteful):
    """Declare a taste and not know it."""

    tastes = frozenset({"faithful", "natural", "vivid"})


class Overdone(Tasteful):
    """Go beyond all bounds for a vivid taste."""

    def stops(self, photo, request):
        return 9.0 if request.taste == "vivid" else super().stops(photo, request)


class Fickle(Tasteful):
    """Add a little chance to a vivid taste."""

    def stops(self, photo, request):
        return super().stops(photo, request) + (float(torch.rand(())) if request.taste == "vivid" else 0)


class FirstTaste(Tasteful):
    """Plan every photo by the taste of the first request."""

    def plan(self, photos, requests):
        return super().plan(photos, [replace(request, taste=requests[0].taste) for request in requests])


BROKEN_TASTES = [
    (
        Sweet,
        "tastes",
        "expected a frozenset of faithful, natural, vivid; came frozenset({'sweet'}), at tastes. Declare",
    ),
    (
        Promising,
        "tastes",
        "expected a plan by each declared taste; came KeyError: 'faithful', at mode auto, taste faith",
    ),
    (
        Overdone,
        "tastes",
        "exposure.ev: 9.0 is above the maximum 5.0. Give a number from -5 to 5 EV, at mode auto, taste ",
    ),
    (Fickle, "tastes", "at mode auto, taste vivid. Draw random numbers from a generator seeded with request.seed"),
    (
        FirstTaste,
        "tastes",
        "expected photo 1 to be planned by its own taste; came exposure.ev off by 0.19, at mode auto, tastes: nat",
    ),
]
