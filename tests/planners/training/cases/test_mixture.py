"""What photos have suffered: by seed, by weight, and each with the photo that it should become."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch

from veraretouch.planners.training.cases import mixture
from veraretouch.planners.training.cases.mixture import distribution, draw_cases
from veraretouch.planners.training.data import grids_of
from veraretouch.planners.training.spoilings import FAULTS

PHOTOS = Path(__file__).parents[3] / "data" / "photos"


@pytest.fixture(scope="module")
def rgb() -> torch.Tensor:
    return grids_of([PHOTOS / f"{name}.jpg" for name in ("kodak-08", "kodak-22", "kodak-05")], 64)


def test_a_case_follows_from_its_photo_and_its_seed(rgb: torch.Tensor) -> None:
    seeds = [(1, place) for place in range(3)]
    every = draw_cases(rgb, seeds, finished=[True] * 3)
    alone = draw_cases(rgb[1:2], seeds[1:2], finished=[True])
    assert every.kinds[1:2] == alone.kinds
    assert torch.equal(every.before[1:2], alone.before)
    assert torch.equal(every.faithful[1:2], alone.faithful)


def test_kinds_come_as_often_as_their_weights_say(rgb: torch.Tensor) -> None:
    tiny = rgb[:1, :, ::8, ::8].expand(300, -1, -1, -1).contiguous()
    for tier, finished in (("finished", True), ("ordinary", False)):
        weights = distribution()[tier]
        assert sum(weights.values()) == pytest.approx(1)
        counts = Counter(draw_cases(tiny, [(2, row) for row in range(300)], finished=[finished] * 300).kinds)
        assert set(counts) <= set(weights)
        for kind, weight in weights.items():
            assert counts[kind] == pytest.approx(300 * weight, abs=4 * (300 * weight) ** 0.5)


def test_each_kind_has_the_target_that_its_name_says(rgb: torch.Tensor) -> None:
    found = {}
    for seed in range(120):
        cases = draw_cases(rgb[:1], [(3, seed)], finished=[True])
        assert torch.equal(cases.natural, rgb[:1])
        found.setdefault(cases.kinds[0], cases)
    assert set(found) == set(distribution()["finished"])
    for kind, cases in found.items():
        far = (cases.faithful.float() - rgb[:1]).abs().mean()
        if kind in ("unfinished", "both"):
            assert far > 1  # as unfinished as it was
        else:
            assert far == 0
        # Averages, since a JPEG changes single pixels.
        moved = torch.nn.functional.avg_pool2d(cases.before.float() - cases.faithful, 16).abs().mean()
        if kind in ("finished", "unfinished"):
            assert moved < 1.5
        else:
            assert moved > 1.5


def test_a_strong_case_has_a_fault_of_exposure_as_often_as_any_other(
    rgb: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults drawn by the numbers that chose the kind would never be casts alone."""
    drawn: list[torch.Tensor] = []

    def recorded(pictures: torch.Tensor, faults: torch.Tensor) -> torch.Tensor:
        drawn.append(faults)
        return (pictures * 255).to(torch.uint8)

    monkeypatch.setattr(mixture, "spoil", recorded)
    tiny = rgb[:1, :, ::8, ::8].expand(600, -1, -1, -1).contiguous()
    draw_cases(tiny, [(4, row) for row in range(600)], finished=[True] * 600)
    faults = torch.cat(drawn)
    absent = [(faults[:, place] == 0).float().mean() for place in (FAULTS.index("ev"), FAULTS.index("red"))]
    assert absent == pytest.approx([0.38, 0.38], abs=0.15)
