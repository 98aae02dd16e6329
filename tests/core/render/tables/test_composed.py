"""Composed tables of local adjustments: where they serve, where chains have tables in turn, and that both agree."""

import numpy as np
import pytest
import torch
from renderings import Double
from simple_areas import SIMPLE_AREAS

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.contract.area import positions
from veraretouch.core.contract.op import Frame
from veraretouch.core.lut import engine
from veraretouch.core.photo.color.icc import DISPLAY_P3
from veraretouch.core.render.local import MaskPart, bounds_of, combined
from veraretouch.core.render.tables import composed, rendering
from veraretouch.core.render.tables import local as module
from veraretouch.core.render.tables.in_turn import InTurn
from veraretouch.core.testing.isolation import isolated_registry
from veraretouch.core.threads import work_by_threads

TOP, LEFT = "linear: from top to 0.4", "ellipse: x=0.2, y=0.8, radius_x=0.15, radius_y=0.15"
BELOW = "linear: from bottom to 0.8"
LIGHTS, HARD = "luminance: low=0.6, feather=0.3", "luminance: low=0.5, feather=0"
WHOLE = {"exposure.ev": 0.4, "contrast.amount": 0.2}
DARKER, WARMER = {"exposure.ev": -0.7}, {"white_balance.temperature": 0.3}


def picture(dtype="uint8", profile=None):
    x, y = np.meshgrid(np.linspace(0, 1, 300), np.linspace(0, 1, 200))
    values = np.stack([x, y, 0.5 + 0.4 * np.sin(9 * x * y)], axis=-1)
    return vr.Photo(np.rint(values * np.iinfo(dtype).max).astype(dtype), profile=profile)


def plan(local, whole=WHOLE, **facts):
    return vr.retouch(picture().pixels[:8, :8], params=whole, local=local, **facts).plan


def both(photo, edit, tolerance=1.0):
    """The 99th percentile of CIEDE2000 between tables and ops, the picture by tables, and its report."""
    exact = vr.Renderer().render(photo, edit, engine="exact")
    made, report = vr.Renderer().render_reported(photo, edit, engine="lut", tolerance=tolerance)
    shown = (torch.from_numpy(each.working()).clamp(0, 1) for each in (exact, made))
    return float(np.percentile(ciede2000(*shown).numpy(), 99)), made, report


@pytest.fixture
def in_turn(monkeypatch):
    """The rectangles whose chains were applied in turn: top, left, height, width."""
    found = []
    apply = InTurn.apply

    def noted(self, own, known, corner, *, exactly=False):
        if not exactly:
            found.append((*corner, *own.shape[:2]))
        return apply(self, own, known, corner, exactly=exactly)

    monkeypatch.setattr(InTurn, "apply", noted)
    return found


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("profile", [None, DISPLAY_P3], ids=["sRGB", "Display P3"])
def test_masks_that_do_not_meet_are_rendered_by_composed_tables_alone(dtype, profile, in_turn):
    edit = plan({LIGHTS: {"saturation.amount": 0.3}, TOP: DARKER, LEFT: WARMER})
    apart, _, report = both(picture(dtype, profile), edit)
    assert (report.engine, in_turn) == ("lut", [])
    assert apart <= report.error / 0.9 <= 1.0


def test_where_masks_meet_and_only_there_chains_have_tables_in_turn(in_turn):
    apart, _, report = both(picture(), plan({TOP: DARKER, "linear: from left to 0.3": WARMER}))
    assert apart <= 1.0
    assert report.engine == "lut"
    assert [(top, left) for top, left, _, _ in in_turn] == [(0, 0)]
    (_, _, height, width) = in_turn[0]
    assert (height, width) == (80, 90)


def test_masks_that_do_not_depend_on_the_place_are_within_the_tables(monkeypatch):
    found = []
    compose = module.compose
    monkeypatch.setattr(module, "compose", lambda job: found.append(compose(job)) or found[-1])
    over = {TOP: WARMER, LIGHTS: {"saturation.amount": 0.5}}
    whole = WHOLE, {}, WHOLE, WHOLE
    for local, first in zip(
        ({LIGHTS: WARMER, TOP: DARKER}, {LIGHTS: WARMER}, {HARD: WARMER}, over), whole, strict=True
    ):
        assert both(picture(), plan(local, first))[0] <= 1.0
    within, without_a_chain, hard, bent = found
    assert (set(within.boxes), set(within.tables)) == ({1}, {None, 1})
    # What the mask leaves out stays as it is, which no table of the whole photo does; nor does one follow a hard edge.
    assert (set(without_a_chain.boxes), without_a_chain.tables[None]) == ({0}, None)
    assert (set(hard.boxes), set(hard.tables)) == ({0}, {None, 0})
    # What comes over a mask bends the way from none of it to all of it.
    assert (set(bent.boxes), set(bent.tables)) == ({0, 1}, {None, 0, 1})


@pytest.mark.parametrize("profile", [None, DISPLAY_P3], ids=["sRGB", "Display P3"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_what_no_mask_covers_stays_bit_for_bit(dtype, profile):
    photo = picture(dtype, profile)
    _, made, report = both(photo, plan({TOP: DARKER, LEFT: WARMER}, {}))
    assert report.engine == "lut"
    assert np.array_equal(made.pixels[80:120], photo.pixels[80:120])
    assert np.array_equal(made.pixels[:, 120:][80:], photo.pixels[:, 120:][80:])
    assert not np.array_equal(made.pixels[:40], photo.pixels[:40])


@pytest.mark.parametrize("strength", [1.0, 0.6])
def test_lights_beyond_white_come_back_within_a_mask(strength):
    with isolated_registry():
        vr.registry.ops.add(Double)
        edit = plan({TOP: {"test.double.amount": -0.5}}, {"test.double.amount": 1.0}, strength=strength)
        apart, made, report = both(picture(), edit)
    assert (report.engine, apart < 0.75) == ("lut", True)
    # What was doubled and then halved is as it was.
    assert np.abs(made.pixels[0].astype(int) - picture().pixels[0]).max() <= 3


def test_a_mask_that_is_full_takes_one_table(monkeypatch):
    heights, mixed = [], composed.mixed
    monkeypatch.setattr(composed, "mixed", lambda low, *others: heights.append(len(low)) or mixed(low, *others))
    apart, _, report = both(picture(), plan({"linear: full_y=1.5, zero_y=2": DARKER}))
    assert apart <= 1.0
    assert report.engine == "lut"
    assert set(heights) == {1}, "the sample alone is mixed, where the mask is judged at a half"


@pytest.mark.parametrize(
    ("area", "shape"),
    [
        (TOP, (200, 1)),
        ("linear: from right to 0.3", (1, 300)),
        ("not " + TOP, (200, 1)),
        ("linear: full_x=0.1, full_y=0, zero_x=0.2, zero_y=1", None),
        (LEFT, None),
        (TOP + " - " + BELOW, None),
    ],
    ids=["rows", "columns", "inverted", "slanted", "an ellipse", "two parts"],
)
def test_of_a_mask_whose_columns_or_rows_are_alike_one_is_made(area, shape, monkeypatch):
    jobs = []
    compose = module.compose
    monkeypatch.setattr(module, "compose", lambda job: jobs.append(job) or compose(job))
    vr.Renderer().render(picture(), plan({area: DARKER}), engine="lut")
    alike = jobs[0].alike(0)
    if shape is None:
        assert alike is None
        return
    assert alike.shape == (200, 300)
    assert tuple(1 if stride == 0 else side for side, stride in zip(alike.shape, alike.strides, strict=True)) == shape
    assert np.array_equal(alike, jobs[0].mask(0, torch.zeros(1, 3, 200, 300), (0, 0)))


def test_strips_are_cut_alike_for_any_number_of_threads(monkeypatch):
    photo, edit = picture(), plan({TOP: DARKER, "linear: from left to 0.3": WARMER})
    monkeypatch.setattr(module, "_STRIP", 300 * 16)
    cut = []
    monkeypatch.setattr(module, "work_by_threads", lambda rows, work: cut.append(rows) or work_by_threads(rows, work))
    made = []
    threads = torch.get_num_threads()
    try:
        for count in (1, 3):
            torch.set_num_threads(count)
            made.append(vr.Renderer().render(photo, edit, engine="lut").pixels)
    finally:
        torch.set_num_threads(threads)
    assert cut[0] == cut[1] == [slice(top, min(top + 16, 200)) for top in range(0, 200, 16)]
    assert np.array_equal(*made)


def test_strips_give_what_one_strip_gives_but_for_which_tables_serve(monkeypatch):
    photo, edit = picture(), plan({TOP: DARKER, LEFT: WARMER})
    whole = vr.Renderer().render(photo, edit, engine="lut")
    monkeypatch.setattr(module, "_STRIP", 300 * 7)
    assert np.array_equal(vr.Renderer().render(photo, edit, engine="lut").pixels, whole.pixels)


def test_the_error_is_that_of_the_worst_state_of_the_masks_and_a_tolerance_below_it_takes_finer_tables():
    photo, edit = picture(), plan({TOP: DARKER, LEFT: {"saturation.amount": 0.8}})
    _, _, free = both(photo, edit, tolerance=10.0)
    _, _, just = both(photo, edit, tolerance=free.error * 1.0001 / 0.9)
    _, _, finer = both(photo, edit, tolerance=free.error * 0.999 / 0.9)
    assert (free.lattice, just.lattice, just.error) == (33, 33, free.error)
    assert finer.lattice > 33
    assert finer.error < free.error


def test_tables_in_turn_that_err_more_than_was_judged_leave_the_photo_to_the_ops(monkeypatch):
    edit = plan({TOP: DARKER, "linear: from left to 0.3": {"saturation.amount": 0.8}}, {})
    apart, _, report = both(picture(), edit, tolerance=0.3)
    assert apart <= 0.3
    monkeypatch.setattr("veraretouch.core.render.tables.in_turn._KEPT", 20.0)
    monkeypatch.setattr("veraretouch.core.render.tables.local.compose", lambda job: None)
    apart, _, report = both(picture(), edit, tolerance=0.3)
    assert (apart, report.engine) == (0, "exact")
    assert report.error > 0.3
    monkeypatch.setattr(InTurn, "error", lambda self, made: 0.0)
    assert both(picture(), edit, tolerance=0.3)[0] > 0.3


def test_a_sample_that_is_divided_is_judged_the_harder():
    assert engine.percentile(10**7) < engine.percentile(10**7, engine.SAMPLE // 4) < 99.5
    assert engine.percentile(1000, 1000) == 99
    assert engine.percentile(10**7, 10) == 100


def test_layers_are_asked_what_they_make_of_colours_where_masks_have_given_values():
    seen = []
    edit = plan({TOP: DARKER, LIGHTS: WARMER})
    render = module.render_locally

    def noted(photo, layers, **options):
        seen.append(layers)
        return render(photo, layers, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "render_locally", noted)
        vr.Renderer().render(picture(), edit, engine="lut")
    (layers,) = seen
    rgb = torch.from_numpy(picture().working()).permute(2, 0, 1).unsqueeze(0)[:, :, :30]
    none, half, full = layers.given(rgb, [{0: torch.full((1,), share)} for share in (0.0, 0.5, 1.0)])
    frame = Frame(0, 0, *rgb.shape[2:])
    base = layers.chain.run(rgb)
    lights = layers.local[1].weight(rgb, frame)
    for share, found in ((0.0, none), (0.5, half), (1.0, full)):
        top = base + share * (layers.local[0].chain.run(base) - base)
        torch.testing.assert_close(found, top + lights * (layers.local[1].chain.run(top) - top))


class Upper(vr.Area):
    """Cover the upper half, and say so."""

    id = "acme.upper"
    version = 1

    def mask(self, rgb, p):
        return (positions(p.frame, rgb)[1] < 0.5).to(rgb).expand(len(rgb), 1, *rgb.shape[2:])

    def bounds(self, p):
        return 0.0, 0.5, 0.0, 1.0


class Middle(Upper):
    """Cover the middle, and say so."""

    id = "acme.middle"

    def mask(self, rgb, p):
        x, y = positions(p.frame, rgb)
        return (((x - 0.5).abs() < 0.25) & ((y - 0.5).abs() < 0.25)).to(rgb).expand(len(rgb), 1, *rgb.shape[2:])

    def bounds(self, p):
        return 0.25, 0.75, 0.25, 0.75


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], (0, 1, 0, 1)),
        ([("acme.middle", {})], (0.25, 0.75, 0.25, 0.75)),
        ([("acme.middle", {"combine": "intersect"})], (0.25, 0.75, 0.25, 0.75)),
        ([("acme.middle", {"combine": "subtract"})], (0, 1, 0, 1)),
        ([("acme.middle", {"invert": True})], (0, 1, 0, 1)),
        ([("acme.top", {})], (0, 1, 0, 1)),
        ([("acme.upper", {}), ("acme.middle", {})], (0, 0.75, 0, 1)),
        ([("acme.upper", {}), ("acme.middle", {"combine": "intersect"})], (0.25, 0.5, 0.25, 0.75)),
        ([("acme.middle", {}), ("acme.upper", {"combine": "subtract"})], (0.25, 0.75, 0.25, 0.75)),
        ([("acme.bright", {}), ("acme.middle", {"combine": "intersect"})], (0.25, 0.75, 0.25, 0.75)),
    ],
    ids=lambda value: "" if isinstance(value, tuple) else " ".join([part for part, _ in value]),
)
def test_bounds_of_joined_parts_hold_their_mask(parts, expected):
    photo, made = torch.rand(1, 3, 40, 30, generator=torch.Generator().manual_seed(0)), []
    for id, options in parts:
        area = next(area for area in (*SIMPLE_AREAS, Upper, Middle) if area.id == id)
        values = {name: torch.tensor([float(slot.identity)]) for name, slot in area.slots.items()}
        how = {"combine": "add", "invert": False} | options
        made.append(MaskPart(area(), area().params(values, vr.Frame(0, 0, 40, 30), photo), **how))
    top, bottom, left, right = bounds_of(tuple(made))
    assert (top, bottom, left, right) == expected
    mask = combined(tuple(made), photo, vr.Frame(0, 0, 40, 30))[0, 0].clone()
    mask[round(40 * top) : round(40 * bottom), round(30 * left) : round(30 * right)] = 0
    assert not mask.any()
