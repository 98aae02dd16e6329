"""`check_planner` passes a sound planner and names the promises that broken ones do not keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch

from veraretouch import Latents, Photo, Proposal, Schema, registry
from veraretouch.core.errors import InvalidRequest, UnknownPlugin
from veraretouch.core.request import Request
from veraretouch.core.testing import PLANNER_CHECKS, ConformanceError, check_planner

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
        return Proposal(expose(*stops), [WHY] * len(photos))


class TooMuch(Brighten):
    """Brighten beyond all bounds."""

    def stops(self, photo, request):
        return 9.0


class Shared(Brighten):
    """Expose all photos by the mean of all."""

    def plan(self, photos, requests):
        stops = sum(self.stops(*pair) for pair in zip(photos, requests, strict=True)) / len(photos)
        return Proposal(expose(*[stops] * len(photos)), [WHY] * len(photos))


class Dice(Brighten):
    """Expose by chance."""

    def stops(self, photo, request):
        return float(torch.rand(())) if request.mode != "param" else super().stops(photo, request)


class Silent(Brighten):
    """Expose and give no reason."""

    def plan(self, photos, requests):
        return Proposal(super().plan(photos, requests).latents, [{}] * len(photos))


class OneRow(Brighten):
    """Plan the first photo alone."""

    def plan(self, photos, requests):
        return super().plan(photos[:1], requests[:1])


class Painter(Brighten):
    """Paint over the photo while planning."""

    def stops(self, photo, request):
        photo.pixels[:, :2] = 7
        return super().stops(photo, request)


class Fragile(Brighten):
    """Divide by the photo's width less one, and read Latin alone."""

    def stops(self, photo, request):
        (request.prompt or "").encode("latin-1")
        return 1.0 / (photo.width - 1) if request.mode != "param" else super().stops(photo, request)


class Rounding(Brighten):
    """Round exact values."""

    def stops(self, photo, request):
        return round(super().stops(photo, request), 1)


class Modeless(Brighten):
    modes = frozenset({"magic"})


def failures(planner: object) -> ConformanceError:
    with pytest.raises(ConformanceError) as caught:
        check_planner(planner)
    return caught.value


def test_a_sound_planner_passes_as_class_instance_and_id(monkeypatch: pytest.MonkeyPatch) -> None:
    check_planner(Brighten)
    check_planner(Brighten())
    with pytest.raises(UnknownPlugin):
        check_planner("acme.brighten")


BROKEN: list[tuple[Callable[[], object], set[str], str]] = [
    (TooMuch, {"valid", "exact", "renders", "hostile_photos", "hostile_prompts"}, "exposure.ev.* 9.0 is above .* 5.0"),
    (Shared, {"batch_independence"}, r"mode auto, photo 0 of a batch of 3\. Keep no state between photos"),
    (Dice, {"batch_independence", "determinism"}, "seeded with request.seed"),
    (Silent, {"reasoned"}, "a problem in words for the group 'lighting', which is edited; came None"),
    (OneRow, {"valid", "renders", "batch_independence"}, "expected 3 rows of latents; came 1, at mode auto, 3 photos"),
    (Painter, {"inputs_untouched"}, r"Work on photo.working\(\)"),
    (Fragile, {"hostile_photos", "hostile_prompts"}, "ZeroDivisionError: .*, at mode auto, a photo that is one pixel"),
    (Rounding, {"exact"}, "expected exposure.ev=0.35; came 0.3"),
    (Modeless, {"declared"}, "expected a frozenset of auto, style, param, reference; came frozenset"),
]


@pytest.mark.parametrize(("broken", "checks", "said"), BROKEN, ids=[case[0].__name__ for case in BROKEN])
def test_a_broken_planner_fails_the_checks_of_its_fault_alone(
    broken: Callable[[], object], checks: set[str], said: str
) -> None:
    error = failures(broken)
    assert set(error.checks) >= checks - {"renders"}
    assert set(error.checks) <= checks | {"determinism"}
    with pytest.raises(ConformanceError, match=said):
        raise error


def test_every_check_has_a_broken_planner_that_it_finds() -> None:
    assert set().union(*(checks for _, checks, _ in BROKEN)) == set(PLANNER_CHECKS)


def test_what_is_no_planner_is_told_so() -> None:
    assert "declared" in failures(object()).checks
