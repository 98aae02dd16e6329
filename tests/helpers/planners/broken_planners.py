"""A sound planner, and planners that break one promise each.

Each broken one differs from `Brighten` in the one way its docstring states, and fails the check it is listed under.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from veraretouch import Latents, Op, Photo, Proposal, Schema, Slot, Stage, registry
from veraretouch.core.contract.request import Request
from veraretouch.core.errors import InvalidRequest

WHY = {"lighting": {"problem": "It is dark.", "plan": "Brighten it."}}


def expose(*stops: float) -> Latents:
    """Latents that expose each row by so many stops."""
    return Latents(Schema.of([registry.ops.load("exposure")]), {"exposure": {"ev": torch.tensor(stops)}})


class Brighten:
    """Brighten what is darker than a middle grey."""

    id = "acme.brighten"
    version = "1"
    modes = frozenset({"auto", "style", "param", "reference"})

    def stops(self, photo: Photo, request: Request) -> float:
        if request.mode == "param":
            return float(dict(request.params)["exposure.ev"])
        if request.mode == "style" and "\x00" in request.prompt:
            raise InvalidRequest("no such characters")
        return 0.5 - float(photo.working().mean())

    def plan(self, photos: Sequence[Photo], requests: Sequence[Request]) -> Proposal:
        stops = [self.stops(photo, request) for photo, request in zip(photos, requests, strict=True)]
        return self.propose(expose(*stops), requests)

    def propose(self, latents: Latents, requests: Sequence[Request]) -> Proposal:
        groups = [latents.schema.groups if request.groups is None else request.groups for request in requests]
        return Proposal(latents.masked(groups), [WHY] * latents.batch)


class Nameless(Brighten):
    """State a version that is no text."""

    version = 1


class Modeless(Brighten):
    """Declare a mode that does not exist."""

    modes = frozenset({"magic"})


class TooMuch(Brighten):
    """Brighten beyond all bounds."""

    def stops(self, photo, request):
        return 9.0


class OneRow(Brighten):
    """Plan the first photo alone."""

    def plan(self, photos, requests):
        return super().plan(photos[:1], requests[:1])


class Raises(Brighten):
    """Fail in one of the modes that it declares."""

    def stops(self, photo, request):
        return {"auto": 0.1, "style": 0.2, "param": 0.35}[request.mode]


class Wordless(Brighten):
    """Give None for reasons."""

    def propose(self, latents, requests):
        return Proposal(super().propose(latents, requests).latents, None)


class Listed(Brighten):
    """Give reasons as lists."""

    def propose(self, latents, requests):
        return Proposal(super().propose(latents, requests).latents, [["It is dark."]] * latents.batch)


class NoBounds(Latents):
    """Latents that cannot be compared with their bounds."""

    def check(self):
        raise ZeroDivisionError("division by zero")


class Odd(Brighten):
    """Give latents of one's own making."""

    def propose(self, latents, requests):
        found = super().propose(latents, requests)
        return Proposal(NoBounds(latents.schema, found.latents.values, present=found.latents.present), found.reasoning)


class OtherSchema(Brighten):
    """Name a schema, and plan by another."""

    schema = Schema.of([registry.ops.load("contrast")])


class Newer(registry.ops.load("exposure")):
    """Scale light by a power of two, as some later version does."""

    id = "exposure"
    version = 7


class OtherVersion(Brighten):
    """Plan for a version of an op that is not installed."""

    def plan(self, photos, requests):
        values = super().plan(photos, requests).latents.values
        return self.propose(Latents(Schema.of([Newer]), values), requests)


class Rounding(Brighten):
    """Round exact values."""

    def stops(self, photo, request):
        return round(super().stops(photo, request), 1)


class Headstrong(Brighten):
    """Edit whatever the request leaves out."""

    def propose(self, latents, requests):
        return Proposal(latents, [WHY] * latents.batch)


class Silent(Brighten):
    """Expose and give no reason."""

    def propose(self, latents, requests):
        return Proposal(super().propose(latents, requests).latents, [{}] * latents.batch)


class Lonely(Op):
    """Scale what nobody else has heard of."""

    id = "acme.lonely"
    version = 1
    stage = Stage.TONE
    pointwise = True
    amount = Slot(group="lighting", doc="How much of it.")

    def apply(self, rgb, p):
        return rgb * (1 + p.amount)


class Homeless(Brighten):
    """Plan by an op that is not installed and not brought."""

    def plan(self, photos, requests):
        values = {Lonely.id: {"amount": torch.full((len(photos),), 0.1)}}
        return self.propose(Latents(Schema.of([Lonely]), values), requests)


class Shared(Brighten):
    """Expose all photos by the mean of all."""

    def plan(self, photos, requests):
        stops = sum(self.stops(*pair) for pair in zip(photos, requests, strict=True)) / len(photos)
        return self.propose(expose(*[stops] * len(photos)), requests)


class FirstRequest(Brighten):
    """Plan every photo by the first request."""

    def plan(self, photos, requests):
        return super().plan(photos, requests[:1] * len(photos))


class FirstPrompt(Brighten):
    """Plan every photo by the words of the first request."""

    def stops(self, photo, request):
        darker = request.mode == "style" and "dark" in request.prompt
        return super().stops(photo, request) - (0.2 if darker else 0)

    def plan(self, photos, requests):
        return super().plan(photos, [replace(request, prompt=requests[0].prompt) for request in requests])


class FirstValues(Brighten):
    """Set every photo to the values of the first request."""

    def plan(self, photos, requests):
        return super().plan(photos, [replace(request, params=requests[0].params) for request in requests])


class FirstGroups(Brighten):
    """Edit the groups of the first request in every photo."""

    def propose(self, latents, requests):
        return super().propose(latents, requests[:1] * latents.batch)


class NeverTwo(Brighten):
    """Fail on two photos."""

    def plan(self, photos, requests):
        if len(photos) == 2:
            raise IndexError("one too many, or one too few")
        return super().plan(photos, requests)


class OwnWords(Brighten):
    """Fail where two photos are asked for different things."""

    def plan(self, photos, requests):
        (_,) = {(request.prompt, request.seed) for request in requests}
        return super().plan(photos, requests)


class Pairs(Brighten):
    """Take references of two photos alone, and stumble over others."""

    def stops(self, photo, request):
        if request.mode == "reference":
            before, after = request.reference
            return float(after.working().mean() - before.working().mean())
        return super().stops(photo, request)


class FragileReference(Brighten):
    """Divide by the width of the target less one."""

    def stops(self, photo, request):
        if request.mode == "reference":
            return 1.0 / (request.reference[-1].width - 1)
        return super().stops(photo, request)


class FragilePair(Brighten):
    """Divide by the light of the photo before."""

    def stops(self, photo, request):
        if request.mode == "reference" and len(request.reference) == 2:
            return min(0.1 / float(request.reference[0].pixels.mean()), 1.0)
        return super().stops(photo, request)


class Dice(Brighten):
    """Expose by chance."""

    def stops(self, photo, request):
        return float(torch.rand(())) if request.mode != "param" else super().stops(photo, request)


class Painter(Brighten):
    """Paint over the photo while planning."""

    def stops(self, photo, request):
        photo.pixels[:, :2] = 7
        return super().stops(photo, request)


class Fragile(Brighten):
    """Divide by the photo's width less one."""

    def stops(self, photo, request):
        return 1.0 / (photo.width - 1) if request.mode != "param" else super().stops(photo, request)


class Latin(Brighten):
    """Read Latin alone."""

    def stops(self, photo, request):
        (request.prompt or "").encode("latin-1")
        return super().stops(photo, request)


BROKEN = [
    (Nameless, "declared", 'expected a version that is a text; came 1, at version. Declare version = "..."'),
    (Modeless, "declared", "expected a frozenset of auto, style, param, reference; came frozenset({'magic'})"),
    (
        TooMuch,
        "valid",
        "came exposure.ev: 9.0 is above the maximum 5.0. Give a number from -5 to 5 EV, at mode auto, a batch of 1.",
    ),
    (OneRow, "valid", "expected 3 rows of latents; came 1, at mode auto, a batch of 3. Plan each photo and join rows"),
    (
        Raises,
        "valid",
        "expected the planner to run; came KeyError: 'reference', at mode reference, a reference of 48 x 40",
    ),
    (Wordless, "valid", "expected 1 sets of reasons; came None, at mode auto, a batch of 1. Give one mapping a photo"),
    (
        Listed,
        "valid",
        "expected 1 sets of reasons; came [['It is dark.']], at mode auto, a batch of 1. Give one mapping",
    ),
    (Odd, "valid", "came ZeroDivisionError: division by zero, at mode auto, a photo of 48 x 64. Look at line "),
    (OtherSchema, "schema", "expected latents of the planner's schema, Schema(contrast"),
    (OtherVersion, "schema", "expected version 1 of op 'exposure', which is installed; came version 7, at mode auto"),
    (Rounding, "exact", "expected exposure.ev=0.35; came 0.3, at mode param, {'exposure.ev': 0.35}"),
    (Headstrong, "groups", "expected nothing of group 'lighting', which the request leaves out; came an edit of it"),
    (Silent, "reasoned", "expected a problem in words for the group 'lighting', which is edited; came None, at mode"),
    (Homeless, "renders", "'acme.lonely' is not installed"),
    (Shared, "batch_independence", "at mode auto, photo 0 of a batch of 3. Keep no state between photos"),
    (
        FirstRequest,
        "own_request",
        (
            "expected photo 1 to be planned by its own request; came edits by no op against exposure, at mode auto, two"
            " photos, groups: frozenset() and None. Plan each photo by the request beside it"
        ),
    ),
    (
        FirstPrompt,
        "own_request",
        "came exposure.ev off by 0.2, at mode style, two photos, prompts: 'warm and bright, with",
    ),
    (FirstValues, "own_request", "at mode param, two photos, params: {'exposure.ev': 0.35} and {'exposure.ev': -0.4}"),
    (FirstGroups, "own_request", "came edits by no op against exposure, at mode auto, two photos, groups: "),
    (
        NeverTwo,
        "own_request",
        "came IndexError: one too many, or one too few, at mode auto, two photos with the same request.",
    ),
    (
        OwnWords,
        "own_request",
        "came ValueError: too many values to unpack (expected 1), at mode auto, two photos, groups: ",
    ),
    (
        Pairs,
        "references",
        "(expected 2, got 1), at mode reference, a reference of one photo. request.reference holds one",
    ),
    (
        FragileReference,
        "hostile_photos",
        "division by zero, at mode reference, a target that is one pixel. request.ref",
    ),
    (
        FragilePair,
        "hostile_photos",
        "division by zero, at mode reference, a pair of photos, each black. request.reference",
    ),
    (Dice, "determinism", "at mode auto, one photo, seed 3. Draw random numbers from a generator seeded with request"),
    (Painter, "inputs_untouched", "expected the photo's pixels untouched; came changed pixels, at mode auto. Work on"),
    (Fragile, "hostile_photos", "ZeroDivisionError: float division by zero, at mode auto, a photo that is one pixel."),
    (Latin, "hostile_prompts", "came UnicodeEncodeError: 'latin-1' codec can't encode"),
]
