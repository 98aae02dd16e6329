"""Strokes of Camera Raw's brush: dabs as strokes of ours and back, erased and joined ones, and malformed ones."""

import time

import numpy as np
import pytest
import torch

import veraretouch as vr
from veraretouch.core.contract.op import Frame
from veraretouch.core.errors import InvalidDocument
from veraretouch.core.plan.addresses import read_adjustments
from veraretouch.ops.presets.mask_frame import UNTURNED, SensorFrame
from veraretouch.ops.presets.mask_writing import KEY, corrections_of
from veraretouch.ops.presets.masks import read_corrections

pytestmark = pytest.mark.skipif("brush" not in vr.registry.areas, reason="there is no area brush")

LINEAR = {"What": "Mask/Gradient", "ZeroX": "0.5", "ZeroY": "0.5", "FullX": "0.5", "FullY": "0"}


def paint(*dabs, radius="0.05", **more):
    paint = {"What": "Mask/Paint", "Radius": radius, "Flow": "0.8", "CenterWeight": "0.25", "Dabs": list(dabs)}
    return paint | more


def brush(*paints, **more):
    return {"What": "Mask/Aggregate", "Masks": list(paints)} | more


def read(*masks, frame=UNTURNED):
    found = read_corrections({KEY: [{"LocalTint": "0.5", "CorrectionMasks": list(masks)}]}, frame=frame, source="s")
    assert found.unrendered == []
    return found.local[0]


def plan_of(*rows):
    part = {"id": "brush", "version": 1, "params": {"strokes": list(rows)}}
    edits = {"exposure": {"version": 1, "params": {"ev": 1}}}
    return vr.Plan("param", {}, local=read_adjustments([{"name": "b", "area": [part], "edits": edits}]))


def mask(part):
    area = vr.registry.areas.load(part.id)
    values = {name: torch.tensor(slot.identity, dtype=torch.float64)[None] for name, slot in area.slots.items()}
    values |= {name: torch.tensor(value, dtype=torch.float64)[None] for name, value in part.params.items()}
    rgb = torch.zeros(1, 3, 200, 300, dtype=torch.float64)
    return area().mask(rgb, area().params(values, Frame(0, 0, 200, 300), rgb))[0, 0].numpy()


def test_dabs_are_points_of_strokes_and_those_that_overlap_are_joined():
    (part,) = read(brush(paint("d 0.1 0.2", "d 0.11 0.2", "f 0.5", "h 1", "r 0.02", "d 0.5 0.5"))).area
    assert part.params["strokes"].tolist() == [
        [0.1, 0.2, 0.05, 0.25, 0.8, 0],
        [0.11, 0.2, 0.05, 0.25, 0.8, 1],
        [0.5, 0.5, 0.02, 1, 0.5, 0],
    ]


def test_strokes_one_after_the_other_are_one_part_and_erased_ones_another():
    entry = read(brush(paint("d 0.1 0.2"), paint("d 0.4 0.2"), paint("d 0.4 0.3", MaskValue="0")), LINEAR)
    assert [(part.id, part.combine, len(part.params)) for part in entry.area] == [
        ("brush", "add", 1), ("brush", "subtract", 1), ("linear", "add", 4),
    ]  # fmt: skip
    assert len(entry.area[0].params["strokes"]) == 2
    kept = read(LINEAR, brush(paint("d 0.1 0.2"), paint("d 0.4 0.2"), MaskBlendMode="1", MaskInverted="true"))
    assert [(part.id, part.combine, part.invert) for part in kept.area] == [
        ("linear", "add", False), ("brush", "intersect", False),
    ]  # fmt: skip


def test_the_strokes_of_an_older_brush_are_read():
    found = read_corrections(
        {"PaintBasedCorrections": [{"LocalTint": "0.5", "CorrectionMasks": [paint("d 0.1 0.2"), paint("d 0.4 0.2")]}]},
        frame=UNTURNED,
        source="s",
    )
    assert (found.local[0].name, [part.id for part in found.local[0].area]) == ("brush 1", ["brush"])


@pytest.mark.parametrize("frame", [UNTURNED, SensorFrame(4 / 3, 6), SensorFrame(1.5, 7)])
def test_strokes_come_back_from_xmp_and_its_numbers_do_too(frame):
    dense = [[0.2 + 0.01 * i, 0.3, 0.05, 0.5, 0.75, float(i > 0)] for i in range(9)]
    plan = plan_of(*dense, [0.8, 0.7, 0.1, 0.0, 1.0, 0.0])
    written, beyond = corrections_of(plan, frame)
    assert beyond == []
    again = read_corrections({KEY: written}, frame=frame, source="s").local
    before, after = (local[0].area[0].params["strokes"] for local in (plan.local, again))
    assert np.abs(before - after).max() < 1e-6
    assert corrections_of(vr.Plan("param", {}, local=tuple(again)), frame)[0] == written


def test_a_long_stroke_is_written_with_the_dabs_that_it_needs():
    plan = plan_of([0.2, 0.2, 0.05, 0.5, 0.8, 0], [0.6, 0.3, 0.05, 0.5, 0.8, 1])
    written, _ = corrections_of(plan, UNTURNED)
    (aggregate,) = written[0]["CorrectionMasks"]
    (stroke,) = aggregate["Masks"]
    assert 25 < len(stroke["Dabs"]) < 40
    (again,) = read_corrections({KEY: written}, frame=UNTURNED, source="s").local
    assert np.abs(mask(plan.local[0].area[0]) - mask(again.area[0])).max() < 1e-6


@pytest.mark.parametrize(
    ("dabs", "said"),
    [
        (("d 0.5",), "is no list of numbers"),
        (("d 0.5 NaN",), "is no list of numbers"),
        (("d",), "is no list of numbers"),
        (("0.5 0.5",), "'0.5 0.5' is no dab"),
        (("",), "is no dab"),
        (("q 1",), "'q 1' is no dab"),
        ((["d 1 1"],), "is no dab"),
    ],
)
def test_a_malformed_dab_is_one_clear_error(dabs, said):
    with pytest.raises(InvalidDocument, match=said):
        read(brush(paint(*dabs)))


def test_many_dabs_are_read_in_time_and_more_than_a_brush_has_are_named():
    dabs = [f"d {0.1 + i * 4e-5:.6f} 0.5" for i in range(20_000)]
    start = time.process_time()
    (part,) = read(brush(paint(*dabs))).area
    assert len(part.params["strokes"]) == 20_000
    for masks in ([brush(paint(*dabs, "d 0 0"))], [brush(paint(*dabs), paint("d 0 0"))]):
        found = read_corrections({KEY: [{"LocalTint": "0.5", "CorrectionMasks": masks}]}, frame=UNTURNED, source="s")
        assert "more than 20,000 dabs" in found.unrendered[0].why
    assert time.process_time() - start < 4


def test_strokes_that_need_too_many_dabs_and_refined_ones_are_not_written():
    thin = plan_of([0.0, 0.5, 1e-6, 0.5, 1, 0], [1.0, 0.5, 1e-6, 0.5, 1, 1])
    assert "would need more than 20,000 dabs" in corrections_of(thin, UNTURNED)[1][0]
