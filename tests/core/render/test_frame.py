"""Everything sees the framed photo: planners, ops, areas, strength 0; whatever kind the photo is of."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

import veraretouch as vr

GENERATOR = np.random.default_rng(5)
PIXELS = np.kron(GENERATOR.integers(0, 255, (10, 15, 3)), np.ones((12, 12, 1))).astype(np.uint8)
FRAME = vr.Framing(crop=(0.2, 0.1, 0.8, 0.9), flip="horizontal")
TURNED = vr.Framing(crop=(0.2, 0.1, 0.8, 0.9), angle=3)
PLAN = vr.Plan("param", edits=vr.Plan.load(
    {"schema": "veraretouch.plan/1", "mode": "param", "edits": {"exposure": {"version": 1, "params": {"ev": 0.4}}}}
).edits, frame=FRAME)  # fmt: skip


def plan(**parts) -> vr.Plan:
    return vr.Plan("param", **{"edits": PLAN.edits, "frame": FRAME, **parts})


@pytest.mark.parametrize("frame", [FRAME, TURNED], ids=["exact", "turned"])
@pytest.mark.parametrize("engine", ["exact", "lut"])
def test_a_plan_renders_what_its_frame_shows(frame, engine):
    photo = vr.Photo(PIXELS)
    done = vr.Renderer().render(photo, plan(frame=frame), engine=engine)
    expected = vr.Renderer().render(photo.framed(frame), plan(frame=None), engine=engine)
    assert np.array_equal(done.pixels, expected.pixels)


@pytest.mark.parametrize("frame", [FRAME, TURNED], ids=["exact", "turned"])
def test_strength_0_gives_the_framed_photo(frame):
    for kind, back in (
        (vr.Photo(PIXELS), lambda done: done.pixels),
        (PIXELS, lambda done: done),
        (Image.fromarray(PIXELS), np.asarray),
    ):
        done = vr.Renderer().render(kind, plan(frame=frame, strength=0.0))
        assert type(done) is type(kind)
        assert np.array_equal(back(done), vr.Photo(PIXELS).framed(frame).pixels)


@pytest.mark.parametrize("frame", [FRAME, TURNED], ids=["exact", "turned"])
def test_tensors_are_framed_alike(frame):
    rgb = torch.from_numpy(PIXELS).permute(2, 0, 1) / 255
    expected = vr.Renderer().render(vr.Photo(PIXELS), plan(frame=frame)).pixels / 255
    for given in (rgb, rgb[None]):
        done = vr.Renderer().render(given, plan(frame=frame))
        assert done.ndim == given.ndim
        assert np.abs(done.reshape(-1, *done.shape[-2:]).permute(1, 2, 0).numpy() - expected).max() < 0.02


def test_areas_lie_in_what_the_frame_shows():
    photo = vr.Photo(np.full((80, 120, 3), 90, np.uint8))
    done = vr.retouch(
        photo, params={}, local={"linear: from top to 0.5": {"exposure.ev": 1.0}}, frame="crop: 0 0.5 1 1"
    ).image.pixels
    assert done.shape[0] == 40
    assert done[0].min() > 110
    assert done[30].max() == 90


def test_a_planner_sees_the_framed_photo_and_the_plan_says_which():
    class Sees:
        id, version, modes = "sees", "1", frozenset({"auto"})

        def plan(self, photos, requests):
            self.size = (photos[0].width, photos[0].height)
            schema = vr.Schema([])
            return vr.Proposal(vr.Latents(schema, {}, batch=1))

    planner = Sees()
    result = vr.Retoucher(planner)(PIXELS, frame="crop: 0.5 0 1 1")
    assert planner.size == (90, 120)
    assert result.image.shape == (120, 90, 3)
    assert result.plan.frame == vr.Framing(crop=(0.5, 0, 1, 1))


def test_the_frame_of_exact_values_that_are_a_plan_is_taken_unless_another_is_given():
    for params in (plan(), plan().document()):
        assert vr.retouch(PIXELS, params=params, planner="rules").plan.frame == FRAME
    given = vr.retouch(PIXELS, params=plan(), frame="angle: 1", planner="rules")
    assert given.plan.frame == vr.Framing(angle=1)
    assert vr.retouch(PIXELS, params=plan(), frame=vr.Framing(), planner="rules").image.shape == PIXELS.shape


def test_a_preview_is_the_frame_of_the_full_render_made_small():
    smooth = vr.Photo(np.asarray(Image.fromarray(PIXELS).resize((720, 480), Image.Resampling.BICUBIC)))
    full = vr.Renderer().render(smooth, plan(frame=TURNED)).resized(100)
    small = vr.Renderer().render(smooth.framed(TURNED).resized(100), plan(frame=None))
    assert small.pixels.shape == full.pixels.shape
    assert np.abs(small.pixels.astype(int) - full.pixels).mean() < 1.5


def test_a_table_of_a_plan_knows_no_frame():
    colours = GENERATOR.random((1, 50, 3), dtype=np.float32)
    renderer = vr.Renderer()
    assert np.array_equal(renderer.color_map(plan())(colours), renderer.color_map(plan(frame=None))(colours))
