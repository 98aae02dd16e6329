"""Plans and photos as notebooks and consoles show them."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

import veraretouch as vr


def plan(**facts) -> vr.Plan:
    document = {
        "schema": "veraretouch.plan/1",
        "mode": "param",
        "edits": {
            "exposure": {"version": 1, "params": {"ev": 0.35}},
            "saturation": {"version": 1, "params": {"amount": 0.25}},
        },
    }
    return vr.Plan.load(document | facts)


def test_a_plan_prints_its_edits():
    assert repr(plan()) == "<Plan param: exposure(ev=0.35), saturation(amount=0.25)>"


def test_a_notebook_shows_a_plan_as_a_table_and_strikes_out_what_is_off():
    page = plan(groups=["lighting"])._repr_html_()
    assert "<td>exposure</td><td>ev</td><td>0.35</td>" in page
    assert "<td><s>saturation</s></td>" in page


def test_names_in_a_plan_are_escaped():
    odd = vr.Plan(mode="<b>auto</b>", edits={"<script>": vr.Plan.load(plan().document()).edits["exposure"]})
    assert "<script>" not in odd._repr_html_()
    assert "<b>" not in odd._repr_html_()


def test_a_notebook_shows_a_small_photo_without_its_metadata():
    noise = np.random.default_rng(0).integers(0, 256, (900, 1200, 3), dtype=np.uint8)
    data = vr.retouch(noise, params={"exposure.ev": 0.1}, planner="rules").image
    shown = vr.Photo(np.ascontiguousarray(data), exif=b"secret")._repr_png_()
    with Image.open(BytesIO(shown)) as image:
        assert image.size == (480, 360)
    assert b"secret" not in shown
